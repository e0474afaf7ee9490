"""Random agents, formulas about them, points to evaluate them at, and tiny exact networks.

Every number drawn is a small dyadic rational, exact in float32, so that a formula or a network
means the same to every engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from theory import Agent, Feature, Term, and_, eq, forall, iff, implies, maximum, minimum, not_, or_
from theory.operator import Vector
from theory.term import number

FUNCTIONS = ("score", "value")
DEPTH = 3
ACTIONS = ("left", "right", "wait")


def dyadics(bound: int = 4, bits: int = 3) -> SearchStrategy[Fraction]:
    """Rationals k / 2^bits with |k / 2^bits| <= bound; small ones shrink first."""
    scale = 2**bits
    return st.integers(-bound * scale, bound * scale).map(lambda k: Fraction(k, scale))


@st.composite
def features(draw: DrawFn, name: str, *, finite: bool = False) -> Feature:
    """One feature: a flag, a finite set of values, or (unless `finite`) a range."""
    kind = draw(st.sampled_from(["flag", "values"] if finite else ["range", "range", "flag"]))
    if kind == "flag":
        return Feature(name, flag=True)
    if kind == "values":
        return Feature(name, values=draw(st.lists(dyadics(2, 1), min_size=1, max_size=3)))
    low = draw(dyadics(2, 2))
    return Feature(name, low, low + draw(st.integers(0, 8)) * Fraction(1, 4))


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
    count = draw(st.integers(1, max_features))
    return Agent(
        observation=[draw(features(f"f{i}", finite=finite)) for i in range(count)],
        actions=ACTIONS[: draw(st.integers(2, max_actions))],
        ties=draw(st.sampled_from(["strict", "first", "any"])),
    )


def flags(agent: Agent) -> list[str]:
    """The names of the agent's flags."""
    return [f.name for f in agent.features if f.is_flag]


@st.composite
def observations(draw: DrawFn, agent: Agent, variables: Sequence[Term]) -> Term:
    """One of the variables, often with a flag or another feature replaced by a constant."""
    base = draw(st.sampled_from(variables))
    if not draw(st.booleans()):
        return base
    changed = draw(st.sampled_from(flags(agent) or [f.name for f in agent.features]))
    return base.with_(**{changed: draw(st.sampled_from(corners(agent.feature(changed))))})


def corners(feature: Feature) -> list[Fraction]:
    """The values of a finite feature, or both ends and the middle of a range."""
    if feature.values is not None:
        return list(feature.values)
    return [feature.lower, feature.upper, (feature.lower + feature.upper) / 2]


@st.composite
def quantities(
    draw: DrawFn, agent: Agent, variables: Sequence[Term], functions: Sequence[str] = FUNCTIONS
) -> Term:
    """A feature, the score of an action, or the value of an observation."""
    observation = draw(observations(agent, variables))
    kind = draw(st.sampled_from(["feature", *functions]))
    if kind == "score":
        return agent.score(observation, draw(st.sampled_from(agent.actions)))
    if kind == "value":
        return agent.value(observation)
    return observation[draw(st.sampled_from([f.name for f in agent.features]))]


@st.composite
def combinations(
    draw: DrawFn, agent: Agent, variables: Sequence[Term], functions: Sequence[str] = FUNCTIONS
) -> Term:
    """A linear combination of one to three quantities, and a constant."""
    total: Term | None = None
    for _ in range(draw(st.integers(1, 3))):
        part = draw(quantities(agent, variables, functions))
        factor = draw(dyadics(2, 1))
        scaled = draw(st.sampled_from([part, -part, factor * part, part * factor]))
        total = scaled if total is None else draw(st.sampled_from([total + scaled, total - scaled]))
    if total is None:
        return number(0)
    return total + draw(dyadics()) if draw(st.booleans()) else total


