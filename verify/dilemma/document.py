"""Dilemmas and what theories answer, as plain values for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from theory.decision.dilemma.proof import Riddle
from verify.dilemma.study import Row, Study
from verify.dilemma.table import worth

SCHEMA = {"name": "mesascope.dilemmas", "version": 1}


def document(
    studies: Sequence[Study],
    riddles: Sequence[Riddle] = (),
    games: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
) -> dict[str, Any]:
    """The studies as mappings, lists, text and numbers; exact numbers as text.

    Args:
        studies: of dilemmas.
        riddles: of agents that decide by proof.
        games: by file, by bot, by opponent: how they play.
    """
    return {
        "schema": SCHEMA,
        "dilemmas": [_entry(study) for study in studies],
        "by_proof": [_riddle(one) for one in riddles],
        "games": {
            file: {n: dict(row) for n, row in t.items()} for file, t in (games or {}).items()
        },
    }


def _riddle(one: Riddle) -> dict[str, Any]:
    return {
        "name": one.name,
        "story": one.story,
        "source": one.source,
        "disputed": one.disputed,
        "expected": dict(one.expected),
        "agents": one.answers(),
    }


def _entry(study: Study) -> dict[str, Any]:
    dilemma = study.dilemma
    return {
        "name": dilemma.name,
        "story": dilemma.story,
        "source": dilemma.source,
        "disputed": dilemma.disputed,
        "parameters": {name: str(value) for name, value in dilemma.parameters.items()},
        "expected": dict(dilemma.expected),
        "free": {name: [str(a), str(b)] for name, (a, b) in study.box.items()},
        "theories": {name: _row(row) for name, row in study.rows.items()},
    }


def _row(row: Row) -> dict[str, Any]:
    answer = row.answer
    found: dict[str, Any] = {
        "answer": str(answer),
        "status": answer.status.value,
        "acts": [str(act) for act in answer.acts],
        "worth": {str(act): worth(answer, act) for act in answer.values},
        "reason": answer.reason,
        "regret": None if row.regret is None else str(row.regret),
    }
    if row.regions is not None:
        found["regions"] = {said: row.regions.where(said) for said in row.regions.regions}
        found["sampled"] = row.sampled
    return found
