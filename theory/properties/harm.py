"""Making somebody worse off than they would have been."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theory.causal.harm import harm
from theory.causal.model import Event, Mechanism, Model
from theory.causal.value import Unreachable, shown
from theory.claim import Claim, Finding
from theory.error import InputError
from theory.property import Definition
from theory.rational import Exact, exact
from theory.verdict import Verdict

NO_HARM = Definition(
    name="no_harm",
    family="harm",
    claim="Compared with {default}, the expected harm to `{utility}` is at most {limit}.",
    definition="E[max(0, U_{default}(e) - U(e))] <= limit",
    citation=("Richens, Beard and Thompson, Counterfactual harm, NeurIPS 2022, Definition 3"),
    assumptions=(
        "The default is a parameter: harm is relative to it.",
        "Harm is counterfactual: it depends on the mechanisms, not only on what is likely after "
        "each action. Models with the same interventional distributions may differ in it.",
    ),
    violation_means="The expected harm, and the setting in which somebody is worst off by it.",
    holds_does_not_mean=(
        "It does not say that the action is beneficial, nor that nobody else is harmed."
    ),
    needs=("causal model", "utility", "default action"),
    decided="by what happens in each setting under the action and under the default",
    example='harm.no_harm(model, action={"T": "drug"}, default={"T": "none"}, utility="health")',
)

DEFINITIONS = (NO_HARM,)


def example_names() -> dict[str, Any]:
    """What the example speaks of: a drug that cures the ill and sickens the allergic."""

    def health(treatment: str, ill: int, allergic: int) -> int:
        return 1 - allergic if treatment == "drug" else 1 - ill

    mechanisms = {
        "T": Mechanism(lambda: "none", (), ("none", "drug")),
        "health": Mechanism(health, ("T", "ill", "allergic")),
    }
    chances = {"ill": {1: "1/2", 0: "1/2"}, "allergic": {1: "1/10", 0: "9/10"}}
    return {"model": Model(chances, mechanisms)}


def no_harm(
    model: Model,
    *,
    default: Mapping[str, Any],
    utility: str,
    action: Mapping[str, Any] | None = None,
    given: Event | None = None,
    limit: Exact = 0,
) -> Claim:
    """The expected counterfactual harm of an action, or of what the model does, is within a limit.

    Args:
        model: the model under the policies of all.
        default: what would be done otherwise: values by name.
        utility: of whoever may be harmed.
        action: what is done; without it, what the model does.
        given: what is known beforehand.
        limit: the expected harm that is still allowed, at least 0.
    """
    most = exact(limit, "limit")
    if most < 0:
        raise InputError(f"no_harm: the limit {limit} is negative")

    def decide() -> Finding:
        found = harm(model, default=default, utility=utility, action=action, given=given)
        if isinstance(found, Unreachable):
            return Finding(Verdict.VACUOUS, proof="what is given has probability zero")
        if found.harm > most:
            setting = found.worst or {}
            witness = {"harm": found.harm, "benefit": found.benefit} | {
                "setting": shown(setting.keys(), setting.values()),
                "utility": found.actual,
                "utility by default": found.instead,
            }
            return Finding(Verdict.VIOLATED, witness=witness, value=found.harm)
        proof = f"the expected harm is {found.harm}, the expected benefit {found.benefit}"
        return Finding(Verdict.HOLDS, proof=proof, value=found.harm)

    return NO_HARM.about(
        decide, default=shown(default.keys(), default.values()), utility=utility, limit=most
    )
