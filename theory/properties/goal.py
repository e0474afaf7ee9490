"""Which goal an agent has, and whether it stays the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from theory.claim import Claim, Finding
from theory.error import InputError
from theory.goal.identification import Features, Goal, NoGoal, rationalise
from theory.process import Policy, Process, process
from theory.property import Definition
from theory.rational import Exact, exact
from theory.verdict import Verdict

GOAL_INTEGRITY = Definition(
    name="goal_integrity",
    family="goal",
    claim="The goal stays the same at every step from {start} on.",
    definition="for all z, a, o: goal(enc(o after (z, a))) = goal(z)",
    citation=(
        "Omohundro, The basic AI drives, 2008 (goal-content integrity as a convergent drive); "
        "proved as an invariant: Manna and Pnueli, Temporal verification of reactive systems, 1995"
    ),
    assumptions=("The goal is a function of the state, and the steps are those that are given.",),
    violation_means="A way to a step at which the goal changes.",
    holds_does_not_mean="It does not say that the agent acts for the goal.",
    needs=("steps", "goal of each state"),
    decided="by following every step from the start, which makes an inductive invariant",
    example='goal.goal_integrity({"a": ["b"], "b": ["a"]}, {"a": "g", "b": "g"}, "a")',
)

GOAL_IDENTIFIED = Definition(
    name="goal_identified",
    family="goal",
    claim="What is best in training settles what is best in {test}.",
    definition=(
        "there are no g1, g2 that both make the policy the only best one on Train, with different "
        "only best actions at some z in Test"
    ),
    citation=(
        "Ng and Russell, Algorithms for inverse reinforcement learning, ICML 2000; the question: "
        "Langosco et al., Goal misgeneralization in deep reinforcement learning, ICML 2022"
    ),
    assumptions=(
        "A goal is a reward of states, linear in the features that are given; by default any "
        "reward of states.",
        "Best is strictly best: a goal of zeros makes everything best.",
    ),
    violation_means=(
        "Two goals that agree on every training state and want opposite actions at a test state."
    ),
    holds_does_not_mean=(
        "It does not say that the goal itself is known: rewards that want the same are not told "
        "apart."
    ),
    needs=("world model", "policy on the training states"),
    decided="by an exact linear programme for every completion of the policy; goals are re-solved",
    example='goal.goal_identified(corridor, {"left": "stay"}, test=["right"])',
)

NO_MISGENERALISATION = Definition(
    name="no_misgeneralisation",
    family="goal",
    claim="The policy does not pursue, out of training, another goal that training let pass.",
    definition=(
        "not: there is g with Comp(g, z) for all z, Comp(g*, z) for all z in Train, "
        "and not Comp(g*, z) for some z in Test"
    ),
    citation=(
        "Langosco et al., Goal misgeneralization in deep reinforcement learning, ICML 2022; "
        "Shah et al., Goal misgeneralization: why correct specifications aren't enough, 2022"
    ),
    assumptions=(
        "A goal is a reward of states, linear in the features that are given; by default any "
        "reward of states.",
        "To pursue g is to do what is strictly best by g.",
    ),
    violation_means=(
        "A test state where the policy is wrong by the intended goal, and another goal by which "
        "it is right everywhere: competent, not confused."
    ),
    holds_does_not_mean=(
        "It does not say that the policy is right in the test states: it may be confused instead."
    ),
    needs=("world model", "policy", "intended goal"),
    decided="by exact optima for the intended goal and a linear programme for the other",
    example=(
        'goal.no_misgeneralisation(corridor, {"left": "stay", "right": "stay"}, {"left": 1}, '
        'train=["left"], test=["right"])'
    ),
)

DEFINITIONS = (
    GOAL_INTEGRITY,
    GOAL_IDENTIFIED,
    NO_MISGENERALISATION,
)


def example_names() -> dict[str, Any]:
    """What the examples of this family speak of."""
    steps = {
        "left": {"stay": "left", "go": "right"},
        "right": {"stay": "right", "go": "left"},
    }
    return {
        "corridor": process(steps, rewards={"left": 1}, discount="9/10"),
    }


def goal_integrity(
    steps: Mapping[str, Iterable[str]], goal_of: Mapping[str, str], start: str
) -> Claim:
    """The goal of a state is that of every state that it leads to, from the start on.

    Args:
        steps: state to the states that may come next.
        goal_of: state to goal.
        start: the first state.
    """

    def goal(state: str) -> str:
        if state not in goal_of:
            raise InputError(f"state {state!r} has no goal")
        return goal_of[state]

    def decide() -> Finding:
        came: dict[str, str | None] = {start: None}
        queue, taken = [start], 0
        for state in queue:
            for after in steps.get(state, ()):
                taken += 1
                if goal(after) != goal(state):
                    way = [after, *_way(came, state)][::-1]
                    witness = {"path": way, "goal": goal(state), "next_goal": goal(after)}
                    return Finding(Verdict.VIOLATED, witness)
                if after not in came:
                    came[after] = state
                    queue.append(after)
        if not taken:
            return Finding(Verdict.VACUOUS, proof=f"nothing follows {start!r}")
        return Finding(Verdict.HOLDS, proof=f"{taken} steps from {len(came)} reachable states")

    return GOAL_INTEGRITY.about(decide, start=start)


def goal_identified(
    world: Process, policy: Policy, *, test: Sequence[str], features: Features | None = None
) -> Claim:
    """Every goal for which the policy is the only best one in training wants the same at test.

    Args:
        world: the process; its rewards are not used.
        policy: the action in each training state.
        test: states outside training.
        features: what a goal may weigh; by default each state on its own.
    """
    for state in test:
        world.require(state, what="test")
        if state in policy:
            raise InputError(f"test: state {state!r} is a training state")

    def decide() -> Finding:
        train = list(policy)
        if isinstance(rationalise(world, policy, train, features), NoGoal):
            return Finding(
                Verdict.VACUOUS, proof="no goal makes the policy the only best one in training"
            )
        tried = 0
        for state in test:
            found: dict[str, Goal] = {}
            for action in world.actions(state):
                goal = rationalise(world, {**policy, state: action}, [*train, state], features)
                tried += 1
                if isinstance(goal, Goal):
                    found[action] = goal
                if len(found) == 2:
                    (first, g1), (second, g2) = found.items()
                    witness = {
                        "state": state,
                        "first_goal": _goal(g1, features),
                        "first_action": first,
                        "second_goal": _goal(g2, features),
                        "second_action": second,
                    }
                    return Finding(Verdict.VIOLATED, witness)
        proof = f"{tried} actions in {len(test)} test states; at most one of each can be best"
        return Finding(Verdict.HOLDS, proof=proof)

    return GOAL_IDENTIFIED.about(decide, test=list(test))


def no_misgeneralisation(
    world: Process,
    policy: Policy,
    intended: Mapping[str, Exact],
    *,
    train: Sequence[str],
    test: Sequence[str],
    features: Features | None = None,
) -> Claim:
    """Where the policy fails the intended goal at test, no other goal explains it everywhere.

    Args:
        world: the process; its rewards are not used.
        policy: an action for every state of train and test.
        intended: the intended goal, a reward of states.
        train: where the policy was trained.
        test: where it is used.
        features: what the other goal may weigh; by default each state on its own.
    """
    reward = {s: exact(r, f"intended goal, state {s!r}") for s, r in intended.items()}
    for state in (*train, *test):
        world.require(state, policy.get(state), "policy")
        if state not in policy:
            raise InputError(f"policy: it says nothing about state {state!r}")

    def decide() -> Finding:
        solved = world.rewarding(reward)
        for state in train:
            if policy[state] not in solved.optimal(state):
                proof = f"the policy is not best by the intended goal in training state {state!r}"
                return Finding(Verdict.VACUOUS, proof=proof)
        wrong = [state for state in test if policy[state] not in solved.optimal(state)]
        if not wrong:
            proof = f"the policy is best by the intended goal in all {len(test)} test states"
            return Finding(Verdict.HOLDS, proof=proof)
        where = list(dict.fromkeys((*train, *test)))
        other = rationalise(world, {s: policy[s] for s in where}, where, features)
        if isinstance(other, NoGoal):
            proof = (
                f"wrong in {wrong[0]!r}, but no goal explains it: "
                f"{other.completions} completions of the policy refuted"
            )
            return Finding(Verdict.HOLDS, proof=proof)
        witness = {
            "state": wrong[0],
            "action": policy[wrong[0]],
            "intended_actions": solved.optimal(wrong[0]),
            "pursued_goal": _goal(other, features),
        }
        return Finding(Verdict.VIOLATED, witness)

    return NO_MISGENERALISATION.about(decide)


def _way(came: Mapping[str, str | None], state: str | None) -> list[str]:
    way: list[str] = []
    while state is not None:
        way.append(state)
        state = came[state]
    return way


def _goal(goal: Goal, features: Features | None) -> Mapping[str, Fraction]:
    return goal.reward if features is None else goal.weights
