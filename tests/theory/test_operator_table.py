"""The operator table is consistent, and every row means what plain Python means."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory.agent import Agent
from theory.error import InputError, SortError
from theory.operator import OPERATORS, FunctionSymbol, Vector, is_real, number_text
from theory.scope import TEMPORAL
from theory.sort import BOOL, REAL, EnumSort, Feature, ObservationSort, RealSort, VectorSort
from theory.table import Table
from theory.trajectory import Bound, Span
from theory.world import world

INTERPRETED = {"var", "apply", "forall", "exists", *TEMPORAL}
RATIONALS = st.fractions(-100, 100, max_denominator=64)
TRUTHS = st.booleans()

ACTION = EnumSort("action", ("left", "right", "wait"))
BOX = ObservationSort("Observation", (Feature("x", 0, 1), Feature("y", 0, 1)))
WORLD = world(Agent(observation=BOX.features, actions=ACTION.members), lambda s, a: {"x": 0})
PAYLOADS: dict[str, Any] = {
    "const": (Fraction(1), REAL),
    "var": ("v", REAL),
    "forall": (("v", RealSort(Fraction(0), Fraction(1))),),
    "exists": (("v", RealSort(Fraction(0), Fraction(1))),),
    "feature": "x",
    "with": ("x", "y"),
    "apply": FunctionSymbol("value", (BOX,), REAL),
    "component": 1,
    "acts": "strict",
    "record": BOX,
    "lookup": Table("entries", (Fraction(1), Fraction(2))),
    **dict.fromkeys(TEMPORAL, Span(WORLD, 3, "s", bound=Bound(True, Fraction(1, 2)))),
}
SORTS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("add", "sub", "mul", "max", "min", "lt", "le", "eq"), (REAL, REAL)),
    **dict.fromkeys(("neg", "abs", "lookup"), (REAL,)),
    **dict.fromkeys(("and", "or", "implies", "iff"), (BOOL, BOOL)),
    **dict.fromkeys(("not", "forall", "exists"), (BOOL,)),
    **dict.fromkeys(("feature", "apply"), (BOX,)),
    **dict.fromkeys(("const", "var"), ()),
    **dict.fromkeys(("select", "acts"), (VectorSort(3, ACTION), ACTION)),
    "with": (BOX, REAL, REAL),
    "component": (VectorSort(3),),
    "if": (BOOL, REAL, REAL),
    "record": (REAL, REAL),
    **dict.fromkeys(("always", "eventually", "next"), (BOX, BOOL)),
    **dict.fromkeys(("until", "probably"), (BOX, BOOL, BOOL)),
}


def test_keys_are_those_that_the_engines_know():
    assert set(OPERATORS) == {
        "const", "var", "add", "sub", "mul", "neg", "abs", "max", "min", "lt", "le", "eq", "not",
        "and", "or", "implies", "iff", "forall", "exists", "feature", "with", "apply", "select",
        "component", "acts", "if", "record", "lookup", "always", "eventually", "next", "until",
        "probably",
    }  # fmt: skip
    assert all(key == row.key for key, row in OPERATORS.items())
    assert set(SORTS) == set(OPERATORS)


def test_the_names_that_others_import_stay():
    assert is_real(REAL)
    assert number_text(Fraction(1, 2)) == "0.5"
    assert Vector((Fraction(1),)).index is None


@pytest.mark.parametrize("key", sorted(OPERATORS))
def test_every_row_takes_its_sorts_and_is_written(key):
    row = OPERATORS[key]
    sorts = SORTS[key]
    assert row.arity in (None, len(sorts))
    result = row.sort(PAYLOADS.get(key), list(sorts))
    reals = {"const", "var", "add", "sub", "mul", "neg", "abs", "max", "min", "feature", "apply"}
    assert result == (
        REAL
        if key in reals | {"select", "component", "if", "lookup"}
        else BOX
        if key in ("with", "record")
        else BOOL
    )
    arguments = [f"\0{at}\0" for at in range(len(sorts))]
    for printer in (row.notation.text, row.notation.latex):
        written = printer(PAYLOADS.get(key), arguments)
        assert all(written.count(argument) == 1 for argument in arguments)


@pytest.mark.parametrize("key", sorted(key for key in OPERATORS if SORTS[key]))
def test_every_row_refuses_an_argument_of_another_sort(key):
    for at in range(len(SORTS[key])):
        sorts: list[Any] = list(SORTS[key])
        sorts[at] = EnumSort("colour", ("red",))
        with pytest.raises(SortError) as error:
            OPERATORS[key].sort(PAYLOADS.get(key), sorts)
        assert "\n" not in str(error.value)


def test_meaning_is_missing_only_where_an_interpretation_is_needed():
    assert {key for key, row in OPERATORS.items() if row.meaning is None} == INTERPRETED


def meaning(key: str, *values: Any, payload: Any = None) -> Any:
    function = OPERATORS[key].meaning
    assert function is not None
    return function(payload, values)


PYTHON: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "max": max,
    "min": min,
    "lt": operator.lt,
    "le": operator.le,
    "eq": operator.eq,
    "neg": operator.neg,
    "abs": abs,
}


@pytest.mark.parametrize("key", sorted(PYTHON))
@given(a=RATIONALS, b=RATIONALS, tie=st.booleans())
def test_arithmetic_and_order_are_those_of_rationals(key, a, b, tie):
    values = (a, a if tie else b)[: OPERATORS[key].arity]
    assert meaning(key, *values) == PYTHON[key](*values)


@given(st.lists(TRUTHS, max_size=4), TRUTHS, TRUTHS)
def test_connectives_are_those_of_logic(many, a, b):
    assert meaning("and", *many) == (False not in many)
    assert meaning("or", *many) == (True in many)
    assert meaning("not", a) == (a is False)
    assert meaning("implies", a, b) == (a <= b)
    assert meaning("iff", a, b) == (a == b)
    assert meaning("eq", a, b) == (a == b)


def test_records_and_vectors():
    point = {"x": Fraction(1), "y": Fraction(2)}
    assert meaning("feature", point, payload="y") == 2
    changed = meaning("with", point, Fraction(3), payload=("x",))
    assert changed == {"x": 3, "y": 2}
    assert point["x"] == 1
    vector = Vector((Fraction(5), Fraction(6), Fraction(7)), ACTION)
    assert meaning("component", vector, payload=2) == 7
    assert meaning("select", vector, "right") == 6
    assert meaning("eq", vector, Vector(vector.entries, ACTION)) is True
    assert meaning("eq", vector, Vector((Fraction(5), Fraction(6), Fraction(8)), ACTION)) is False
    assert meaning("eq", "left", "left") is True
    assert meaning("const", payload=(Fraction(4), REAL)) == 4
    with pytest.raises(InputError, match="no entry 'up'"):
        vector.entry("up")


@given(st.lists(st.integers(0, 2).map(Fraction), min_size=3, max_size=3))
def test_the_three_rules_for_ties(scores):
    vector = Vector(tuple(scores), ACTION)
    best = [
        name for name, score in zip(ACTION.members, scores, strict=True) if score == max(scores)
    ]
    for name in ACTION.members:
        assert meaning("acts", vector, name, payload="strict") == (best == [name])
        assert meaning("acts", vector, name, payload="first") == (best[0] == name)
        assert meaning("acts", vector, name, payload="any") == (name in best)


def test_an_application_to_another_agents_observation_says_so():
    other = ObservationSort("Observation", (Feature("z", 0, 1),))
    with pytest.raises(SortError) as error:
        OPERATORS["apply"].sort(PAYLOADS["apply"], [other])
    assert str(error.value) == "value takes (Observation), got (Observation) with other features"
