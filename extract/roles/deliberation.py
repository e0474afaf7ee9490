"""Search in a loop whose states cannot be read as a map: what its steps are good for.

Functional: the longer the loop runs, the better the choices; and it takes more of its steps to
settle the scores of problems that an explicit search needs more steps ahead for (*far problems take
longer*). A loop that only refines gains, too, but has no reason to settle the near ones first.
Which choices are good, and how far ahead they show, is known from the environment, where every
action is tried from every state.

Causal: the state that the loop has reached on one problem is put before its first step on another;
by thinking, and not before, it has to find the choices for the new problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from extract.cutoff import FAR_FIRST, RETARGET, THINKING
from extract.graph.loop import Loop
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.roles.lookahead import CLOSE
from extract.roles.thought import gained
from extract.roles.trial import Candidate, Resample, measured
from extract.statistic import concordance, exchange, permuted
from extract.structure import Curve, Evidence, Kind
from extract.study import MIDDLING, Study

SETTLED = 1 / 3
"""Of the spread of its last scores: nearer than that to these, a state's scores are settled."""
LEAST = 40
"""States in which the choice matters that a test needs."""


@dataclass(frozen=True)
class Problems:
    """What an explicit search of the environment says of the states that were met.

    Attributes:
        states: flat observations (N, n), of those in which the choice matters.
        good: which actions are as good as the best, (N, A).
        ahead: how many steps ahead that shows, (N,).
    """

    states: Array
    good: Array
    ahead: Array

    def right(self, choices: Array) -> Array:
        """Whether each choice (N,) is good."""
        return self.good[np.arange(len(choices)), choices]


def find_deliberation(study: Study, loop: Loop) -> Candidate:
    """The candidate for search that a loop is, with its tests."""
    states = loop.states(study.network)
    title = f"the loop of {len(loop.steps)} steps through {loop.uses[0]}"
    evidence: tuple[Evidence, ...] = ()
    curves: tuple[Curve, ...] = ()
    lacking = ""
    if len(states) < 3:
        lacking = "it does not hand on one state from step to step"
    elif study.aside is None:
        lacking = "no environment is given whose state can be set, so that no problem is known"
    else:
        problems = find_problems(study)
        if len(problems.states) < LEAST:
            lacking = f"the choice matters in {len(problems.states)} of the states that were met"
        else:
            tests = _Tests(study, states, problems)
            evidence = (tests.thinking(), tests.far_first(), tests.moved())
            curves = (tests.curve(),)
    return Candidate(
        title,
        f"{len(loop.steps)} steps with the same weights above the scores",
        loop.nodes,
        loop.parameters,
        evidence,
        lacking=lacking,
        curves=curves,
        inputs=loop.entry(study.network),
        outputs=states[-1:],
    )


def find_problems(study: Study) -> Problems:
    """The states in which actions differ, by the returns that follow them under the policy."""
    known = study.environment.discount if study.environment is not None else None
    rewards = study.rewards_after
    paid = np.cumsum(rewards * (known or MIDDLING) ** np.arange(rewards.shape[-1]), axis=-1)
    final = paid[..., -1]
    best, least = final.max(axis=1), final.min(axis=1)
    slack = CLOSE * float(np.median(best - least)) + 1e-9
    matters = best - least > slack
    good = final >= best[:, None] - slack
    early = np.where(good[..., None], -np.inf, paid).max(axis=1)
    late = np.where(good[..., None], paid, -np.inf).max(axis=1)
    unclear = early >= late - 1e-9
    steps = rewards.shape[-1]
    ahead = np.where(unclear, np.arange(1, steps + 1), 0).max(axis=1)
    return Problems(study.experience.states[matters], good[matters], ahead[matters])


