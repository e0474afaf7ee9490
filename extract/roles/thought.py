"""The search of a planner in a loop: what more thinking is good for.

The network's choices come nearer to those of an explicit search the longer it thinks. Causal: what
was retargeted is followed only after enough steps. Pictured are thinking time, contraction and how
far from the agent the evaluator still moves the scores.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch

from extract.cutoff import THINKING
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.roles.landscape import FEW
from extract.roles.planner import Planner, locate
from extract.roles.retarget import Retarget, far_away, patched
from extract.roles.trial import Resample, measured
from extract.run import as_evaluator
from extract.statistic import exchange
from extract.structure import Curve, Evidence, Kind
from extract.study import Study


def agreements(planner: Planner, samples: dict[str, Array], wanted: Array) -> tuple[Array, ...]:
    """Whether each choice is the explicit search's when the loop is left after each step."""
    return tuple((choices == wanted).astype(float) for choices in planner.thinking(samples))


def gained(first: float, last: float, chance: float) -> float:
    """What is gained by thinking; to come up from below chance is no gain."""
    return last - max(first, chance)


def thinking_time(study: Study, thought: tuple[Array, ...], nets: list[float]) -> Evidence:
    """What is gained from the first step to the last."""
    first, *_, last = thought
    rng = study.rng("gain")
    chance = 1 / study.interface.actions
    return measured(
        "thinking time",
        gained(float(first.mean()), float(last.mean()), chance),
        THINKING,
        nets=nets,
        p=exchange(last, first, rng),
        stable=Resample(
            lambda o: gained(float(first[o].mean()), float(last[o].mean()), chance), len(last), rng
        ),
        means=(
            "gain in agreement with the explicit search from leaving the loop before its first "
            "step, or from chance, to leaving it after its last; nulls: fresh and shuffled nets"
        ),
    )


def patience(
    study: Study, planner: Planner, patch: Retarget | None, places: Array
) -> tuple[Evidence, ...]:
    """Whether a far goal that was moved is followed after all steps, and not before the first."""
    if patch is None:
        return ()
    source, peaks, targets = far_away(planner, study.samples, places, study.rng("far away"))
    kept = targets[:, 0] >= 0
    maps = patched(patch.patch, planner, source[kept], peaks[kept], targets[kept])
    given = {name: array[kept] for name, array in study.samples.items()}
    unmoved = planner.choices(given)
    given[planner.source] = maps.reshape(-1, *planner.network.node(planner.source).shape)
    (values,) = planner.maps(given, (planner.final,))
    wanted = planner.lookahead(values, places[kept])
    differ = wanted != unmoved
    if differ.sum() < 20:
        return ()
    thought = planner.thinking(given)
    early, late = ((thought[at] == wanted)[differ].astype(float) for at in (0, -1))
    return (
        measured(
            "a moved goal is found by thinking",
            float(late.mean() - early.mean()),
            THINKING,
            p=exchange(late, early, study.rng("patience")),
            stable=Resample(
                lambda o: float(late[o].mean() - early[o].mean()), len(late), study.rng("patient")
            ),
            shuffles=(0.0,),
            kind=Kind.CAUSAL,
            means=(
                f"share of choices that follow a retargeted evaluator after the last step "
                f"({float(late.mean()):.3f}) less that before the first ({float(early.mean()):.3f})"
            ),
        ),
    )


def curves(
    study: Study, planner: Planner, thought: tuple[float, ...], nets: list[tuple[float, ...]]
) -> tuple[Curve, ...]:
    """Thinking time, contraction and planning depth."""
    steps = tuple(float(k) for k in range(len(planner.states)))
    maps = planner.maps(study.samples, planner.states)
    change = [
        float(np.median(np.abs(b - a).max(axis=(1, 2)) / (np.abs(b).max(axis=(1, 2)) + 1e-12)))
        for a, b in pairwise(maps)
    ]
    return (
        Curve(
            "thinking time",
            steps,
            thought,
            "steps of the loop",
            "choices as the explicit search",
            tuple(nets[:10]),
        ),
        Curve("contraction", steps[1:], tuple(change), "step of the loop", "relative change"),
        *_depth(study, planner, steps),
    )


def _depth(study: Study, planner: Planner, steps: tuple[float, ...]) -> tuple[Curve, ...]:
    """How far from the agent the evaluator's map still moves the scores, by steps."""
    if not planner.source:
        return ()
    samples = study.few(FEW)
    places = locate(planner, samples)
    reach: list[float] = []
    for state in planner.states:
        slopes = _slopes(left_early(planner.network, planner.final, state), planner, samples)
        support = slopes > 1e-3 * slopes.max(axis=(1, 2), keepdims=True)
        rows, columns = np.indices(planner.size)
        far = np.maximum(
            np.abs(rows[None] - places[:, 0, None, None]),
            np.abs(columns[None] - places[:, 1, None, None]),
        )
        reach.append(float(np.where(support, far, 0).max(axis=(1, 2)).mean()))
    return (Curve("planning depth", steps, tuple(reach), "steps of the loop", "cells away"),)


def left_early(network: Network, final: str, state: str) -> Network:
    """The network in which what reads the last state of a loop reads an earlier one."""
    nodes = tuple(
        replace(node, inputs=tuple(state if name == final else name for name in node.inputs))
        for node in network.nodes
    )
    return replace(network, nodes=nodes)


def _slopes(network: Network, planner: Planner, samples: dict[str, Array]) -> Array:
    """Absolute derivative (N, rows, columns) of the best score by the evaluator's map."""
    source, scores = planner.source, planner.interface.scores
    needed = network.ancestors([scores], stop=[source])
    starts = [name for name in samples if name in needed]
    function = as_evaluator(network.slice([*starts, source], [scores]), [scores])
    held = evaluate(network, samples, [source])[source]
    total = len(held)
    flat = [samples[name].reshape(total, -1) for name in starts] + [held.reshape(total, -1)]
    x = torch.tensor(np.concatenate(flat, axis=1), dtype=torch.float32, requires_grad=True)
    best = function(x)[network.node(scores).name].reshape(total, -1).max(dim=1).values.sum()
    slopes = torch.autograd.grad(best, x)[0].numpy()[:, -int(np.prod(planner.size)) :]
    return np.abs(slopes).reshape(total, *planner.size)
