"""What comes of acting over time in a finite process, whoever chooses, decided exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from theory.claim import Claim, Finding
from theory.error import InputError
from theory.finite.arena import World, process_of
from theory.finite.engine import PLAIN, Engine
from theory.finite.finding import (
    bounded_finding,
    everywhere_finding,
    policy_finding,
    wishes_finding,
)
from theory.finite.formula import (
    EVERYWHERE,
    Atom,
    RewardTo,
    Schedulers,
    StateFormula,
    at,
    bounded,
    eventually,
)
from theory.finite.pareto import Wish, wish
from theory.finite.table import Followed
from theory.finite.unfold import Objective
from theory.process import Process, process
from theory.property import Definition
from theory.rational import Exact, exact, number_text

BAIER_KATOEN = "Baier and Katoen, Principles of model checking, 2008, section 10.6 (PCTL, MDPs)"
_NEEDS = ("world model",)

REACHES = Definition(
    name="reaches",
    family="outcome",
    claim="From {start}, {target} is reached with probability {bound}, {schedulers}.",
    definition="s |= P_{>= p} [ F target ] for every scheduler or some; F^{<= n} where bounded",
    citation=BAIER_KATOEN,
    violation_means="The optimal probability, which misses the bound, and a strategy for it.",
    holds_does_not_mean=(
        "It does not say that the target is good to be in, nor that it is stayed in, nor that the "
        "process is what the agent lives in."
    ),
    needs=_NEEDS,
    decided="by strategy iteration with exact solutions of linear equations",
    example='outcome.reaches(river, "bank", ["far"], ">=", "9/10", "some")',
)

AVOIDS = Definition(
    name="avoids",
    family="outcome",
    claim="From {start}, {unsafe} is met with probability at most {limit}, {schedulers}.",
    definition="s |= P_{<= p} [ F unsafe ] for every scheduler or some; F^{<= n} where bounded",
    citation=BAIER_KATOEN,
    violation_means=(
        "The optimal probability of meeting an unsafe state, and a strategy that attains it."
    ),
    holds_does_not_mean="It does not say that the states that are not listed are safe.",
    needs=_NEEDS,
    decided=REACHES.decided,
    example='outcome.avoids(river, "bank", ["wet"], "1/10")',
)

EXPECTED_REWARD = Definition(
    name="expected_reward",
    family="outcome",
    claim="From {start}, the expected reward until {target} is {bound}, {schedulers}.",
    definition="s |= E_{>= r} [ F target ]: the expected sum of rewards before the target",
    citation=(
        "Puterman, Markov decision processes, 1994, chapter 7; runs that miss the target as in "
        "Forejt, Kwiatkowska, Norman and Parker, Automated verification techniques, 2011"
    ),
    assumptions=(
        "A run that misses the target has collected infinitely much where no reward is negative, "
        "infinitely little where none is positive, and what its sum tends to otherwise.",
    ),
    violation_means="The optimal expected reward, which misses the bound, and a strategy for it.",
    holds_does_not_mean="It does not say how much the reward varies, nor what it is a reward for.",
    needs=(*_NEEDS, "rewards"),
    decided=REACHES.decided,
    example='outcome.expected_reward(river, "bank", ["far"], ">=", "-10/3", "some")',
)

EVENTUALLY_STOPS = Definition(
    name="eventually_stops",
    family="outcome",
    claim=(
        "Wherever it is in {request} on the way from {start}, it gets to {stopped} with "
        "probability at least {limit}, {schedulers}."
    ),
    definition="AG (request -> P_{>= p} [ F stopped ]): a request is answered in the end",
    citation=("Alpern and Schneider, Defining liveness, 1985; probabilistic: " + BAIER_KATOEN),
    violation_means=(
        "A state with a request, and a strategy with which the stop may never come, with its "
        "probability."
    ),
    holds_does_not_mean=(
        "It does not say how long it takes (ask with `within`), nor that it stays stopped."
    ),
    needs=_NEEDS,
    decided="by graph fixpoints, and " + REACHES.decided,
    example='outcome.eventually_stops(river, "bank", ["wet"], ["far"])',
)

SATISFIES = Definition(
    name="satisfies",
    family="outcome",
    claim="On the way from {start}, wherever {where}: {formula}.",
    definition="the PCTL formula, with rewards, is true in every state that can be reached",
    citation=(
        "Hansson and Jonsson, A logic for reasoning about time and reliability, 1994; with "
        "schedulers: Bianco and de Alfaro, 1995"
    ),
    violation_means="A state in which the formula is false, its optimum, and a strategy for that.",
    holds_does_not_mean="It does not say anything of states that cannot be reached from there.",
    needs=_NEEDS,
    decided="from the inside out; each bound " + REACHES.decided,
    example='outcome.satisfies(river, "bank", bounded(eventually(far), ">", 0, "some"))',
)

NEARLY_OPTIMAL = Definition(
    name="nearly_optimal",
    family="outcome",
    claim=(
        "From {start}, the policy reaches {target} with a probability at most {loss} below the "
        "best."
    ),
    definition="P_pi(F target) >= sup over policies P(F target) - loss",
    citation="Puterman, Markov decision processes, 1994, section 6.3.2 (epsilon-optimal)",
    violation_means="Both probabilities, and a best strategy.",
    holds_does_not_mean=("It does not say anything of other first states, nor of another world."),
    needs=(*_NEEDS, "policy"),
    decided=REACHES.decided,
    example='outcome.nearly_optimal(river, "bank", ford, ["far"], loss="1/4")',
)

ACHIEVES = Definition(
    name="achieves",
    family="outcome",
    claim="From {start}, one strategy attains {wishes}, all at once.",
    definition="there is a strategy, with memory and lots, under which every objective is bounded",
    citation=(
        "Etessami, Kwiatkowska, Vardi and Yannakakis, Multi-objective model checking of Markov "
        "decision processes, 2007"
    ),
    violation_means=(
        "Weights for the objectives: no strategy has a weighted sum as large as that of the bounds."
    ),
    holds_does_not_mean=(
        "It does not say that the agent follows that strategy, nor that the bounds are met on "
        "every run: they are met on average."
    ),
    needs=_NEEDS,
    decided="corner by corner of what is attainable, each " + REACHES.decided,
    example='outcome.achieves(river, "bank", [wish(dry, "<=", "1/10"), wish(across, ">=", 1)])',
)

DEFINITIONS = (
    REACHES,
    AVOIDS,
    EXPECTED_REWARD,
    EVENTUALLY_STOPS,
    SATISFIES,
    NEARLY_OPTIMAL,
    ACHIEVES,
)


def example_names() -> dict[str, Any]:
    """What the examples of this family speak of."""
    river = process(
        {
            "bank": {"ford": {"far": "3/4", "wet": "1/4"}, "walk": "bridge", "wait": "bank"},
            "bridge": {"on": {"far": "9/10", "bank": "1/10"}},
            "wet": {"swim": {"bank": "1/2", "wet": "1/2"}, "rest": "wet"},
        },
        rewards={"bank": -1, "bridge": -2, "wet": -5},
    )
    names = {"river": river, "ford": {"bank": "ford", "wet": "swim"}, "far": at("far", ["far"])}
    objectives = {
        "dry": Objective("getting wet", frozenset(["wet"])),
        "across": Objective("getting across", frozenset(["far"])),
    }
    return {**names, **objectives, "bounded": bounded, "eventually": eventually, "wish": wish}


_WHOEVER = {"all": "whatever is done", "some": "by some strategy"}


def reaches(
    world: World,
    start: str,
    target: Iterable[str],
    sign: str,
    limit: Exact,
    schedulers: Schedulers = "all",
    *,
    within: int | None = None,
    name: str = "",
) -> Claim:
    """The probability of getting to a target state is bounded.

    Args:
        world: a chain, a decision process or a game.
        start: the first state.
        target: the states to get to.
        sign: >=, >, <= or <.
        limit: the probability.
        schedulers: "all" for whatever anybody does, "some" for some strategy of the agent.
        within: the largest number of steps; None for any.
        name: what the target is called; by default its states.
    """
    goal = _atom(world, start, target, name)
    formula = bounded(eventually(goal, within), sign, limit, schedulers)
    shown = f"{formula.relation} {number_text(formula.limit)}" + _steps(within)
    return _by(
        REACHES,
        partial(bounded_finding, world, start, formula, goal),
        start=start,
        target=goal.name,
        bound=shown,
        schedulers=_WHOEVER[schedulers],
    )


def avoids(
    world: World,
    start: str,
    unsafe: Iterable[str],
    limit: Exact = 0,
    schedulers: Schedulers = "all",
    *,
    within: int | None = None,
    name: str = "",
) -> Claim:
    """The probability of ever meeting an unsafe state is at most a number; see `reaches`."""
    bad = _atom(world, start, unsafe, name)
    formula = bounded(eventually(bad, within), "<=", limit, schedulers)
    return _by(
        AVOIDS,
        partial(bounded_finding, world, start, formula, bad),
        start=start,
        unsafe=bad.name,
        limit=number_text(formula.limit) + _steps(within),
        schedulers=_WHOEVER[schedulers],
    )


def expected_reward(
    world: World,
    start: str,
    target: Iterable[str],
    sign: str,
    limit: Exact,
    schedulers: Schedulers = "all",
    *,
    name: str = "",
) -> Claim:
    """The expected reward until a target state is bounded; see `reaches`."""
    goal = _atom(world, start, target, name)
    formula = bounded(RewardTo(goal), sign, limit, schedulers)
    return _by(
        EXPECTED_REWARD,
        partial(bounded_finding, world, start, formula, goal),
        start=start,
        target=goal.name,
        schedulers=_WHOEVER[schedulers],
        bound=f"{formula.relation} {number_text(formula.limit)}",
    )


def eventually_stops(
    world: World,
    start: str,
    request: Iterable[str],
    stopped: Iterable[str],
    limit: Exact = 1,
    schedulers: Schedulers = "all",
    *,
    within: int | None = None,
    names: tuple[str, str] = ("", ""),
) -> Claim:
    """Wherever a request is raised, it is answered in the end; see `reaches`.

    Args:
        world, start, limit, schedulers, within: as there.
        request: the states in which it is raised.
        stopped: the states to get to from each of them.
        names: what the two kinds of states are called; by default by their states.
    """
    asked = _atom(world, start, request, names[0])
    end = _atom(world, start, stopped, names[1])
    formula = bounded(eventually(end, within), ">=", limit, schedulers)
    return _by(
        EVENTUALLY_STOPS,
        partial(everywhere_finding, world, start, formula, asked),
        start=start,
        request=asked.name,
        stopped=end.name,
        limit=number_text(formula.limit) + _steps(within),
        schedulers=_WHOEVER[schedulers],
    )


def satisfies(
    world: World, start: str, formula: StateFormula, where: StateFormula = EVERYWHERE
) -> Claim:
    """A PCTL formula is true in every state that can be reached and in which `where` is true."""
    process_of(world).require(start, what="start")
    return _by(
        SATISFIES,
        partial(everywhere_finding, world, start, formula, where),
        start=start,
        where=str(where),
        formula=str(formula),
    )


def nearly_optimal(
    world: Process,
    start: str,
    policy: Followed,
    target: Iterable[str],
    *,
    loss: Exact = 0,
    name: str = "",
) -> Claim:
    """A policy reaches the target nearly as probably as is possible.

    Args:
        world: the decision process.
        start: the first state.
        policy: what is followed: a table or a function of the state.
        target: the states to get to.
        loss: how much less probable it may be.
        name: what the target is called; by default its states.
    """
    goal = _atom(world, start, target, name)
    most = exact(loss, "loss")
    if most < 0:
        raise InputError(f"loss: {most} is negative")

    return _by(
        NEARLY_OPTIMAL,
        partial(policy_finding, world, start, policy, goal, most),
        start=start,
        target=goal.name,
        loss=number_text(most),
    )


def achieves(world: Process, start: str, wishes: Sequence[Wish]) -> Claim:
    """One strategy meets several bounds at once.

    Args:
        world: a chain or a decision process.
        start: the first state.
        wishes: the objectives with their bounds (`theory.finite.pareto.wish`).
    """
    world.require(start, what="start")
    asked = tuple(wishes)

    shown_wishes = [f"{o.objective.name} {o.sign} {number_text(o.limit)}" for o in asked]
    return _by(
        ACHIEVES,
        partial(wishes_finding, world, start, asked),
        start=start,
        wishes=", ".join(shown_wishes) or "nothing",
    )


def _by(definition: Definition, decide: Callable[[Engine], Finding], **parameters: str) -> Claim:
    """A claim that any engine can decide."""
    return replace(definition.about(lambda: decide(PLAIN), **parameters), by=decide)


def _atom(world: World, start: str, states: Iterable[str], name: str) -> Atom:
    known = process_of(world)
    known.require(start, what="start")
    listed = list(states)
    for state in listed:
        known.require(state, what=name or "states")
    return at(name or ", ".join(listed) or "no state", listed)


def _steps(within: int | None) -> str:
    return "" if within is None else f" within {within} steps"
