"""Deciding statements in which a quantifier over a continuum works against the search.

"For every o there is a y" is a game. A proof needs choices of y, and any choices are sound: where
no o escapes them all, the statement holds. An o that escapes them is asked whether some y answers
it: that y is a new choice, and so is the affine function that fits all answers so far. An o that
has no answer refutes the statement, for which the search has to prove that there is none.
(Counterexample-guided quantifier instantiation: Reynolds, King, Kuncak, Solving quantified linear
arithmetic by counterexample-guided instantiation, FMSD 2017; here over networks.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from theory.enclosure import Undecided
from theory.scope import QUANTIFIERS
from theory.sort import ObservationSort, RealSort, Sort
from theory.value import finite_domain
from verify.answer import Answer, Deadline, Progress
from verify.bind import BoundProperty
from verify.neural.best import best_point
from verify.problem.choice import Choice, Line, Place, constant_choice
from verify.problem.compile import compile_goal
from verify.problem.goal import undecidable_parts
from verify.problem.graph import NotRepresentable
from verify.problem.problem import NOTHING, Problem
from verify.quantified import base, quantified
from verify.solve import Engines, decide
from verify.verdict import Guarantee, Reason

MOST_CHOICES = 60
"""More answers than this, and the choices do not come to an end."""

SLOPE_BITS = 12
"""Coefficients of fitted choices are multiples of 2^-SLOPE_BITS."""


@dataclass(frozen=True)
class Played:
    """How a game ended.

    Attributes:
        problem: the question of the last answer.
        answer: `reached` False: the statement holds; True without a point: it is refuted by proof.
        choices: those that the problem was compiled with.
    """

    problem: Problem
    answer: Answer
    choices: Mapping[str, Sequence[Choice]]


def is_game(problem: Problem) -> bool:
    """Whether a problem could not be compiled without choices."""
    return bool(undecidable_parts(problem.goal))


def play(
    bound: BoundProperty,
    problem: Problem,
    engines: Engines,
    deadline: Deadline,
    progress: Progress,
) -> Played:
    """Decide a property by choices for its quantifiers over a continuum.

    Args:
        bound: the property.
        problem: it, compiled without choices.
        engines, deadline, progress: for every question of the game.
    """
    try:
        return _Game(bound, engines, deadline, progress).run()
    except NotRepresentable as error:
        return Played(problem, _open(Reason.UNSUPPORTED_STATEMENT, str(error)), {})


@dataclass
class _Game:
    bound: BoundProperty
    engines: Engines
    deadline: Deadline
    progress: Progress
    ours: dict[str, list[Choice]] = field(default_factory=dict[str, list[Choice]])
    answers: list[tuple[dict[Place, Fraction], dict[Place, Fraction]]] = field(
        default_factory=list[tuple[dict[Place, Fraction], dict[Place, Fraction]]]
    )

    def run(self) -> Played:
        """Move in turn until one side has won, or time is over."""
        sorts = dict(quantified(self.bound.property.formula))
        self.ours = {n: [_middle(s)] for n, s in sorts.items() if _is_continuum(s)}
        while True:
            problem = self._compiled(self.ours, wanted=False)
            attack = decide(problem, self.engines, self.deadline, self.progress)
            if attack.reached is False:
                return Played(problem, self._real(attack), self.ours)
            if attack.reached is None or attack.point is None:
                return Played(problem, attack, self.ours)
            if self.deadline.passed:
                why = f"{len(self.answers)} choices do not cover the domain yet"
                return Played(problem, _open(Reason.TIME, why), self.ours)
            escaped = _values(problem, attack.point)
            theirs = {n: [constant_choice(_parts(escaped, n))] for n in sorts if _has(escaped, n)}
            question = self._compiled(theirs, wanted=True)
            if undecidable_parts(question.goal):
                why = "a quantifier over a continuum stands inside another that works against it"
                return Played(problem, _open(Reason.UNSUPPORTED_STATEMENT, why), self.ours)
            defence = decide(question, self._aside, self.deadline, None)
            if defence.reached is False:
                return Played(question, _refuted(defence, escaped), theirs)
            if defence.reached is None or defence.point is None:
                return Played(
                    problem, replace(defence, proved_share=attack.proved_share), self.ours
                )
            if not self._learn(escaped, _values(question, self._better(question, defence.point))):
                why = f"{len(self.answers)} choices do not cover the domain"
                return Played(problem, _open(Reason.SOLVER_GAVE_UP, why), self.ours)

    @property
    def _aside(self) -> Engines:
        """For questions that are not the property's own."""
        return replace(self.engines, cross_check=False, certify_s=None)

    def _compiled(self, choices: Mapping[str, Sequence[Choice]], *, wanted: bool) -> Problem:
        one = self.bound.property
        return compile_goal(
            one.formula, self.bound.functions, wanted=wanted, name=one.name, choices=choices
        )

    def _better(self, question: Problem, point: Sequence[Fraction]) -> Sequence[Fraction]:
        """An answer well inside, where a random one is: it answers the neighbours as well."""
        best = best_point(question)
        try:
            return best if best is not None and question.reached(best) else point
        except Undecided:
            return point

    def _learn(self, asked: dict[Place, Fraction], answer: dict[Place, Fraction]) -> bool:
        """Add the answer as a choice, and the line through all answers; False where it is none."""
        self.answers.append((asked, answer))
        if len(self.answers) > MOST_CHOICES:
            return False
        fresh = False
        for name in list(self.ours):
            if not _has(answer, name):
                continue
            for choice in (constant_choice(_parts(answer, name)), self._fitted(name)):
                if choice is not None and choice not in self.ours[name]:
                    self.ours[name] = [choice, *self.ours[name]]
                    fresh = True
        return fresh

    def _fitted(self, name: str) -> Choice | None:
        """The affine function of what was asked that is nearest to all answers (least squares)."""
        given = [(a, b) for a, b in self.answers if _has(b, name)]
        places = sorted(place for place in given[-1][0] if place[0] in self._around(name))
        if len(given) < 2 or not places:
            return None
        asked = np.array([[float(a[p]) for p in places] + [1.0] for a, _ in given])
        scale = 2**SLOPE_BITS
        lines: dict[str, Line] = {}
        for part in _parts(given[-1][1], name):
            values = np.array([float(b[name, part]) for _, b in given])
            solved = np.linalg.lstsq(asked, values, rcond=None)[0]
            numbers = [Fraction(round(float(v) * scale), scale) for v in solved]
            terms = tuple((p, v) for p, v in zip(places, numbers, strict=False) if v)
            lines[part] = Line(numbers[-1], terms)
        choice = Choice(tuple(lines.items()))
        varies = any(line.terms for line in lines.values())
        return choice if varies and self._is_free(name) else None

    def _is_free(self, name: str) -> bool:
        """Whether every feature of a variable takes all values of a range."""
        sort = dict(quantified(self.bound.property.formula))[name]
        features = sort.features if isinstance(sort, ObservationSort) else ()
        return all(f.values is None for f in features)

    def _around(self, name: str) -> set[str]:
        """The variables that are known wherever this one is bound."""
        known: list[set[str]] = []
        stack = [(self.bound.property.formula, frozenset[str]())]
        while stack:
            node, scope = stack.pop()
            if node.operator in QUANTIFIERS:
                bound = frozenset(n for n, _ in node.payload)
                if name in bound:
                    known.append(set(scope))
                scope = scope | bound
            stack.extend((part, scope) for part in node.arguments)
        return set[str].intersection(*known) if known else set()

    def _real(self, answer: Answer) -> Answer:
        """A choice that is no float32 number leaves a proof about real arithmetic."""
        if all(choice.is_float32 for given in self.ours.values() for choice in given):
            return answer
        return replace(answer, guarantee=Guarantee.REAL)


