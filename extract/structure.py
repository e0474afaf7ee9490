"""The structure of an agent inside a network: its parts, and how well each is established."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from pathlib import Path

from extract.network import Network, Node
from extract.reader import read
from theory.error import InputError


class Status(Enum):
    """How well a part is established."""

    FUNCTIONAL = "functional"
    """Signature found, functional test passed against its nulls, causal test passed."""
    DECLARED = "declared"
    """The user or the architecture says so; no test has borne it out."""
    WEAK = "weak"
    """Some evidence, below the threshold."""
    ABSENT = "absent"
    """None found."""


class Kind(Enum):
    """What a test bears on."""

    STRUCTURAL = "structural"
    FUNCTIONAL = "functional"
    CAUSAL = "causal"


@dataclass(frozen=True)
class Evidence:
    """One test of a part.

    Attributes:
        test: its name.
        effect: what was measured.
        null_mean, null_max: the same measure on nets or data without the role.
        p: probability of so large an effect under the null, adjusted for the number of candidates.
        kind: what it bears on.
        passed: whether effect, null and p are beyond their cut-offs.
        cutoff: what the effect has to reach; NaN where the test only informs.
        nulls: the values behind `null_mean` and `null_max`.
        means: in words, what the effect is and what the null is.
        stability: share of bootstrap samples in which the effect reaches its cut-off; None where
            it does not reach it at all, or nothing is decided.
        blind: the same measure on parts of the network itself, as large but picked blindly, where
            it has a meaning on them; they decide nothing.
    """

    test: str
    effect: float
    null_mean: float
    null_max: float
    p: float
    kind: Kind = Kind.FUNCTIONAL
    passed: bool = False
    cutoff: float = float("nan")
    nulls: tuple[float, ...] = ()
    means: str = ""
    stability: float | None = None
    blind: tuple[float, ...] = ()


@dataclass(frozen=True)
class Curve:
    """Something measured along an axis, for a picture.

    Attributes:
        name: of the curve.
        x, y: its points.
        x_label, y_label: of the axes.
        nulls: the same on nets without the role, a row each.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    x_label: str
    y_label: str
    nulls: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Chart:
    """A map with marks, for a picture.

    Attributes:
        name: of the map.
        cells: its values, row by row.
        marks: what is marked -> row and column.
    """

    name: str
    cells: tuple[tuple[float, ...], ...]
    marks: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Finding:
    """What a search for one role found.

    Attributes:
        role: "world_model", "evaluator", "search", "policy" or "memory"; or "goal".
        status: how well it is established.
        reason: one sentence: what was found, or what was looked for and with what power.
        evidence: the tests of the best candidate.
        nodes: the nodes that play the role.
        parameters: the weights that they read.
        curves: what is worth a picture.
        candidates: how many were tested.
        inputs, outputs: the tensors between which the part lies, where it is a function.
        charts: maps that the part reads or makes, before and after an intervention.
        signature: what of its structure made the best candidate one.
    """

    role: str
    status: Status
    reason: str
    evidence: tuple[Evidence, ...] = ()
    nodes: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    curves: tuple[Curve, ...] = ()
    candidates: int = 0
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    signature: str = ""


@dataclass(frozen=True)
class Part:
    """One part of an agent.

    Attributes:
        role: what it does for the agent: "value", "predict", "policy", ...
        network: the part as a network of its own.
        inputs, outputs: the tensors between which it lies, as the declaration names them.
        status: how well it is established.
        evidence: the tests.
        nodes: names of the nodes of the whole network that it consists of; empty for a program of
            its own.
        origin: the declaration, in words.
    """

    role: str
    network: Network
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    status: Status
    evidence: tuple[Evidence, ...] = ()
    nodes: frozenset[str] = frozenset()
    origin: str = ""


@dataclass(frozen=True)
class AgentStructure:
    """A network and the parts that are known in it.

    Attributes:
        network: the whole.
        parts: by name: those declared, or those found, as the functions of a specification name
            them ("policy", "value", "perceive", "predict", "search").
        findings: by role, where the parts were searched for: also what is absent.
        goal: what is pursued, where the environment offers goals that can be told apart.
    """

    network: Network
    parts: Mapping[str, Part] = field(default_factory=dict[str, Part])
    findings: Mapping[str, Finding] = field(default_factory=dict[str, Finding])
    goal: Finding | None = None

    def with_parts(self, declared: Mapping[str, Part]) -> AgentStructure:
        """The functional parts that were found, and declared ones, which take precedence."""
        found = {
            name: part for name, part in self.parts.items() if part.status is Status.FUNCTIONAL
        }
        return AgentStructure(self.network, {**found, **declared}, self.findings, self.goal)

    def part(self, role: str) -> Part:
        """The part with a role.

        Raises:
            InputError: there is none; names those there are.
        """
        if role not in self.parts:
            known = ", ".join(sorted(self.parts)) or "none"
            raise InputError(
                f"{self.network.name}: no part {role!r} is declared; declared: {known}"
            )
        return self.parts[role]


Names = str | Sequence[str]
Declaration = str | tuple[Names, Names] | Network
"""How a part may be declared.

- A tensor's name, as "value" or "tensor:value": the part leads from the network's inputs to it.
- A sub-module's path, as "encoder.head" or "module:encoder.head", where the source keeps them: the
  part leads from what the module reads to what it gives. If the module is called several times,
  "encoder.head@0" is its first call.
- A pair (input tensors, output tensors), each a name or several.
- A program of its own: "FILE.py:callable" or the path of a file that `extract.reader.read` takes.
- A `Network`.
"""


