"""The variables of a problem: what quantifiers whose choice the search makes range over."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from theory.error import InputError
from theory.sort import ObservationSort, RealSort, Sort
from verify.problem.affine import Affine
from verify.problem.graph import GraphBuilder, magnitude
from verify.problem.problem import Variable

Path = tuple[Any, ...]
"""Where a quantifier stands: those around it, and the points chosen against the search."""


class Variables:
    """One for each place where a quantifier stands, made when it is first met.

    Args:
        graph: what they are inputs of.
        names: that the formula binds. A second variable of a name gets another one: `o`, `o#2`.

    Attributes:
        found: those that there are, in the order of the inputs.
    """

    def __init__(self, graph: GraphBuilder, names: AbstractSet[str]) -> None:
        self.found: list[Variable] = []
        self._graph = graph
        self._names = names
        self._bound: dict[tuple[Path, str], Any] = {}

    def bound(self, path: Path, name: str, sort: Sort) -> Any:
        """What a name stands for at a place: an expression, or one for each feature.

        Raises:
            InputError: the sort has no variables.
        """
        key = (path, name)
        if key not in self._bound:
            taken = {v.owner for v in self.found} | (self._names - {name})
            owner, count = name, 2
            while owner in taken:
                owner, count = f"{name}#{count}", count + 1
            self._bound[key] = self._new(owner, sort)
        return self._bound[key]

    def _new(self, owner: str, sort: Sort) -> Any:
        if isinstance(sort, RealSort) and sort.lower is not None and sort.upper is not None:
            return self._scalar(Variable(owner, "", sort.lower, sort.upper))
        if isinstance(sort, ObservationSort):
            return {
                f.name: self._scalar(Variable(owner, f.name, f.lower, f.upper, f.values))
                for f in sort.features
            }
        raise InputError(f"cannot quantify over {sort}")

    def _scalar(self, variable: Variable) -> Affine:
        self.found.append(variable)
        ends = (variable.lower, variable.upper, *(variable.values or ()))
        reach = max(magnitude(end) for end in ends)
        return self._graph.variable(in_float32=variable.is_float32, reach=reach)
