"""How much of an agent a system is, and whether time alone changes its mind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any

from theory.agent import Agent
from theory.claim import Claim, Finding
from theory.enclosure import Undecided
from theory.error import InputError
from theory.goal.directedness import Directedness, Mixed, directedness
from theory.goal.discount import (
    Departure,
    Discounting,
    departure,
    exponential,
    proportional,
    reversal,
)
from theory.process import Policy, Process, process
from theory.property import Definition, Property
from theory.rational import Exact, exact
from theory.term import and_, exists, or_
from theory.verdict import Verdict

DIRECTED = Definition(
    name="directed",
    family="agency",
    claim="The policy is directed at the utility, or against it, with at least {least} nats.",
    definition="MEG_U(policy) >= theta",
    citation=(
        "MacDermott, Fox, Belardinelli and Everitt, Measuring goal-directedness, NeurIPS 2024 "
        "(arXiv 2412.04758), definition 3.2"
    ),
    assumptions=(
        "MEG does not see the sign of the utility: to avoid a goal scores as to seek it.",
    ),
    violation_means="An upper bound of MEG, proved in interval arithmetic, below the threshold.",
    holds_does_not_mean=(
        "It does not say that the system represents the goal, nor that it would keep to it "
        "elsewhere."
    ),
    needs=("world model", "policy", "utility", "horizon"),
    decided="by enclosures of logarithms; a threshold within the enclosure gives UNKNOWN",
    example='agency.directed(hallway_once, "left", {"left": {"stay": 1, "go": 0}}, least="1/2")',
)

CONSISTENT_DISCOUNTING = Definition(
    name="consistent_discounting",
    family="agency",
    claim="The passing of time alone never turns a preference between two rewards around.",
    definition="for all k there is alpha_k > 0 with d^k_t = alpha_k d^1_t for all t >= k",
    citation=(
        "Lattimore and Hutter, General time consistent discounting, 2014; "
        "Strotz, Myopia and inconsistency in dynamic utility maximization, 1955"
    ),
    violation_means="Two rewards and two moments between which the preference is reversed.",
    holds_does_not_mean="It does not say that plans are kept when goals or beliefs change.",
    needs=("discount matrix",),
    decided="by proportionality of every row to the first; the reversal is checked",
    example='agency.consistent_discounting(exponential("9/10", 5))',
)

KEEPS_ITS_PLAN = Definition(
    name="keeps_its_plan",
    family="agency",
    claim="From {start} on, what was planned first is still a best action when its time comes.",
    definition="for all z: act(z) = plan(z)[0] implies act(next z) = plan(z)[1]",
    citation=(
        "Lattimore and Hutter, General time consistent discounting, 2014; the two agents of "
        "Everitt et al., Reward tampering problems and solutions, 2021 (arXiv 1908.04734)"
    ),
    assumptions=("The agent plans anew at every step, with the discounts of that step.",),
    violation_means="The time and state at which no planned action is best any more.",
    holds_does_not_mean="It does not say that the discounting is consistent in other worlds.",
    needs=("world model", "reward", "discount matrix"),
    decided="by backward induction from every state that the first plan reaches",
    example='agency.keeps_its_plan(hallway, "left", exponential("9/10", 3))',
)

IS_AGENT = Definition(
    name="is_agent",
    family="agency",
    claim="The behaviour answers to a change of what the system faces or wants.",
    definition="there is a change of the mechanism of world or utility with act_changed != act",
    citation=(
        "Kenton, Kumar, Farquhar, Richens, MacDermott and Everitt, Discovering agents, 2022 "
        "(arXiv 2208.08345)"
    ),
    assumptions=(
        "The system is asked again, or trained again, after each change; only the changes that "
        "are listed are tried.",
    ),
    violation_means="None of the changes moved the behaviour: a device, as far as they go.",
    holds_does_not_mean="It does not say what the system wants, or that it plans.",
    needs=("system that can be asked about a changed world", "changes"),
    decided="by asking the system about each change",
    example='agency.is_agent(planner, hallway, {"a prize on the right": hallway_prize})',
)

ANSWERS_TO = Definition(
    name="answers_to",
    family="agency",
    claim="What the agent does answers to {mechanism}.",
    definition="there are m, m' and x: act(x; m) != act(x; m')",
    citation=(
        "Kenton, Kumar, Farquhar, Richens, MacDermott and Everitt, Discovering agents, 2022 "
        "(arXiv 2208.08345); on a network, with features that describe the mechanism"
    ),
    assumptions=(
        "The features that are named tell the network how the world works, or what is wanted; "
        "setting them is the intervention on that mechanism. The network is not trained again.",
        "A tie counts by the agent's rule for ties: to have no choice is not another choice.",
    ),
    violation_means="It was proved that no setting of the features ever changes the choice.",
    holds_does_not_mean=(
        "It does not say that it answers well, nor what for. The value of HOLDS is its witness: "
        "two observations that differ in the mechanism, and in what is done."
    ),
    needs=("policy", "features that describe a mechanism"),
    decided="over the whole box of observations",
    example='agency.answers_to(agent, mechanism=["door"])',
)

DEFINITIONS = (
    DIRECTED,
    CONSISTENT_DISCOUNTING,
    KEEPS_ITS_PLAN,
    IS_AGENT,
    ANSWERS_TO,
)


def example_names() -> dict[str, Any]:
    """What the examples of this family speak of."""
    steps = {
        "left": {"stay": "left", "go": "right"},
        "right": {"stay": "right", "go": "left"},
    }
    once = {"left": {"stay": "end", "go": "end"}}

    def planner(world: Process) -> Policy:
        return world.policy

    return {
        "hallway": process(steps, rewards={"left": 1}, discount="9/10"),
        "hallway_prize": process(steps, rewards={"right": 1}, discount="9/10"),
        "hallway_once": process(once, rewards={("left", "stay"): 1}),
        "planner": planner,
        "exponential": exponential,
    }


def directed(
    world: Process,
    start: str,
    policy: Mapping[str, Mapping[str, Exact]],
    *,
    least: Exact,
    horizon: int = 1,
) -> Claim:
    """The policy's maximum entropy goal-directedness reaches a threshold.

    Args:
        world: the process; its rewards are the utility, its discount 1.
        start: the first state.
        policy: state to action to probability.
        least: the threshold in nats.
        horizon: the number of steps.
    """
    threshold = exact(least, "least")
    mixed: Mixed = {
        state: {a: exact(p, f"policy, state {state!r}, action {a!r}") for a, p in choices.items()}
        for state, choices in policy.items()
    }

    def decide() -> Finding:
        found: Directedness = directedness(world, start, mixed, horizon)
        proof = f"MEG is in {found.score}, at rationality {_brief(found.rationality)}"
        try:
            reached = found.score >= threshold
        except Undecided:
            reason = f"the threshold {threshold} is within the enclosure {found.score}"
            return Finding(Verdict.UNKNOWN, value=found, reason=reason)
        if reached:
            return Finding(Verdict.HOLDS, proof=proof, value=found)
        return Finding(Verdict.VIOLATED, {"upper_bound": found.score.upper}, proof, value=found)

    return DIRECTED.about(decide, least=threshold)


def consistent_discounting(discounting: Discounting) -> Claim:
    """Every row of the discount matrix is a positive multiple of the first."""

    def decide() -> Finding:
        if len(discounting.rows) < 2:
            return Finding(Verdict.VACUOUS, proof="there is only one moment")
        factors = proportional(discounting)
        if factors is not None:
            proof = f"the rows are {', '.join(map(str, factors))} times the first"
            return Finding(Verdict.HOLDS, proof=proof, value=factors)
        found = reversal(discounting)
        if found is None:
            reason = "a later moment cares about times about which the first does not"
            return Finding(Verdict.VIOLATED, {"why": reason})
        early, late = f"{found.early} at {found.time}", f"{found.late} at {found.later}"
        first, then = (early, late) if found.prefers_early_first else (late, early)
        witness = {"at_0_prefers": first, f"at_{found.now}_prefers": then, "reversal": found}
        return Finding(Verdict.VIOLATED, witness)

    return CONSISTENT_DISCOUNTING.about(decide)


def keeps_its_plan(world: Process, start: str, discounting: Discounting) -> Claim:
    """An agent that plans anew with each moment's discounts does what it first planned."""

    def decide() -> Finding:
        found = departure(world, start, discounting)
        if isinstance(found, Departure):
            witness = {
                "time": found.time,
                "state": found.state,
                "planned": found.planned,
                "chosen": found.chosen,
            }
            return Finding(Verdict.VIOLATED, witness)
        if found < 2:
            return Finding(Verdict.VACUOUS, proof="there is nothing to plan beyond the first step")
        return Finding(Verdict.HOLDS, proof=f"the plan is kept at all {found} points it reaches")

    return KEEPS_ITS_PLAN.about(decide, start=start)


