"""The tests of a lookahead: branches of equal use, one for each action, or action and answer.

Functional: what a branch predicts has to be worth, to what judges the predictions, what the true
successor of its action is worth once perceived, at slope 1 and under interventions on the action
(world model). Perceiving the true successors, judging them and taking the best has to choose as the
network does (*reconstruct and compare*: evaluator and search). All is judged by the network's own
lights: what it wants need not be what its world rewards.

Causal: perceived true successors are put in the places of the predicted ones, in another order; the
choice has to be the one that the network's own scores foretell for that order. And the value of one
action is raised by a little more, or a little less, than the explicit search says it lacks; the
choice has to turn to it, or not. Both fail where what is predicted is not what would be perceived.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from extract.cutoff import DOSE, LOOKAHEAD, OUTCOME_R2, RETARGET
from extract.experience import Aside
from extract.graph.branch import Branching, find_branchings
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.roles.trial import Candidate, Resample, measured
from extract.statistic import exchange, permuted, slope_one
from extract.structure import Evidence, Kind
from extract.study import Study

CLOSE = 0.1
"""Outcomes that differ by less than this share of the largest difference are equally good."""
MARGIN = (0.3, 1.0)
"""How far a value is raised beyond, or short of, what is lacking, in median spreads of values."""


@dataclass(frozen=True)
class Branched:
    """What branches offer for each role: candidates with their tests."""

    world_model: Candidate
    evaluator: Candidate
    search: Candidate


def find_lookahead(study: Study) -> tuple[Branched, ...]:
    """The lookahead in a network, if its scores are joined from branches of equal use."""
    found = find_branchings(study.network, study.interface.scores)
    if not found:
        return ()
    if study.aside is None:
        return (_candidates(study, found[0], (), (), (), "no environment can be intervened on"),)
    even, odd = (np.arange(at, len(study.experience.states), 2) for at in (0, 1))
    fits = [slope_one(*_worths(study, study.network, one, study.aside, even)) for one in found]
    best = found[int(np.argmax(fits))]
    tests = _Tests(study, best, study.aside, odd)
    outcomes, reconstructed = tests.outcomes(), tests.reconstructed()
    exchanged, raised = tests.exchanged(), tests.raised()
    return (
        _candidates(
            study,
            best,
            (outcomes, exchanged),
            (reconstructed, raised),
            (reconstructed, exchanged, raised),
        ),
    )


def _candidates(
    study: Study,
    branching: Branching,
    model: tuple[Evidence, ...],
    evaluator: tuple[Evidence, ...],
    search: tuple[Evidence, ...],
    lacking: str = "",
) -> Branched:
    network, tail = study.network, branching.tail
    judging = {i for n in tail for i in network.node(n).inputs} & set(network.parameters)
    names = branching.predicted.names
    shown = ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
    count = " × ".join(str(size) for size in branching.sizes)
    alone = branching.sizes == (len(names),)  # one tensor for each action
    valued = network.ancestors(branching.values.names, stop=names) - set(names)
    return Branched(
        world_model=Candidate(
            f"{count} branches from {branching.latent} to {shown}",
            "states of one size, one made for each action from the state that all start from",
            branching.nodes,
            branching.parameters,
            model,
            True,
            lacking=lacking,
            inputs=(branching.latent,) if alone else (),
            outputs=names if alone else (),
        ),
        evaluator=Candidate(
            f"what judges {shown}",
            "one and the same tail behind every branch, down to one entry each",
            frozenset(valued) - set(network.parameters),
            frozenset(judging),
            evaluator,
            True,
            lacking=lacking,
            inputs=names[:1],
            outputs=branching.values.names[:1],
        ),
        search=Candidate(
            f"a lookahead of {len(branching.sizes)} plies in {count} branches of equal use",
            "each action's score is what the tail says of that action's branch alone",
            branching.nodes | tail,
            branching.parameters | judging,
            search,
            True,
            lacking=lacking,
            inputs=study.interface.observations,
            outputs=(study.interface.scores,),
        ),
    )


def _scores(study: Study, network: Network, flat: Array) -> Array:
    """What the network gives the actions: (N, A)."""
    name = study.interface.scores
    return evaluate(network, study.split(flat), [name])[name].reshape(len(flat), -1)


def _judged(network: Network, branching: Branching, states: Array) -> Array:
    """The scores (N, A) where states (N, A, d) stand in the branches, the same for all answers."""
    given = branching.predicted.put(network, states[:, :, None])
    return evaluate(network, given, [branching.scores])[branching.scores].reshape(len(states), -1)


def _perceived(study: Study, network: Network, branching: Branching, aside: Aside) -> Array:
    """The true successors as the network perceives them, (N, A, d)."""
    name = branching.latent
    states = evaluate(network, study.split(aside.flat), [name])[name]
    return states.reshape(*aside.rewards.shape, -1)


def _apart(table: Array) -> Array:
    """What depends on state and action together: (N, A) less its row and column means."""
    return table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()


def _worths(
    study: Study, network: Network, branching: Branching, aside: Aside, picked: Array
) -> tuple[Array, Array]:
    """What the branches and what the true successors are worth, less row and column means."""
    successors = _perceived(study, network, branching, aside)[picked]
    given = _scores(study, network, study.experience.states[picked])
    return _apart(given), _apart(_judged(network, branching, successors))


def good(choices: Array, worth: Array) -> Array:
    """Whether choices (N,) are as good as the best by `worth` (N, A), where that matters."""
    best, least = worth.max(axis=1), worth.min(axis=1)
    slack = CLOSE * float((best - least).max())
    taken = worth[np.arange(len(worth)), choices]
    return (taken >= best - slack)[best - least > slack].astype(float)


def agreement(choices: Array, worth: Array) -> float:
    """Share of the choices (N,) that matter which are as good as the best by `worth` (N, A)."""
    fine = good(choices, worth)
    return float(fine.mean()) if len(fine) else 0.0


class _Tests:
    """The tests of one branching on the states `picked`."""

    def __init__(self, study: Study, branching: Branching, aside: Aside, picked: Array) -> None:
        self.study, self.branching, self.aside, self.picked = study, branching, aside, picked
        self.orders = study.rng("orders").permuted(
            np.tile(np.arange(branching.sizes[0]), (len(picked), 1)), axis=1
        )

    def rng(self, name: str) -> np.random.Generator:
        return self.study.rng(f"lookahead {name}")

    def tables(self, network: Network) -> tuple[Array, Array, Array]:
        """Scores (N, A), perceived true successors (N, A, d), and their worth (N, A)."""
        flat = self.study.experience.states[self.picked]
        successors = _perceived(self.study, network, self.branching, self.aside)[self.picked]
        worth = _judged(network, self.branching, successors)
        return _scores(self.study, network, flat), successors, worth

    def others(self, width: int) -> list[Array]:
        """What blindly picked parts of the network say of the states, as many entries each."""
        flat = self.study.experience.states[self.picked]
        return self.study.read(flat, self.study.picked(width, "outcomes"))

    def outcomes(self) -> Evidence:
        """What is predicted against what comes."""

        def both(network: Network) -> tuple[Array, Array]:
            return _worths(self.study, network, self.branching, self.aside, self.picked)

        predicted, true = both(self.study.network)
        rng = self.rng("outcomes")
        count, width = true.shape
        return measured(
            "predictions are worth what outcomes are",
            slope_one(predicted, true),
            OUTCOME_R2,
            nets=[slope_one(*both(net)) for net in self.study.null_nets],
            blind=[slope_one(_apart(table), true) for table in self.others(width)],
            shuffles=permuted(lambda o: slope_one(predicted[o], true), count, rng),
            stable=Resample(lambda o: slope_one(predicted[o], true[o]), count, rng),
            means=(
                f"share of the variance of what the true successors of {width} intervened actions "
                f"are worth, once perceived, that the branches predict at slope 1, {count} states; "
                "nulls: fresh and shuffled nets"
            ),
        )

    def reconstructed(self) -> Evidence:
        """An explicit search over true successors against the network's choices."""

        def both(network: Network) -> tuple[Array, Array]:
            scores, _, worth = self.tables(network)
            return scores.argmax(axis=1), worth

        choices, worth = both(self.study.network)
        rng, shape = self.rng("reconstructed"), self.aside.rewards.shape
        judges = self.study.read(self.aside.flat, self.study.picked(1, "judges"))
        return measured(
            "reconstruct and compare",
            agreement(choices, worth),
            LOOKAHEAD,
            nets=[agreement(*both(net)) for net in self.study.null_nets],
            blind=[agreement(choices, other.reshape(shape)[self.picked]) for other in judges],
            shuffles=permuted(lambda o: agreement(choices[o], worth), len(choices), rng),
            stable=Resample(lambda o: agreement(choices[o], worth[o]), len(choices), rng),
            means=(
                f"share of {len(choices)} choices that are as good as the best by an explicit "
                "search over true successors with the extracted evaluator; nulls: fresh and "
                "shuffled nets"
            ),
        )

    def exchanged(self) -> Evidence:
        """True successors in another order, in the places of the predicted states."""

        def follow(network: Network) -> tuple[Array, Array]:
            """Whether choices are those foretold, after the exchange and as they were before."""
            scores, successors, _ = self.tables(network)
            moved = np.take_along_axis(successors, self.orders[..., None], axis=1)
            foretold = np.take_along_axis(scores, self.orders, axis=1)
            after = _judged(network, self.branching, moved).argmax(axis=1)
            return good(after, foretold), good(scores.argmax(axis=1), foretold)

        follows, stays = follow(self.study.network)
        rng = self.rng("exchanged")
        nulls = [fine for net in self.study.null_nets for fine in [follow(net)[0]] if len(fine)]
        return measured(
            "true successors that change places are followed",
            float(follows.mean()) if len(follows) else 0.0,
            RETARGET,
            nets=[float(fine.mean()) for fine in nulls] or (float(stays.mean()),),
            p=exchange(follows, stays, rng) if len(follows) else 1.0,
            kind=Kind.CAUSAL,
            stable=Resample(lambda o: float(follows[o].mean()), len(follows), rng),
            means=(
                "share of choices that are the best by the network's own scores, in a new order, "
                "once perceived true successors stand in the branches in that order; of the "
                f"choices as they were {float(stays.mean()) if len(stays) else 0.0:.3f}; nulls: "
                "fresh and shuffled nets"
            ),
        )

    def raised(self) -> Evidence:
        """Values raised by more, or less, than the explicit search says they lack."""
        rng = self.rng("raised")
        count = len(self.picked)
        action = rng.integers(self.branching.sizes[0], size=count)
        beyond = rng.random(count) < 0.5
        margin = np.where(beyond, 1.0, -1.0) * rng.uniform(*MARGIN, count)

        def turns(network: Network) -> Array:
            """Whether each choice is the action whose value was raised."""
            _, _, worth = self.tables(network)
            row = np.arange(count)
            rest = worth.copy()
            rest[row, action] = -np.inf
            spread = float(np.median(worth.max(axis=1) - worth.min(axis=1)))
            lacks = rest.max(axis=1) - worth[row, action]
            flat = self.study.experience.states[self.picked]
            values, scores = self.branching.values, self.branching.scores
            intact = evaluate(network, self.study.split(flat), values.names)
            entries = values.read(network, intact)
            entries[row, action] += (lacks + margin * spread)[:, None, None]
            after = evaluate(network, values.put(network, entries), [scores])[scores]
            return after.reshape(count, -1).argmax(axis=1) == action

        def right(turned: Array, beyond: Array) -> float:
            """The share of choices that turn as foretold, on a scale from chance to always."""
            return 2 * float((turned == beyond).mean()) - 1

        turned = turns(self.study.network)
        return measured(
            "values raised turn the choice as foretold",
            right(turned, beyond),
            DOSE,
            nets=[right(turns(net), beyond) for net in self.study.null_nets],
            shuffles=permuted(lambda o: right(turned[o], beyond), count, rng),
            kind=Kind.CAUSAL,
            stable=Resample(lambda o: right(turned[o], beyond[o]), count, rng),
            means=(
                "share of choices that turn to an action exactly where its value was raised by "
                "more than the explicit search over true successors says it lacks, on a scale from "
                "chance to always; nulls: fresh and shuffled nets"
            ),
        )
