"""VNN-LIB properties: unsafe regions of one network, as the competitions of verifiers state them.

HOLDS means that no input satisfies all assertions of the file (`unsat` there), VIOLATED that one
does (`sat`).
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from extract.network import Network
from extract.reader import read
from theory.error import InputError, UnsupportedOperator
from verify.bind import BoundProperty
from verify.judge import judge, unsupported
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Result
from verify.vnnlib.statement import OUTPUT, Statement
from verify.vnnlib.version1 import parse
from verify.vnnlib.version2 import is_version2, parse_version2

__all__ = ["check_vnnlib", "load_vnnlib", "read_property"]


def check_vnnlib(
    net: str,
    property_path: str,
    *,
    timeout_s: float = 60.0,
    seed: int = 0,
    device: str = "cpu",
    certify: bool = False,
    jobs: int | None = 1,
) -> Result:
    """Decide a VNN-LIB property on a network.

    Args:
        net: the network.
        property_path: the property, of version 1 or 2.
        timeout_s: budget in seconds, reading included.
        seed: of every pseudo-random choice.
        device: torch device of the neural engine.
        certify: write down the proof, if it holds; as many seconds again may go into that.
        jobs: processes for it; None for as many as there are cores for.

    Raises:
        InputError: a file cannot be read, or the two do not fit together.
        EngineFault: a witness does not replay exactly.
    """
    started = time.monotonic()
    try:
        bound = load_vnnlib(net, property_path)
    except UnsupportedOperator as error:
        return unsupported(read_property(property_path).property(Path(property_path).name), error)
    left = max(0.05, timeout_s - (time.monotonic() - started))
    with SmtSolver(seed) as smt:
        certify_s = timeout_s if certify else None
        engines = Engines(smt, seed, device=device, certify_s=certify_s, processes=jobs)
        result = judge(bound, engines, left)
    return replace(result, seconds=time.monotonic() - started)


def _read(net: str) -> Network:
    """A network; that of a file is kept, with its exact weights, for a list's next property."""
    path = Path(net)
    if not path.is_file():
        return read(net)
    about = path.stat()
    return _kept(net, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=2)
def _kept(net: str, written_ns: int, size: int) -> Network:
    return read(net)


def load_vnnlib(net: str, property_path: str) -> BoundProperty:
    """Read a property and the network that it speaks of.

    Raises:
        InputError: a file cannot be read, or the two do not fit together.
        UnsupportedOperator: the network has an operator without a meaning.
    """
    statement = read_property(property_path)
    network = _read(net)
    for kind, declared, there in (
        ("inputs", statement.inputs, network.input_size),
        ("outputs", statement.outputs, network.output_size),
    ):
        if declared != there:
            raise InputError(f"{property_path}: declares {declared} {kind}, but {net} has {there}")
    onnx = net if net.lower().endswith(".onnx") else None
    subject = statement.property(Path(property_path).name)
    return BoundProperty(subject, {OUTPUT: network}, frozenset({OUTPUT}), onnx)


def read_property(path: str | Path) -> Statement:
    """Read a VNN-LIB file of version 1 or 2.

    Raises:
        InputError: it is missing or malformed; the message names the line.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise InputError(f"{file}: {str(reason).lower()}") from None
    return parse_version2(text, str(file)) if is_version2(text) else parse(text, str(file))
