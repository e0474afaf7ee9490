"""The evaluator of a planner in a loop: a map of values.

It orders states as the returns do that follow them; without an environment, its landscape has one
peak to climb to. Causal: retargeting.
"""

from __future__ import annotations

import numpy as np

from extract.cutoff import CONCORDANCE, LANDSCAPE, LANDSCAPE_BEATEN, RETARGET
from extract.experience import Aside
from extract.network import Array
from extract.roles.planner import Planner, climb, locate, picked_maps
from extract.roles.retarget import Retarget
from extract.roles.trial import Resample, measured
from extract.statistic import concordance, exchange, permuted
from extract.structure import Chart, Evidence, Kind
from extract.study import Study

COMPARED = 300
FEW = 64
"""Samples on which null nets are looked at."""


def peaked(study: Study, planner: Planner, values: Array, nets: list[float]) -> Evidence:
    """Whether climbing the map of values leads to its peak."""
    rng = study.rng("landscape")
    few = values[: FEW // 4]

    def scrambled(order: Array) -> float:
        mixed = few.reshape(len(few), -1)[:, order].reshape(few.shape)
        return float(climb(planner, mixed).mean())

    shares = climb(planner, values[:FEW])
    others = picked_maps(study, planner, study.few(FEW // 4))
    return measured(
        "landscape",
        float(shares.mean()),
        LANDSCAPE,
        stable=Resample(lambda o: float(shares[o].mean()), len(shares), rng),
        blind=[float(climb(planner, maps).mean()) for maps in others],
        nets=nets,
        shuffles=permuted(scrambled, int(np.prod(planner.size)), rng, 199),
        beaten=LANDSCAPE_BEATEN,
        means=(
            "share of places from which climbing the map of values by the extracted moves leads to "
            "its peak; nulls: fresh and shuffled nets"
        ),
    )


def ordered(study: Study, planner: Planner, aside: Aside) -> Evidence:
    """The map of values at the place of the agent, against the returns of intervened actions."""
    alive = np.flatnonzero(~aside.ended.ravel())
    rng = study.rng("ordered")
    picked = alive[rng.permutation(len(alive))[:COMPARED]]
    samples = study.split(aside.flat[picked])
    returns = study.returns_after.ravel()[picked]
    places = locate(planner, samples)

    def here(values: Array) -> Array:
        return values[np.arange(len(values)), places[:, 0], places[:, 1]]

    def judged(one: Planner) -> Array:
        return here(*one.maps(samples, (one.final,)))

    value = judged(planner)
    others = picked_maps(study, planner, samples)
    return measured(
        "value orders returns",
        concordance(value, returns),
        CONCORDANCE,
        nets=[concordance(judged(planner.on(net)), returns) for net in study.null_nets],
        blind=[concordance(here(maps), returns) for maps in others],
        shuffles=permuted(lambda o: concordance(value[o], returns), len(value), rng),
        stable=Resample(lambda o: concordance(value[o], returns[o]), len(value), rng),
        means=(
            f"share of pairs among {len(value)} successors of intervened actions that the map of "
            f"values, at the place of the agent, orders as the returns that follow; nulls: fresh "
            f"and shuffled nets"
        ),
    )


def followed(study: Study, patch: Retarget | None) -> tuple[Evidence, ...]:
    """Whether the policy goes where the evaluator was made to point."""
    if patch is None:
        return ()
    reached, control = patch.reached.astype(float), patch.control.astype(float)
    return (
        measured(
            "retargeting",
            float(reached.mean()),
            RETARGET,
            nets=(float(control.mean()),),
            p=exchange(reached, control, study.rng("followed")),
            stable=Resample(
                lambda o: float(reached[o].mean()), len(reached), study.rng("followed again")
            ),
            kind=Kind.CAUSAL,
            means=(
                f"share of {len(reached)} walks ({patch.how}, {patch.patch}) that end where the "
                "evaluator was made to point; null: the same walks without the patch"
            ),
        ),
    )


def goal_maps(planner: Planner, patch: Retarget | None) -> tuple[Chart, ...]:
    """The map of values of one walk that came to its target, as it is and with the patch."""
    if patch is None or not patch.reached.any():
        return ()
    at = int(np.argmax(patch.reached & ~patch.control))
    given = {name: array[at : at + 1] for name, array in patch.given.items()}
    plain = {name: array for name, array in given.items() if name != planner.source}
    place = locate(planner, plain)[0]
    charts: list[Chart] = []
    for title, held in (("values", plain), (f"values with {patch.patch}", given)):
        (values,) = planner.maps(held, (planner.final,))
        rows = tuple(tuple(float(v) for v in row) for row in values[0])
        peak = np.unravel_index(int(values[0].argmax()), values[0].shape)
        marks = {
            "agent": (int(place[0]), int(place[1])),
            "target": (int(patch.targets[at][0]), int(patch.targets[at][1])),
            "peak": (int(peak[0]), int(peak[1])),
        }
        charts.append(Chart(title, rows, marks))
    return tuple(charts)
