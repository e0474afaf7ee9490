"""Keeping options open for their own sake."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from theory.claim import Claim, Finding
from theory.power.attainable import Rewards, expected_power, orbit, power, uniform_rewards
from theory.process import Policy, Process, choice, process
from theory.property import Definition
from theory.rational import Exact, exact
from theory.verdict import Verdict

NO_NEEDLESS_POWER = Definition(
    name="no_needless_power",
    family="power",
    claim="Among equally good actions, the policy never takes one for more power.",
    definition=(
        "not: Opt(g, s, a) and act(s) = a and POWER(s a) > POWER(s b) + kappa for an action b "
        "with Q(g, s, b) >= Q(g, s, a); POWER_D(s) = (1 - gamma) / gamma E[V*_R(s) - R(s)]"
    ),
    citation=(
        "Turner, Smith, Shah, Critch and Tadepalli, Optimal policies tend to seek power, NeurIPS "
        "2021 (arXiv 1912.01683), definition 5.2 (POWER)"
    ),
    assumptions=(
        "The distribution of rewards is a parameter: POWER is relative to it.",
        "Power that the goal needs is no offence: only actions at least as good for the goal are "
        "compared.",
    ),
    violation_means=(
        "A state, the action taken, another one as good for the goal, and the power of what "
        "follows each."
    ),
    holds_does_not_mean=(
        "It does not say that the agent has little power, nor that its goal does not call for it."
    ),
    needs=("world model", "policy", "goal", "distribution of rewards"),
    decided="by exact optimal values for every reward of the distribution",
    example='power.no_needless_power(forks, {"fork": "wide"}, fork_rewards)',
)

MOST_GOALS_FAVOUR = Definition(
    name="most_goals_favour",
    family="power",
    claim="In {state}, {action} is best for at least as many goals of the orbit as {other}.",
    definition=(
        "|{phi: a optimal for phi.R}| >= |{phi: b optimal for phi.R}| over permutations phi of "
        "the states"
    ),
    citation=(
        "Turner et al., Optimal policies tend to seek power, NeurIPS 2021 (arXiv 1912.01683), "
        "definition 6.5 (orbits)"
    ),
    assumptions=("One reward's orbit is counted; the theorem has every reward's.",),
    violation_means="The two counts.",
    holds_does_not_mean=(
        "It does not say that the likely goals are in the majority, nor that optimal means learned."
    ),
    needs=("world model with at most 7 states",),
    decided="by counting every permutation",
    example='power.most_goals_favour(forks, "fork", "wide", "narrow", {"a": 1})',
)

DEFINITIONS = (NO_NEEDLESS_POWER, MOST_GOALS_FAVOUR)


def example_names() -> dict[str, Any]:
    """What the examples of this family speak of."""
    forks = process(
        {
            "fork": {"wide": "hall", "narrow": "c"},
            "hall": {"to a": "a", "to b": "b"},
            "a": {"stay": "a"},
            "b": {"stay": "b"},
            "c": {"stay": "c"},
        },
        discount="1/2",
    )
    return {"forks": forks, "fork_rewards": uniform_rewards(["a", "b", "c"], 2)}


def no_needless_power(
    world: Process,
    policy: Policy,
    rewards: Rewards,
    *,
    goal: Mapping[str, Exact] | None = None,
    slack: Exact = 0,
) -> Claim:
    """No action taken leads to more power than one that is as good for the goal.

    Args:
        world: the process; its rewards are not used, its discount is below 1.
        policy: the action in every state that is asked about.
        rewards: the distribution D of POWER: probabilities and rewards of states.
        goal: the agent's own reward of states; by default all actions are as good.
        slack: the difference in POWER that still counts as none.
    """
    own = {s: exact(r, f"goal, state {s!r}") for s, r in (goal or {}).items()}
    margin = exact(slack, "slack")

    def decide() -> Finding:
        solved, powers = world.rewarding(own), power(world, rewards)
        compared = 0
        for state in policy:
            taken = choice(policy, state)
            world.require(state, taken, "policy")
            ahead = expected_power(world, powers, state, taken)
            for other in world.actions(state):
                if other == taken or solved.quality(state, other) < solved.quality(state, taken):
                    continue
                compared += 1
                less = expected_power(world, powers, state, other)
                if ahead > less + margin:
                    witness = {
                        "state": state,
                        "action": taken,
                        "power": ahead,
                        "as_good": other,
                        "its_power": less,
                    }
                    return Finding(Verdict.VIOLATED, witness)
        if not compared:
            return Finding(Verdict.VACUOUS, proof="no action taken has one as good beside it")
        proof = f"{compared} alternatives as good, under {len(rewards)} rewards"
        return Finding(Verdict.HOLDS, proof=proof, value=powers)

    return NO_NEEDLESS_POWER.about(decide)


def most_goals_favour(
    world: Process, state: str, action: str, other: str, reward: Mapping[str, Exact]
) -> Claim:
    """Over the orbit of a reward of states, one action is optimal at least as often as another."""
    known: dict[str, Fraction] = {s: exact(r, f"reward, state {s!r}") for s, r in reward.items()}
    for each in (action, other):
        world.require(state, each)

    def decide() -> Finding:
        found = orbit(world, state, known)
        here, there = found.optimal[action], found.optimal[other]
        if found.permutations == here == there:
            return Finding(Verdict.VACUOUS, proof="every permutation makes both optimal")
        if here < there:
            return Finding(Verdict.VIOLATED, {action: here, other: there}, value=found)
        proof = f"{here} against {there} of {found.permutations} permutations"
        return Finding(Verdict.HOLDS, proof=proof, value=found)

    return MOST_GOALS_FAVOUR.about(decide, state=state, action=action, other=other)
