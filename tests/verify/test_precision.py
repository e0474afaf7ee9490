"""Bounds refuse to be computed with fewer digits than their error analysis assumes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from bound_case import Sketch
from torch.nn import functional

from theory.error import InputError
from verify.neural.bounds.graph import BoundGraph
from verify.neural.precision import require_float32


def cut(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.to(torch.bfloat16).to(tensor.dtype)


def test_float32_is_float32_here() -> None:
    require_float32("cpu")


def test_matrix_products_with_fewer_digits_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = torch.Tensor.__matmul__
    monkeypatch.setattr(torch.Tensor, "__matmul__", lambda a, b: whole(cut(a), cut(b)))
    with pytest.raises(InputError, match="matrix products with fewer digits than float32"):
        require_float32("cpu")


def test_convolutions_with_fewer_digits_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = functional.conv2d

    def conv2d(x: torch.Tensor, weight: torch.Tensor, *rest: Any, **more: Any) -> torch.Tensor:
        return whole(cut(x), cut(weight), *rest, **more)

    monkeypatch.setattr(functional, "conv2d", conv2d)
    sketch = Sketch(1)
    problem = sketch.problem(sketch.put("mul", "x", sketch.hold(np.array([2.0]))))
    with pytest.raises(InputError, match="convolutions with fewer digits than float32"):
        BoundGraph(problem)