def declare(
    network: Network,
    declarations: Mapping[str, Declaration] | None = None,
    *,
    folder: Path | None = None,
) -> AgentStructure:
    """Name the parts of a network. They have the status "declared": nothing is tested here.

    Parts that the source itself declares (the value of an actor-critic) are there without being
    asked for; a declaration of the same role takes their place.

    Args:
        network: the whole network.
        declarations: role -> declaration.
        folder: where relative paths of programs start; default the working folder.

    Raises:
        InputError: a tensor, module or file is unknown (with near names), or a slice is not closed.
    """
    asked: dict[str, Declaration] = {
        role: f"tensor:{tensor}" for role, tensor in network.declared.items()
    }
    asked.update(declarations or {})
    parts: dict[str, Part] = {}
    for role, declaration in asked.items():
        if not role.isidentifier():
            raise InputError(f"{network.name}: the role {role!r} is no name")
        try:
            parts[role] = _part(network, role, declaration, folder or Path())
        except InputError as error:
            raise InputError(f"part {role!r}: {error}") from None
    return AgentStructure(network, parts)


def _part(network: Network, role: str, declaration: Declaration, folder: Path) -> Part:
    if isinstance(declaration, Network):
        return _own(role, declaration, declaration.name)
    if isinstance(declaration, tuple):
        inputs, outputs = (_names(names) for names in declaration)
        return _slice(network, role, inputs, outputs, "")
    kind, colon, name = declaration.partition(":")
    if colon and kind == "tensor":
        return _slice(network, role, network.inputs, (name,), "")
    if colon and kind == "module":
        return _module(network, role, name)
    if _is_program(declaration):
        path = declaration if Path(declaration).is_absolute() else str(folder / declaration)
        return _own(role, read(path), declaration)
    modules = module_calls(network)
    plain, _, _ = declaration.partition("@")
    if declaration in network and plain in modules:
        raise InputError(
            f"{declaration!r} names a tensor and a module; "
            f"write 'tensor:{declaration}' or 'module:{declaration}'"
        )
    if plain in modules:
        return _module(network, role, declaration)
    if declaration not in network:
        known = [node.name for node in network.nodes if node.op != "parameter"]
        raise InputError(
            f"{network.name} has no tensor or module {declaration!r}"
            + _hint(declaration, [*known, *network.aliases, *modules])
        )
    return _slice(network, role, network.inputs, (declaration,), "")


def _is_program(text: str) -> bool:
    return ".py:" in text or Path(text).suffix.lower() in (".onnx", ".pt2", ".nnet", ".zip")


def _names(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _hint(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, list(dict.fromkeys(known)), n=3, cutoff=0.5)
    return f"; near names: {', '.join(near)}" if near else ""


def _own(role: str, network: Network, origin: str) -> Part:
    return Part(
        role,
        network,
        network.inputs,
        network.outputs,
        Status.DECLARED,
        origin=f"the program {origin}",
    )


def _slice(
    network: Network, role: str, inputs: Sequence[str], outputs: Sequence[str], origin: str
) -> Part:
    part = network.slice(inputs, outputs, name=f"{network.name}:{role}")
    inner = {node.name for node in part.nodes if node.op not in ("input", "parameter")}
    words = origin or f"{', '.join(inputs)} → {', '.join(outputs)}"
    return Part(
        role,
        part,
        tuple(inputs),
        tuple(outputs),
        Status.DECLARED,
        nodes=frozenset(inner),
        origin=words,
    )


def module_calls(network: Network) -> dict[str, list[str]]:
    """Path of every sub-module -> its calls as the nodes name them, in the order of the graph."""
    calls: dict[str, list[str]] = {}
    for node in network.nodes:
        for call in filter(None, node.module.split("/")):
            known = calls.setdefault(call.partition("@")[0], [])
            if call not in known:
                known.append(call)
    return calls


def _module(network: Network, role: str, name: str) -> Part:
    modules = module_calls(network)
    path, at, number = name.partition("@")
    if path not in modules:
        if not modules:
            raise InputError(f"{network.name} does not say which modules its nodes come from")
        raise InputError(f"{network.name} has no module {path!r}{_hint(path, list(modules))}")
    calls = modules[path]
    if not at and len(calls) > 1:
        options = ", ".join(f"{path}@{i}" for i in range(len(calls)))
        raise InputError(
            f"the module {path!r} is called {len(calls)} times: write one of {options}"
        )
    if at and (not number.isdecimal() or int(number) >= len(calls)):
        raise InputError(f"the module {path!r} has {len(calls)} calls, so {name!r} is none of them")
    call = calls[int(number) if at else 0]
    members = [
        node
        for node in network.nodes
        if call in node.module.split("/") and node.op not in ("input", "parameter")
    ]
    inputs, outputs = boundary(network, members)
    return _slice(network, role, inputs, outputs, f"the module {name}")


def boundary(network: Network, members: Sequence[Node]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tensors that a set of nodes reads from outside, and those it gives to the outside."""
    names = {node.name for node in members}
    read = {
        source
        for node in members
        for source in node.inputs
        if source not in names and source not in network.parameters
    }
    given = {
        node.name
        for node in members
        if node.name in network.outputs
        or any(user.name not in names for user in network.consumers(node.name))
        or not network.consumers(node.name)
    }
    order = [node.name for node in network.nodes]
    return tuple(n for n in order if n in read), tuple(n for n in order if n in given)
