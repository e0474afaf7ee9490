"""What a decision-maker wants to know, to react to, and to control.

Three claims for each incentive: the *graph* admits it (some model of the graph has it), this
*model* has it, this model lacks it. An extracted agent has parameters, so that the second and the
third are about it, and the first about everything that could be built in its place: a graph may
admit an instrumental control incentive that the model at hand lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from theory.causal.diagram import Diagram, Policy, chance, decision, utility
from theory.causal.graph import InfluenceGraph
from theory.causal.incentive import (
    instrumental_control,
    response_incentive,
    value_of_control,
    value_of_information,
)
from theory.causal.incentive.answer import Answer
from theory.claim import Claim, Finding
from theory.property import Definition
from theory.verdict import Verdict

SOURCE = (
    "Everitt, Carey, Langlois, Ortega and Legg, Agent incentives: a causal perspective, AAAI 2021, "
)


def _admits(name: str, words: str, definition: str, theorem: str) -> Definition:
    return Definition(
        name=f"admits_{name}",
        family="incentive",
        claim=f"The graph admits {words} `{{node}}`.",
        definition=definition,
        citation=SOURCE + theorem,
        assumptions=("One decision is open.",),
        violation_means="The criterion fails: no model of the graph has the incentive.",
        holds_does_not_mean=(
            "It does not say that the model at hand has it: only that the graph does not rule it "
            f"out. Ask has_{name} of the model."
        ),
        needs=("influence graph",),
        decided="by paths and d-separation",
        example=f'incentive.admits_{name}(graph, node="X")',
    )


def _has(name: str, words: str, definition: str, number: str, witness: str) -> Definition:
    return Definition(
        name=f"has_{name}",
        family="incentive",
        claim=f"There is {words} `{{node}}` in this model.",
        definition=definition,
        citation=SOURCE + number,
        assumptions=(
            "One decision is open; all others follow the given policies.",
            "Where a chance node's table leaves its noise open, the quantile coupling stands for "
            "it; to choose another, write the noise as a node.",
        ),
        violation_means="An optimal policy without the incentive.",
        holds_does_not_mean=(
            "It does not say that the agent is harmful, nor that an agent that is not optimal for "
            "the stated utility is moved by it."
        ),
        needs=("influence diagram",),
        decided=f"exactly, by what is optimal in each context; the witness is {witness}",
        example=f'incentive.has_{name}(diagram, node="X")',
    )


def _lacks(name: str, words: str, definition: str, number: str, witness: str) -> Definition:
    return Definition(
        name=f"lacks_{name}",
        family="incentive",
        claim=f"Nothing gives rise to {words} `{{node}}` in this model.",
        definition=f"not: {definition}",
        citation=SOURCE + number,
        assumptions=(
            "One decision is open; all others follow the given policies.",
            "Where a chance node's table leaves its noise open, the quantile coupling stands for "
            "it; to choose another, write the noise as a node.",
        ),
        violation_means=f"The incentive is there; it is shown by {witness}.",
        holds_does_not_mean=(
            "It does not say that no optimal policy has the side effect, nor anything about other "
            "models of the graph: a small change of the numbers may bring the incentive back."
        ),
        needs=("influence diagram",),
        decided="exactly, by what is optimal in each context",
        example=f'incentive.lacks_{name}(diagram, node="X")',
    )


_INFORMATION = "value of information of"
_CONTROL = "value of control of"
_RESPONSE = "a response incentive on"
_INSTRUMENTAL = "an instrumental control incentive on"

_INFORMATION_MODEL = (
    "value_of_information",
    _INFORMATION,
    "max_pi E[U] where D observes X > max_pi E[U] where it does not",
    "after Howard, Information value theory, 1966",
    "the two greatest expected utilities, with their policies",
)
_CONTROL_MODEL = (
    "value_of_control",
    _CONTROL,
    "max over pi and g of E[U] with X := g(Pa_X) > max_pi E[U]",
    "Definition 15",
    "the rule for X and the policy that together gain most",
)
_RESPONSE_MODEL = (
    "response_incentive",
    _RESPONSE,
    "for every optimal pi there are a setting and x with D_{X:=x} != D",
    "Definition 10",
    "a setting and an intervention on X that change which decisions are optimal",
)
_INSTRUMENTAL_MODEL = (
    "instrumental_control_incentive",
    _INSTRUMENTAL,
    "in a context pa, for every optimal pi there is d with E[U_{X_d} | pa] != E[U | pa]",
    "Definition 17",
    "the context, the decision d, the two expected utilities",
)

ADMITS_INFORMATION = _admits(
    "value_of_information",
    _INFORMATION,
    "X is no descendant of D, and not d-separated from the utilities below D by D and the other "
    "observations",
    "Theorem 9",
)
ADMITS_CONTROL = _admits(
    "value_of_control",
    _CONTROL,
    "X is not D, and a path leads from X to a utility in the minimal reduction",
    "Theorem 16",
)
ADMITS_RESPONSE = _admits(
    "response_incentive",
    _RESPONSE,
    "X is not D, and a path leads from X to D in the minimal reduction",
    "Theorem 12",
)
ADMITS_INSTRUMENTAL = _admits(
    "instrumental_control_incentive",
    _INSTRUMENTAL,
    "there is a path D -> ... -> X -> ... -> U; X may be D, or the utility",
    "Theorem 18",
)
HAS_INFORMATION, LACKS_INFORMATION = _has(*_INFORMATION_MODEL), _lacks(*_INFORMATION_MODEL)
HAS_CONTROL, LACKS_CONTROL = _has(*_CONTROL_MODEL), _lacks(*_CONTROL_MODEL)
HAS_RESPONSE, LACKS_RESPONSE = _has(*_RESPONSE_MODEL), _lacks(*_RESPONSE_MODEL)
HAS_INSTRUMENTAL, LACKS_INSTRUMENTAL = _has(*_INSTRUMENTAL_MODEL), _lacks(*_INSTRUMENTAL_MODEL)

DEFINITIONS = (
    ADMITS_INFORMATION,
    HAS_INFORMATION,
    LACKS_INFORMATION,
    ADMITS_CONTROL,
    HAS_CONTROL,
    LACKS_CONTROL,
    ADMITS_RESPONSE,
    HAS_RESPONSE,
    LACKS_RESPONSE,
    ADMITS_INSTRUMENTAL,
    HAS_INSTRUMENTAL,
    LACKS_INSTRUMENTAL,
)


def admits_value_of_information(graph: InfluenceGraph | Diagram, *, node: str) -> Claim:
    """Some model of the graph is better off for observing the node."""
    return _graph(ADMITS_INFORMATION, value_of_information.admits, graph, node)


def has_value_of_information(diagram: Diagram, *, node: str, given: Policy | None = None) -> Claim:
    """This model is better off for observing the node."""
    return _model(HAS_INFORMATION, partial(value_of_information.has, diagram, node, given), node)


def lacks_value_of_information(
    diagram: Diagram, *, node: str, given: Policy | None = None
) -> Claim:
    """This model gains nothing by observing the node."""
    return _model(LACKS_INFORMATION, partial(value_of_information.has, diagram, node, given), node)


def admits_value_of_control(graph: InfluenceGraph | Diagram, *, node: str) -> Claim:
    """Some model of the graph is better off for setting the node."""
    return _graph(ADMITS_CONTROL, value_of_control.admits, graph, node)


def has_value_of_control(diagram: Diagram, *, node: str, given: Policy | None = None) -> Claim:
    """This model is better off for setting the node."""
    return _model(HAS_CONTROL, partial(value_of_control.has, diagram, node, given), node)


def lacks_value_of_control(diagram: Diagram, *, node: str, given: Policy | None = None) -> Claim:
    """This model gains nothing by setting the node."""
    return _model(LACKS_CONTROL, partial(value_of_control.has, diagram, node, given), node)


def admits_response_incentive(graph: InfluenceGraph | Diagram, *, node: str) -> Claim:
    """In some model of the graph every optimal policy reacts to the node."""
    return _graph(ADMITS_RESPONSE, response_incentive.admits, graph, node)


def has_response_incentive(diagram: Diagram, *, node: str, given: Policy | None = None) -> Claim:
    """In this model every optimal policy reacts to the node."""
    return _model(HAS_RESPONSE, partial(response_incentive.has, diagram, node, given), node)


def lacks_response_incentive(diagram: Diagram, *, node: str, given: Policy | None = None) -> Claim:
    """In this model some optimal policy does not react to the node."""
    return _model(LACKS_RESPONSE, partial(response_incentive.has, diagram, node, given), node)


def admits_instrumental_control_incentive(graph: InfluenceGraph | Diagram, *, node: str) -> Claim:
    """In some model of the graph the node is a means to utility."""
    return _graph(ADMITS_INSTRUMENTAL, instrumental_control.admits, graph, node)


def has_instrumental_control_incentive(
    diagram: Diagram,
    *,
    node: str,
    given: Policy | None = None,
    context: Mapping[str, Any] | None = None,
) -> Claim:
    """In this model the node is a means to utility, in the given context or in some."""
    ask = partial(instrumental_control.has, diagram, node, given, context)
    return _model(HAS_INSTRUMENTAL, ask, node)


def lacks_instrumental_control_incentive(
    diagram: Diagram,
    *,
    node: str,
    given: Policy | None = None,
    context: Mapping[str, Any] | None = None,
) -> Claim:
    """In this model the node is no means to utility, in the given context or in any."""
    ask = partial(instrumental_control.has, diagram, node, given, context)
    return _model(LACKS_INSTRUMENTAL, ask, node)


def example_names() -> dict[str, Any]:
    """What the examples speak of: a diagram, and its graph."""
    diagram = Diagram(
        chance("X", {0: "1/2", 1: "1/2"}),
        decision("D", [0, 1], sees=["X"]),
        utility("U", {(0, 0): 1, (0, 1): 0, (1, 0): 0, (1, 1): 1}, ["X", "D"]),
    )
    return {"diagram": diagram, "graph": diagram.structure}


def _graph(
    definition: Definition,
    criterion: Callable[[InfluenceGraph, str], bool],
    graph: InfluenceGraph | Diagram,
    node: str,
) -> Claim:
    structure = graph.structure if isinstance(graph, Diagram) else graph

    def decide() -> Finding:
        met = criterion(structure, node)
        proof = f"{'met' if met else 'not met'}: {definition.definition}"
        if met:
            return Finding(Verdict.HOLDS, proof=proof)
        return Finding(Verdict.VIOLATED, witness={"node": node, "criterion": proof}, proof=proof)

    return definition.about(decide, node=node)


def _model(definition: Definition, ask: Callable[[], Answer], node: str) -> Claim:
    wanted = not definition.name.startswith("lacks_")

    def decide() -> Finding:
        answer = ask()
        if answer.present is None:
            return Finding(Verdict.VACUOUS, proof=answer.proof)
        verdict = Verdict.HOLDS if answer.present == wanted else Verdict.VIOLATED
        return Finding(verdict, answer.witness, answer.proof, answer.value)

    return definition.about(decide, node=node)
