"""Terms on many states at once, in floats: tensors of numbers, truth values and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from theory.fold import fold
from theory.scope import QUANTIFIERS, TEMPORAL
from theory.term import Term
from verify.loop.leaf import PLAIN, place, put_together

Tensors = Mapping[str, Any]


@dataclass(frozen=True)
class Batch:
    """Many trajectories at one step.

    Attributes:
        variables: values of variables: tensors (B,), by feature where they have some.
        network: the policy, as a function of observations (B, n).
        features: the observation's features, in order.
    """

    variables: Tensors
    network: Any
    features: Sequence[str]

    def value(self, term: Term) -> Any:
        """A tensor (B,) of numbers or truth values, a record of those, a name, or scores (B, A)."""
        leaves = QUANTIFIERS | TEMPORAL
        return fold(term, self._step, enter=lambda node: node.operator not in leaves)

    def _step(self, node: Term, values: Sequence[Any]) -> Any:
        match node.operator:
            case key if key in PLAIN:
                return put_together(node, values, self.variables, _number)
            case "apply":
                return self._scores(node, values)
            case "select" | "acts":
                scores, at = values[0], place(node.arguments[1].sort, values[1])
                if node.operator == "select":
                    return scores[:, at]
                return best(scores, node.payload, at)
            case "component":
                return values[0][:, node.payload]
            case "lookup":
                listed = torch.tensor([float(entry) for entry in node.payload.entries]).double()
                return listed[values[0].long()]
            case key:
                return _plain(key, values)

    def _scores(self, node: Term, values: Sequence[Any]) -> Tensor:
        if node.payload.name != "score":
            raise NotImplementedError(node.payload.name)
        given: Mapping[str, Tensor] = values[0]
        count = max(given[name].numel() for name in self.features)
        columns = [given[name].expand(count) for name in self.features]
        return self.network(torch.stack(columns, dim=1).float()).double()


def best(scores: Tensor, ties: str, action: int) -> Tensor:
    """Where an action is chosen (B,), by a rule for ties (see `Agent`)."""
    others = torch.arange(scores.shape[1]) != action
    mine, rest = scores[:, action, None], scores[:, others]
    if ties == "strict":
        return (mine > rest).all(dim=1)
    if ties == "any":
        return (mine >= rest).all(dim=1)
    return (mine > scores[:, :action]).all(dim=1) & (mine >= rest).all(dim=1)


def _number(value: Fraction) -> Tensor:
    return torch.tensor(float(value)).double()


def _plain(key: str, values: Sequence[Any]) -> Any:
    match key, values:
        case "add", (a, b):
            return a + b
        case "sub", (a, b):
            return a - b
        case "mul", (a, b):
            return a * b
        case "neg", (a,):
            return -a
        case "abs", (a,):
            return a.abs()
        case "max", (a, b):
            return torch.maximum(a, b)
        case "min", (a, b):
            return torch.minimum(a, b)
        case "lt", (a, b):
            return a < b
        case "le", (a, b):
            return a <= b
        case (("eq" | "iff"), (a, b)):
            return _truth(a == b)
        case "not", (a,):
            return ~_truth(a)
        case "implies", (a, b):
            return ~_truth(a) | _truth(b)
        case "if", (condition, a, b):
            return torch.where(_truth(condition), a, b)
        case (("and" | "or"), parts):
            whole = torch.tensor(key == "and")
            for part in parts:
                whole = whole & _truth(part) if key == "and" else whole | _truth(part)
            return whole
        case _:
            raise NotImplementedError(key)


def _truth(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else torch.tensor(bool(value))
