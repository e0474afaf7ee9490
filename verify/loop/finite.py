"""Trajectories that come to finitely many states, decided state by state.

Where trajectories begin in finitely many states and few others are come to, every formula is a
question about a graph. Whether something is reached in the end is whether the graph has no circle
without it: a circle is a violation, with the way into it. Probabilities are those of a finite
decision process, in which whatever is not chance is chosen as badly as can be.

The graph is first that of bounds: with every action that some float32 evaluation may take, and a
truth that is certain for all of them. What holds there holds of the deployed network. Only where
that fails is the network evaluated in exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise, product
from math import prod
from typing import Any

from theory.course import advance, probabilities
from theory.error import MesascopeError
from theory.finite.finding import value_text
from theory.process import Process
from theory.scope import free_variables
from theory.semantics import Interpretation, evaluate
from theory.sort import ObservationSort, Sort
from theory.value import finite_domain
from verify.answer import Deadline
from verify.loop.policy import Gaps, Policy
from verify.loop.question import Demand, Question, Temporal
from verify.loop.sight import Key, Node, Sight
from verify.loop.trial import LONGEST_BITS, Functions, Trail
from verify.verdict import Guarantee

LARGEST = 100_000
"""More states than this are not listed."""


class TooMany(MesascopeError):
    """There are more states than can be listed, or time is over."""


@dataclass(frozen=True)
class Settled:
    """What a graph of states answers.

    Attributes:
        trail: a trajectory that violates the formula, or the start of one that is too probable or
            too improbable; None where it holds.
        guarantee: of what it holds.
        states: how many states were looked at.
        probability: for `probably`, of the start that is the worst.
    """

    trail: Trail | None
    guarantee: Guarantee
    states: int
    probability: Fraction | None = None


def settle(
    temporal: Temporal, policy: Policy | None, functions: Functions, deadline: Deadline
) -> Settled | None:
    """Decide a temporal formula by the graph of all states; None where there are too many.

    Raises:
        Undecided: enclosures are too wide to tell what happens.
    """
    world = temporal.span.world
    choices = world.choice_sort
    if choices is not None and _count([("", choices)]) is None:
        return None
    if listed(temporal.variables) is None or not isinstance(world.state_sort, ObservationSort):
        return None
    known: dict[Key, Gaps | None] = {}
    try:
        for exact in (False, True):
            sight = Sight(temporal, policy, functions, known, exact=exact)
            found = _Graph(temporal, sight, deadline).settled()
            if found.trail is None or exact:
                return found
    except TooMany:
        pass
    return None


def listed(variables: Sequence[tuple[str, Sort]]) -> Iterator[dict[str, Any]] | None:
    """All values that variables take together; None where those are too many to be listed."""
    count = _count(variables)
    if count is None or count > LARGEST:
        return None
    names = [name for name, _ in variables]
    rows = product(*(finite_domain(sort) or () for _, sort in variables))
    return (dict(zip(names, row, strict=True)) for row in rows)


def _count(variables: Sequence[tuple[str, Sort]]) -> int | None:
    """How many values variables take together; None where infinitely many."""
    counts: list[int] = []
    for _, sort in variables:
        if isinstance(sort, ObservationSort):
            if any(f.values is None and f.lower != f.upper for f in sort.features):
                return None
            counts.append(prod(len(f.values or (f.lower,)) for f in sort.features))
        else:
            domain = finite_domain(sort)
            if domain is None:
                return None
            counts.append(len(domain))
    return prod(counts)


@dataclass
class _Graph:
    """The states that trajectories come to, as far as something is asked of them."""

    temporal: Temporal
    sight: Sight
    deadline: Deadline
    states: set[Key] = field(default_factory=set[Key])

    def settled(self) -> Settled:
        """The answer for all starts.

        Raises:
            TooMany: there are too many states, or time is over.
        """
        guarantee = Guarantee.REAL if self.sight.exact else Guarantee.FLOAT32
        operator = self.temporal.formula.operator
        worst: Fraction | None = None
        for group in self._groups():
            if operator == "probably":
                trail, probability = self._probable(group)
                worst = probability if trail is not None else self._worse(worst, probability)
            elif self.temporal.span.steps is None:
                trail = self._endless(group)
            else:
                trail = self._bounded(group, self.temporal.bounded(self.temporal.span.steps))
            if trail is not None:
                return Settled(trail, guarantee, len(self.states), worst)
        return Settled(None, guarantee, len(self.states), worst)

    def _worse(self, a: Fraction | None, b: Fraction) -> Fraction:
        bound = self.temporal.span.bound
        return b if a is None else min(a, b) if bound is not None and bound.least else max(a, b)

    def _groups(self) -> Iterator[list[Node]]:
        """Starts that can be followed together: all, unless the formula looks back at them."""
        names = [name for name, _ in self.temporal.variables]
        free = (free_variables(part) for part in self.temporal.formula.arguments[1:])
        apart = any(not one.isdisjoint(names) for one in free)
        starts: dict[Any, Node] = {}
        for values in listed(self.temporal.variables) or ():
            self._check(len(starts))
            if self.sight.begins(values) is False:
                continue
            state = evaluate(self.temporal.formula.arguments[0], Interpretation({}, values))
            node = Node(values, state, tuple(state.values()))
            if apart:
                yield [node]
            else:
                starts.setdefault(node.key, node)
        if starts:
            yield list(starts.values())

    def _check(self, count: int) -> None:
        if count > LARGEST or self.deadline.passed:
            raise TooMany(f"{self.temporal.span.world.name} comes to too many states")

    def _after(self, node: Node) -> Iterator[Node]:
        """The states one step later."""
        world = self.temporal.span.world
        functions = Interpretation(self.sight.functions)
        for action in self.sight.actions(node):
            for lots in world.lotteries():
                for chosen, _ in lots:
                    state = advance(world, node.state, action, chosen, functions, evaluate)
                    yield self._stepped(node, action, chosen, state)

    def _stepped(
        self, node: Node, action: str, chosen: Mapping[str, Fraction] | None, state: Any
    ) -> Node:
        key: Key = tuple(state.values())
        if any(x.denominator.bit_length() > LONGEST_BITS for x in key):
            raise TooMany(f"numbers in {self.temporal.span.world.name} get too long")
        return Node(node.values, state, key, node.step + 1, node, action, chosen)

    def _fails(self, node: Node, demand: Demand) -> bool | None:
        """Whether a demand may not be met; None where nothing more is asked from there on."""
        self.states.add(node.key)
        if demand.leaves is not None and self.sight.truth(demand.leaves, node) is True:
            return None
        return demand.must is not None and self.sight.truth(demand.must, node) is not True

    def _bounded(self, starts: Sequence[Node], question: Question) -> Trail | None:
        """A trajectory on which a demand is not met, in so many steps."""
        level = list(starts)
        alike = self.temporal.formula.operator == "always"
        seen = {node.key for node in starts}
        for step, demand in enumerate(question.demands):
            self.sight.look(level)
            following: dict[Key, Node] = {}
            for node in level:
                self._check(len(self.states))
                fails = self._fails(node, demand)
                if fails:
                    return _trail(node.path, fails=True)
                if fails is None or step == question.steps:
                    continue
                for after in self._after(node):
                    if not alike or after.key not in seen:
                        following.setdefault(after.key, after)
            level = list(following.values())
            seen |= following.keys()
        return None

    def _endless(self, starts: Sequence[Node]) -> Trail | None:
        """A trajectory on which a demand is not met, or that goes round for ever without what has
        to be reached.
        """
        (demand, *_) = self.temporal.bounded(0).demands
        edges: dict[Key, list[Node]] = {}
        met = {node.key for node in starts}
        level = list(starts)
        while level:
            self.sight.look(level)
            following: list[Node] = []
            for node in level:
                self._check(len(met))
                fails = self._fails(node, demand)
                if fails:
                    return _trail(node.path, fails=True)
                if fails is None:
                    continue
                edges[node.key] = []
                for after in self._after(node):
                    edges[node.key].append(after)
                    if after.key not in met:
                        met.add(after.key)
                        following.append(after)
            level = following
        if demand.leaves is None:
            return None
        return _circle(edges)

    def _probable(self, starts: Sequence[Node]) -> tuple[Trail | None, Fraction]:
        """The start from which the probability is not within its bound, or else the worst one."""
        span, world = self.temporal.span, self.temporal.span.world
        least = span.bound is None or span.bound.least
        _, hold, goal = self.temporal.formula.arguments
        functions = Interpretation(self.sight.functions)
        names: dict[Key, str] = {node.key: str(at) for at, node in enumerate(starts)}
        rows: dict[str, dict[str, dict[str, Fraction]]] = {}
        reached: set[str] = set()
        level = list(starts)
        while level:
            self.sight.look(level)
            following: list[Node] = []
            for node in level:
                self._check(len(names))
                self.states.add(node.key)
                row = rows[names[node.key]] = dict[str, dict[str, Fraction]]()
                # What is not certain counts as what is worse for the bound.
                there, held = self.sight.truth(goal, node), self.sight.truth(hold, node)
                if there or (there is None and not least):
                    reached.add(names[node.key])
                    continue
                if held is False or (held is None and least) or node.step == span.steps:
                    continue
                for action in self.sight.actions(node):
                    for number, lots in enumerate(world.lotteries()):
                        shares = row[f"{action} {number}"] = dict[str, Fraction]()
                        for chosen, share in lots:
                            state = advance(world, node.state, action, chosen, functions, evaluate)
                            after = self._stepped(node, action, chosen, state)
                            if after.key not in names:
                                names[after.key] = str(len(names))
                                following.append(after)
                            name = names[after.key]
                            shares[name] = shares.get(name, Fraction(0)) + share
            level = following
        from verify.finite import FAST  # FLINT and scipy take a while to load

        found = probabilities(span, Process(rows), reached, FAST)
        worst = (min if least else max)(starts, key=lambda node: found[names[node.key]])
        probability = found[names[worst.key]]
        met = span.bound is not None and span.bound.met(probability)
        return (None if met else _trail([worst], fails=True)), probability


def _circle(edges: Mapping[Key, Sequence[Node]]) -> Trail | None:
    """A trajectory into a circle among these states and once around it, where there is one."""
    inner = {key: [one for one in after if one.key in edges] for key, after in edges.items()}
    try:
        TopologicalSorter({key: [n.key for n in after] for key, after in inner.items()}).prepare()
    except CycleError as error:
        keys: list[Key] = error.args[1][::-1]
    else:
        return None
    circle = [next(n for n in inner[key] if n.key == after) for key, after in pairwise(keys)]
    first = circle[0].parent
    if first is None:
        return None
    return _trail([*first.path, *circle], fails=False, returns=first.step)


def _trail(path: Sequence[Node], *, fails: bool, returns: int | None = None) -> Trail:
    steps = path[1:]
    return Trail(
        path[0].values,
        tuple(node.state for node in path),
        tuple(node.action for node in steps),
        tuple(node.chosen for node in steps),
        fails,
        returns,
    )


def described(settled: Settled) -> str:
    """How it was decided, in a few words."""
    count = f"{settled.states} states"
    if settled.probability is None:
        return count
    return f"{count}, probability {value_text(settled.probability)}"
