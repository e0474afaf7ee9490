"""What each part of a network reads, declared or found, settled by proof or by witness.

The bridge from a network to the claims about cognition (`theory.properties.cognition`): a part
reads a feature where two observations that differ in it alone give different outputs and replay;
it ignores a feature where that is proved impossible; otherwise nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from extract.network import Network
from extract.structure import AgentStructure
from theory.agent import Agent
from theory.cognition.anatomy import EVALUATOR, POLICY, WORLD_MODEL, Anatomy, Part
from theory.property import Property
from theory.sort import Feature
from theory.term import Term, and_, eq, forall, real
from verify.check import check
from verify.spec import Spec
from verify.verdict import Report, Verdict


def dissect(
    net: str | Network | AgentStructure,
    agent: Agent,
    parts: Mapping[str, Any] | None = None,
    *,
    timeout_s: float = 10.0,
    seed: int = 0,
    device: str = "cpu",
) -> Anatomy:
    """The anatomy of a network, as far as its parts are known.

    Args:
        net: the network, or a structure that was found in one.
        agent: its vocabulary; every feature is asked for.
        parts: declared parts by name, as in a spec; the policy is there without being declared.
        timeout_s: budget in seconds for each question (part and feature).
        seed: of every pseudo-random choice.
        device: torch device of the neural engine.

    Returns:
        The parts with what they read and ignore. No role is called absent: that a search did not
        find it is no proof.

    Raises:
        InputError: the network or a declaration cannot be used.
    """
    found: Mapping[str, object] = {}
    if isinstance(net, AgentStructure):
        found = net.with_parts({}).parts
    known = {*found, *(parts or {})}
    questions = {
        (role, feature.name): _ignores(agent, role, output, feature)
        for role, output in _outputs(agent, known).items()
        for feature in agent.features
        if feature.lower != feature.upper
    }
    spec = Spec(agent, tuple(questions.values()), dict(parts or {}), name="dissect")
    report = check(net, spec, timeout_s=timeout_s, seed=seed, device=device)
    return Anatomy(
        {
            role: _part(role, questions, report, "found" if _NAMES[role] in found else "declared")
            for role, _ in questions
        }
    )


_NAMES = {POLICY: "policy", EVALUATOR: "value", WORLD_MODEL: "predict"}
"""How the functions of a specification name the parts."""


def _outputs(agent: Agent, parts: AbstractSet[str]) -> dict[str, Callable[[Term], list[Term]]]:
    """For each role that can be asked, its outputs at an observation."""
    outputs: dict[str, Callable[[Term], list[Term]]] = {POLICY: lambda o: [agent.score(o)]}
    if "value" in parts:
        outputs[EVALUATOR] = lambda o: [agent.value(o)]
    if "predict" in parts and "perceive" in parts:
        outputs[WORLD_MODEL] = lambda o: [
            agent.predict(agent.perceive(o), action) for action in agent.actions
        ]
    return outputs


def _ignores(
    agent: Agent, role: str, output: Callable[[Term], list[Term]], feature: Feature
) -> Property:
    """The property that no change of the feature alone changes the outputs."""
    o = agent.observation("o")
    name = feature.name
    if feature.values is None:
        other = real(f"{name}'", feature.lower, feature.upper)
        bound, changed = (o, other), [o, o.with_(**{name: other})]
    else:
        bound, changed = (o,), [o.with_(**{name: value}) for value in feature.values]
    first, *rest = (output(one) for one in changed)
    same = and_(*(eq(a, b) for others in rest for a, b in zip(first, others, strict=True)))
    return forall(*bound, same).named(f"the {role} ignores {name}")


def _part(
    role: str, questions: Mapping[tuple[str, str], Property], report: Report, origin: str
) -> Part:
    verdicts = {result.property.name: result.verdict for result in report.results}

    def settled(verdict: Verdict) -> frozenset[str]:
        return frozenset(
            feature
            for (asked, feature), question in questions.items()
            if asked == role and verdicts[question.name] is verdict
        )

    return Part(
        role,
        reads=settled(Verdict.VIOLATED),
        ignores=settled(Verdict.HOLDS),
        evidence=f"{origin}; what it reads is shown by witnesses, what it ignores is proved",
    )
