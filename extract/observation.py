"""Recorded observations: an .npz file whose arrays bear the names of a network's inputs."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from extract.network import Array, Network
from theory.error import InputError


def read_observations(path: str | Path) -> dict[str, Array]:
    """The arrays of an .npz file; pickled objects are refused.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: np.asarray(archive[name]) for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError, AttributeError) as error:
        text = getattr(error, "strerror", None) or " ".join(str(error).split())[:160]
        raise InputError(f"{path}: {text}") from None


def fit(
    observations: Mapping[str, Array], network: Network, names: tuple[str, ...], source: str
) -> dict[str, Array]:
    """The observations as the named inputs take them: name -> float64 (N, *shape).

    Raises:
        InputError: an input is missing, has the wrong size, or is not finite.
    """
    fitted: dict[str, Array] = {}
    for name in names:
        if name not in observations:
            known = ", ".join(sorted(observations)) or "nothing"
            raise InputError(f"{source}: no array for the input {name!r}; there are {known}")
        array = np.asarray(observations[name])
        shape = network.node(name).shape
        if array.dtype.kind not in "fiub" or array.ndim == 0:
            raise InputError(f"{source}: {name!r} holds {array.dtype}, not numbers")
        if array.shape[0] == 0 or array.size != array.shape[0] * network.node(name).size:
            raise InputError(f"{source}: {name!r} has shape {array.shape}; (N, *{shape}) is needed")
        array = array.astype(np.float64).reshape(len(array), *shape)
        if not np.isfinite(array).all():
            raise InputError(f"{source}: {name!r} holds NaN or infinite values")
        fitted[name] = array
    counts = {name: len(array) for name, array in fitted.items()}
    if len(set(counts.values())) > 1:
        raise InputError(f"{source}: the arrays have different lengths: {counts}")
    return fitted