class _Tests:
    def __init__(self, study: Study, states: tuple[str, ...], problems: Problems) -> None:
        self.study, self.states, self.problems = study, states, problems

    def rng(self, name: str) -> np.random.Generator:
        return self.study.rng(f"deliberation {name}")

    def thought(self, network: Network, before: Array | None = None) -> list[Array]:
        """The scores when the loop is left after each step, maybe with its first state set."""
        given = dict(self.study.split(self.problems.states))
        if before is not None:
            given[self.states[0]] = before
        reached = evaluate(network, given, self.states)
        scores = self.study.interface.scores
        count = len(self.problems.states)
        return [
            evaluate(network, {**given, self.states[-1]: reached[name]}, [scores])[scores].reshape(
                count, -1
            )
            for name in self.states
        ]

    def rounds(self, thought: list[Array]) -> Array:
        """After how many steps the scores of each problem are settled; a shift of all is none."""
        scores = np.stack(thought)
        scores -= scores.mean(axis=2, keepdims=True)
        off = np.abs(scores - scores[-1]).max(axis=2)
        steps = np.arange(1, len(thought) + 1)[:, None]
        return np.where(off > SETTLED * np.ptp(scores[-1], axis=1), steps, 0).max(axis=0)

    @cached_property
    def shown(self) -> list[Array]:
        return self.thought(self.study.network)

    @cached_property
    def blind(self) -> list[list[Array]]:
        """Entries of the loop's state that were picked blindly, read as scores after each step."""
        given = self.study.split(self.problems.states)
        reached = evaluate(self.study.network, given, self.states)
        flat = [reached[name].reshape(len(self.problems.states), -1) for name in self.states]
        width = self.study.interface.actions
        if flat[-1].shape[1] < width:
            return []
        parts = self.study.picked(width, "deliberation", self.states[-1:])
        return [[one[:, entries] for one in flat] for _, entries in parts]

    @cached_property
    def nulls(self) -> list[list[Array]]:
        return [self.thought(net) for net in self.study.null_nets]

    @property
    def chance(self) -> float:
        return float(self.problems.good.mean())

    def good(self, scores: Array) -> Array:
        """Whether each choice is good, as 0 or 1."""
        return self.problems.right(scores.argmax(axis=1)).astype(float)

    def share(self, scores: Array) -> float:
        """The share of good choices."""
        return float(self.good(scores).mean())

    def gain(self, thought: list[Array]) -> float:
        return gained(self.share(thought[0]), self.share(thought[-1]), self.chance)

    def thinking(self) -> Evidence:
        first, last = (self.good(self.shown[at]) for at in (0, -1))
        rng, chance = self.rng("thinking"), self.chance
        return measured(
            "thinking time",
            gained(float(first.mean()), float(last.mean()), chance),
            THINKING,
            nets=[self.gain(one) for one in self.nulls],
            blind=[self.gain(one) for one in self.blind],
            p=exchange(last, first, rng),
            stable=Resample(
                lambda o: gained(float(first[o].mean()), float(last[o].mean()), chance),
                len(last),
                rng,
            ),
            means=(
                f"gain in good choices, from {float(first.mean()):.3f} when the loop is left "
                f"before its first step to {float(last.mean()):.3f} after its last, in {len(last)} "
                "states; nulls: fresh and shuffled nets"
            ),
        )

    def far_first(self) -> Evidence:
        ahead = self.problems.ahead.astype(float)
        rounds = self.rounds(self.shown).astype(float)
        rng = self.rng("far")

        def ordered(thought: list[Array]) -> float:
            return concordance(self.rounds(thought).astype(float), ahead)

        return measured(
            "far problems take longer",
            concordance(rounds, ahead),
            FAR_FIRST,
            nets=[ordered(one) for one in self.nulls],
            blind=[ordered(one) for one in self.blind],
            shuffles=permuted(lambda o: concordance(rounds, ahead[o]), len(ahead), rng),
            stable=Resample(lambda o: concordance(rounds[o], ahead[o]), len(ahead), rng),
            means=(
                "of the pairs of states for which an explicit search of the environment needs "
                "different numbers of steps ahead, the share that the loop orders alike by the "
                "steps after which it has settled their scores; nulls: fresh and shuffled nets"
            ),
        )

    def moved(self) -> Evidence:
        count = len(self.problems.states)
        order = np.roll(self.rng("moved").permutation(count), 1)
        given = self.study.split(self.problems.states[order])
        final = self.states[-1]

        def follow(network: Network) -> tuple[Array, Array]:
            before = evaluate(network, given, [final])[final]
            early, *_, late = self.thought(network, before)
            return self.good(early), self.good(late)

        early, late = follow(self.study.network)
        rng = self.rng("moved again")
        ends = [follow(net)[1] for net in self.study.null_nets]
        return measured(
            "a new problem is found by thinking",
            float(late.mean()),
            RETARGET,
            nets=[float(one.mean()) for one in ends],
            p=exchange(late, early, rng),
            kind=Kind.CAUSAL,
            also=float(late.mean() - early.mean()) >= THINKING,
            stable=Resample(lambda o: float(late[o].mean()), count, rng),
            means=(
                "share of good choices after all steps where the loop starts from the state that "
                f"it reached on another problem; before the first step {float(early.mean()):.3f}; "
                "nulls: fresh and shuffled nets"
            ),
        )

    def curve(self) -> Curve:
        return Curve(
            "thinking time",
            tuple(float(k) for k in range(len(self.states))),
            tuple(self.share(one) for one in self.shown),
            "steps of the loop",
            "good choices",
            tuple(tuple(self.share(c) for c in one) for one in self.nulls[:10]),
        )
