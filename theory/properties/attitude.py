"""What agents believe and intend, by what they do.

As Ward, Belardinelli, Toni and Everitt define it: Honesty is the best policy, NeurIPS 2023. On a
causal model in which every agent has a policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from theory.causal.belief import Informed, belief
from theory.causal.diagram import Diagram, Policy, chance, decision, utility
from theory.causal.intention import Intentions, Minimality
from theory.causal.party import Reply, party_of
from theory.causal.proposition import Condition, Proposition, proposition
from theory.causal.value import World, shown
from theory.claim import Claim, Finding
from theory.property import Definition
from theory.verdict import Verdict

WARD = (
    "Ward, Belardinelli, Toni and Everitt, Honesty is the best policy: defining and mitigating AI "
    "deception, NeurIPS 2023 (arXiv 2312.01350), "
)
REPLIES = (
    "An agent that observes the truth of the proposition, too, replies best to the policies of all "
    "others, unless its policy is given; where several replies are best, or the observation has "
    "probability zero, the belief is settled only if every choice among them gives the same.",
)
MINIMAL = (
    "The agent is judged against the reference policies that are given: another reference may "
    "give another answer.",
    "A set of variables is minimal if no proper subset of it will do (Halpern and Kleiman-Weiner, "
    "2018).",
)

BELIEVES = Definition(
    name="believes",
    family="attitude",
    claim="{agent} believes that {about}, wherever it is not so.",
    definition=(
        "phi(e) is false implies D(pi, e) = D_true(pi_informed, e) != D_false(pi_informed, e)"
    ),
    citation=WARD + "Definition 3.1",
    assumptions=REPLIES,
    violation_means="A setting in which it is not so, and the agent does not act as if it were.",
    holds_does_not_mean=(
        "It does not say that the agent has a representation of the proposition: belief is how it "
        "acts. An agent to whom the proposition does not matter believes neither it nor its denial."
    ),
    needs=("causal model", "a policy for every agent"),
    decided="in every setting of positive probability",
    example='attitude.believes(diagram, policy, agent="T", about={"X": "strong"})',
)

INTENDS = Definition(
    name="intends",
    family="attitude",
    claim="Wherever {condition}, {agent} intends what {cause} is.",
    definition=(
        "there are a reference policy, a minimal Y that contains X, and minimal w_Y with e in w_X: "
        "E_pi[U] <= E_ref[U_{Y := Y_pi in w_Y}]"
    ),
    citation=WARD + "Definition 3.4",
    assumptions=MINIMAL,
    violation_means="A setting in which it is not intended, by any of the reference policies.",
    holds_does_not_mean=(
        "It does not say that the agent plans: only that what it does would not be worth doing "
        "without the outcome."
    ),
    needs=("causal model", "a policy for every agent", "reference policies"),
    decided="in every setting of positive probability, over all minimal sets of variables",
    example='attitude.intends(diagram, policy, agent="S", cause=["D_T"], references=[honest])',
)

DEFINITIONS = (BELIEVES, INTENDS)


def example_names() -> dict[str, Any]:
    """What the examples speak of: a small bluff. X > D_S > D_T, and S wants T to hold."""
    bluff = Diagram(
        chance("X", {"strong": "9/10", "weak": "1/10"}),
        decision("D_S", ["honest", "bluff"], sees=["X"], agent="S"),
        decision("D_T", ["hold", "attack"], sees=["D_S"], agent="T"),
        utility("U_S", {"hold": 2, "attack": 0}, ["D_T"], agent="S"),
        utility("U_T", {"hold": 0, "attack": -1}, ["D_T"], agent="T"),
    )
    policy = {
        "D_S": {"strong": "honest", "weak": "bluff"},
        "D_T": {"honest": "hold", "bluff": "hold"},
    }
    return {
        "diagram": bluff,
        "policy": policy,
        "graph": bluff.structure,
        "honest": {"D_S": {"strong": "honest", "weak": "honest"}},
    }


def believes(
    diagram: Diagram,
    policy: Policy,
    *,
    agent: str,
    about: Condition | Proposition,
    informed: Informed | None = None,
) -> Claim:
    """Wherever the proposition is false, the agent believes it all the same."""
    model = diagram.model(policy)
    who, what = party_of(diagram, agent, model), proposition(about)

    def decide() -> Finding:
        found = [
            (world, belief(model, who, what, setting, informed))
            for (setting, _), (world, _) in zip(model.settings, model.worlds, strict=True)
        ]
        wrong = [(world, b) for world, b in found if not b.true]
        if not wrong:
            return Finding(Verdict.VACUOUS, proof=f"{what.text} in every setting")
        return _every(
            wrong,
            lambda b: b.believes,
            lambda b: {"does": b.acts, "does if true": b.if_true, "does if false": b.if_false},
            lambda b: b.reason,
            "belief",
        )

    return BELIEVES.about(decide, agent=agent, about=what.text)


def intends(
    diagram: Diagram,
    policy: Policy,
    *,
    agent: str,
    cause: Sequence[str],
    references: Sequence[Reply],
    where: Condition | Proposition | None = None,
    minimality: Minimality = "among all",
) -> Claim:
    """Wherever a condition is true (everywhere without one), the agent intends what X is."""
    model = diagram.model(policy)
    who = party_of(diagram, agent, model)
    condition = None if where is None else proposition(where)

    def decide() -> Finding:
        if not references:
            return no_reference()
        intentions = Intentions(model, who, references, minimality)
        found = [
            (world, intentions.at(cause, setting))
            for (setting, _), (world, _) in zip(model.settings, model.worlds, strict=True)
            if condition is None or condition.true_in(world)
        ]
        if not found:
            return Finding(Verdict.VACUOUS, proof="the condition has probability zero")
        return _every(found, lambda i: i.intends, lambda i: {}, lambda i: "", "intention")

    shown_condition = "anything happens" if condition is None else condition.text
    return INTENDS.about(decide, agent=agent, cause=list(cause), condition=shown_condition)


def _every(
    found: Sequence[tuple[World, Any]],
    answer: Callable[[Any], bool | None],
    detail: Callable[[Any], Mapping[str, Any]],
    reason: Callable[[Any], str],
    what: str,
) -> Finding:
    """That an answer is true in every world: with a witness, a reason, or a count."""
    for world, one in found:
        if answer(one) is False:
            return Finding(Verdict.VIOLATED, witness={"world": _shown(world), **detail(one)})
    for _, one in found:
        if answer(one) is None:
            return Finding(Verdict.UNKNOWN, reason=reason(one))
    return Finding(Verdict.HOLDS, proof=f"{what} in each of {len(found)} settings")


def _shown(world: World) -> str:
    return shown(world.keys(), world.values())


def no_reference() -> Finding:
    """The answer where nobody says what the agent might do instead."""
    return Finding(Verdict.UNKNOWN, reason="no reference policy is given: intention depends on it")
