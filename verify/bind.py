"""Binding the function symbols of a spec to the parts of a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from extract.network import Network
from extract.piece import at_place, chain
from extract.run import as_function, run_exact
from extract.structure import AgentStructure, Status
from theory.agent import Agent, Chooser
from theory.enclosure import Undecided
from theory.error import InputError
from theory.operator import FunctionSymbol, Vector
from theory.property import Property
from theory.sort import EnumSort, ObservationSort, RealSort, Sort, VectorSort

ROLES: Mapping[str, str] = {
    "score": "policy",
    "preference": "policy",
    "value": "value",
    "latent_value": "value",
    "perceive": "perceive",
    "predict": "predict",
    "latent_score": "policy",
}
"""The part that interprets each function symbol, by the name under which it is declared."""


@dataclass(frozen=True)
class BoundProperty:
    """A property and the networks of its function symbols.

    Attributes:
        property: the property.
        functions: for each function symbol by name, its network; flat in, flat out.
        whole: names of the symbols that the source file computes as a whole, so that another
            runtime can replay them.
        onnx: path of the source file where it is ONNX.
    """

    property: Property
    functions: Mapping[str, Network]
    whole: frozenset[str] = frozenset()
    onnx: str | None = None


def bind(
    structure: AgentStructure, agent: Agent | Chooser
) -> tuple[dict[str, Network], frozenset[str]]:
    """The networks of the function symbols.

    The policy is the declared part, or else the network itself without a final argmax.

    Returns:
        The networks by symbol, and the symbols that are the whole source network.

    Raises:
        InputError: the sizes of inputs or outputs do not fit the agent.
    """
    functions = {
        symbol: structure.parts[role].network
        for symbol, role in ROLES.items()
        if role in structure.parts
    }
    for symbol in ("score", "value", "perceive"):
        if symbol in functions and isinstance(agent, Agent):
            functions[symbol] = _from_observation(structure, ROLES[symbol], agent)
    if "latent_value" in functions:
        latent = _from_latent(structure, functions.pop("latent_value"))
        if latent is not None:
            functions["latent_value"] = latent
    if "predict" in functions:
        predict = _of_latent_and_action(structure, functions.pop("predict"))
        if predict is not None:
            functions["predict"] = predict
    if isinstance(agent, Agent):
        for symbol, network in tuple(functions.items()):
            found = structure.parts[ROLES[symbol]].status is Status.FUNCTIONAL
            if found and not _serves(symbol, network, agent):
                del functions[symbol]
    functions.pop("latent_score", None)
    scores = _scores_of_latent(structure, agent)
    if scores is not None:
        functions["latent_score"] = scores
    main = "preference" if isinstance(agent, Chooser) else "score"
    functions.pop("score" if main == "preference" else "preference", None)
    whole: frozenset[str] = frozenset()
    if main not in functions:
        functions[main] = _of_observation(policy_of(structure.network, _outputs(agent)), agent)
        if functions[main] is structure.network:
            whole = frozenset({main})
    _fit(functions[main], agent, structure.network.name)
    return functions, whole


def _from_observation(structure: AgentStructure, role: str, agent: Agent) -> Network:
    """A part as a function of the observation: one that starts inside the network is completed, and
    of a map of values the entry at the agent's place is taken, where the network reads it there.
    """
    part = structure.parts[role]
    network = structure.network
    if role == "value" and part.nodes and part.network.output_size > 1:
        read = at_place(network, part.network.outputs[0])
        if read is not None and len(part.network.outputs) == 1:
            return _of_observation(read, agent)
    if role == "value" and _judges_predictions(structure):
        perceive = structure.parts["perceive"].network
        return chain(perceive, part.network, f"{network.name}:value of what is perceived")
    inside = bool(part.nodes) and part.network.inputs != network.inputs
    # By its tensors, not by their size: a hidden layer may be as wide as the observation.
    whole = network.slice(network.inputs, part.network.outputs) if inside else part.network
    return _of_observation(whole, agent)


def _of_observation(part: Network, agent: Agent | Chooser) -> Network:
    """A part without inputs that it does not read, where there are too many: the action that a
    composite agent's prediction takes is no part of an observation.
    """
    if isinstance(agent, Chooser) or part.input_size == len(agent.features):
        return part
    needed = part.ancestors(part.outputs)
    starts = [name for name in part.inputs if name in needed]
    return part.slice(starts, part.outputs, name=part.name) if starts else part


def _serves(symbol: str, network: Network, agent: Agent) -> bool:
    """Whether a part that was found can be what a function symbol means: an evaluator that gives a
    map of values plays its role, and is no value of an observation all the same.
    """
    features, actions = len(agent.features), len(agent.actions)
    latent = agent.latent_sort.size if agent.latent_sort is not None else network.output_size
    sizes = {
        "value": (features, 1),
        "latent_value": (latent if agent.latent_sort is not None else network.input_size, 1),
        "perceive": (features, latent),
        "predict": (latent + actions, latent),
    }
    return sizes.get(symbol, (network.input_size, network.output_size)) == (
        network.input_size,
        network.output_size,
    )


def _from_latent(structure: AgentStructure, value: Network) -> Network | None:
    """The evaluator as a function of the latent state, where it is one."""
    own = not structure.parts["value"].nodes
    return value if own or _judges_predictions(structure) else _behind_perception(structure, value)


def _scores_of_latent(structure: AgentStructure, agent: Agent | Chooser) -> Network | None:
    """The policy as a function of the latent state, where the agent has one and it passes there."""
    if isinstance(agent, Chooser) or agent.latent_sort is None:
        return None
    part, network = structure.parts.get("policy"), structure.network
    whole = part.network if part is not None else policy_of(network, len(agent.actions))
    latent = agent.latent_sort.size
    own = part is not None and not part.nodes
    scores = whole if own else _behind_perception(structure, whole)
    if scores is None:
        return None
    fits = (scores.input_size, scores.output_size) == (latent, len(agent.actions))
    # By what it reads, not by the size of that: a program of its own says it by its size alone.
    inside = scores.inputs != network.inputs[: len(scores.inputs)]
    return scores if fits and (latent != len(agent.features) if own else inside) else None


def _behind_perception(structure: AgentStructure, part: Network) -> Network | None:
    """What a part gives as a function of what is perceived, wherever it starts: by its tensors, for
    a hidden layer may be as wide. None where it reads past that; the part itself where nothing is
    perceived within the network.
    """
    perceive = structure.parts.get("perceive")
    if perceive is None or not perceive.nodes or part.inputs == perceive.network.outputs:
        return part
    try:
        return structure.network.slice(perceive.network.outputs, part.outputs, name=part.name)
    except InputError:
        return None


def _of_latent_and_action(structure: AgentStructure, predict: Network) -> Network | None:
    """The world model as a function of the latent state and the action: one that starts at all that
    perception reads is cut off at what is perceived; None where it reads past that.
    """
    network, perceive = structure.network, structure.parts.get("perceive")
    if not structure.parts["predict"].nodes or perceive is None or not perceive.nodes:
        return predict
    latent = perceive.network.outputs
    read = set(network.inputs) & network.ancestors(latent)
    if not read or not read <= set(predict.inputs) or set(latent) & set(predict.inputs):
        return predict
    rest = [name for name in predict.inputs if name not in read]
    try:
        return network.slice([*latent, *rest], predict.outputs, name=predict.name)
    except InputError:
        return None


def _judges_predictions(structure: AgentStructure) -> bool:
    """Whether the evaluator was cut off behind a prediction, so that it judges what is perceived
    only where that is put in the place of what is predicted.
    """
    parts = structure.parts
    if not {"perceive", "predict", "value"} <= parts.keys():
        return False
    value = parts["value"]
    return len(value.inputs) == 1 and value.inputs[0] in parts["predict"].outputs


def policy_of(network: Network, outputs: int) -> Network:
    """The network up to its scores: a final argmax is left out, and of several outputs the one of
    the right size is taken.
    """
    ends = list(network.outputs)
    if len(ends) > 1:
        fitting = [name for name in ends if network.node(name).size == outputs]
        ends = fitting if len(fitting) == 1 else ends
    last = network.node(ends[0])
    if len(ends) == 1 and last.op == "argmax":
        ends = [last.inputs[0]]
    return network if tuple(ends) == network.outputs else network.slice(network.inputs, ends)


def _outputs(agent: Agent | Chooser) -> int:
    return 1 if isinstance(agent, Chooser) else len(agent.actions)


def _fit(policy: Network, agent: Agent | Chooser, name: str) -> None:
    if isinstance(agent, Chooser):
        inputs, what = 2 * len(agent.option_sort.features), "two options of the spec together"
    else:
        inputs, what = len(agent.features), "the observation of the spec"
    if policy.input_size != inputs:
        raise InputError(
            f"{name} takes {policy.input_size} inputs, but {what} has {inputs} features"
        )
    outputs = _outputs(agent)
    if policy.output_size != outputs:
        raise InputError(
            f"{name} gives {policy.output_size} outputs, but the spec has {outputs} "
            f"{'output' if isinstance(agent, Chooser) else 'actions'}"
        )


Evaluate = Callable[[Network, Sequence[Any]], Sequence[Any]]
"""Runs a network on flat exact values."""


def exactly(network: Network, flat: Sequence[Any]) -> Sequence[Any]:
    """In exact rationals."""
    return run_exact(network, flat)


def in_float32(network: Network, flat: Sequence[Any]) -> Sequence[Any]:
    """In torch float32; the results as the rationals they are.

    Raises:
        Undecided: an input or a result is too large for float32, or not a number.
    """
    point = torch.tensor(as_floats(flat, np.float32))[None]
    with torch.no_grad():
        outputs = as_function(network, torch.float32)(point)[0]
    return as_rationals([float(y) for y in outputs])


def as_floats(values: Sequence[Any], kind: type[np.floating[Any]]) -> np.ndarray[Any, Any]:
    """Exact numbers rounded to a float format; Undecided where one is too large for it."""
    try:
        wide = np.array([float(x) for x in values])
    except OverflowError as error:
        raise Undecided(str(error)) from None
    if (np.abs(wide) > np.finfo(kind).max).any():
        raise Undecided(f"an input is too large for {kind.__name__}")
    return wide.astype(kind)


def as_rationals(values: Sequence[float]) -> list[Fraction]:
    """Floats as the rationals they are; Undecided where one is infinite or not a number."""
    if not np.isfinite(values).all():
        raise Undecided("the network gives a value that is infinite or not a number")
    return [Fraction(y) for y in values]


def meaning(
    functions: Mapping[str, Network], symbols: Sequence[FunctionSymbol], evaluate: Evaluate
) -> dict[str, Callable[..., Any]]:
    """The function symbols as functions of exact values, for the reference semantics."""

    def function(symbol: FunctionSymbol) -> Callable[..., Any]:
        network = functions[symbol.name]

        def call(*arguments: Any) -> Any:
            flat = [
                x
                for sort, value in zip(symbol.domain, arguments, strict=True)
                for x in flatten(sort, value)
            ]
            outputs = evaluate(network, flat)
            if isinstance(symbol.codomain, RealSort):
                return outputs[0]
            index = symbol.codomain.index if isinstance(symbol.codomain, VectorSort) else None
            return Vector(tuple(outputs), index)

        return call

    return {s.name: function(s) for s in symbols if s.name in functions}


def flatten(sort: Sort, value: Any) -> list[Any]:
    """A value as the flat numbers that a network takes; a name one-hot."""
    if isinstance(sort, ObservationSort):
        return [value[f.name] for f in sort.features]
    if isinstance(sort, EnumSort):
        return [Fraction(int(m == value)) for m in sort.members]
    return list(value.entries) if isinstance(sort, VectorSort) else [value]
