"""The world model: from a state within the network and an action to the state that follows.

Functional: the *value-equivalent unroll*. States predicted over several recorded actions have to
make the policy choose as well, by the scores at the true states, as these do: better than with the
actions of another stretch, and better than if nothing changed; on a scale on which a model as good
as perceiving the true states has 1, since in many worlds little changes in a few steps. Latent
consistency is no test: it fails on models that work.

Causal: when the action is intervened on, what is predicted has to fit the successor of that action
and of no other, in all that reads the state.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from extract.cutoff import ACTION_FOLLOWS, UNROLL
from extract.experience import AHEAD, Aside, Experience
from extract.graph.candidate import transitions
from extract.network import Array
from extract.roles.model import Model
from extract.roles.trial import Candidate, Resample, decide, measured
from extract.statistic import permuted, tail
from extract.structure import Evidence, Finding, Kind
from extract.study import Study

NONE = (
    "no input takes an action, and no tied loop of the network moves values about a map; a model "
    "in any other form was not looked for"
)
UNROLLS = 199


def find_world_model(
    study: Study, planners: tuple[Candidate, ...] = ()
) -> tuple[Finding, Model | None]:
    """The finding about the world model, and the model if it is functional as a program.

    Args:
        study: the network under study.
        planners: candidates that a planner brings along.
    """
    models = [
        Model(study.network, study.interface, early, study.interface.action or "", late)
        for early, late in transitions(study.network, study.interface)
    ]
    tested = {model.following: (_test(study, model), model) for model in models}
    finding = decide("world_model", [*planners, *(c for c, _ in tested.values())], NONE)
    best = [m for c, m in tested.values() if finding.reason.startswith(f"{c.name}")]
    return finding, best[0] if best else None


def _test(study: Study, model: Model) -> Candidate:
    network, nodes = study.network, model.inside
    read = {source for name in nodes for source in network.node(name).inputs}
    parameters = frozenset(read & set(network.parameters))
    evidence: tuple[Evidence, ...] = ()
    lacking = ""
    if study.environment is None or not len(study.experience.paths):
        lacking = "no environment is given, so that nothing it predicts can be compared"
    else:
        evidence += (_unroll(study, model, study.experience),)
        if study.aside is None:
            lacking = "the state of the environment cannot be set"
        else:
            evidence += (_follows(study, model, study.aside),)
    name = f"{model.latent}, {model.action} → {model.following}"
    return Candidate(
        name,
        "a tensor of the shape of one that the scores read, computed from it and an action alone",
        nodes,
        parameters,
        evidence,
        True,
        lacking=lacking,
        inputs=(model.latent, model.action),
        outputs=(model.following,),
    )


def _unroll(study: Study, model: Model, experience: Experience) -> Evidence:
    paths, actions = experience.paths, experience.actions
    rng = study.rng("unroll")

    def keeps(model: Model) -> Array:
        """What is kept (3, M, 2) with the actions taken, with those of another stretch, and if
        nothing changes.
        """
        start, truth = _along(model, paths)
        ways = model.unroll(start, actions), model.unroll(start, actions[mixed]), [start] * AHEAD
        return np.stack([_kept(model, way, truth) for way in ways])

    mixed = rng.permutation(len(paths))
    kept = keeps(model)
    true, other, same = (_share(one) for one in kept)
    start, truth = _along(model, paths)
    shuffles = permuted(
        lambda order: _share(_kept(model, model.unroll(start, actions[order]), truth)),
        len(paths),
        rng,
        UNROLLS,
    )
    within = model.inside - {model.following}
    parts = study.picked(study.network.node(model.latent).size, "unroll", within)
    others = [replace(model, following=name, entries=entries) for name, entries in parts]
    return measured(
        "value-equivalent unroll",
        _recovered(kept),
        UNROLL,
        stable=Resample(lambda o: _recovered(kept[:, o]), len(paths), rng),
        blind=[_recovered(keeps(other)) for other in others],
        nets=[_recovered(keeps(model.on(net))) for net in study.null_nets],
        p=tail(true, shuffles),
        means=(
            f"share of the policy's advantage that its choices at predicted states keep, over "
            f"{AHEAD} steps on {len(paths)} stretches: {true:.3f} with the true actions, "
            f"{other:.3f} with shuffled ones, {same:.3f} if nothing changes; the effect is what "
            f"the first recovers of the loss of the better of the others; nulls: fresh and "
            f"shuffled nets"
        ),
    )


def _along(model: Model, paths: Array) -> tuple[Array, list[Array]]:
    """The first latent states of stretches, and the policy's scores at all later ones."""
    start, scores = model.perceive(paths[:, 0]), model.interface.scores
    later = [model.read(model.perceive(paths[:, k]), scores) for k in range(1, paths.shape[1])]
    return start, later