@st.composite
def piecewise(
    draw: DrawFn, agent: Agent, variables: Sequence[Term], functions: Sequence[str] = FUNCTIONS
) -> Term:
    """A linear combination, or the absolute value, maximum or minimum of such."""
    first = draw(combinations(agent, variables, functions))
    kind = draw(st.sampled_from(["linear", "linear", "linear", "abs", "max", "min"]))
    if kind == "linear":
        return first
    if kind == "abs":
        return abs(first) + draw(dyadics())
    second = draw(combinations(agent, variables, functions))
    return maximum(first, second) if kind == "max" else minimum(first, second)


@st.composite
def atoms(
    draw: DrawFn, agent: Agent, variables: Sequence[Term], functions: Sequence[str] = FUNCTIONS
) -> Term:
    """A comparison, a choice of action, or a flag that is set or not."""
    kinds = ["compare", "compare", "compare", "equal"]
    kinds += ["acts", "acts"] if "score" in functions else []
    kinds += ["flag"] if flags(agent) else []
    kind = draw(st.sampled_from(kinds))
    if kind == "acts":
        observation = draw(observations(agent, variables))
        return agent.acts(observation, draw(st.sampled_from(agent.actions)))
    if kind == "flag":
        flag = draw(st.sampled_from(flags(agent)))
        return eq(draw(st.sampled_from(variables))[flag], draw(st.sampled_from([0, 1])))
    left = draw(piecewise(agent, variables, functions))
    right = draw(st.one_of(dyadics().map(number), piecewise(agent, variables, functions)))
    if kind == "equal":
        return eq(left, right)
    return draw(st.sampled_from([left < right, left <= right, left > right, left >= right]))


@st.composite
def matrices(
    draw: DrawFn,
    agent: Agent,
    variables: Sequence[Term],
    functions: Sequence[str] = FUNCTIONS,
    depth: int = DEPTH,
) -> Term:
    """A quantifier-free formula of Boolean depth at most `depth` over the variables."""
    kinds = ["atom", "and", "or", "not", "implies", "iff"] if depth else ["atom"]
    kind = draw(st.sampled_from(kinds))
    if kind == "atom":
        return draw(atoms(agent, variables, functions))
    smaller = matrices(agent, variables, functions, depth - 1)
    if kind == "not":
        return not_(draw(smaller))
    if kind == "implies":
        return implies(draw(smaller), draw(smaller))
    if kind == "iff":
        return iff(draw(smaller), draw(smaller))
    parts = [draw(smaller) for _ in range(draw(st.integers(2, 3)))]
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
    count = draw(st.integers(1, max_variables))
    variables = [agent.observation(name) for name in ("o", "p", "q")[:count]]
    return forall(*variables, draw(matrices(agent, variables, functions, depth)))


def linear_formulas(agent: Agent, *, depth: int = DEPTH) -> SearchStrategy[Term]:
    """Closed formulas about the features alone: linear arithmetic, no network."""
    return formulas(agent, functions=(), depth=depth)


@st.composite
def points(draw: DrawFn, agent: Agent) -> dict[str, Fraction]:
    """An observation in the agent's box, feature by feature; ends of ranges are likely."""
    values: dict[str, Fraction] = {}
    for feature in agent.features:
        sixteenths = st.integers(0, 16).map(lambda k: Fraction(k, 16))
        width, low = feature.upper - feature.lower, feature.lower
        inside = sixteenths.map(lambda t, width=width, low=low: low + t * width)
        values[feature.name] = draw(
            st.sampled_from(feature.values) if feature.values is not None else inside
        )
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
    hidden = draw(st.lists(st.integers(1, max_width), max_size=max_layers))
    sizes = [inputs, *hidden, outputs]
    layers = tuple(
        (
            tuple(tuple(draw(dyadics(2, 2)) for _ in range(a)) for _ in range(b)),
            tuple(draw(dyadics(2, 2)) for _ in range(b)),
        )
        for a, b in pairwise(sizes)
    )
    return TinyNetwork(layers)
