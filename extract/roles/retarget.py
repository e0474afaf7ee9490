"""Retargeting: make an evaluator point elsewhere, and see whether the policy goes there.

The map that the loop reads from outside is patched. Either the window around the cell that the
planner values most changes places with the window around another cell, the target; or the target
alone is raised above all cells, or lowered below them. Which of these a network's map asks for is
found on a third of the walks, and tested on the others. Nothing else is touched. The policy then
walks, in the environment or, where the place of the agent enters by inputs of its own, by setting
those inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from extract.environment import Environment
from extract.network import Array
from extract.roles.planner import Planner, locate
from extract.study import Study

FARAWAY = 3
"""Cells that a target lies away from the peak and from the agent, at least."""
WALKS = 200
PATCHES = ("windows swapped", "one cell raised", "one cell lowered")
WANDER = 12
"""Random actions by which a target that can be reached is found in an environment."""


@dataclass(frozen=True)
class Retarget:
    """What came of it.

    Attributes:
        reached: whether each walk with the patch came to the target.
        control: the same walks without the patch.
        given: the inputs and the patched map, by tensor.
        targets: the cells (N, 2) that the evaluator was made to point to.
        how: in words, how the policy walked.
        patch: what was patched, one of `PATCHES`.
    """

    reached: Array
    control: Array
    given: dict[str, Array]
    targets: Array
    how: str
    patch: str


def retarget(study: Study, planner: Planner, places: Array) -> Retarget | None:
    """Walk with the evaluator patched; None where there is no map to patch or no way to walk."""
    if not planner.source:
        return None
    count = min(WALKS, len(places))
    given, places = study.few(count), places[:count]
    values, source = planner.maps(given, (planner.final, planner.source))
    peaks = _peaks(values)
    rng = study.rng("retarget")
    world, snapshots = study.environment, None
    if world is not None and study.aside is not None and study.recorded is None:
        snapshots = study.aside.snapshots[:count]
        targets = _wander(study, planner, world, snapshots, rng)
    else:
        known = np.unique(places, axis=0)
        targets = known[rng.integers(0, len(known), (count, 50))]
        targets = _first_worthy(targets, peaks, places, values)
    kept = np.flatnonzero(targets[:, 0] >= 0)
    far = np.abs(targets - peaks).max(axis=1) >= 2
    kept = kept[far[kept] & (targets[kept] != places[kept]).any(axis=1)]
    if len(kept) < 20:
        return None
    patches = {name: patched(name, planner, source, peaks, targets) for name in PATCHES}
    shape = planner.network.node(planner.source).shape
    pointers = _pointers(planner, given)
    if snapshots is None and pointers is None:
        return None
    everywhere = locate(planner, study.samples)
    table = {tuple(place): i for i, place in enumerate(everywhere)}

    def go(maps: Array, picked: Array) -> tuple[Array, dict[str, Array]]:
        """Whether the walks from some samples come to their targets, and what was set."""
        setting = {name: array[picked] for name, array in given.items()}
        setting[planner.source] = maps[picked].reshape(-1, *shape)
        if world is not None and snapshots is not None:
            chosen = [snapshots[i] for i in picked]
            return _walk(study, planner, world, chosen, setting, targets[picked]), setting
        rows = {name: study.samples[name] for name in pointers or ()}
        walked = _point(planner, setting, rows, table, places[picked], targets[picked])
        return walked, setting

    tried, tested = kept[: len(kept) // 3], kept[len(kept) // 3 :]
    best = max(patches, key=lambda name: go(patches[name], tried)[0].mean())
    reached, setting = go(patches[best], tested)
    where = (
        "by the inputs that say where the agent is" if snapshots is None else "in the environment"
    )
    return Retarget(reached, go(source, tested)[0], setting, targets[tested], where, best)


def patched(kind: str, planner: Planner, source: Array, peaks: Array, targets: Array) -> Array:
    """The evaluator's maps made to point from the peaks of the values to the targets."""
    if kind == PATCHES[0]:
        return _swap(source, peaks, targets, planner.reach)
    return _paint(source, targets, 1.0 if kind == PATCHES[1] else -1.0)