def _is_continuum(sort: Sort) -> bool:
    bounded = isinstance(sort, RealSort) and sort.lower is not None and sort.upper is not None
    return bounded or (isinstance(sort, ObservationSort) and finite_domain(sort) is None)


def _middle(sort: Sort) -> Choice:
    if isinstance(sort, RealSort) and sort.lower is not None and sort.upper is not None:
        return constant_choice({"": _between(sort.lower, sort.upper)})
    features = sort.features if isinstance(sort, ObservationSort) else ()
    return constant_choice(
        {f.name: f.values[0] if f.values else _between(f.lower, f.upper) for f in features}
    )


def _between(low: Fraction, high: Fraction) -> Fraction:
    """A float32 number near the middle of a range, where it has one."""
    short = Fraction(float(np.float32(float((low + high) / 2))))
    return short if low <= short <= high else low


def _values(problem: Problem, point: Sequence[Fraction]) -> dict[Place, Fraction]:
    """A point by variable and feature; of several quantifiers over one name, the first."""
    names = {v.owner for v in problem.variables if "#" not in v.owner}
    found: dict[Place, Fraction] = {}
    for variable, value in zip(problem.variables, point, strict=True):
        if variable != NOTHING:
            found.setdefault((base(variable.owner, names), variable.component), value)
    return found


def _has(values: Mapping[Place, Fraction], name: str) -> bool:
    return any(owner == name for owner, _ in values)


def _parts(values: Mapping[Place, Fraction], name: str) -> dict[str, Fraction]:
    return {part: value for (owner, part), value in values.items() if owner == name}


def _open(reason: Reason, why: str) -> Answer:
    return Answer(None, reason=reason, detail=why)


def _refuted(answer: Answer, at: Mapping[Place, Fraction]) -> Answer:
    """The statement is false, by a proof that nothing answers these values."""
    where = ", ".join(f"{'.'.join(filter(None, place))} = {float(v):g}" for place, v in at.items())
    at_which = f" at {where}" if where else ""
    return replace(answer, reached=True, detail=f"proved: no choice makes it true{at_which}")
