"""That float32 means float32: the error analysis of the bounds does not hold for less."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from theory.error import InputError

PROBE = 64
"""Products of matrices of this size are handed to the libraries that may cut digits."""


def require_device(device: str) -> None:
    """Make sure that torch computes there, in both widths.

    Raises:
        InputError: it does not.
    """
    try:
        probe: Tensor = torch.ones(1, dtype=torch.float32, device=device).double() + 1
        works = float(probe) == 2
    except (RuntimeError, AssertionError, NotImplementedError, TypeError):
        works = False
    if not works:
        raise InputError(f"device: torch cannot compute float32 and float64 on {device!r} here")


def require_float32(device: str) -> None:
    """Make sure that products of float32 numbers are not computed with fewer digits.

    A process can ask torch for TF32 or bfloat16 in place of float32, and a spec or a network given
    as Python code may have done so.

    Raises:
        InputError: it has.
    """
    number = 1 + 2.0**-20
    eye = torch.eye(PROBE, dtype=torch.float32, device=device)
    square = torch.full((PROBE, PROBE), number, dtype=torch.float32, device=device)
    kernel = torch.full((PROBE, 1, 1, 1), number, dtype=torch.float32, device=device)
    results = {
        "matrix products": square @ eye,
        "convolutions": functional.conv2d(torch.ones_like(square)[None, None], kernel),
    }
    for what, result in results.items():
        if bool((result != number).any()):
            raise InputError(
                f"torch is set to compute {what} with fewer digits than float32 (TF32, bfloat16), "
                "perhaps by the code of the spec or of the network; proofs need all of them"
            )
