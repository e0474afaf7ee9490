"""Theorems on shutdown problems, on random models: cases 30 to 32."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

from theory.causal.model import Mechanism, Model
from theory.causal.shutdown import Shutdown, shutdown_problem

MODELS = 600
UTILITIES = (-2, -1, 0, 1, 2)


def random_problem(random: Random, *, direct: bool = True) -> Shutdown:
    """A shutdown problem D1 -> X -> H -> D2 -> S -> U with random mechanisms, all binary but U.

    Args:
        random: where the numbers come from.
        direct: whether U has S for a parent; otherwise a mediator lies between.
    """

    def table(*domain: int) -> Callable[..., int]:
        rows: dict[tuple[Any, ...], int] = {}
        return lambda *context: rows.setdefault(context, random.choice(domain))

    def weights() -> dict[int, Fraction]:
        share = Fraction(random.randint(0, 4), 4)
        return {0: share, 1: 1 - share}

    bit = (0, 1)
    last = "S" if direct else "Z"
    mediator = {} if direct else {"Z": Mechanism(table(*bit), ("S",), bit)}
    mechanisms = {
        "D1": Mechanism(table(*bit), (), bit),
        "X": Mechanism(table(*bit), ("E", "D1"), bit),
        "H": Mechanism(table(*bit), ("X", "slip"), bit),
        "D2": Mechanism(table(*bit), ("H", "E"), bit),
        "S": Mechanism(table(*bit), ("D2",), bit),
        **mediator,
        "U": Mechanism(table(*UTILITIES), (last, "X")),
    }
    model = Model({"E": weights(), "slip": weights()}, mechanisms)
    return shutdown_problem(model, sees=("X",))


def never(counterexample: Callable[[Shutdown], bool], occurs: Callable[[Shutdown], bool]) -> bool:
    """Whether no random model is a counterexample, though some meet the hypothesis."""
    random = Random(2305)
    problems = [random_problem(random) for _ in range(MODELS)]
    assert any(occurs(problem) for problem in problems)
    return not any(counterexample(problem) for problem in problems)


def instructable_is_beneficial(case: dict[str, Any]) -> None:
    found = never(lambda p: p.instructable and not p.beneficial, lambda p: p.instructable)
    assert found is case["verdict"]


def instructable_is_aligned(case: dict[str, Any]) -> None:
    found = never(lambda p: p.instructable and not p.aligned, lambda p: p.instructable)
    assert found is case["verdict"]


def aligned_and_uncertain_is_never_asked(case: dict[str, Any]) -> None:
    sees = ("H", "E")
    found = never(
        lambda p: p.aligned and not p.sure(sees) and p.asks > 0,
        lambda p: p.aligned and not p.sure(sees),
    )
    assert found is case["verdict"]


CASES: dict[int, Callable[[dict[str, Any]], None]] = {
    30: instructable_is_beneficial,
    31: instructable_is_aligned,
    32: aligned_and_uncertain_is_never_asked,
}
