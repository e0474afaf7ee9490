"""Dilemmas as JSON: what is written is read back the same, and what is wrong is named."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from typing import Any

import pytest

from theory.causal.diagram import decision, utility
from theory.decision.dilemma import LIBRARY, Dilemma
from theory.decision.document import dumps, load, loads
from theory.decision.document.expression import Expression
from theory.decision.problem import Problem
from theory.error import InputError


def answers(dilemma: Dilemma, **values: Any) -> dict[str, str]:
    return {name: str(answer) for name, answer in dilemma.answers(**values).items()}


@pytest.mark.parametrize("name", LIBRARY)
def test_a_dilemma_that_is_written_and_read_is_the_same(name):
    """At its usual values, and at others: its numbers were written as expressions."""
    entry = LIBRARY[name]
    text = dumps(entry)
    read = loads(text)
    assert dumps(read) == text
    assert (read.story, read.source, read.disputed) == (entry.story, entry.source, entry.disputed)
    assert read.parameters == entry.parameters
    assert dict(read.expected) == dict(entry.expected)
    drawn = random.Random(name)
    box = entry.box(entry.parameters)
    point = {n: a + (b - a) * Fraction(drawn.randint(1, 12), 13) for n, (a, b) in box.items()}
    for values in ({}, point):
        assert answers(read, **values) == answers(entry, **values)
        worths = [
            str(problem.worth(p))
            for problem in (entry.problem(**values),)
            for p in problem.policies
        ]
        assert worths == [str(p2.worth(p)) for p2 in (read.problem(**values),) for p in p2.policies]


def minimal() -> dict[str, Any]:
    return {
        "schema": {"name": "mesascope.dilemma", "version": 1},
        "name": "a bet",
        "parameters": {"odds": "1/3", "stake": 2},
        "nodes": [
            {"name": "coin", "kind": "chance", "values": ["up", "down"],
             "rows": [{"odds": [["up", "odds"], ["down", "1 - odds"]]}]},
            {"name": "act", "kind": "decision", "values": ["bet", "pass"]},
            {"name": "gain", "kind": "utility", "parents": ["coin", "act"],
             "rows": [{"given": {"act": "pass"}, "value": 0},
                      {"given": {"coin": "up"}, "value": "2*stake"},
                      {"value": "-stake"}]},
        ],
    }  # fmt: skip


def test_a_dilemma_is_stated_in_a_few_lines():
    bet = loads(json.dumps(minimal()))
    assert set(answers(bet).values()) == {"bet or pass"}
    assert set(answers(bet, odds="1/2").values()) == {"bet"}
    assert set(answers(bet, odds="0.3").values()) == {"pass"}


def changed(path: str, value: Any) -> str:
    """The minimal file with one field changed; None takes it out."""
    document = minimal()
    *way, last = path.split("/")
    at: Any = document
    for step in way:
        at = at[int(step) if step.isdigit() else step]
    if value is None:
        del at[last]
    elif isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("schema/version", 2, "field schema is not 'mesascope.dilemma', version 1"),
        ("name", None, "field name is missing"),
        ("nam", "x", "unknown field 'nam'; known: schema, name, story, source, "),
        ("nodes", {}, "field nodes cannot be {}"),
        ("nodes/0/kind", "luck", "nodes[0]: kind is one of decision, chance, utility, not 'luck'"),
        ("nodes/1/kind", "chance", "nodes: a problem has one decision, not 0"),
        ("nodes/1/values", None, "nodes[1]: field values is missing: the acts"),
        ("nodes/1/sees", ["dice"], "nodes: 'dice' is seen, and needs its values"),
        ("nodes/0/rows", None, "nodes[0]: field rows is missing"),
        (
            "nodes/0/rows/0/odds/0",
            ["up"],
            "nodes[0].rows[0].odds[0]: a value and its probability",
        ),
        ("nodes/0/rows/0/odds/0/1", "ods", "nodes[0].rows[0].odds[0]: unknown parameter 'ods'; "),
        (
            "nodes/0/rows/0/odds/0/1",
            "f(2)",
            "nodes[0].rows[0].odds[0]: 'f(2)' is not an arithmetic",
        ),
        (
            "nodes/0/rows/0/odds/0/1",
            "-1/3",
            "node 'coin': the probability -1/3 of 'up' is negative",
        ),
        ("nodes/0/rows/0/odds/0/1", "1/2", "node 'coin': the probabilities sum to 7/6, not to 1"),
        ("nodes/2/rows/0/value", True, "nodes[2].rows[0].value: true is no number"),
        ("nodes/2/rows/1/given", {"card": 1}, "nodes[2].rows[1]: given: 'card' is no parent; "),
        ("nodes/2/rows/2", {}, "nodes[2].rows[2]: a row of a utility has value"),
        (
            "nodes/2/rows/2/given",
            {"coin": "edge"},
            "node 'gain' has no value at coin=down, act=bet",
        ),
        ("nodes/2/parents", ["coin", "akt"], "nodes[2].rows[0]: given: 'act' is no parent; "),
        ("parameters/odds", "many", "parameters.odds: 'many' is not a finite number"),
        ("parameters/a b", 1, "parameters: 'a b' is no name"),
        ("at", {"coin": "up"}, "at: the decision sees nothing, not coin"),
        (
            "inclination",
            {"rows": [{"odds": [["fly", 1]]}]},
            "node 'act': 'fly' is none of its acts",
        ),
    ],
)
def test_what_is_wrong_is_named_by_file_and_field(path, value, message):
    text = changed(path, value)
    with pytest.raises(InputError) as error:
        loads(text, "f")
    assert str(error.value).startswith(f"f: {message}")
    assert "\n" not in str(error.value)


def test_text_that_is_no_json_and_files_that_are_not_there_are_named(tmp_path):
    with pytest.raises(InputError, match="f: not JSON: "):
        loads('{"name": ', "f")
    with pytest.raises(InputError, match="f: not JSON: NaN is not a number"):
        loads('{"parameters": {"p": NaN}}', "f")
    with pytest.raises(InputError, match="f: expected an object, not 3"):
        loads("3", "f")
    with pytest.raises(InputError, match=r"gone\.json: no such file or directory"):
        load(tmp_path / "gone.json")


def test_a_rule_that_compares_a_parameter_cannot_be_written():
    def build(p: Any = "1/3") -> Problem:
        return Problem(decision("act", ["a", "b"]), utility("gain", lambda act: 1 if p > 0 else 2))

    entry = Dilemma("d", "", lambda p="1/3": build(p), "", {})
    with pytest.raises(InputError, match="node 'gain': its rule compares a parameter"):
        dumps(entry)


def test_expressions_count_by_their_digits():
    at = Expression("(2*p - 0.1)**2/3 + -p", {"p": None}, "x").at({"p": Fraction(1, 2)})
    assert at == Fraction(9, 10) ** 2 / 3 - Fraction(1, 2)
    with pytest.raises(InputError, match="x: '1/p' divides by zero"):
        Expression("1/p", {"p": None}, "x").at({"p": Fraction(0)})
    for wrong in (
        "p**p",
        "p if p else 1",
        "__import__('os')",
        "True",
        "1 < 2",
        "",
        "p**-1",
        "9" * 3000,
    ):
        with pytest.raises(InputError):
            Expression(wrong, {"p": None}, "x")