def _kept(model: Model, states: list[Array], truth: list[Array]) -> Array:
    """For each stretch, the advantage of the choices at predicted states and of the true choices,
    both by the scores at the true states: (M, 2). Near ties weigh little.
    """
    kept = np.zeros((len(truth[0]), 2))
    for state, scores in zip(states, truth, strict=True):
        above = scores - scores.mean(axis=1, keepdims=True)
        kept[:, 0] += above[np.arange(len(above)), model.choices(state)]
        kept[:, 1] += above.max(axis=1)
    return kept


def _share(kept: Array) -> float:
    """The share of the advantage that is kept: 1 is all, 0 is what random choices keep."""
    chosen, best = kept.sum(axis=0)
    return float(chosen / best) if best > 0 else 0.0


def _recovered(kept: Array) -> float:
    """What true actions recover of the loss of the better of the two ways without them."""
    true, *without = (_share(one) for one in kept)
    lost = 1.0 - max(without)
    return (true - max(without)) / lost if lost > 1e-9 else 0.0


def _follows(study: Study, model: Model, aside: Aside) -> Evidence:
    count, width = aside.rewards.shape
    readers = _readers(study, model)

    def fits(model: Model) -> Array:
        """Whether the prediction for action a is nearest to the successor of b: bool (N, A, A)."""
        start = model.perceive(study.experience.states)
        true = _read(model, model.perceive(aside.flat), readers)
        true = true.reshape(count, width, -1)
        scale = true.std(axis=(0, 1)) + 1e-12
        near: list[Array] = []
        for action in range(width):
            ahead = _read(model, model.predict(start, np.full(count, action)), readers)
            gap = (((ahead[:, None] - true) / scale) ** 2).sum(axis=2)
            near.append(gap == gap.min(axis=1, keepdims=True))
        return np.stack(near, axis=1)

    differ = [
        len({row.tobytes() for row in successors}) == width for successors in aside.successors
    ]
    moved, everything = np.array(differ), np.arange(count)

    def follow(near: Array, taken: Array, rows: Array = everything) -> float:
        hits = near[rows[:, None], np.arange(width)[None, :], taken[rows]]
        share = float(hits[moved[rows]].mean()) if moved[rows].any() else 1 / width
        return (share - 1 / width) / (1 - 1 / width)

    own = np.tile(np.arange(width), (count, 1))
    near = fits(model)
    rng = study.rng("follows")
    shuffles = permuted(lambda o: follow(near, rng.permuted(own, axis=1)), count, rng)
    return measured(
        "prediction follows the action",
        follow(near, own),
        ACTION_FOLLOWS,
        stable=Resample(lambda o: follow(near, own, o), count, rng),
        nets=[follow(fits(model.on(net)), own) for net in study.null_nets],
        shuffles=shuffles,
        kind=Kind.CAUSAL,
        means=(
            f"share of predictions nearest to the successor of the intervened action in "
            f"{', '.join(readers)}, on a scale from chance to always; {int(moved.sum())} states; "
            f"nulls: fresh and shuffled nets"
        ),
    )


def _readers(study: Study, model: Model) -> list[str]:
    """The scores and every output that reads the latent state alone."""
    names = [study.interface.scores, *study.network.outputs]
    return [name for name in dict.fromkeys(names) if model.reads(name)]


def _read(model: Model, latent: Array, readers: list[str]) -> Array:
    return np.concatenate([model.read(latent, name) for name in readers], axis=1)
