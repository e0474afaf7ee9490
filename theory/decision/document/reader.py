"""Reading a dilemma from JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from inspect import Parameter, Signature
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias, cast

from theory.causal.diagram import Node, chance, decision, utility
from theory.decision.dilemma.entry import Dilemma
from theory.decision.document.expression import Expression
from theory.decision.problem import POLICY, Policy, Problem
from theory.error import InputError
from theory.rational import exact

NAME, VERSION = "mesascope.dilemma", 1
FIELDS = {
    "schema": dict,
    "name": str,
    "story": str,
    "source": str,
    "disputed": str,
    "expected": dict,
    "parameters": dict,
    "nodes": list,
    "inclination": dict,
    "at": dict,
}
NODE_FIELDS = {
    "name": str,
    "kind": str,
    "values": list,
    "sees": list,
    "parents": list,
    "rows": list,
}
ROW_FIELDS = {"given": dict, "odds": list, "value": object}
KINDS = ("decision", "chance", "utility")


def load(path: str | Path) -> Dilemma:
    """The dilemma that a file holds.

    Raises:
        InputError: it is missing, is no JSON, or a field is wrong; names file and field.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not a text file"
        raise InputError(f"{path}: {str(why).lower()}") from None
    return loads(text, str(path))


def loads(text: str, where: str = "dilemma") -> Dilemma:
    """The dilemma that a JSON text holds.

    Args:
        text: the text.
        where: the name of its file, for messages.

    Raises:
        InputError: it is no JSON, or a field is wrong; names the field.
    """
    try:
        found = json.loads(text, parse_float=str, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON: {error}") from None
    return _Reader(_fields(found, FIELDS, where, ("schema", "name", "nodes")), where).dilemma()


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def _fields(
    found: Any, known: Mapping[str, type], where: str, needed: Sequence[str] = ()
) -> dict[str, Any]:
    """An object with known fields of the right types."""
    if not isinstance(found, dict):
        raise InputError(f"{where}: expected an object, not {_brief(found)}")
    fields = cast(dict[str, Any], found)
    for name, value in fields.items():
        if name not in known:
            raise InputError(f"{where}: unknown field {name!r}; known: {', '.join(known)}")
        if not isinstance(value, known[name]):
            raise InputError(f"{where}: field {name} cannot be {_brief(value)}")
    for name in needed:
        if name not in fields:
            raise InputError(f"{where}: field {name} is missing")
    return fields


def _brief(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


Point: TypeAlias = Mapping[str, Fraction]


@dataclass(frozen=True)
class _Row:
    """One row: where it applies, and what it gives at a point of the parameters."""

    given: Mapping[str, Any]
    value: Any = None
    number: Expression | None = None
    odds: tuple[tuple[Any, Expression], ...] = ()

    def at(self, point: Point) -> Any:
        """A value, or a distribution."""
        if self.number is not None:
            return self.number.at(point)
        return {value: odds.at(point) for value, odds in self.odds} if self.odds else self.value


class _Reader:
    """Reads one file's fields; messages begin with the file and the field."""

    def __init__(self, fields: Mapping[str, Any], where: str) -> None:
        self._fields = fields
        self._where = where
        schema = _fields(fields["schema"], {"name": str, "version": int}, f"{where}: schema")
        if schema.get("name") != NAME or schema.get("version") != VERSION:
            raise InputError(f"{where}: field schema is not {NAME!r}, version {VERSION}")
        self._usual: dict[str, Fraction] = {}
        for name, value in fields.get("parameters", {}).items():
            if not name.isidentifier():
                raise InputError(f"{where}: parameters: {name!r} is no name")
            self._usual[name] = exact(value, f"{where}: parameters.{name}")
        self._nodes = {
            f"{where}: nodes[{at}]": _fields(
                node, NODE_FIELDS, f"{where}: nodes[{at}]", ("name", "kind")
            )
            for at, node in enumerate(fields["nodes"])
        }
        self._observed()

    def _observed(self) -> None:
        """Notes what the decision sees, and every observation that there is."""
        decisions = [node for node in self._nodes.values() if node["kind"] == "decision"]
        if len(decisions) != 1:
            raise InputError(
                f"{self._where}: nodes: a problem has one decision, not {len(decisions)}"
            )
        self._acts: list[Any] = decisions[0].get("values", [])
        self._sees: list[str] = decisions[0].get("sees", [])
        values = {node["name"]: node.get("values") for node in self._nodes.values()}
        for name in self._sees:
            if not values.get(name):
                raise InputError(f"{self._where}: nodes: {name!r} is seen, and needs its values")
        self._contexts = list(product(*(values[name] or () for name in self._sees)))

    def dilemma(self) -> Dilemma:
        """The dilemma; its problem is built once, so that what is wrong shows at once."""
        kept = [(where, node, self._rows(where, node)) for where, node in self._nodes.items()]
        leaning: tuple[str, dict[str, Any], list[_Row]] | None = None
        if "inclination" in self._fields:
            where = f"{self._where}: inclination"
            known = {"parents": list, "rows": list}
            given = _fields(self._fields["inclination"], known, where, ("rows",))
            leaning = (where, given, self._rows(where, {**given, "kind": "inclination"}))

        def build(**values: Any) -> Problem:
            point = {n: exact(values.get(n, usual), n) for n, usual in self._usual.items()}
            nodes = [self._node(node, rows, point) for _, node, rows in kept]
            leans = None
            if leaning is not None:
                _, given, rows = leaning
                leans = _named(_rule(rows, given.get("parents", []), point), given)
            return Problem(*nodes, inclination=leans, at=self._fields.get("at"))

        cast(Any, build).__signature__ = Signature(
            [
                Parameter(name, Parameter.KEYWORD_ONLY, default=usual)
                for name, usual in self._usual.items()
            ]
        )
        try:
            problem = build()
            for policy in problem.policies:
                problem.worlds(policy)
            problem.worlds()
        except InputError as error:
            raise InputError(f"{self._where}: {error}") from None
        text = {field: self._fields.get(field, "") for field in ("name", "story", "source")}
        return Dilemma(
            **text,
            build=build,
            expected=self._fields.get("expected", {}),
            disputed=self._fields.get("disputed", ""),
        )

    def _node(self, node: Mapping[str, Any], rows: Sequence[_Row], point: Point) -> Node:
        name, parents, domain = node["name"], node.get("parents", []), node.get("values")
        match node["kind"]:
            case "decision":
                return decision(name, domain or (), sees=self._sees)
            case "utility":
                return utility(name, _rule(rows, parents, point), parents)
            case _:
                return chance(name, _rule(rows, parents, point), parents, domain)

    def _rows(self, where: str, node: Mapping[str, Any]) -> list[_Row]:
        kind = node["kind"]
        if kind not in (*KINDS, "inclination"):
            raise InputError(f"{where}: kind is one of {', '.join(KINDS)}, not {kind!r}")
        if kind == "decision":
            if not node.get("values"):
                raise InputError(f"{where}: field values is missing: the acts")
            return []
        if not node.get("rows"):
            raise InputError(f"{where}: field rows is missing")
        rows: list[_Row] = []
        for at, row in enumerate(node["rows"]):
            rows.append(self._row(f"{where}.rows[{at}]", row, kind, node.get("parents", [])))
        return rows

    def _row(self, where: str, row: Any, kind: str, parents: Sequence[str]) -> _Row:
        fields = _fields(row, ROW_FIELDS, where)
        given: dict[str, Any] = fields.get("given", {})
        allowed = {p for p in parents if p != POLICY}
        if POLICY in parents:
            allowed |= {observation(context) for context in self._contexts}
        for key in given:
            if key not in allowed:
                known = ", ".join(sorted(allowed)) or "none"
                raise InputError(f"{where}: given: {key!r} is no parent; parents are {known}")
        wanted = ("value",) if kind == "utility" else ("odds",) if kind == "inclination" else ()
        one = [field for field in ("value", "odds") if field in fields]
        if len(one) != 1 or (wanted and one[0] not in wanted):
            need = wanted[0] if wanted else "either value or odds"
            raise InputError(f"{where}: a row of a {kind} has {need}")
        if kind == "utility":
            return _Row(given, number=self._number(fields["value"], f"{where}.value"))
        if "value" in fields:
            return _Row(given, value=_plain(fields["value"], f"{where}.value"))
        return _Row(given, odds=tuple(self._odds(fields["odds"], f"{where}.odds", kind)))

    def _odds(self, listed: Any, where: str, kind: str) -> list[tuple[Any, Expression]]:
        found: list[tuple[Any, Expression]] = []
        for at, pair in enumerate(listed):
            if not isinstance(pair, list) or len(cast(list[Any], pair)) != 2:
                raise InputError(f"{where}[{at}]: a value and its probability, not {_brief(pair)}")
            value, odds = cast(list[Any], pair)
            if kind == "inclination" and isinstance(value, list):
                value = self._policy(cast(list[Any], value), f"{where}[{at}]")
            found.append((_plain(value, f"{where}[{at}]"), self._number(odds, f"{where}[{at}]")))
        if len({value for value, _ in found}) != len(found):
            raise InputError(f"{where}: a value is there twice")
        return found

    def _policy(self, acts: list[Any], where: str) -> Policy:
        if len(acts) != len(self._contexts) or not all(act in self._acts for act in acts):
            raise InputError(
                f"{where}: a policy is one act for each of {len(self._contexts)} sights"
            )
        return Policy(tuple(zip(self._contexts, acts, strict=True)))

    def _number(self, value: Any, where: str) -> Expression:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise InputError(f"{where}: {_brief(value)} is no number")
        return Expression(str(value), self._usual, where)


def observation(context: Sequence[Any]) -> str:
    """How `given` calls what the policy does after an observation."""
    return f"{POLICY}({', '.join(map(str, context))})" if context else POLICY


def _rule(rows: Sequence[_Row], parents: Sequence[str], point: Point) -> Any:
    """The function of its parents that rows are."""

    def fits(row: _Row, values: Mapping[str, Any]) -> bool:
        return all(values[key] == value for key, value in row.given.items())

    def rule(*values: Any) -> Any:
        seen: dict[str, Any] = {}
        for parent, value in zip(parents, values, strict=True):
            if isinstance(value, Policy):
                seen |= {observation(context): act for context, act in value.rows}
            else:
                seen[parent] = value
        row = next((row for row in rows if fits(row, seen)), None)
        return None if row is None else row.at(point)

    return rule


def _named(rule: Any, given: Mapping[str, Any]) -> Any:
    """A rule that tells its parents by its signature, as an inclination has to."""
    names = given.get("parents", [])
    rule.__signature__ = Signature([Parameter(n, Parameter.POSITIONAL_OR_KEYWORD) for n in names])
    return rule


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, list | dict) or value is None:
        raise InputError(f"{where}: {_brief(value)} is no value of a node")
    return value
