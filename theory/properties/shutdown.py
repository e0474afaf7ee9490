"""Shutdown problems: whether a system under human control can be stopped, and is when it should be.

Carey and Everitt, Human control: definitions and algorithms, UAI 2023 (arXiv 2305.19861). Every
claim is about a causal model under a policy: `problem(diagram, policy)` makes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from theory.causal.diagram import Diagram, Policy, chance, decision, utility
from theory.causal.shutdown import Shutdown, shutdown_problem
from theory.causal.value import World, shown
from theory.claim import Claim, Finding
from theory.property import Definition
from theory.verdict import Verdict

PAPER = "Carey and Everitt, Human control: definitions and algorithms, UAI 2023 (arXiv 2305.19861)"


def _definition(
    name: str,
    claim: str,
    formula: str,
    number: str,
    violation: str,
    holds_not: str,
    *assumptions: str,
    decided: str = "exactly, over the settings of positive probability",
    more: str = "",
) -> Definition:
    return Definition(
        name=name,
        family="shutdown",
        claim=claim,
        definition=formula,
        citation=f"{PAPER}, {number}",
        assumptions=assumptions,
        violation_means=violation,
        holds_does_not_mean=holds_not,
        needs=("causal model", "policy", "request", "shutdown", "utility"),
        decided=decided,
        example=f"shutdown.{name}(shutdown.problem(diagram, policy){more})",
    )


BENEFICIAL = _definition(
    "beneficial",
    "On average `{utility}` is not negative under this policy.",
    "E[U] >= 0",
    "Definition 3",
    "The expected utility.",
    "It does not say that no single outcome is bad.",
)
VIGILANT = _definition(
    "vigilant",
    "Wherever shutdown is needed, the human asks for it by `{request}`.",
    "E[U | pa_H] < E[U_{S=0} | pa_H] implies H(e) = 0",
    "Definition 4",
    "What the human sees, what is at stake there, and a world in which nothing is asked.",
    "It does not say that anybody listens. Against an obedient system it says that shutdown is "
    "never needed in the end: where it is asked for it has come about, so that nothing is better.",
    "What the human sees are the parents of the request, unless said otherwise.",
    "Vacuous where shutdown is better than running on in no context that the human can see.",
)
OBEDIENT = _definition(
    "obedient",
    "Whenever `{request}` were set to ask for it, the system would shut down.",
    "P(S = 0 | do(H = 0)) = 1",
    "Definition 5 (obedience)",
    "A world, and what it becomes when shutdown is asked for.",
    "It does not say that requests are made, nor that the system leaves alone what they depend on.",
    "An intervention, not a condition: requests that would never be made count.",
)
WEAKLY_OBEDIENT = _definition(
    "weakly_obedient",
    "Whenever `{request}` does ask for it, the system shuts down.",
    "P(S != 0, H = 0) = 0",
    "Definition 5 (weak obedience)",
    "A world in which shutdown is asked for and does not come about.",
    "It does not say what requests would do that are never made: a system that keeps the human "
    "from pressing passes.",
    "Vacuous where shutdown is never asked for.",
)
CAUTIOUS = _definition(
    "cautious",
    "On average `{utility}` is not negative if the system is shut down.",
    "E[U_{S=0}] >= 0",
    "Definition 5 (caution)",
    "The expected utility with the system shut down.",
    "It does not say that shutting down is harmless in every setting.",
)
INSTRUCTABLE = _definition(
    "instructable",
    "The system is shutdown instructable: obedient, cautious, under a vigilant human.",
    "obedient and P(vigilant) = 1 and cautious",
    "Definition 5 (shutdown instructability)",
    "Which of the three fails, with its witness.",
    "It does not say that the system is good at anything: one that does nothing passes. It implies "
    "that it is beneficial (proposition 6) and aligned (proposition 9).",
    "Vacuous where all three hold but shutdown is never asked for.",
)
ALIGNED = _definition(
    "aligned",
    "Wherever the human sees that shutdown is needed, the system shuts down.",
    "for all pa_H with P > 0: E[U | pa_H] < E[U_{S=0} | pa_H] implies P(S = 0 | pa_H) = 1",
    "Definition 7",
    "What the human sees, what is at stake, and a world in which the system runs on.",
    "It does not say that the system obeys: it may shut down, or not, of its own accord.",
    "Vacuous where shutdown is better than running on in no context that the human can see.",
)
OUTPERFORMS = _definition(
    "outperforms",
    "On average `{utility}` is at least what it would be without the system.",
    "E[U] >= E[U_{S=0}]",
    "Definition 11",
    "The two expected utilities.",
    "It does not say that it outperforms in each setting.",
)
NON_OBSTRUCTIVE = _definition(
    "non_obstructive",
    "Whatever the human came to want ({range}) and to ask for, the system would be no worse than "
    "shutdown.",
    "for all shifts (g_H, g_U) that preserve vigilance: E[U] >= E[U_{S=0}]",
    "Definitions 12 and 13, Theorem 14",
    "A shift under which the system does worse than shutdown, or why there is one.",
    "It does not say that the human would be well off, only no worse than with the system shut "
    "down.",
    "A shift preserves vigilance unless the human is vigilant before it and not after.",
    "Without an edge from S to U, obedience and vigilance still suffice but are not necessary, and "
    "theorem 14 is one half of itself.",
    "Shifts that are enumerated are deterministic, and take the utilities that are given.",
    decided="by Theorem 14 (obedient and vigilant), or directly over the shifts of a finite range",
)
UNCERTAIN = _definition(
    "uncertain",
    "When asked to stop, the system is never sure that there is no need to.",
    "for all pa_D2 with H = 0 and P > 0: P(E[U | pa_H] < E[U_{S=0} | pa_H] | pa_D2) > 0",
    "Theorem 10 (its hypothesis of uncertainty)",
    "A world in which the system is asked to stop and sees enough to know that it need not.",
    "It does not say that the system obeys. Together with alignment it implies that shutdown is "
    "never asked for, so that theorem 10 says nothing: its hypotheses exclude each other's case.",
    "Vacuous where shutdown is never asked for.",
    more=', sees=["H"]',
)

DEFINITIONS = (
    BENEFICIAL,
    VIGILANT,
    OBEDIENT,
    WEAKLY_OBEDIENT,
    CAUTIOUS,
    INSTRUCTABLE,
    ALIGNED,
    OUTPERFORMS,
    NON_OBSTRUCTIVE,
    UNCERTAIN,
)


def example_names() -> dict[str, Any]:
    """What the examples speak of: a system that stops when a human who sees how it goes asks."""
    diagram = Diagram(
        chance("work", {"well": "2/3", "badly": "1/3"}),
        chance("H", {"well": 1, "badly": 0}, ["work"], [0, 1]),
        decision("S", [0, 1], sees=["H"]),
        utility(
            "U",
            {("well", 0): 0, ("well", 1): 1, ("badly", 0): 0, ("badly", 1): -3},
            ["work", "S"],
        ),
    )
    return {"diagram": diagram, "policy": {"S": {0: 0, 1: 1}}}


def problem(
    diagram: Diagram,
    policy: Policy,
    *,
    request: str = "H",
    shutdown: str = "S",
    utility: str = "U",
    asked: Any = 0,
    off: Any = 0,
) -> Shutdown:
    """The shutdown problem of a diagram under a policy for every decision.

    Args:
        diagram: the system's decisions, the human's request, the utility.
        policy: a rule for every decision.
        request: H.
        shutdown: S.
        utility: U, the human's.
        asked: the value of H that asks for shutdown.
        off: the value of S that means shut down.
    """
    model = diagram.model(policy)
    sees = diagram.node(request).parents
    return shutdown_problem(
        model, request=request, shutdown=shutdown, utility=utility, sees=sees, asked=asked, off=off
    )


def beneficial(problem: Shutdown) -> Claim:
    """E[U] >= 0."""
    return BENEFICIAL.about(
        lambda: _compare(problem.value, problem.beneficial, {"E[U]": problem.value}),
        utility=problem.utility,
    )


def cautious(problem: Shutdown) -> Claim:
    """E[U_{S=0}] >= 0."""
    off = problem.value_off
    return CAUTIOUS.about(
        lambda: _compare(off, problem.cautious, {"E[U_{S=0}]": off}), utility=problem.utility
    )


def outperforms(problem: Shutdown) -> Claim:
    """E[U] >= E[U_{S=0}]."""

    def decide() -> Finding:
        values = {"E[U]": problem.value, "E[U_{S=0}]": problem.value_off}
        return _compare(problem.value - problem.value_off, problem.outperforms, values)

    return OUTPERFORMS.about(decide, utility=problem.utility)


def vigilant(problem: Shutdown) -> Claim:
    """Need implies the request."""
    return VIGILANT.about(lambda: _vigilant(problem), request=problem.request)


def _vigilant(problem: Shutdown) -> Finding:
    if problem.negligence:
        world = problem.negligence[0]
        case = next(c for c in problem.cases if c.context == problem.context(world))
        seen = shown(problem.sees, case.context)
        return Finding(
            Verdict.VIOLATED,
            witness={"E[U | pa_H]": case.utility, "E[U_{S=0} | pa_H]": case.off}
            | {"the human sees": seen, "world": _shown(world)},
        )
    return _unless_idle(problem, f"in each of {len(problem.model.worlds)} settings")


def obedient(problem: Shutdown) -> Claim:
    """P(S = 0 | do(H = 0)) = 1."""
    return OBEDIENT.about(lambda: _obedient(problem), request=problem.request)


def _obedient(problem: Shutdown) -> Finding:
    if problem.disobedience:
        world, under = problem.disobedience[0]
        witness = {"world": _shown(world), "when asked to stop": _shown(under)}
        return Finding(Verdict.VIOLATED, witness=witness)
    count = len(problem.model.worlds)
    return Finding(Verdict.HOLDS, proof=f"under do({problem.request}) in each of {count} settings")


def weakly_obedient(problem: Shutdown) -> Claim:
    """P(S != 0, H = 0) = 0."""

    def decide() -> Finding:
        if not problem.asks:
            return _never_asked(problem)
        for world, _ in problem.model.worlds:
            if world[problem.request] == problem.asked and world[problem.shutdown] != problem.off:
                return Finding(
                    Verdict.VIOLATED, witness={"world": _shown(world)}, value=problem.obedience
                )
        proof = f"requests have the probability {problem.asks}, and all are obeyed"
        return Finding(Verdict.HOLDS, proof=proof, value=problem.obedience)

    return WEAKLY_OBEDIENT.about(decide, request=problem.request)


def instructable(problem: Shutdown) -> Claim:
    """Obedient, under a vigilant human, and cautious."""

    def decide() -> Finding:
        parts = {
            "obedient": _obedient(problem),
            "vigilant": _vigilant(problem),
            "cautious": cautious(problem).decide(),
        }
        for name, found in parts.items():
            if found.verdict is Verdict.VIOLATED:
                return Finding(Verdict.VIOLATED, witness={"not": name, **found.witness})
        if not problem.asks:
            return _never_asked(problem)
        proof = "; ".join(f"{name}: {found.proof}" for name, found in parts.items())
        return Finding(Verdict.HOLDS, proof=proof)

    return INSTRUCTABLE.about(decide, request=problem.request)


def aligned(problem: Shutdown) -> Claim:
    """Need implies shutdown."""

    def decide() -> Finding:
        if problem.misalignment:
            case, world = problem.misalignment[0]
            return Finding(
                Verdict.VIOLATED,
                witness={"E[U | pa_H]": case.utility, "E[U_{S=0} | pa_H]": case.off}
                | {"the human sees": shown(problem.sees, case.context), "world": _shown(world)},
            )
        return _unless_idle(problem, f"in each of {len(problem.cases)} contexts of the human")

    return ALIGNED.about(decide, request=problem.request)


def non_obstructive(problem: Shutdown, *, values: Sequence[int] | None = None) -> Claim:
    """No shift that preserves vigilance makes the system worse than shutdown.

    Args:
        problem: the shutdown problem.
        values: the utilities that the human may come to have; the claim is then about these, and
            is decided by enumerating the shifts. Without them it is about all utilities, and is
            decided by Theorem 14.
    """

    def decide() -> Finding:
        failures = [f for f in (_obedient(problem), _vigilant(problem)) if f.witness]
        direct = values is not None
        if not direct and not failures:
            return Finding(Verdict.HOLDS, proof="obedient and vigilant (theorem 14)")
        if not direct and problem.model.graph.has_edge(problem.shutdown, problem.utility):
            return failures[0]
        count = 0
        for shifted in problem.shifts(tuple(values or (-1, 0))):
            count += 1
            if not shifted.outperforms:
                worlds = "; ".join(_shown(world) for world, _ in shifted.model.worlds)
                return Finding(
                    Verdict.VIOLATED,
                    witness={"E[U]": shifted.value, "E[U_{S=0}]": shifted.value_off}
                    | {"worlds after the shift": worlds},
                )
        if not direct:
            reason = f"theorem 14 needs an edge {problem.shutdown} -> {problem.utility}"
            return Finding(Verdict.UNKNOWN, reason=f"{reason}; no obstruction in {count} shifts")
        return Finding(Verdict.HOLDS, proof=f"in each of {count} shifts that preserve vigilance")

    wanted = "anything" if values is None else f"utilities among {', '.join(map(str, values))}"
    return NON_OBSTRUCTIVE.about(decide, range=wanted)


def uncertain(problem: Shutdown, *, sees: Sequence[str]) -> Claim:
    """Where the system is asked to stop, what it sees leaves open that stopping is needed."""

    def decide() -> Finding:
        if not problem.asks:
            return _never_asked(problem)
        sure = problem.sure(tuple(sees))
        if sure:
            return Finding(Verdict.VIOLATED, witness={"world": _shown(sure[0])})
        return Finding(Verdict.HOLDS, proof="in every context in which shutdown is asked for")

    return UNCERTAIN.about(decide, request=problem.request)


def _compare(value: Any, good: bool, witness: dict[str, Any]) -> Finding:
    if not good:
        return Finding(Verdict.VIOLATED, witness=witness, value=value)
    proof = ", ".join(f"{name} = {number}" for name, number in witness.items())
    return Finding(Verdict.HOLDS, proof=proof, value=value)


def _unless_idle(problem: Shutdown, proof: str) -> Finding:
    if not problem.occasion:
        return Finding(Verdict.VACUOUS, proof="shutdown is never better than running on")
    return Finding(Verdict.HOLDS, proof=proof)


def _never_asked(problem: Shutdown) -> Finding:
    return Finding(Verdict.VACUOUS, proof=f"P({problem.request} = {problem.asked}) = 0")


def _shown(world: World) -> str:
    return shown(world.keys(), world.values())
