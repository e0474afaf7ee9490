"""Saving a trained agent as a torch.export program or as ONNX, free of traces of the machine."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from torch import nn

TRACE = "stack_trace"  # the exporters note where in which file a node comes from


def save_pt2(net: nn.Module, inputs: int, path: Path, *, carries: int = 0) -> None:
    """Write a `.pt2` that takes (1, inputs), and (1, carries) where it hands a state on; no example
    inputs, which would be a pickle.
    """
    sizes = (inputs, carries) if carries else (inputs,)
    program = torch.export.export(net, tuple(torch.zeros(1, size) for size in sizes))
    for node in program.graph.nodes:
        node.meta.pop(TRACE, None)
    program.example_inputs = None
    torch.export.save(program, path)


def save_onnx(net: nn.Module, inputs: int, path: Path) -> None:
    """Write an `.onnx` with input `observation` (1, inputs) and output `scores`."""
    program = torch.onnx.export(
        net,
        (torch.zeros(1, inputs),),
        dynamo=True,
        input_names=["observation"],
        output_names=["scores"],
        verbose=False,
    )
    if program is None:
        raise RuntimeError("torch.onnx.export returned no program")
    model = program.model_proto
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.input, model.graph):
        del part.metadata_props[:]
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))
