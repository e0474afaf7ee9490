"""The tests of a planner in a loop: its world model, its evaluator and its search, held apart.

World model: the moves that are read off from weights are the true ones, where an environment shows
these, and explain the choices. Causal: a world model mirrored in its weights makes the policy
choose as an explicit search with mirrored moves does, and leaves the evaluator as it was.

Evaluator: it orders states as the returns do that follow them; without an environment, its
landscape has one peak to climb to. Causal: retargeting.

Search: *reconstruct and compare*. An explicit search over the extracted moves and values chooses as
the network does, and the network's choices come nearer to it the longer it thinks. Causal: what was
retargeted is followed only after enough steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from extract.cutoff import LOOKAHEAD
from extract.graph.candidate import REDUCERS
from extract.network import Array
from extract.roles.landscape import FEW, followed, goal_maps, ordered, peaked
from extract.roles.planner import (
    Planner,
    climb,
    locate,
    picked_maps,
    read_planner,
    reread,
)
from extract.roles.retarget import retarget
from extract.roles.route import mirrored, moves_found, share_right, true_moves
from extract.roles.thought import agreements, curves, gained, patience, thinking_time
from extract.roles.trial import Candidate, Resample, measured
from extract.statistic import permuted
from extract.structure import Evidence
from extract.study import Study


@dataclass(frozen=True)
class Planned:
    """What a planner in a loop offers for each role.

    Attributes:
        world_model, evaluator, search: candidates with their tests.
        policy: tests that bear on the policy.
        planner: what was read off.
    """

    world_model: Candidate
    evaluator: Candidate
    search: Candidate
    policy: tuple[Evidence, ...]
    planner: Planner


@dataclass(frozen=True)
class _Null:
    """The same measures on one net without the roles."""

    lookahead: float
    read_off: float
    landscape: float
    thinking: float
    curve: tuple[float, ...]


def find_planners(study: Study) -> tuple[Planned, ...]:
    """The planners in the loops of a network; none without samples."""
    if not study.samples:
        return ()
    planners = [
        read_planner(study.network, study.interface, loop, study.samples) for loop in study.loops
    ]
    return tuple(_test(study, planner) for planner in planners if planner is not None)


def _test(study: Study, planner: Planner) -> Planned:
    places = locate(planner, study.samples)
    (values,) = planner.maps(study.samples, (planner.final,))
    choices = planner.choices(study.samples)
    truth = true_moves(study, planner)
    wanted = planner.lookahead(values, places)
    nulls = [
        _null(study, planner.on(net), places[:FEW], truth, wanted[:FEW]) for net in study.null_nets
    ]
    patch = retarget(study, planner, places)
    thought = agreements(planner, study.samples, wanted)
    explained = _explained(study, planner, values, places, choices, nulls)
    retargeted = followed(study, patch)
    network, loop = planner.network, planner.loop
    rest = set(network.parameters)
    rows, columns = planner.size
    inside = loop.nodes | {loop.uses[-1]}
    reducers = {name for name in inside if network.node(name).op in REDUCERS}
    source = network.ancestors([planner.source]) if planner.source else set[str]()
    searched = (
        explained,
        thinking_time(study, thought, [null.thinking for null in nulls]),
        *patience(study, planner, patch, places),
    )
    return Planned(
        world_model=Candidate(
            f"the tied kernel of {planner.final}",
            f"a loop over a map of {rows} x {columns} cells, of which the scores read a window",
            frozenset(inside - reducers),
            loop.parameters,
            (
                *moves_found(study, planner, truth, [null.read_off for null in nulls]),
                explained,
                *mirrored(study, planner),
            ),
            inputs=(planner.states[0],),
            outputs=(loop.uses[0],),
        ),
        evaluator=Candidate(
            planner.source or planner.final,
            "a map of the loop's size that every step reads from outside",
            frozenset(source - rest),
            frozenset(source & rest),
            (
                peaked(study, planner, values, [null.landscape for null in nulls])
                if study.aside is None
                else ordered(study, planner, study.aside),
                *retargeted,
            ),
            lacking="" if patch else "no map to patch, or no way to walk",
            inputs=tuple(name for name in network.inputs if name in source),
            outputs=(planner.source,) if planner.source else (),
            charts=goal_maps(planner, patch),
        ),
        search=Candidate(
            f"the loop of {len(loop.steps)} steps over {planner.final}",
            f"{len(loop.steps)} steps with the same weights, with {_counted(reducers)} in them",
            frozenset(inside),
            loop.parameters,
            searched,
            lacking="" if patch else "no map to patch, or no way to walk",
            curves=curves(
                study,
                planner,
                tuple(float(one.mean()) for one in thought),
                [null.curve for null in nulls],
            ),
            inputs=loop.entry(network),
            outputs=(planner.final,),
        ),
        policy=(replace(explained, test="choices follow the planner"), *retargeted),
        planner=planner,
    )


def _counted(reducers: set[str]) -> str:
    return f"{len(reducers)} maxima" if reducers else "no maximum"


def _null(
    study: Study, planner: Planner, places: Array, truth: Array | None, wanted: Array
) -> _Null:
    """The measures on a net without the role; its thinking is held against the real search's."""
    samples = study.few(len(places))
    found = reread(planner, samples)
    (values,) = found.maps(samples, (found.final,))
    thought = tuple(float(one.mean()) for one in agreements(found, samples, wanted))
    return _Null(
        float((found.lookahead(values, places) == found.choices(samples)).mean()),
        share_right(found.moves, truth),
        float(climb(found, values[:FEW]).mean()),
        gained(thought[0], thought[-1], 1 / study.interface.actions),
        thought,
    )


def _explained(
    study: Study,
    planner: Planner,
    values: Array,
    places: Array,
    choices: Array,
    nulls: list[_Null],
) -> Evidence:
    ahead = planner.ahead(values, places)
    rng = study.rng("lookahead")

    def alike(ahead: Array, choices: Array = choices) -> float:
        return float((ahead.argmax(axis=1) == choices).mean())

    mixed = permuted(lambda o: alike(ahead[o]), len(choices), rng)
    swapped = permuted(lambda o: alike(ahead[:, o]), planner.interface.actions, rng, 99)
    others = picked_maps(study, planner, study.samples)
    return measured(
        "reconstruct and compare",
        alike(ahead),
        LOOKAHEAD,
        nets=[null.lookahead for null in nulls],
        shuffles=mixed,
        blind=[alike(planner.ahead(maps, places)) for maps in others],
        stable=Resample(lambda o: alike(ahead[o], choices[o]), len(choices), rng),
        means=(
            f"share of {len(choices)} choices that an explicit search over the extracted moves and "
            f"values makes as the network does; with the moves of other actions "
            f"{float(swapped.mean()):.3f}; nulls: fresh and shuffled nets"
        ),
    )
