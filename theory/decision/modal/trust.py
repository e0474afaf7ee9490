"""Löb's theorem, and what self-trust costs: the procrastination paradox."""

from __future__ import annotations

from collections.abc import Mapping

from theory.decision.modal.formula import Formula, box, name
from theory.decision.modal.system import Fixpoint, settle
from theory.error import InputError

CLAIM, TRUST = "the claim of Löb's theorem", "trust in it"


def trusts(formula: Formula, definitions: Mapping[str, Formula] | None = None) -> tuple[bool, bool]:
    """Whether PA proves `box f implies f`, and whether it proves f.

    By Löb's theorem both have the same answer.

    Args:
        formula: f.
        definitions: of the names in it.
    """
    system = {**(definitions or {})}
    for taken in (CLAIM, TRUST):
        if taken in system:
            raise InputError(f"trusts: the name {taken!r} is taken")
    fixpoint = settle({**system, CLAIM: formula, TRUST: box(name(CLAIM)) >> name(CLAIM)})
    return fixpoint.provable(TRUST), fixpoint.provable(CLAIM)


def procrastination(*, trust: bool) -> Fixpoint:
    """The agent that presses a button now unless it proves that it will be pressed some time.

    All its moments are alike, so that `pressed` (now) and `ever` (some time) are equivalent. The
    agent's theory T is PA; with trust it is PA and the axiom `if T proves ever, then ever`, which
    speaks of T itself: `axiom` is its fixed point. `proved` says that T proves `ever`.

    Fallenstein and Soares, Problems of self-reference in self-improving space-time embedded
    intelligence, 2014. Without trust the button is pressed. With it, T proves by Löb's theorem that
    the button is pressed some time, and it never is: the axiom comes out false.
    """
    pressed, ever, proved = name("pressed"), name("ever"), name("proved")
    return settle(
        {
            "pressed": ~proved,
            "ever": pressed,
            "proved": box(name("axiom") >> ever) if trust else box(ever),
            "axiom": proved >> ever,
        }
    )
