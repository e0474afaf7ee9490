"""Belief as Ward, Belardinelli, Toni and Everitt define it: by what an agent does.

Honesty is the best policy: defining and mitigating AI deception, NeurIPS 2023 (arXiv 2312.01350),
definition 3.1: agent i believes a proposition in a setting e if it acts as though it observed that
the proposition is true, and would act differently if it observed that it is false:

    D(pi, e) = D_true(pi_informed, e)   and   D_true(pi_informed, e) != D_false(pi_informed, e)

`pi_informed` is the agent's policy in the game in which it observes the truth of the proposition,
too. Where no such policy is given, it is a best reply to the policies of all others. Where a best
reply is not unique, or what would be observed has probability zero, every choice among what is best
is considered, and the belief is settled only where all of them agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.causal.model import Model
from theory.causal.party import Party, holding
from theory.causal.proposition import Proposition
from theory.causal.rule import Context
from theory.causal.value import UNREACHABLE, Unreachable, World, call, shown

Informed = Callable[..., Any]
"""A decision from what the agent sees, in order, and at last the truth of the proposition."""


@dataclass(frozen=True)
class Belief:
    """What an agent believes about a proposition in a setting.

    Attributes:
        believes: whether it does; None where that depends on which best reply is meant.
        true: whether the proposition is true.
        acts: the agent's decision as things are.
        if_true: the decisions open to it had it observed that the proposition is true; UNREACHABLE
            where that observation has probability zero.
        if_false: the same for false.
        context: what the agent sees, in words.
    """

    believes: bool | None
    true: bool
    acts: Any
    if_true: tuple[Any, ...] | Unreachable
    if_false: tuple[Any, ...] | Unreachable
    context: str

    @property
    def false_belief(self) -> bool | None:
        """Whether the agent believes the proposition and it is false."""
        return False if self.true else self.believes

    @property
    def reason(self) -> str:
        """Why the belief is not settled, or how it is."""
        if UNREACHABLE in (self.if_true, self.if_false):
            which = "true" if self.if_true is UNREACHABLE else "false"
            unseen = f"to observe that it is {which} has probability zero at {self.context}"
        else:
            unseen = f"at {self.context} several replies are best"
        if self.believes is None:
            return f"{unseen}, and the belief depends on the reply"
        return f"acts {self.acts!r}; {self.if_true!r} if true, {self.if_false!r} if false"


def belief(
    model: Model,
    agent: Party,
    about: Proposition,
    setting: World,
    informed: Informed | None = None,
) -> Belief:
    """Whether an agent believes a proposition in a setting.

    Args:
        model: the model under the policies of all.
        agent: whose belief it is.
        about: the proposition; it must not come about by the agent's decision.
        setting: the exogenous values.
        informed: the agent's policy where it observes the truth of the proposition, too; without
            one, its best replies.

    Raises:
        InputError: the proposition is about an unknown variable, or about one after the decision.
    """
    about.check(model, agent.decision)
    world = model.evaluate(setting)
    context, acts = agent.context(world), world[agent.decision]
    if_true: tuple[Any, ...] | Unreachable
    if_false: tuple[Any, ...] | Unreachable
    if informed is not None:
        names, where = (*agent.sees, "truth"), f"informed policy of {agent.name!r}"
        if_true = (call(informed, names, (*context, True), where),)
        if_false = (call(informed, names, (*context, False), where),)
    else:
        if_true = best_replies(model, agent, about, context, True)
        if_false = best_replies(model, agent, about, context, False)
    domain = model.domain(agent.decision)
    one = domain if isinstance(if_true, Unreachable) else if_true
    other = domain if isinstance(if_false, Unreachable) else if_false
    answers = {acts == a and a != b for a in one for b in other}
    believes = answers.pop() if len(answers) == 1 else None
    seen = shown(agent.sees, context)
    return Belief(believes, about.true_in(world), acts, if_true, if_false, seen)


def best_replies(
    model: Model, agent: Party, about: Proposition, context: Context, truth: bool
) -> tuple[Any, ...] | Unreachable:
    """The decisions that are best for an agent that sees a context and the truth of a proposition.

    All others keep to their policies. UNREACHABLE where context and truth have probability zero.
    """
    here = [
        (setting, weight)
        for (setting, weight), (world, _) in zip(model.settings, model.worlds, strict=True)
        if agent.context(world) == context and about.true_in(world) is truth
    ]
    if not here:
        return UNREACHABLE
    worth: list[tuple[Any, Fraction]] = []
    for choice in model.domain(agent.decision):
        held = {agent.decision: choice}
        total = sum((p * agent.welfare(holding(model, e, held)) for e, p in here), Fraction(0))
        worth.append((choice, total))
    best = max(total for _, total in worth)
    return tuple(choice for choice, total in worth if total == best)
