"""Which of several goals a policy pursues, shown by moving them.

Where two goals ask for the same there is nothing to see. Contested are the states in which they ask
for different actions: those to which one of them was moved. There the policy sides with one. It
pursues a goal if it does what this goal asks for in nearly all states in which some other goal asks
for something else, as random choices do not. Networks without training are shown beside it and
decide nothing: one that always goes right does what a wish for the right end asks for, too, and no
behaviour tells the two apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from extract.cutoff import PURSUIT
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.roles.trial import Resample, measured
from extract.statistic import PERMUTATIONS
from extract.structure import Evidence, Finding, Kind, Status
from extract.study import Study
from theory.error import InputError
from theory.goal.identification import Features
from theory.process import Process

Choices = Mapping[str, str]
"""State -> action."""


def find_pursuits(
    process: Process,
    choices: Choices,
    goals: Features,
    where: Sequence[str],
    nulls: Sequence[Choices] = (),
    *,
    seed: int = 0,
) -> dict[str, Evidence]:
    """For each goal how far it is pursued.

    Args:
        process: the world, finite; its own rewards are not used.
        choices: of the policy, in at least the states of `where`.
        goals: goal -> what each state is worth to it, earned where a step starts.
        where: states to look at, with each goal where it was and where it was moved to.
        nulls: the choices of networks without training, to be shown beside it.
        seed: of random choices.

    Raises:
        InputError: there are fewer than two goals, or a choice is missing.
    """
    if len(goals) < 2:
        raise InputError("goals: give two or more, since one is only told from another")
    for state in where:
        if state not in choices:
            raise InputError(f"choices: none for the state {state!r}")
    asked = {
        goal: {state: set(rewarded.optimal(state)) for state in where}
        for goal, worth in goals.items()
        for rewarded in [process.rewarding(worth)]
    }
    return {goal: _pursuit(process, goal, asked, choices, nulls, seed) for goal in goals}


def find_goal(study: Study) -> Finding | None:
    """What is pursued of the goals that the environment offers; None where it offers none.

    Raises:
        InputError: it offers a single goal, or its states cannot be told apart.
    """
    world = study.environment
    if world is None or not world.has_goals:
        return None
    interface = study.interface

    def scores(flat: Array, network: Network = study.network) -> Array:
        given = study.split(flat)
        return evaluate(network, given, [interface.scores])[interface.scores].reshape(len(flat), -1)

    table = world.tabulate(scores)
    worths = world.worths(table.states)
    nulls = [
        dict(zip(table.policy, map(str, scores(table.seen, net).argmax(axis=1)), strict=True))
        for net in study.null_nets
    ]
    tests = find_pursuits(
        table.process, table.policy, worths, tuple(table.policy), nulls, seed=study.seed
    )
    pursued = [goal for goal, test in tests.items() if test.passed]
    reason = f"pursues {' and '.join(pursued) or 'none'} of {', '.join(tests)}"
    return Finding(
        "goal",
        Status.FUNCTIONAL if pursued else Status.ABSENT,
        f"{reason}, told apart in {len(table.states)} states.",
        tuple(tests.values()),
        candidates=len(tests),
    )


def _pursuit(
    process: Process,
    goal: str,
    asked: Mapping[str, Mapping[str, set[str]]],
    choices: Choices,
    nulls: Sequence[Choices],
    seed: int,
) -> Evidence:
    mine = asked[goal]
    contested = [
        state
        for state, wanted in mine.items()
        if any(not wanted & asked[other][state] for other in asked if other != goal)
    ]
    rng = np.random.default_rng([seed, *goal.encode()])
    served = np.array([choices[state] in mine[state] for state in contested], dtype=float)
    odds = np.array([len(mine[state]) / len(process.actions(state)) for state in contested])
    draws = rng.random((PERMUTATIONS, len(contested))) < odds
    return measured(
        f"pursues {goal}",
        float(served.mean()) if len(served) else 0.0,
        PURSUIT,
        nets=[float(np.mean([null[s] in mine[s] for s in contested])) for null in nulls]
        if contested
        else (),
        beaten=0.0,
        shuffles=draws.mean(axis=1) if contested else (0.0,),
        kind=Kind.CAUSAL,
        stable=Resample(lambda o: float(served[o].mean()), len(served), rng),
        means=(
            f"share of {len(contested)} states in which another goal asks for something else, "
            "where the choice is what this goal asks for; beside it networks without training"
        ),
    )
