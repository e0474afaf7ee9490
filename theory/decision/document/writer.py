"""Writing a dilemma as JSON: every rule as a table, numbers as expressions in the parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any, cast

import sympy

from theory.causal.diagram import Node
from theory.causal.path import order
from theory.causal.value import call
from theory.decision.dilemma.entry import Dilemma
from theory.decision.document.reader import NAME, VERSION, observation
from theory.decision.problem import POLICY, Policy, Problem
from theory.error import InputError
from theory.parametric import Parametric
from theory.rational import number_text

_sympy: Any = sympy
_WIDTH = 96


class _Usual:
    """Answers for signs by the parameters' usual values, and notes what was asked."""

    def __init__(self, values: Mapping[str, Fraction]) -> None:
        self.field = _sympy.QQ.frac_field(*(values or ["none"]))
        self.values = values
        self.asked: list[Any] = []

    def sign(self, value: Any) -> int:
        """The sign at the usual values."""
        number = value.as_expr()
        if number.free_symbols:
            self.asked.append(value)
        usual = {n: _sympy.Rational(v.numerator, v.denominator) for n, v in self.values.items()}
        found = number.subs({s: usual[str(s)] for s in number.free_symbols})
        return int(bool(found > 0)) - int(bool(found < 0))


def dumps(dilemma: Dilemma) -> str:
    """The JSON text of a dilemma; `loads` reads it back.

    Raises:
        InputError: a rule does with a parameter what is no arithmetic, or a value is no text,
            number or truth value.
    """
    usual = dilemma.parameters
    trace = _Usual(usual)
    symbols = dict(zip(usual, trace.field.gens, strict=False))
    problem = dilemma.problem(**{n: Parametric(g, trace) for n, g in symbols.items()})
    fields: dict[str, Any] = {
        "schema": {"name": NAME, "version": VERSION},
        "name": dilemma.name,
        "story": dilemma.story,
        "source": dilemma.source,
        "disputed": dilemma.disputed,
        "expected": dict(dilemma.expected),
        "parameters": {name: number_text(value) for name, value in usual.items()},
        **_Writer(problem, trace).fields(),
    }
    return _layout({k: v for k, v in fields.items() if v not in ("", {})}) + "\n"


def _layout(value: Any, indent: str = "") -> str:
    """JSON in which whatever fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(line) <= _WIDTH:
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        items = cast(dict[str, Any], value).items()
        parts = [f"{json.dumps(key)}: {_layout(item, inner)}" for key, item in items]
    else:
        parts = [_layout(item, inner) for item in cast(list[Any], value)]
    left, right = "{}" if isinstance(value, dict) else "[]"
    body = ",\n".join(inner + part for part in parts)
    return f"{left}\n{body}\n{indent}{right}"


class _Writer:
    def __init__(self, problem: Problem, trace: _Usual) -> None:
        self._problem = problem
        self._trace = trace
        self._domains: dict[str, Sequence[Any]] = {POLICY: problem.policies}

    def fields(self) -> dict[str, Any]:
        """What says the problem: nodes, inclination, observation."""
        problem = self._problem
        written: dict[str, dict[str, Any]] = {}
        for name in order(problem.graph):
            if name != POLICY:
                written[name] = self._node(problem.nodes[name])
        found: dict[str, Any] = {"nodes": [written[name] for name in problem.nodes]}
        inclination = problem.inclination
        if inclination is not None:
            parents = problem.inclined_by
            rule = inclination if callable(inclination) else (lambda: inclination)
            rows = self._rows(rule, parents, "inclination", utility=False)
            found["inclination"] = {"parents": list(parents), "rows": rows}
        if problem.sees:
            found["at"] = dict(zip(problem.sees, problem.asked, strict=True))
        return found

    def _node(self, node: Node) -> dict[str, Any]:
        found: dict[str, Any] = {"name": node.name}
        if node.rule is None:
            self._domains[node.name] = self._problem.acts
            found |= {"kind": "decision", "values": [self._value(a) for a in self._problem.acts]}
            return found | ({"sees": list(node.parents)} if node.parents else {})
        rule = _function(node)
        found["kind"] = "utility" if node.utility else "chance"
        if node.parents:
            found["parents"] = list(node.parents)
        if not node.utility:
            self._domains[node.name] = node.domain or self._given(rule, node)
            found["values"] = [self._value(v) for v in self._domains[node.name]]
        found["rows"] = self._rows(rule, node.parents, node.where, utility=node.utility)
        return found

    def _given(self, rule: Any, node: Node) -> list[Any]:
        """The values that a rule without a declared domain gives, in order."""
        found: dict[Any, None] = {}
        for values in product(*(self._domains[p] for p in node.parents)):
            result = call(rule, node.parents, values, node.where)
            found |= dict.fromkeys(cast(Any, result) if isinstance(result, Mapping) else [result])
        return list(found)

    def _rows(
        self, rule: Any, parents: Sequence[str], where: str, *, utility: bool
    ) -> list[dict[str, Any]]:
        """The rule's table, without what it does not depend on."""
        keys: list[str] = []
        table: dict[tuple[Any, ...], dict[str, Any]] = {}
        for values in product(*(self._domains[p] for p in parents)):
            seen: dict[str, Any] = {}
            for parent, value in zip(parents, values, strict=True):
                if isinstance(value, Policy):
                    seen |= {observation(c): act for c, act in value.rows}
                else:
                    seen[parent] = value
            self._trace.asked.clear()
            result = call(rule, parents, values, where)
            if self._trace.asked:
                raise InputError(f"{where}: its rule compares a parameter, which no table can say")
            keys = list(seen)
            table[tuple(seen.values())] = self._result(result, where, utility=utility)
        for key in list(keys):
            at = keys.index(key)
            shorter = {(*c[:at], *c[at + 1 :]): row for c, row in table.items()}
            if all(shorter[(*c[:at], *c[at + 1 :])] == row for c, row in table.items()):
                table = shorter
                keys.remove(key)
        rows: list[dict[str, Any]] = []
        for context, row in table.items():
            given = {k: self._value(v) for k, v in zip(keys, context, strict=True)}
            rows.append(({"given": given} if given else {}) | row)
        return rows

    def _result(self, result: Any, where: str, *, utility: bool) -> dict[str, Any]:
        if isinstance(result, Mapping):
            odds = cast(Mapping[Any, Any], result)
            return {"odds": [[self._value(v), _number(p)] for v, p in odds.items()]}
        return {"value": _number(result) if utility else self._value(result)}

    def _value(self, value: Any) -> Any:
        if isinstance(value, Policy):
            return [self._value(act) for _, act in value.rows]
        if isinstance(value, bool | int | str):
            return value
        raise InputError(
            f"the value {value!r} cannot be written; use text, whole numbers, or truth"
        )


def _function(node: Node) -> Any:
    """A node's rule as a function of its parents."""
    if callable(node.rule):
        return node.rule
    table = cast(Mapping[Any, Any], node.rule)

    def looked_up(*values: Any) -> Any:
        return table.get(values, table.get(values[0])) if values else table

    return looked_up


def _number(value: Any) -> str:
    if isinstance(value, Parametric):
        return str(value)
    return (
        str(value)
        if isinstance(value, int | str) and not isinstance(value, bool)
        else str(Fraction(value))
    )
