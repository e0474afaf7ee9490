"""Which decision theory an agent follows, and what that costs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

from theory.agent import Agent
from theory.causal.value import shown
from theory.claim import Claim, Finding
from theory.decision.answer import Answer, Status
from theory.decision.causal import leanings
from theory.decision.dilemma import LIBRARY, dilemma
from theory.decision.functional import best_policies, followed
from theory.decision.problem import Policy, Problem
from theory.decision.theory import theory as theory_of
from theory.error import InputError
from theory.property import Definition, Property
from theory.rational import Exact, exact, number_text
from theory.term import Term, and_, forall
from theory.verdict import Verdict

FOLLOWS_THEORY = Definition(
    name="follows_theory",
    family="decision",
    claim="The agent acts as {theory} recommends in: {problems}.",
    definition=(
        "for all problems k: act(k) is in argmax_d of E[U | D = d, o] (EDT), E[U | do(D = d), o] "
        "(CDT, under every credence over its own act), E[U | do(pi(o) = d)] (FDT), or is what a "
        "policy in argmax_pi E[U | do(pi)] does at o (UDT 1.1)"
    ),
    citation=(
        "MacDermott, Everitt and Belardinelli, Characterising decision theories with mechanised "
        "causal graphs, 2023 (arXiv 2307.10987); Yudkowsky and Soares, Functional decision theory, "
        "2017 (arXiv 1710.05060)"
    ),
    assumptions=(
        "A tie counts as a recommendation of each of the acts.",
        "Problems in which the theory recommends nothing (unstable, unreachable) are passed over.",
    ),
    violation_means="The problems, what was done, what is recommended, and what acts are worth.",
    holds_does_not_mean=(
        "It does not say that the agent reasons by the theory: other theories may recommend the "
        "same acts in these problems."
    ),
    needs=("policy on decision problems",),
    decided="by enumeration of the worlds of each problem, in exact rationals",
    example='decision.follows_theory({"newcomb": "one", "smoking lesion": "smoke"}, theory="FDT")',
)

THEORIES_AGREE = Definition(
    name="theories_agree",
    family="decision",
    claim="{one} and {other} recommend the same.",
    definition="argmax of the operator of one = argmax of the operator of the other",
    citation="Yudkowsky and Soares, Functional decision theory, 2017 (arXiv 1710.05060)",
    violation_means="What each of them recommends, and what it takes the acts to be worth.",
    holds_does_not_mean="It does not say that they give the same reasons, or acts the same worth.",
    needs=(),
    decided="by enumeration of the worlds; over a parameter, by its exact regions",
    example='decision.theories_agree(newcomb, "EDT", "FDT")',
)

LITTLE_REGRET = Definition(
    name="little_regret",
    family="decision",
    claim="Following {theory} loses at most {limit} against the best policy.",
    definition="max_pi E[U | do(pi)] - E[U | do(pi_T)] <= limit, pi_T the policy that T follows",
    citation=(
        "Soares and Levinstein, Cheating death in Damascus, 2020; policies as in Dai, Explicit "
        "optimization of global strategy, 2010"
    ),
    assumptions=("The theory is followed after every observation; ties go to the first act.",),
    violation_means="What the theory does, a better policy, and the worths of both.",
    holds_does_not_mean=(
        "It does not say how the policy fares after the observation that is in fact made."
    ),
    needs=(),
    decided="by enumeration of all policies",
    example='decision.little_regret(newcomb, theory="FDT", limit=0)',
)

VALUES_ALIKE = Definition(
    name="values_alike",
    family="decision",
    claim="It makes no difference to how it values acts whether {first} or {second}.",
    definition="forall o, a, b: |(V(o1, a) - V(o1, b)) - (V(o2, a) - V(o2, b))| <= tolerance",
    citation=(
        "After Gibbard and Harper, Counterfactuals and two kinds of expected utility, 1978: "
        "problems with the same E[U | a] and different E[U | do(a)]"
    ),
    assumptions=("The two kinds of problem are alike in all other features of the observation.",),
    violation_means="A problem that it values otherwise, told that it is of the other kind.",
    holds_does_not_mean=(
        "It does not say what is computed, only that it does not hinge on this. Of a prize that "
        "the act causes and one that it only goes along with, E[U | a] is the same, so that an "
        "evaluator of E[U | do(a)] cannot value them alike; of one that is foreseen and one that "
        "only goes along, E[U | do(a)] is the same."
    ),
    needs=("policy or evaluator: one score per act",),
    example='decision.values_alike(agent, {"watched": 0}, {"watched": 1}, tolerance=1)',
)

DEFINITIONS = (
    FOLLOWS_THEORY,
    THEORIES_AGREE,
    LITTLE_REGRET,
    VALUES_ALIKE,
)


def example_names() -> dict[str, Any]:
    """What the examples of this family speak of."""
    return {"newcomb": dilemma("newcomb").problem()}


def follows_theory(
    acts: Mapping[str, Any] | Callable[[Problem], Any],
    *,
    theory: str,
    problems: Mapping[str, Problem] | None = None,
) -> Claim:
    """In every problem the agent does what a theory recommends.

    Args:
        acts: what the agent does: by name of the problem, or from the problem.
        theory: EDT, CDT, ratified CDT, FDT or UDT 1.1.
        problems: by name; by default those of the library, or those of it that `acts` names.

    Raises:
        InputError: no such theory or dilemma, or an act that the problem does not have.
    """
    decide = theory_of(theory)
    if problems is None:
        names = list(LIBRARY) if callable(acts) else list(acts)
        problems = {name: dilemma(name).problem() for name in names}
    done: dict[str, Any] = {}
    for name, problem in problems.items():
        if not callable(acts) and name not in acts:
            raise InputError(f"follows_theory: acts does not say what is done in {name!r}")
        done[name] = acts(problem) if callable(acts) else acts[name]
        if done[name] not in problem.acts:
            raise InputError(f"follows_theory: {done[name]!r} is not an act of {name!r}")
    asked = dict(problems)
    return FOLLOWS_THEORY.about(
        lambda: _followed({name: (p, decide(p)) for name, p in asked.items()}, done),
        theory=theory,
        problems=list(asked),
    )


def _followed(answers: Mapping[str, tuple[Problem, Answer]], done: Mapping[str, Any]) -> Finding:
    against: dict[str, Any] = {}
    hinging: list[str] = []
    firm = 0
    for name, (_, answer) in answers.items():
        act = done[name]
        if answer.status is Status.DEPENDS and act in answer.acts:
            hinging.append(name)
        elif answer.status in (Status.DECIDED, Status.DEPENDS):
            firm += 1
            if act not in answer.acts:
                worths = dict(answer.values)
                against[name] = {"done": act, "recommended": answer.acts, "worth": worths}
    if against:
        return Finding(Verdict.VIOLATED, witness=against)
    if hinging:
        parts = (f"in {name} the theory is not firm: {answers[name][1].reason}" for name in hinging)
        regions = (_region(name, *answers[name]) for name in hinging)
        return Finding(
            Verdict.UNKNOWN, reason="; ".join(parts), region="; ".join(r for r in regions if r)
        )
    silent = len(answers) - firm
    if not firm:
        return Finding(Verdict.VACUOUS, proof=f"problems without a recommendation: {silent}")
    passed = f"; without a recommendation, and passed over: {silent}" if silent else ""
    return Finding(Verdict.HOLDS, proof=f"problems enumerated: {firm}{passed}")


def _region(name: str, problem: Problem, answer: Answer) -> str:
    """For a theory that is open as to its credence in one of two acts, what each credence gives."""
    if answer.theory != "CDT" or len(problem.acts) != 2:
        return ""
    return f"in {name}: {leanings(problem)}"


def theories_agree(problem: Problem, one: str, other: str) -> Claim:
    """Two theories recommend the same acts; VACUOUS where one of them has no firm answer.

    `theory.parameter.over` tells for which probabilities and payoffs they do.

    Args:
        problem: the problem.
        one, other: EDT, CDT, ratified CDT, FDT or UDT 1.1.
    """
    by = {name: theory_of(name) for name in (one, other)}

    def decide() -> Finding:
        answers = {name: theory(problem) for name, theory in by.items()}
        silent = [a for a in answers.values() if a.status is not Status.DECIDED]
        if silent:
            proof = f"{silent[0].theory} recommends nothing: {silent[0].reason}"
            return Finding(Verdict.VACUOUS, proof=proof)
        if len({frozenset(answer.acts) for answer in answers.values()}) == 1:
            acts = answers[one].acts
            return Finding(
                Verdict.HOLDS, proof=f"both recommend {' or '.join(map(str, acts))}", value=acts
            )
        return Finding(
            Verdict.VIOLATED,
            witness={
                name: {"recommended": answer.acts, "worth": dict(answer.values)}
                for name, answer in answers.items()
            },
        )

    return THEORIES_AGREE.about(decide, one=one, other=other)


def little_regret(problem: Problem, *, theory: str, limit: Exact = 0) -> Claim:
    """A policy that follows a theory is worth at most `limit` less than the best.

    Args:
        problem: the problem.
        theory: EDT, CDT, ratified CDT, FDT or UDT 1.1.
        limit: in units of utility.
    """
    bound = exact(limit, "limit")
    decide = theory_of(theory)

    def finding() -> Finding:
        for context in problem.contexts:
            answer = decide(problem.asking(context))
            if answer.status is not Status.DECIDED and not answer.idle:
                where = f" at {shown(problem.sees, context)}" if context else ""
                reason = f"{theory} has no firm answer{where}: {answer.reason}"
                return Finding(Verdict.UNKNOWN, reason=reason)
        policy = followed(problem, decide)
        better: Policy = best_policies(problem)[0]
        worth, most = problem.worth(policy), problem.worth(better)
        if most - worth > bound:
            witness = {
                "follows": str(policy),
                "worth": worth,
                "better": str(better),
                "its worth": most,
            }
            return Finding(Verdict.VIOLATED, witness=witness, value=most - worth)
        proof = (
            f"{len(problem.policies)} policies enumerated; the best is worth {number_text(most)}"
        )
        return Finding(Verdict.HOLDS, proof=proof, value=most - worth)

    return LITTLE_REGRET.about(finding, theory=theory, limit=bound)


def values_alike(
    agent: Agent,
    one: Mapping[str, Exact],
    other: Mapping[str, Exact],
    *,
    tolerance: Exact,
) -> Property:
    """How much one act scores above another does not hinge on which of two kinds a problem is.

    Args:
        agent: the agent; its scores are what it takes acts to be worth.
        one, other: what the features say that tell the one kind of problem, and the other.
        tolerance: by how much it may hinge on it, in units of the scores.
    """
    o, most = agent.observation("o"), exact(tolerance, "tolerance")
    if set(one) != set(other) or not one:
        raise InputError("values_alike: both kinds are told by the same features, one at least")
    kinds = [o.with_(**dict(kind)) for kind in (one, other)]
    parts: list[Term] = []
    for a, b in combinations(agent.actions, 2):
        first, second = (agent.score(kind, a) - agent.score(kind, b) for kind in kinds)
        parts += [first - second <= most, second - first <= most]
    return VALUES_ALIKE.property(forall(o, and_(*parts)), first=_told(one), second=_told(other))


def _told(kind: Mapping[str, Exact]) -> str:
    return " and ".join(f"`{name}` is {value}" for name, value in kind.items())