def far_away(
    planner: Planner, samples: dict[str, Array], places: Array, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """The evaluator's maps, the peaks of the values, and targets far from these and from the agent:
    of samples that have any; the third is (-1, -1) for the others.
    """
    values, source = planner.maps(samples, (planner.final, planner.source))
    cells = np.indices(planner.size).reshape(2, -1).T
    options = cells[rng.integers(0, len(cells), (len(values), 50))]
    peaks = _peaks(values)
    return source, peaks, _first_worthy(options, peaks, places, values)


def _peaks(values: Array) -> Array:
    flat = values.reshape(len(values), -1).argmax(axis=1)
    return np.stack(np.unravel_index(flat, values.shape[1:]), axis=1)


def _first_worthy(options: Array, peaks: Array, places: Array, values: Array) -> Array:
    """For each sample the first option that is far from both its peak and its place and is no worse
    than most cells, as obstacles are; or (-1, -1).
    """
    gap = np.minimum(
        np.abs(options - peaks[:, None]).max(axis=2), np.abs(options - places[:, None]).max(axis=2)
    )
    worth = values[np.arange(len(values))[:, None], options[..., 0], options[..., 1]]
    fine = (gap >= FARAWAY) & (worth > np.median(values, axis=(1, 2))[:, None])
    first = fine.argmax(axis=1)
    picked = options[np.arange(len(options)), first]
    return np.where(fine.any(axis=1)[:, None], picked, -1)


def _swap(source: Array, peaks: Array, targets: Array, reach: int) -> Array:
    """Maps in which the windows around two cells have changed places."""
    patched = source.copy()
    height, width = source.shape[1:]
    for i, (a, b) in enumerate(zip(peaks, targets, strict=True)):
        for row in range(-reach, reach + 1):
            for column in range(-reach, reach + 1):
                x, y = (a[0] + row, a[1] + column), (b[0] + row, b[1] + column)
                if all(0 <= r < height and 0 <= c < width for r, c in (x, y)):
                    patched[i][x], patched[i][y] = source[i][y], source[i][x]
    return patched


def _paint(source: Array, targets: Array, sign: float) -> Array:
    """Maps in which one cell is above, or below, all others by as much as these lie apart."""
    signed = sign * source
    high, low = (m(axis=(1, 2)) for m in (signed.max, signed.min))
    painted = signed.copy()
    painted[np.arange(len(source)), targets[:, 0], targets[:, 1]] = 2 * high - low
    return sign * painted


def _pointers(planner: Planner, given: dict[str, Array]) -> tuple[str, ...] | None:
    """The inputs that the scores read beside the map; None if the map reads one of them, too."""
    network = planner.network
    needed = network.ancestors([planner.interface.scores], stop=[planner.source])
    above = network.ancestors([planner.source])
    names = tuple(name for name in given if name in needed)
    return None if not names or set(names) & above else names


def _point(
    planner: Planner,
    setting: dict[str, Array],
    rows: dict[str, Array],
    table: dict[tuple[int, ...], int],
    places: Array,
    targets: Array,
) -> Array:
    """Walks in which the inputs that say where the agent is are set, step by step."""
    here = places.copy()
    reached = np.zeros(len(here), dtype=bool)
    for _ in range(2 * sum(planner.size)):
        index = np.array([table.get(tuple(place), -1) for place in here])
        fine = index >= 0
        moved = {**setting, **{name: array[np.maximum(index, 0)] for name, array in rows.items()}}
        step = planner.moves[planner.choices(moved)]
        onward = np.clip(here + step, 0, np.array(planner.size) - 1)
        here = np.where((reached | ~fine)[:, None], here, onward)
        reached |= (here == targets).all(axis=1)
    return reached


def _wander(
    study: Study,
    planner: Planner,
    world: Environment,
    snapshots: list[object],
    rng: np.random.Generator,
) -> Array:
    """Places that random actions lead to."""
    rows = []
    for state in snapshots:
        world.set_state(state)
        row = None
        for _ in range(WANDER):
            step = world.step(int(rng.integers(world.actions)))
            if step.ended:
                break
            row = study.guide.flat(step.observation)
        rows.append(row)
    fine = np.array([row is not None for row in rows])
    width = next((len(row) for row in rows if row is not None), 0)
    if width == 0:
        return np.full((len(rows), 2), -1)
    flat = np.array([row if row is not None else np.zeros(width) for row in rows])
    found = np.full((len(rows), 2), -1)
    found[fine] = locate(planner, study.split(flat[fine]))
    return found


def _walk(
    study: Study,
    planner: Planner,
    world: Environment,
    snapshots: list[object],
    setting: dict[str, Array],
    targets: Array,
) -> Array:
    """Walks in the environment with the map held at what it was set to."""
    fronts = list(snapshots)
    reached = np.zeros(len(fronts), dtype=bool)
    alive = np.ones(len(fronts), dtype=bool)
    inputs = {name: setting[name].copy() for name in study.interface.observations}
    for _ in range(2 * sum(planner.size)):
        going = np.flatnonzero(alive & ~reached)
        if not len(going):
            break
        part = {name: array[going] for name, array in inputs.items()}
        actions = planner.choices({**part, planner.source: setting[planner.source][going]})
        rows = []
        for i, action in zip(going, actions, strict=True):
            world.set_state(fronts[i])
            step = world.step(int(action))
            rows.append(study.guide.flat(step.observation))
            alive[i] = not step.ended
            fronts[i] = world.get_state()
        seen = study.split(np.array(rows))
        for name, array in seen.items():
            inputs[name][going] = array
        reached[going] = (locate(planner, seen) == targets[going]).all(axis=1)
    return reached
