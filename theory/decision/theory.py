"""The decision theories by name."""

from __future__ import annotations

from collections.abc import Callable

from theory.decision.answer import Answer
from theory.decision.causal import cdt, deliberational, ratified
from theory.decision.evidential import edt
from theory.decision.functional import fdt, udt
from theory.decision.problem import Problem
from theory.error import InputError

THEORIES: dict[str, Callable[[Problem], Answer]] = {
    "EDT": edt,
    "CDT": cdt,
    "ratified CDT": ratified,
    "deliberational CDT": deliberational,
    "FDT": fdt,
    "UDT 1.1": udt,
}


def theory(name: str) -> Callable[[Problem], Answer]:
    """The theory of a name; InputError where there is none."""
    if name not in THEORIES:
        raise InputError(f"unknown decision theory {name!r}; it is one of: {', '.join(THEORIES)}")
    return THEORIES[name]
