"""Stacks of layers from a state dict of Stable-Baselines3, with an account of the weights used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from extract.network import Array
from extract.reader import idiom, recurrent
from extract.reader.build import Builder, Value
from theory.error import InputError

ACTIVATIONS = {
    "Tanh": "tanh",
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "Sigmoid": "sigmoid",
}
"""Activations that are read -> operators of the table."""


_LSTM = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Towers:
    """Builds stacks of linear layers from a state dict, and keeps count of the weights used."""

    def __init__(
        self, path: Path, builder: Builder, weights: Mapping[str, Array], activation: str
    ) -> None:
        self.path, self.builder, self.weights = path, builder, weights
        self.activation = activation
        self.used: set[str] = set()

    def features(self, x: Value, prefix: str) -> Value:
        """Linear layers with an activation after each; `x` itself where there are none."""
        return self._stack(x, prefix, self._numbers(prefix), bent=True, name="")

    def scores(self, x: Value, prefix: str, name: str) -> Value:
        """Linear layers with activations between them; the last gives the tensor `name`."""
        numbers = self._numbers(prefix)
        if numbers:
            return self._stack(x, prefix, numbers, bent=False, name=name)
        return self._layer(x, prefix, name)

    def skip(self, prefix: str) -> None:
        """Leave out weights that take no part in the decision."""
        self.used |= {key for key in self.weights if key.startswith(prefix)}

    def refuse_rest(self) -> None:
        """Refuse weights that nothing used.

        Raises:
            InputError: there are some.
        """
        rest = sorted(set(self.weights) - self.used)
        if rest:
            raise InputError(f"{self.path}: policy.pth: the weight {rest[0]!r} is not understood")

    def memory(self, x: Value, prefix: str) -> tuple[Value, list[Value], list[Value]]:
        """One step of a stack of LSTM layers, whose states are inputs of the network.

        Returns:
            What the last layer shows; the states that go in, and those that come out: of each layer
            the one that it shows and the one that it keeps.
        """
        before: list[Value] = []
        after: list[Value] = []
        layer = 0
        while f"{prefix}.weight_ih_l{layer}" in self.weights:
            self.builder.at("LSTM", f"{prefix}.{layer}", _stack_of(prefix))
            parts = [f"{prefix}.{part}_l{layer}" for part in _LSTM]
            known = [self._constant(key) if key in self.weights else None for key in parts]
            entry, state = (self._constant(key) for key in parts[:2])
            weights = recurrent.Weights(entry, state, known[2], known[3], "ifgo")
            weights.check(self.builder)
            shape = (1, weights.size)
            kept = [
                self.builder.input(f"{part}.{layer}", shape, "float32")
                for part in ("hidden", "cell")
            ]
            names = [f"next_{value.name}" for value in kept]
            cell = recurrent.Cell(self.builder, weights, f"{prefix}.{layer}")
            left = cell.lstm(x, kept, names)
            before, after, x, layer = before + kept, after + left, left[0], layer + 1
        if not layer:
            raise InputError(f"{self.path}: policy.pth: {prefix} has no weights")
        return x, before, after

    def __contains__(self, prefix: str) -> bool:
        """Whether there are weights under a prefix."""
        return any(key == prefix or key.startswith(f"{prefix}.") for key in self.weights)

    def _numbers(self, prefix: str) -> list[int]:
        pattern = re.compile(re.escape(prefix) + r"\.(\d+)\.(?:weight|bias)")
        found = {int(m[1]) for key in self.weights if (m := pattern.fullmatch(key))}
        numbers = sorted(found)
        if numbers != list(range(0, 2 * len(numbers), 2)):
            raise InputError(
                f"{self.path}: policy.pth: {prefix} has weights at {numbers}; "
                "linear layers and activations by turns are read"
            )
        return numbers

    def _stack(self, x: Value, prefix: str, numbers: list[int], *, bent: bool, name: str) -> Value:
        value = x
        for number in numbers:
            last = number == numbers[-1]
            title = name if last and not bent else f"{prefix}.{number}"
            value = self._layer(value, f"{prefix}.{number}", title)
            if bent or not last:
                value = self._bend(value, f"{prefix}.{number + 1}")
        return value

    def _layer(self, x: Value, key: str, name: str) -> Value:
        self.builder.at("Linear", key, _stack_of(key))
        weight = self._constant(f"{key}.weight")
        bias = self._constant(f"{key}.bias") if f"{key}.bias" in self.weights else None
        if weight.rank != 2:
            raise InputError(f"{self.path}: policy.pth: {key}.weight is no matrix: {weight.shape}")
        return idiom.linear(self.builder, x, weight, bias, name)

    def _bend(self, x: Value, name: str) -> Value:
        self.builder.at(self.activation, name, _stack_of(name))
        op = ACTIVATIONS[self.activation]
        alpha = {"leaky_relu": 0.01, "elu": 1.0}.get(op)
        extra = {} if alpha is None else {"alpha": self.builder.rounded(alpha, x)}
        return self.builder.emit(op, [x], name, **extra)

    def _constant(self, key: str) -> Value:
        if key not in self.weights:
            raise InputError(f"{self.path}: policy.pth: the weight {key!r} is missing")
        self.used.add(key)
        return self.builder.constant(key, self.weights[key])


def _stack_of(key: str) -> str:
    """The modules around a layer: "a.b.0" -> "a/a.b/a.b.0"."""
    words = key.split(".")
    return "/".join(".".join(words[:n]) for n in range(1, len(words) + 1))
