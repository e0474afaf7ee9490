"""Whether the model an agent plans with is close to the world."""

from __future__ import annotations

from typing import Any, Literal

from theory.agent import Agent
from theory.claim import Claim, Finding
from theory.enclosure import Undecided
from theory.error import InputError
from theory.goal.world_model import recovery_bound
from theory.linear import ZERO
from theory.process import Process, process
from theory.property import Definition, Property
from theory.rational import Exact, exact, nonnegative
from theory.sort import Feature
from theory.term import Term, and_, forall
from theory.verdict import Verdict
from theory.world import World, world

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

FORESEES = Definition(
    name="foresees",
    family="worldmodel",
    claim=(
        "After any one action, the {what} that the agent predicts is within {tolerance} of that "
        "of what it then observes."
    ),
    definition=(
        "for all s, a: |V(predict(z, a)) - V(perceive(o'))| <= tolerance, where z is perceived at "
        "s and o' is observed after a; for latent states: in every component"
    ),
    citation=(
        "Grimm, Barreto, Singh and Silver, The value equivalence principle for model-based "
        "reinforcement learning, NeurIPS 2020; as a bound that holds everywhere"
    ),
    assumptions=("The world is the one that is given, and the state is in its box.",),
    violation_means="A state, an action, and what was predicted against what came.",
    holds_does_not_mean=(
        "It does not say that predictions of several steps are close: errors add up. Nor, by "
        "value, that the latent states agree: models that work often disagree there."
    ),
    needs=("`perceive`", "`predict`", "evaluator (`latent_value`), by value", "world"),
    decided="over the whole box of states, and of what others choose",
    example="worldmodel.foresees(agent, standing, tolerance=1)",
)

DEFINITIONS = (ACCURATE_WORLD_MODEL, FORESEES)


def example_names() -> dict[str, Any]:
    """What the examples of this family speak of."""
    features = [Feature(name, -1, 1) for name in ("x", "door")]
    seeing = Agent(observation=features, actions=["left", "right"], latent=2)

    def stay(state: Term, action: str) -> dict[str, Term]:
        return {}

    return {
        "agent": seeing,
        "standing": world(seeing, stay),
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


def foresees(
    agent: Agent,
    world: World,
    *,
    tolerance: Exact,
    by: Literal["value", "latent"] = "value",
) -> Property:
    """For all states and actions: what is predicted is close to what is then perceived.

    Args:
        agent: the agent, with a latent state.
        world: the world that it acts in.
        tolerance: the largest error, in units of the value or of the latent components.
        by: compare the evaluator's values, or the latent states.

    Raises:
        InputError: the tolerance is negative, `by` is neither of the two, or the world is not the
            agent's.
        SortError: the agent has no latent state, or observes nothing in the world.
    """
    slack = nonnegative(tolerance, "tolerance")
    if by not in ("value", "latent"):
        raise InputError(f"by: {by!r} is neither 'value' nor 'latent'")
    if world.agent is not agent:
        raise InputError(f"{world.name} is the world of another agent")
    state = world.state("s")
    bound = [state] if world.choice_sort is None else [state, world.choice(0)]
    before = agent.perceive(world.observe(state))
    size = agent.latent_sort.size if agent.latent_sort is not None else 0

    def error(action: str) -> list[Term]:
        after = agent.perceive(world.observe(world.next(state, action, *bound[1:])))
        predicted = agent.predict(before, action)
        if by == "value":
            return [agent.value(predicted) - agent.value(after)]
        return [predicted[i] - after[i] for i in range(size)]

    close = [and_(gap <= slack, -gap <= slack) for action in agent.actions for gap in error(action)]
    what = "value" if by == "value" else "latent state"
    return FORESEES.property(forall(*bound, and_(*close)), what=what, tolerance=slack)
