"""Recurrent layers as torch modules and as ONNX graphs, with what onnxruntime needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx_case import Case as OnnxCase
from onnx_case import f32
from torch import Tensor, nn
from torch.nn import functional
from torch_case import Case, layer, of


class Unrolled(nn.Module):
    """A cell over the first axis of a sequence, beginning with no state."""

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Tensor) -> Any:
        state = None
        for entry in x:
            state = self.cell(entry, state)
        return state


def _layer(make: Callable[..., nn.Module], *shapes: tuple[int, ...], **options: Any) -> Case:
    return layer(lambda: make(3, 4, **options), *shapes)


STEPS, FIRST = (5, 2, 3), (1, 2, 4)

TORCH_CASES: list[Case] = [
    *(layer(lambda cell=cell: Unrolled(cell(3, 4)), STEPS)
      for cell in (nn.LSTMCell, nn.GRUCell, nn.RNNCell)),
    layer(lambda: Unrolled(nn.GRUCell(3, 4, bias=False)), STEPS),
    layer(lambda: Unrolled(nn.RNNCell(3, 4, nonlinearity="relu")), STEPS),
    layer(lambda: nn.GRUCell(3, 4), (3,), (4,)),
    *(_layer(kind, STEPS) for kind in (nn.LSTM, nn.GRU, nn.RNN)),
    *(_layer(kind, (2, 5, 3), batch_first=True, bidirectional=True, num_layers=2)
      for kind in (nn.LSTM, nn.GRU)),
    _layer(nn.GRU, STEPS, FIRST),
    _layer(nn.RNN, STEPS, nonlinearity="relu", bias=False, num_layers=2, dropout=0.5),
    _layer(nn.LSTM, (5, 3)),
    of("attention of torch", lambda m, x, y: functional.scaled_dot_product_attention(x, y, y * 2),
       (1, 2, 4), (1, 3, 4)),
    of("attention scaled",
       lambda m, x: functional.scaled_dot_product_attention(x, x, x, scale=0.3), (2, 3, 4)),
]  # fmt: skip
"""What torch exports; inputs are (steps, batch, entries)."""


def _onnx(
    op: str, gates: int, label: str, *extra: str, outputs: tuple[str, ...], **attributes: Any
) -> OnnxCase:
    ways = 2 if attributes.get("direction") == "bidirectional" else 1
    weights = {
        "w": f32(ways, gates * 4, 3),
        "r": f32(ways, gates * 4, 4),
        "b": f32(ways, gates * 8),
        "h": f32(ways, 2, 4),
        "c": f32(ways, 2, 4),
        "l": np.array([5, 5], dtype=np.int32),
    }
    inputs = ["x", "w", "r", *extra]
    used = {name: array for name, array in weights.items() if name in inputs}
    kept = tuple(name for name in outputs if name)
    node = (op, inputs, list(outputs), {"hidden_size": 4, **attributes})
    return OnnxCase(f"{op} {label}", [node], {"x": STEPS}, used, kept)


ONNX_CASES: list[OnnxCase] = [
    _onnx("LSTM", 4, "plain", "b", outputs=("z",)),
    _onnx("LSTM", 4, "both ways", "b", "l", "h", "c", outputs=("z", "y", "v"),
          direction="bidirectional"),
    _onnx("LSTM", 4, "last only", outputs=("", "y", "v"), direction="reverse"),
    _onnx("GRU", 3, "reset before", "b", outputs=("z", "y")),
    _onnx("GRU", 3, "reset after", "b", "", "h", outputs=("z", "y"), linear_before_reset=1),
    _onnx("GRU", 3, "no bias", outputs=("z",), linear_before_reset=1),
    _onnx("RNN", 1, "plain", "b", outputs=("z", "y")),
    _onnx("RNN", 1, "relu", "b", outputs=("z",), activations=["Relu", "Relu"],
          direction="bidirectional"),
]  # fmt: skip
