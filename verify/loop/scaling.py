"""How a world makes what the network gets, against what the network's own source says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import isclose

from extract.network import Network
from theory.fold import fold
from theory.property import Property
from theory.rational import number_text
from theory.scope import TEMPORAL
from theory.sort import ObservationSort
from theory.term import Term
from theory.world import STATE, World
from verify.loop.cell import FREE, Cell
from verify.loop.region import HUGE
from verify.loop.valuation import Valuation
from verify.problem.affine import Affine, entry
from verify.spec import Spec

CLOSE = 1e-6
"""Headers are decimal text of six digits or so: what differs by less does not differ."""


def conflicts(network: Network, spec: Spec) -> list[str]:
    """Where a world of a spec scales an input in another way than the network's source says.

    Args:
        network: the network, with the scaling that its source states; without one there is nothing
            to compare.
        spec: worlds are those of the trajectories that its properties speak of. An input that a
            world makes of several features, or not linearly, is not compared.
    """
    if not network.scaling:
        return []
    found: dict[str, None] = {}
    formulas = [one.formula for one in spec.properties if isinstance(one, Property)]
    for world in {id(w): w for formula in formulas for w in _worlds(formula)}.values():
        found.update(dict.fromkeys(_of(world, network)))
    return list(found)


def _worlds(formula: Term) -> Sequence[World]:
    def step(node: Term, parts: Sequence[Sequence[World]]) -> Sequence[World]:
        own = [node.payload.world] if node.operator in TEMPORAL else []
        return [*own, *(world for part in parts for world in part)]

    return fold(formula, step)


def _of(world: World, network: Network) -> Iterator[str]:
    if world.observation is None or not isinstance(world.state_sort, ObservationSort):
        return
    states = world.state_sort.features
    ends = (HUGE,) * len(states)
    cell = Cell(tuple(-end for end in ends), ends)
    state = {feature.name: entry(FREE, at) for at, feature in enumerate(states)}
    seen = Valuation(cell, {STATE: state}).record(world.observation)
    for feature, (mean, spread) in zip(world.agent.features, network.scaling, strict=False):
        number = seen[feature.name]
        if not isinstance(number, Affine) or len(number.terms) != 1:
            continue
        (((_, at), factor),) = number.terms.items()
        taken = (-number.constant / factor, 1 / factor)
        stated = (mean, spread)
        if all(map(_same, taken, stated)):
            continue
        name = states[at].name
        yield (
            f"Conflict: {world.name} makes the input {feature.name!r} as {_scaled(name, *taken)}, "
            f"but the source of {network.name} says {_scaled(name, *map(Fraction, stated))}."
        )


def _same(taken: Fraction, stated: float) -> bool:
    return isclose(taken, stated, rel_tol=CLOSE, abs_tol=CLOSE)


def _scaled(name: str, mean: Fraction, spread: Fraction) -> str:
    quantity = f"({name} - {number_text(mean)})" if mean else name
    return f"{quantity} / {number_text(spread)}"
