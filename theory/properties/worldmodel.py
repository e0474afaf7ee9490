"""Whether the model an agent plans with is close to the world."""

from __future__ import annotations

from typing import Any

from theory.claim import Claim, Finding
from theory.enclosure import Undecided
from theory.error import InputError
from theory.goal.world_model import recovery_bound
from theory.linear import ZERO
from theory.process import Process, process
from theory.property import Definition
from theory.rational import Exact, exact
from theory.verdict import Verdict

ACCURATE_WORLD_MODEL = Definition(
    name="accurate_world_model",
    family="worldmodel",
    claim="Every transition probability of the model is as close as the competence implies.",
    definition="for all s, a, s': |P_model - P| <= sqrt(2 P (1 - P) / ((n - 1) (1 - delta)))",
    citation=(
        "Richens, Abel, Bellot and Everitt, General agents contain world models, ICML 2025 (arXiv "
        "2506.01622), theorem 1"
    ),
    assumptions=(
        "The regret and the depth of goals at which it holds are given.",
        "Of the two versions of the bound in print, this is the one that is not refuted.",
    ),
    violation_means="A transition, its two probabilities, and the bound.",
    holds_does_not_mean="It does not say that the agent uses the model: only that it is there.",
    needs=("world model", "true world", "regret and depth of goals"),
    decided="by an enclosure of the square root for every transition",
    example="worldmodel.accurate_world_model(coin_model, coin_world, trials=20, regret=0)",
)

DEFINITIONS = (ACCURATE_WORLD_MODEL,)


def example_names() -> dict[str, Any]:
    """What the examples of this family speak of."""
    return {
        "coin_world": process({"toss": {"go": {"heads": "0.3", "tails": "0.7"}}}),
        "coin_model": process({"toss": {"go": {"heads": "0.35", "tails": "0.65"}}}),
    }


def accurate_world_model(
    model: Process, world: Process, *, trials: int, regret: Exact = 0
) -> Claim:
    """The model's transition probabilities are within the bound of the world's.

    Args:
        model: the extracted one.
        world: the true one, with the same states and actions.
        trials: the depth n of the goals at which the agent is competent.
        regret: its regret at them, at least 0 and below 1.
    """
    delta = exact(regret, "regret")
    for state in world.states:
        model.require(state, what="model")
        if model.actions(state) != world.actions(state):
            raise InputError(f"model: state {state!r} does not have the actions of the world")

    def decide() -> Finding:
        compared, close = 0, list[str]()
        for state in world.states:
            for action in world.actions(state):
                for target in world.states:
                    true = world.transitions[state][action].get(target, ZERO)
                    said = model.transitions[state][action].get(target, ZERO)
                    bound = recovery_bound(true, trials, delta)
                    where = f"{state}, {action}, {target}"
                    compared += 1
                    try:
                        within = abs(said - true) <= bound
                    except Undecided:
                        close.append(where)
                        continue
                    if not within:
                        witness = {"at": where, "world": true, "model": said, "bound": bound.upper}
                        return Finding(Verdict.VIOLATED, witness)
        if close:
            reason = f"the error is as large as the bound, to all digits computed: {close[0]}"
            return Finding(Verdict.UNKNOWN, reason=reason)
        if not compared:
            return Finding(Verdict.VACUOUS, proof="nothing can be done in any state")
        return Finding(Verdict.HOLDS, proof=f"{compared} transition probabilities compared")

    return ACCURATE_WORLD_MODEL.about(decide)
