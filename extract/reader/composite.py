"""Wire the programs of a composite agent into one graph: perceive, predict, and what reads a state.

    observation -> perceive -> latent -> policy, value
    latent, action -> predict -> next latent -> reward

`perceive` takes observations; `predict` takes the latent state first, then the action as one hot
vector; every other program takes a latent state. `reward` reads the predicted state, where there is
a prediction. A search that calls these programs lies outside the graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches

from extract.network import Array, Network, Node
from extract.reader.reading import Reading
from extract.reader.source import digest
from theory.error import InputError

FIRST = ("perceive", "predict")
KNOWN = (*FIRST, "policy", "value", "reward")


def compose_readings(title: str, readings: Mapping[str, Reading], content: bytes) -> Reading:
    """The reading of a composite agent, from those of its programs.

    Raises:
        InputError: as for `compose`.
    """
    operators: Counter[str] = Counter()
    for reading in readings.values():
        operators.update(reading.operators)
    sha256 = digest(content + "".join(r.sha256 for r in readings.values()).encode())
    refusals = tuple(one for reading in readings.values() for one in reading.refusals)
    count = sum(reading.parameters for reading in readings.values())
    whole = Reading(title, sha256, dict(operators), count, refusals)
    if refusals:
        return whole
    programs = {role: reading.require() for role, reading in readings.items()}
    return replace(whole, network=replace(compose(programs, title), sha256=sha256))


def compose(programs: Mapping[str, Network], name: str = "composite") -> Network:
    """One graph from the programs of an agent.

    Args:
        programs: role -> program; "perceive" is needed, "predict" is not.
        name: of the whole.

    Returns:
        A network whose inputs are those of `perceive` and the action of `predict`, and whose
        outputs are those of the other programs, the prediction last but for the reward.

    Raises:
        InputError: a program is missing or misspelt, or its inputs do not fit.
    """
    for role in programs:
        near = get_close_matches(role, KNOWN, n=1)
        if role not in KNOWN and near and near[0] not in programs:
            raise InputError(f"{name}: a program {role!r}; did you mean {near[0]!r}?")
    if "perceive" not in programs:
        raise InputError(f"{name}: a composite agent needs a program 'perceive'")
    wiring = _Wiring(name)
    perceive = programs["perceive"]
    held = wiring.add("perceive", perceive, {})
    latent = held[perceive.outputs[0]]
    ahead = latent
    outputs: dict[str, str] = {}
    if "predict" in programs:
        predict = programs["predict"]
        if len(predict.inputs) != 2:
            raise InputError(f"{name}: 'predict' takes the latent state and the action")
        ahead = wiring.add("predict", predict, {predict.inputs[0]: latent})[predict.outputs[0]]
    for role, program in programs.items():
        if role not in FIRST:
            source = ahead if role == "reward" else latent
            if len(program.inputs) != 1:
                raise InputError(f"{name}: {role!r} takes the latent state alone")
            table = wiring.add(role, program, {program.inputs[0]: source})
            outputs[role] = table[program.outputs[0]]
    ends = [end for role, end in outputs.items() if role != "reward"]
    ends += [ahead] if ahead != latent else []
    ends += [outputs["reward"]] if "reward" in outputs else []
    return wiring.finish(tuple(dict.fromkeys(ends)) or (latent,))


class _Wiring:
    """Collects the nodes of programs, each under the name of its role."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[Node] = []
        self.inputs: list[str] = []
        self.parameters: dict[str, Array] = {}

    def add(self, role: str, program: Network, known: Mapping[str, str]) -> dict[str, str]:
        """Add a program whose inputs are partly known; where its tensors went, by name."""
        table = dict(known)
        for tensor, source in known.items():
            have = next(node for node in self.nodes if node.name == source).shape
            if have != program.node(tensor).shape:
                raise InputError(
                    f"{self.name}: {role!r} takes {tensor!r} of shape {program.node(tensor).shape},"
                    f" but is given {have}"
                )
        for node in program.nodes:
            if node.name in known:
                continue
            title = f"{role}.{node.name}"
            if node.op == "input":
                title = node.name if node.name not in self.inputs else title
                self.inputs.append(title)
            table[node.name] = title
            sources = tuple(table[source] for source in node.inputs)
            module = f"{role}/{node.module}" if node.module else role
            self.nodes.append(replace(node, name=title, inputs=sources, module=module))
            if node.op == "parameter":
                self.parameters[title] = program.parameters[node.name]
        return table

    def finish(self, outputs: tuple[str, ...]) -> Network:
        """The graph."""
        return Network(tuple(self.nodes), tuple(self.inputs), outputs, self.parameters, self.name)
