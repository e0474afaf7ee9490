"""Theories that choose the mechanism, not the act: functional and updateless decision theory.

Nothing is conditioned on what is observed. `fdt` intervenes on what the policy does after the one
observation that is made, and leaves the rest to the inclination: Yudkowsky and Soares, Functional
decision theory, 2017 (arXiv 1710.05060); with this reading of it, the first updateless theory (Dai,
Towards a new decision theory, 2009). `udt` chooses the policy as a whole, which is UDT 1.1 (Dai,
Explicit optimization of global strategy, 2010). They differ where copies must coordinate.

Does it never do worse than the others? Of policies, and before anything is observed: no theory does
better than `udt`, which is a maximum over policies. `fdt` has that property where the decision
observes nothing, for then an act is a policy. Where it observes something, it can do worse than
`edt` and `cdt`, even with predictors that are just what it thinks: it takes what it does after
other observations from its inclination, and not from the theory. All three are tested on random
problems, the last by a counterexample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from theory.causal.value import Unreachable, shown
from theory.decision.answer import Answer, Status, best, decided
from theory.decision.problem import Policy, Problem
from theory.error import InputError


def fdt(problem: Problem) -> Answer:
    """The acts d that maximise E[U | do(the policy does d after this observation)]."""
    values: dict[Any, Fraction | Unreachable] = {}
    for act in problem.acts:
        worlds = problem.worlds(lambda own, act=act: own.changed(problem.asked, act))
        values[act] = sum((p * problem.utility(world) for world, p in worlds), Fraction(0))
    return decided("FDT", values)


def udt(problem: Problem) -> Answer:
    """What the best policies do after this observation; an act's value is that of its best policy.

    Policies maximise E[U | do(policy)].
    """
    values: dict[Any, Fraction | Unreachable] = {}
    for policy in problem.policies:
        act, worth = policy(*problem.asked), problem.worth(policy)
        known = values.get(act)
        if known is None or isinstance(known, Unreachable) or worth > known:
            values[act] = worth
    return decided("UDT 1.1", values)


def best_policies(problem: Problem) -> tuple[Policy, ...]:
    """The policies that maximise E[U | do(policy)]."""
    return best({policy: problem.worth(policy) for policy in problem.policies})


def followed(problem: Problem, theory: Callable[[Problem], Answer]) -> Policy:
    """The policy of an agent that follows a theory after every observation.

    Of equally good acts it does the first, and of all acts where the observation cannot occur.

    Raises:
        InputError: the theory has no firm answer to an observation that can occur.
    """
    rows: list[tuple[Any, Any]] = []
    for context in problem.contexts:
        answer = theory(problem.asking(context))
        if answer.status is not Status.DECIDED and not answer.idle:
            where = f" at {shown(problem.sees, context)}" if context else ""
            raise InputError(f"{answer.theory} has no firm answer{where}: {answer.reason}")
        rows.append((context, (answer.acts or problem.acts)[0]))
    return Policy(tuple(rows))


def regret(problem: Problem, policy: Policy) -> Fraction:
    """What a policy leaves on the table: the best worth of a policy, less its own."""
    worths: Mapping[Policy, Fraction] = {p: problem.worth(p) for p in problem.policies}
    return max(worths.values()) - problem.worth(policy)
