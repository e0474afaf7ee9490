"""Random agents, formulas about them, points to evaluate them at, and tiny exact networks.

Every number drawn is a small dyadic rational, exact in float32, so that a formula or a network
means the same to every engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise, product
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from theory import Agent, Feature, Term, and_, eq, forall, iff, implies, maximum, minimum, not_, or_
from theory.agent import Ties
from theory.operator import Vector
from theory.term import number

FUNCTIONS = ("score", "value")
DEPTH = 3
ACTIONS = ("left", "right", "wait")
TIES: tuple[Ties, ...] = ("strict", "first", "any")
CONNECTIVES = ("and", "or", "not", "implies", "iff")

T = TypeVar("T")


@cache
def dyadics(bound: int = 4, bits: int = 3) -> SearchStrategy[Fraction]:
    """Rationals k / 2^bits with |k / 2^bits| <= bound; small ones shrink first."""
    scale = 2**bits
    return st.integers(-bound * scale, bound * scale).map(lambda k: Fraction(k, scale))


@cache
def _positions(count: int) -> SearchStrategy[int]:
    return st.integers(0, count - 1)


def pick(draw: DrawFn, items: Sequence[T]) -> T:
    """One of the items; earlier ones shrink first. Faster than a new `sampled_from` for each."""
    return items[draw(_positions(len(items)))]


def _feature(draw: DrawFn, name: str, finite: bool) -> Feature:
    kind = pick(draw, ("flag", "values") if finite else ("range", "range", "flag"))
    if kind == "flag":
        return Feature(name, flag=True)
    if kind == "values":
        return Feature(name, values=[draw(dyadics(2, 1)) for _ in range(pick(draw, (1, 2, 3)))])
    low = draw(dyadics(2, 2))
    return Feature(name, low, low + Fraction(pick(draw, range(9)), 4))


@st.composite
def agents(
    draw: DrawFn, *, finite: bool = False, max_features: int = 4, max_actions: int = 3
) -> Agent:
    """An agent with one to `max_features` features f0, f1, ... and two or three actions.

    Args:
        draw: given by hypothesis.
        finite: whether every feature has finitely many values, so that `evaluate` decides closed
            formulas by itself.
        max_features: the most features.
        max_actions: the most actions; at most three.
    """
    count = pick(draw, range(1, max_features + 1))
    return Agent(
        observation=[_feature(draw, f"f{i}", finite) for i in range(count)],
        actions=ACTIONS[: pick(draw, range(2, max_actions + 1))],
        ties=pick(draw, TIES),
    )


def flags(agent: Agent) -> list[str]:
    """The names of the agent's flags."""
    return [f.name for f in agent.features if f.is_flag]


def corners(feature: Feature) -> list[Fraction]:
    """The values of a finite feature, or both ends and the middle of a range."""
    if feature.values is not None:
        return list(feature.values)
    return [feature.lower, feature.upper, (feature.lower + feature.upper) / 2]


@dataclass(frozen=True)
class _Subject:
    """What a formula is about: the agent, the observations in scope, the functions it may use."""

    agent: Agent
    variables: Sequence[Term]
    functions: Sequence[str]

    def observation(self, draw: DrawFn) -> Term:
        """One of the variables, often with a flag or another feature replaced by a constant."""
        base = pick(draw, self.variables)
        if pick(draw, (False, True)):
            return base
        changed = pick(draw, flags(self.agent) or [f.name for f in self.agent.features])
        return base.with_(**{changed: pick(draw, corners(self.agent.feature(changed)))})

    def quantity(self, draw: DrawFn) -> Term:
        """A feature, the score of an action, or the value of an observation."""
        observation = self.observation(draw)
        match pick(draw, ("feature", *self.functions)):
            case "score":
                return self.agent.score(observation, pick(draw, self.agent.actions))
            case "value":
                return self.agent.value(observation)
            case _:
                return observation[pick(draw, self.agent.features).name]

    def combination(self, draw: DrawFn) -> Term:
        """A linear combination of one to three quantities, perhaps with a constant."""
        total: Term | None = None
        for _ in range(pick(draw, (1, 2, 3))):
            part, factor = self.quantity(draw), draw(dyadics(2, 1))
            scaled = pick(draw, (part, -part, factor * part, part * factor))
            total = scaled if total is None else pick(draw, (total + scaled, total - scaled))
        if total is None:
            return number(0)
        return total + draw(dyadics()) if pick(draw, (False, True)) else total

    def piecewise(self, draw: DrawFn) -> Term:
        """A linear combination, or the absolute value, maximum or minimum of such."""
        first = self.combination(draw)
        match pick(draw, ("linear", "linear", "linear", "abs", "max", "min")):
            case "abs":
                return abs(first) + draw(dyadics())
            case "max":
                return maximum(first, self.combination(draw))
            case "min":
                return minimum(first, self.combination(draw))
            case _:
                return first

    def atom(self, draw: DrawFn) -> Term:
        """A comparison, a choice of action, or a flag that is set or not."""
        kinds = ["compare", "compare", "compare", "equal"]
        kinds += ["acts", "acts"] if "score" in self.functions else []
        kinds += ["flag"] if flags(self.agent) else []
        kind = pick(draw, kinds)
        if kind == "acts":
            observation = self.observation(draw)
            return self.agent.acts(observation, pick(draw, self.agent.actions))
        if kind == "flag":
            flag = pick(draw, flags(self.agent))
            return eq(pick(draw, self.variables)[flag], pick(draw, (0, 1)))
        left = self.piecewise(draw)
        right = number(draw(dyadics())) if pick(draw, (True, False)) else self.piecewise(draw)
        if kind == "equal":
            return eq(left, right)
        return pick(draw, (left < right, left <= right, left > right, left >= right))


