"""Causal decision theory, with what it believes about its own act as a parameter.

`cdt` asks for the best act under a given credence over the agent's own inclination, or under every
credence. `ratified` asks for the acts that are still best when one is sure to do them (Jeffrey, The
logic of decision, second edition, 1983). `deliberated` asks for the credences at which deliberation
comes to rest (Skyrms, The dynamics of rational deliberation, 1990; Arntzenius, No regrets, 2008).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, combinations
from typing import Any

from theory.causal.value import UNREACHABLE, Unreachable, distribution
from theory.decision.answer import Answer, Matrix, Status, best, decided, matrix, unreachable
from theory.decision.problem import Problem
from theory.error import InputError
from theory.linear import Row, equal, satisfy
from theory.rational import Exact
from theory.region import Region, region


def cdt(problem: Problem, credence: Mapping[Any, Exact] | None = None) -> Answer:
    """The acts d that maximise E[U | do(D = d), what is observed].

    Args:
        problem: the problem.
        credence: how likely the agent takes each act of its own, given what it observes. With None
            the answer is the act that is best under every credence. Where there is none, it is
            UNSTABLE if no act is ratifiable and DEPENDS otherwise; `values` are those under the
            credence that the problem's inclination gives.

    Raises:
        InputError: the credence is no distribution, or holds possible what the problem rules out.
    """
    news = matrix(problem)
    if isinstance(news, Unreachable):
        return unreachable("CDT", problem.acts)
    if credence is not None:
        own = distribution(credence, "credence")
        for act, weight in own.items():
            if weight and act not in news.worth:
                raise InputError(f"credence: {act!r} is not an act that the agent may do here")
        return decided("CDT", {act: news.at(own, act) for act in problem.acts})
    values = {act: news.at(news.credence, act) for act in problem.acts}
    firm = tuple(
        act for act in problem.acts if all(act in best(row) for row in news.worth.values())
    )
    if firm:
        return Answer("CDT", Status.DECIDED, firm, values)
    ratifiable = _ratifiable(news)
    if not ratifiable:
        return Answer("CDT", Status.UNSTABLE, (), values, "being sure of any act speaks against it")
    sometimes = tuple(a for a in problem.acts if any(a in best(r) for r in news.worth.values()))
    return Answer(
        "CDT", Status.DEPENDS, sometimes, values, "it depends on the credence over its own act"
    )


def ratified(problem: Problem) -> Answer:
    """The acts that are best for an agent that is sure to do them; UNSTABLE where there is none.

    Its values are those of each act under the certainty of doing it. In Newcomb's problem at .99
    two-boxing is worth 11,000 to it, and 501,000 to `cdt` at even credence.
    """
    news = matrix(problem)
    if isinstance(news, Unreachable):
        return unreachable("ratified CDT", problem.acts)
    values: dict[Any, Fraction | Unreachable] = {
        act: news.worth[act][act] if act in news.worth else UNREACHABLE for act in problem.acts
    }
    acts = _ratifiable(news)
    if not acts:
        reason = "being sure of any act speaks against it"
        return Answer("ratified CDT", Status.UNSTABLE, (), values, reason)
    if any(set(acts) - set(best(news.worth[act])) for act in acts):
        reason = "several acts are best for those who are sure of them"
        return Answer("ratified CDT", Status.DEPENDS, acts, values, reason)
    return Answer("ratified CDT", Status.DECIDED, acts, values)


def _ratifiable(news: Matrix) -> tuple[Any, ...]:
    return tuple(act for act, row in news.worth.items() if act in best(row))


def leanings(problem: Problem) -> Region[str]:
    """What `cdt` answers for each credence in the first of two acts, exactly.

    Raises:
        InputError: there are not two acts that the agent may do here.
    """
    news = matrix(problem)
    if isinstance(news, Unreachable) or len(news.worth) != 2 or len(problem.acts) != 2:
        raise InputError("leanings: the problem does not have two acts that are both possible")
    one, other = problem.acts

    def answer(credence: Fraction) -> str:
        own = {one: credence, other: 1 - credence}
        return str(decided("CDT", {act: news.at(own, act) for act in problem.acts}))

    return region(answer, 0, 1, name=f"the credence in {one}")


@dataclass(frozen=True)
class Rest:
    """A credence over one's own act at which deliberation comes to rest.

    Attributes:
        credence: of each act that is not ruled out; all of them are equally good under it.
        value: what they are worth under it.
    """

    credence: Mapping[Any, Fraction]
    value: Fraction


def deliberated(problem: Problem) -> tuple[Rest, ...] | Unreachable:
    """Where deliberation comes to rest: for each set of acts, a credence under which they are best.

    Where no act is ruled out there is always one (Nash). A set of acts has at most one, though
    the credences that belong to it may be many.
    """
    news = matrix(problem)
    if isinstance(news, Unreachable):
        return news
    acts = list(news.worth)
    supports = chain.from_iterable(combinations(acts, n) for n in range(1, len(acts) + 1))
    found = (_rest(news, problem.acts, support) for support in supports)
    return tuple(rest for rest in found if rest is not None)


def deliberational(problem: Problem) -> Answer:
    """What deliberation comes to: the act that it rests at, MIXED where it rests between several.

    DEPENDS where there are several places of rest, and the credence that one starts from decides.
    Its values are those at the first of them.
    """
    name = "deliberational CDT"
    news, firm = matrix(problem), cdt(problem)
    if isinstance(news, Unreachable):
        return unreachable(name, problem.acts)
    rests = deliberated(problem)
    if isinstance(rests, Unreachable) or len(rests) == 0:
        reason = "it has no place to rest among the acts that are not ruled out"
        return Answer(name, Status.UNSTABLE, (), firm.values, reason)
    first = next(iter(rests))
    values = {act: news.at(first.credence, act) for act in problem.acts}
    acts = tuple(a for a in problem.acts if any(a in rest.credence for rest in rests))
    if firm.status is Status.DECIDED:
        return Answer(name, Status.DECIDED, firm.acts, values)
    if len(rests) > 1:
        return Answer(name, Status.DEPENDS, acts, values, "there are several places of rest")
    if len(acts) > 1:
        odds = ", ".join(f"{act} {p}" for act, p in first.credence.items())
        return Answer(name, Status.MIXED, acts, values, f"it rests at the credence {odds}")
    return Answer(name, Status.DECIDED, acts, values)


def _rest(news: Matrix, acts: tuple[Any, ...], support: tuple[Any, ...]) -> Rest | None:
    name = {act: f"c{at}" for at, act in enumerate(support)}
    one = Fraction(1)
    rows = equal(dict.fromkeys(name.values(), one), one)
    rows += [Row({name[act]: one}, strict=True) for act in support]
    for act in acts:
        gap = {name[d]: news.worth[d][support[0]] - news.worth[d][act] for d in support}
        rows += equal(gap) if act in support else [Row(gap)]
    point = satisfy(rows)
    if not isinstance(point, dict):
        return None
    credence = {act: point.get(name[act], Fraction(0)) for act in support}
    return Rest(credence, news.at(credence, support[0]))
