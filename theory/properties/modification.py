"""What an agent that can change itself makes of its goal.

On finite structures: worlds in which an action also sets the next goal, for hedonistic, ignorant
and realistic agents. On a network: actions that change the agent, judged by what its own evaluator
expects of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from theory.claim import Claim, Finding
from theory.error import InputError
from theory.goal.succession import Outlook, Succession, Ties, modified, self_modification
from theory.property import Definition
from theory.verdict import Verdict

GOAL_STABILITY = Definition(
    name="goal_stability",
    family="modification",
    claim="The {agent} agent makes no best self-modification that its present goal would regret.",
    definition=(
        "for all z, a: Mod(a) and Opt(z, a) implies V(g0, successor) = V(g0, successor with g0); "
        "strictly: no optimal a modifies the goal at all"
    ),
    citation=(
        "Everitt, Filan, Daswani and Hutter, Self-modification of policy and utility function in "
        "rational agents, 2016 (arXiv 1605.03142), definitions 10 to 12, theorems 14 to 16"
    ),
    assumptions=(
        "Goals rate states of the world, not the modifications made (definition 7).",
        "A future agent resolves its own ties for or against the present goal: both are tried "
        "unless one is named.",
    ),
    violation_means=(
        "A state and a best action after which another goal is in force, and what it costs the "
        "present goal."
    ),
    holds_does_not_mean=(
        "It does not say that the goal is a good one, nor that the agent has the outlook that was "
        "assumed."
    ),
    needs=("world", "goals", "modifications", "outlook of the agent"),
    decided="by backward induction, in every situation that best actions reach",
    example='modification.goal_stability(selves, "calm | own", agent="realistic")',
)

NO_FLATTERY = Definition(
    name="no_flattery",
    family="modification",
    claim="The {agent} agent never takes on a goal that finds its situation better than the old.",
    definition="not: Mod(a) and Q(goal(z), z, a) < Q(goal(z a), z, a) and act(z) = a",
    citation=(
        "Everitt et al., 2016 (arXiv 1605.03142), theorem 14: hedonistic agents self-modify to "
        "the utility that is always 1"
    ),
    assumptions=("Goals are compared on one scale, as they are given.",),
    violation_means="A best modification that raises the value by changing what counts as value.",
    holds_does_not_mean="It does not say that the goal is kept: it may change to a sterner one.",
    needs=("world", "goals", "modifications", "outlook of the agent"),
    decided="by backward induction, in every situation that best actions reach",
    example='modification.no_flattery(selves, "calm | own", agent="realistic")',
)

DEFINITIONS = (GOAL_STABILITY, NO_FLATTERY)


def example_names() -> dict[str, Any]:
    """What the examples of this family speak of."""
    selves = self_modification(
        {"calm": {"rest": "calm"}},
        {"own": {"calm": "1/2"}, "bliss": {"calm": 1}},
        horizon=2,
    )
    return {"selves": selves}


def goal_stability(
    selves: Succession,
    start: str,
    *,
    agent: str = "realistic",
    strict: bool = False,
    ties: str | None = None,
) -> Claim:
    """No best action puts a goal in force whose agent is worth less to the present goal.

    Args:
        selves: the world with its goals, as `self_modification` builds it.
        start: the first state, with its goal.
        agent: "hedonistic", "ignorant" or "realistic".
        strict: whether every best change of the goal counts, even one that costs nothing; a
            change with the last step, after which nobody acts, never does.
        ties: "kind" or "harsh" to the present goal; by default both are tried, and where they
            differ the answer is UNKNOWN.
    """
    outlook = _outlook(agent)

    def one(selves: Succession) -> Finding:
        available = examined = 0
        for state, steps in selves.occasions(start, outlook):
            own = selves.goal_of[state]
            best = selves.best(outlook, own, state, steps)
            examined += 1
            for action in selves.world.actions(state):
                others = modified(selves, state, action)
                loss = selves.loss(own, state, action, steps)
                if steps == 1 or not others or (loss == 0 and not strict):
                    continue
                available += 1
                if action in best:
                    witness = {
                        "state": state,
                        "steps_to_go": steps,
                        "action": action,
                        "goal": own,
                        "next_goal": ", ".join(sorted(others)),
                        "value": selves.value(outlook, own, state, action, steps),
                        "loss": loss,
                    }
                    return Finding(Verdict.VIOLATED, witness)
        if not available:
            what = "no action changes the goal" if strict else "no change of goal costs anything"
            return Finding(Verdict.VACUOUS, proof=f"{what} in {examined} situations")
        proof = f"{available} such changes in {examined} situations, none of them a best action"
        return Finding(Verdict.HOLDS, proof=proof)

    return GOAL_STABILITY.about(lambda: _by_ties(one, selves, ties), agent=agent)


def no_flattery(
    selves: Succession, start: str, *, agent: str = "realistic", ties: str | None = None
) -> Claim:
    """No best action puts a goal in force by which the future looks better than by the old one."""
    outlook = _outlook(agent)

    def one(selves: Succession) -> Finding:
        available = examined = 0
        for state, steps in selves.occasions(start, outlook):
            own = selves.goal_of[state]
            best = selves.best(outlook, own, state, steps)
            examined += 1
            for action in selves.world.actions(state):
                before = selves.value(Outlook.REALISTIC, own, state, action, steps)
                for other in sorted(modified(selves, state, action)):
                    after = selves.value(Outlook.REALISTIC, other, state, action, steps)
                    if after <= before:
                        continue
                    available += 1
                    if action in best:
                        witness = {
                            "state": state,
                            "steps_to_go": steps,
                            "action": action,
                            "value_by_old_goal": before,
                            "value_by_new_goal": after,
                        }
                        return Finding(Verdict.VIOLATED, witness)
        if not available:
            return Finding(Verdict.VACUOUS, proof="no goal to be had finds anything better")
        proof = f"{available} flattering changes in {examined} situations, none a best action"
        return Finding(Verdict.HOLDS, proof=proof)

    return NO_FLATTERY.about(lambda: _by_ties(one, selves, ties), agent=agent)


def _outlook(agent: str) -> Outlook:
    try:
        return Outlook(agent)
    except ValueError:
        names = ", ".join(outlook.value for outlook in Outlook)
        raise InputError(f"agent: {agent!r} is none of {names}") from None


def _by_ties(
    decide: Callable[[Succession], Finding], selves: Succession, ties: str | None
) -> Finding:
    if ties is not None and ties not in {tie.value for tie in Ties}:
        raise InputError(f"ties: {ties!r} is neither kind nor harsh")
    answers = {tie: decide(replace(selves, ties=tie)) for tie in Ties if ties in (None, tie.value)}
    first = next(iter(answers.values()))
    if len({answer.verdict for answer in answers.values()}) == 1:
        return first
    region = "; ".join(
        f"{answer.verdict.name} where ties are {tie.value}" for tie, answer in answers.items()
    )
    violated = next((a for a in answers.values() if a.verdict is Verdict.VIOLATED), first)
    reason = "it hinges on how a future agent resolves its ties"
    return Finding(Verdict.UNKNOWN, violated.witness, reason=reason, region=region)