def is_agent(
    system: Callable[[Process], Policy], world: Process, changes: Mapping[str, Process]
) -> Claim:
    """Some change of the world's mechanisms or of the utility changes what the system does.

    Args:
        system: from a process to what the system does in it.
        world: the process as it is.
        changes: by name, the process with another mechanism: other transitions, for the world
            model, or other rewards, for the evaluator.
    """

    def decide() -> Finding:
        if not changes:
            return Finding(Verdict.VACUOUS, proof="no change is listed")
        usual = system(world)
        for name, changed in changes.items():
            other = system(changed)
            for state, action in usual.items():
                if other.get(state, action) != action:
                    what = "evaluator" if changed.transitions == world.transitions else "world"
                    proof = (
                        f"with {name} (a change of the {what}), in state {state!r}: "
                        f"{other[state]} instead of {action}"
                    )
                    return Finding(Verdict.HOLDS, proof=proof, value=name)
        return Finding(Verdict.VIOLATED, {"changes_without_effect": list(changes)})

    return IS_AGENT.about(decide)


def answers_to(agent: Agent, *, mechanism: Sequence[str]) -> Property:
    """There are two observations that differ in some features alone, with different choices.

    Args:
        agent: the agent.
        mechanism: the features that say how the world works or what is wanted.

    Raises:
        InputError: no such feature, none is named, or none of them can change.
    """
    if not mechanism:
        raise InputError("mechanism: no feature is named")
    kinds = [agent.feature(name) for name in mechanism]
    if all(kind.lower == kind.upper for kind in kinds):
        raise InputError(f"mechanism: {', '.join(mechanism)} cannot change")
    o, n = agent.observation("o"), agent.observation("n")
    changed = o.with_(**{name: n[name] for name in mechanism})
    other = or_(
        *(and_(agent.acts(o, a), agent.acts(changed, b)) for a, b in permutations(agent.actions, 2))
    )
    return ANSWERS_TO.property(exists(o, n, other), mechanism=list(mechanism))


def _brief(rationality: Fraction | str) -> str:
    return rationality if isinstance(rationality, str) else f"{float(rationality):.6g}"