@st.composite
def matrices(
    draw: DrawFn,
    agent: Agent,
    variables: Sequence[Term],
    functions: Sequence[str] = FUNCTIONS,
    depth: int = DEPTH,
) -> Term:
    """A quantifier-free formula of Boolean depth at most `depth` over the variables."""
    kind = pick(draw, ("atom", *CONNECTIVES) if depth else ("atom",))
    if kind == "atom":
        return _Subject(agent, variables, functions).atom(draw)
    smaller = matrices(agent, variables, functions, depth - 1)
    match kind:
        case "not":
            return not_(draw(smaller))
        case "implies":
            return implies(draw(smaller), draw(smaller))
        case "iff":
            return iff(draw(smaller), draw(smaller))
        case _:
            parts = [draw(smaller) for _ in range(pick(draw, (2, 3)))]
            return and_(*parts) if kind == "and" else or_(*parts)


@st.composite
def formulas(
    draw: DrawFn,
    agent: Agent,
    *,
    functions: Sequence[str] = FUNCTIONS,
    depth: int = DEPTH,
    max_variables: int = 2,
) -> Term:
    """A closed formula `forall o, ...: matrix` about the agent.

    Args:
        draw: given by hypothesis.
        agent: the agent.
        functions: the function symbols that may occur: `score`, `value`, both or none.
        depth: the most connectives on a path.
        max_variables: the most observations quantified over.
    """
    count = pick(draw, range(1, max_variables + 1))
    variables = [agent.observation(name) for name in ("o", "p", "q")[:count]]
    return forall(*variables, draw(matrices(agent, variables, functions, depth)))


def linear_formulas(agent: Agent, *, depth: int = DEPTH) -> SearchStrategy[Term]:
    """Closed formulas about the features alone: linear arithmetic, no network."""
    return formulas(agent, functions=(), depth=depth)


@st.composite
def points(draw: DrawFn, agent: Agent) -> dict[str, Fraction]:
    """An observation in the agent's box: finite features anywhere, ranges in sixteenths."""
    values: dict[str, Fraction] = {}
    for feature in agent.features:
        width, share = feature.upper - feature.lower, Fraction(pick(draw, range(17)), 16)
        inside = feature.lower + share * width
        values[feature.name] = inside if feature.values is None else pick(draw, feature.values)
    return values


def grid(agent: Agent) -> list[dict[str, Fraction]]:
    """Every combination of the features' corner values."""
    names = [f.name for f in agent.features]
    choices = [corners(f) for f in agent.features]
    return [dict(zip(names, values, strict=True)) for values in product(*choices)]


@dataclass(frozen=True)
class TinyNetwork:
    """A ReLU network in exact rationals: for each layer its weights (out, in) and its biases.

    ReLU follows every layer but the last.
    """

    layers: tuple[tuple[tuple[tuple[Fraction, ...], ...], tuple[Fraction, ...]], ...]

    def __call__(self, inputs: Sequence[Fraction]) -> list[Fraction]:
        """The outputs at a flat input."""
        values = list(inputs)
        for at, (weights, biases) in enumerate(self.layers):
            values = [
                sum((w * x for w, x in zip(row, values, strict=True)), bias)
                for row, bias in zip(weights, biases, strict=True)
            ]
            if at + 1 < len(self.layers):
                values = [max(value, Fraction(0)) for value in values]
        return values

    def scores(self, agent: Agent) -> Any:
        """The network as the meaning of `score`."""
        return lambda o: Vector(tuple(self(flat(agent, o))), agent.action_sort)

    def value(self, agent: Agent) -> Any:
        """The network, which has one output, as the meaning of `value`."""
        return lambda o: self(flat(agent, o))[0]


def flat(agent: Agent, observation: Any) -> list[Fraction]:
    """The features of an observation, in the order in which a network takes them."""
    return [observation[f.name] for f in agent.features]


@st.composite
def networks(
    draw: DrawFn, inputs: int, outputs: int, *, max_layers: int = 2, max_width: int = 4
) -> TinyNetwork:
    """A network with at most `max_layers` hidden layers of at most `max_width` neurons."""
    hidden = [pick(draw, range(1, max_width + 1)) for _ in range(pick(draw, range(max_layers + 1)))]
    sizes = [inputs, *hidden, outputs]
    layers = tuple(
        (
            tuple(tuple(draw(dyadics(2, 2)) for _ in range(a)) for _ in range(b)),
            tuple(draw(dyadics(2, 2)) for _ in range(b)),
        )
        for a, b in pairwise(sizes)
    )
    return TinyNetwork(layers)
