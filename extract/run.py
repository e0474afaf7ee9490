"""Run a network: in float32 or float64 through torch, or exactly on rationals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from extract.exact import Exact, Number, from_numbers, objects
from extract.network import Network
from extract.operator import OPERATORS
from theory.error import InputError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Arithmetic = Literal["float32", "float64", "exact"]
Flat = Sequence[Any] | np.ndarray[Any, Any]
_LEAVES = ("input", "parameter")


def run(
    network: Network,
    inputs: Mapping[str, Any] | Flat,
    *,
    arithmetic: Arithmetic = "float32",
) -> dict[str, np.ndarray[Any, Any]]:
    """Run a network on one input.

    Args:
        network: the network.
        inputs: input name -> array of the input's shape (or its flat entries); or one flat sequence
            of `network.input_size` numbers, all inputs in order.
        arithmetic: "float32" and "float64" run torch on the CPU; "exact" takes floats, integers and
            `Fraction`s at their exact value.

    Returns:
        output name -> array of the output's shape. For "exact" an object array of `Fraction`, or
        `theory.enclosure.Enclosure` where the value is irrational.

    Raises:
        InputError: an input is missing, unknown, of the wrong size, or not finite.
    """
    flat = _flatten(network, inputs)
    if arithmetic == "exact":
        values: list[Any] = list(run_exact(network, flat))
    elif arithmetic in ("float32", "float64"):
        import torch

        dtype = torch.float32 if arithmetic == "float32" else torch.float64
        x = torch.tensor([[float(v) for v in flat]], dtype=torch.float64).to(dtype)
        with torch.no_grad():
            values = list(as_function(network, dtype)(x)[0].numpy())
    else:
        raise InputError(f"arithmetic is {arithmetic!r}; it is float32, float64 or exact")
    results: dict[str, np.ndarray[Any, Any]] = {}
    for name in network.outputs:
        node = network.node(name)
        part, values = values[: node.size], values[node.size :]
        results[name] = (
            objects(part, node.shape)
            if arithmetic == "exact"
            else np.array(part, dtype=arithmetic).reshape(node.shape)
        )
    return results


def _flatten(network: Network, inputs: Any) -> list[Any]:
    if not isinstance(inputs, Mapping):
        return _entries(network.name, "the input", inputs, network.input_size)
    given: dict[str, Any] = {network.node(str(k)).name: v for k, v in inputs.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    extra = [name for name in given if name not in network.inputs]
    if extra:
        raise InputError(
            f"{network.name}: {extra[0]!r} is not an input; those are {network.inputs}"
        )
    flat: list[Any] = []
    for name in network.inputs:
        if name not in given:
            raise InputError(f"{network.name}: no value for the input {name!r}")
        flat += _entries(network.name, f"the input {name!r}", given[name], network.node(name).size)
    return flat


def _entries(title: str, what: str, value: Any, size: int) -> list[Any]:
    array = np.asarray(value, dtype=object).ravel()
    entries = [v.item() if isinstance(v, np.generic) else v for v in array]
    if len(entries) != size:
        raise InputError(f"{title}: {what} has {len(entries)} entries, but needs {size}")
    return entries


def run_exact(network: Network, flat: Flat) -> list[Number]:
    """Run a network in exact rational arithmetic.

    Args:
        network: the network.
        flat: `network.input_size` numbers, all inputs in order: `Fraction`, int, or float at its
            exact value. An `Enclosure` stands for every value in it; results then enclose theirs.

    Returns:
        `network.output_size` numbers, all outputs in order: `Fraction`, or `Enclosure` after tanh,
        sigmoid, softmax, elu or exp.

    Raises:
        InputError: wrong number of entries, a value that is not finite, or division by zero.
        Undecided: division by an enclosure that contains zero.
    """
    values = evaluate_exact(network, flat)
    return [number for name in network.outputs for number in values[name].numbers()]


def evaluate_exact(
    network: Network, flat: Flat, tensors: Sequence[str] | None = None
) -> dict[str, Exact]:
    """As `run_exact`, but gives named tensors (by default the outputs) as `Exact`."""
    if len(flat) != network.input_size:
        raise InputError(
            f"{network.name}: the input has {len(flat)} entries, but needs {network.input_size}"
        )
    wanted = [network.node(name).name for name in (tensors or network.outputs)]
    needed = network.ancestors(wanted)
    values: dict[str, Exact] = dict(network.exact_parameters)
    start = 0
    for name in network.inputs:
        node = network.node(name)
        values[name] = from_numbers(list(flat[start : start + node.size]), node.shape)
        start += node.size
    for node in network.nodes:
        if node.name in needed and node.name not in values:
            operands = [values[name] for name in node.inputs]
            values[node.name] = OPERATORS[node.op].exact(node.attributes, operands)
    return {name: values[name] for name in wanted}


def as_function(
    network: Network, dtype: torch.dtype | None = None, device: str | torch.device = "cpu"
) -> Callable[[Tensor], Tensor]:
    """The network as a function of flat batches.

    Args:
        network: the network.
        dtype: of the arithmetic; parameters are rounded to it. Default `torch.float32`.
        device: where the parameters are put.

    Returns:
        A function from (B, input_size) to (B, output_size), inputs and outputs flattened and joined
        in order; differentiable, with no state. It raises `InputError` for another shape.
    """
    evaluate = as_evaluator(network, network.outputs, dtype, device)
    size = network.input_size

    def function(x: Tensor) -> Tensor:
        import torch

        if x.dim() != 2 or x.shape[1] != size:
            raise InputError(f"{network.name}: expected shape (B, {size}), got {tuple(x.shape)}")
        results = evaluate(x)
        return torch.cat([results[name].reshape(x.shape[0], -1) for name in network.outputs], dim=1)

    return function


def as_evaluator(
    network: Network,
    tensors: Sequence[str],
    dtype: torch.dtype | None = None,
    device: str | torch.device = "cpu",
) -> Callable[[Tensor], dict[str, Tensor]]:
    """From flat batches (B, input_size) to named tensors, each of shape (B, *node.shape)."""
    import torch

    kind = dtype or torch.float32
    wanted = [network.node(name).name for name in tensors]
    needed = network.ancestors(wanted)
    raw = {
        name: torch.tensor(array).to(device=device, dtype=kind)
        for name, array in network.parameters.items()
        if name in needed
    }
    leading = {name: value.unsqueeze(0) for name, value in raw.items()}
    steps = [node for node in network.nodes if node.name in needed and node.op not in _LEAVES]
    layout = [(name, network.node(name)) for name in network.inputs]

    def evaluate(x: Tensor) -> dict[str, Tensor]:
        values = dict(leading)
        start = 0
        for name, node in layout:
            values[name] = x[:, start : start + node.size].reshape(x.shape[0], *node.shape)
            start += node.size
        for node in steps:
            row = OPERATORS[node.op]
            operands = [
                raw[name] if position in row.weights else values[name]
                for position, name in enumerate(node.inputs)
            ]
            values[node.name] = row.forward(node.attributes, operands)
        return {name: values[name].expand(x.shape[0], *network.node(name).shape) for name in wanted}

    return evaluate
