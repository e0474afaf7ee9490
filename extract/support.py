"""What can be said about a network before trying: its operators, and what stops a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from extract.network import Network, Node
from extract.operator import OPERATORS, Kind, Shape
from extract.reader import Refusal, inspect


@dataclass(frozen=True)
class Support:
    """The answer of `supports`.

    Attributes:
        name: of the source.
        sha256: of the source.
        operators: the source's operators -> number of uses.
        nodes: operators of the graph -> number of nodes; empty where a node was refused.
        parameters: number of weights.
        inputs, outputs: name -> shape; empty where a node was refused.
        unsupported: the nodes without a meaning here; each stops every verdict.
        enclosed: names of the nodes whose exact value is an enclosure, because it is irrational.
        products: names of the nodes that multiply or divide two tensors that both depend on the
            input: exact to evaluate, but neither affine nor piecewise affine.
        notes: what the reader wants a report to say.
    """

    name: str
    sha256: str
    operators: Mapping[str, int]
    nodes: Mapping[str, int]
    parameters: int
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]
    unsupported: tuple[Refusal, ...]
    enclosed: tuple[str, ...]
    products: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether any verdict is possible."""
        return not self.unsupported

    @property
    def exact(self) -> bool:
        """Whether the value at a rational point is rational, so that nothing is enclosed."""
        return self.readable and not self.enclosed

    @property
    def piecewise_affine(self) -> bool:
        """Whether the network is a piecewise affine function of its inputs."""
        return self.exact and not self.products

    def reason(self) -> str:
        """One sentence: which node stops what, if any does."""
        if self.unsupported:
            first = self.unsupported[0]
            why = f" ({first.reason})" if first.reason else ""
            return (
                f"node {first.node!r} stops every verdict: "
                f"the operator {first.operator!r} is not supported{why}"
            )
        if self.enclosed:
            return (
                f"node {self.enclosed[0]!r} stops an exact verdict: "
                "its values are irrational, so they are enclosed by rational intervals"
            )
        if self.products:
            return (
                f"node {self.products[0]!r} multiplies two tensors that depend on the input; "
                "values are exact, but the network is not piecewise affine"
            )
        return "no node stops an exact verdict"


def supports(spec: str | Path) -> Support:
    """List the operators of a network and what stops a verdict on it.

    Args:
        spec: as for `extract.reader.read`.

    Raises:
        InputError: the source is missing, damaged, or of no known format.
    """
    reading = inspect(spec)
    network = reading.network
    if network is None:
        return Support(
            reading.name,
            reading.sha256,
            reading.operators,
            {},
            reading.parameters,
            {},
            {},
            reading.refusals,
            (),
            (),
        )
    steps = [node for node in network.nodes if OPERATORS[node.op].kind is not Kind.SOURCE]
    return Support(
        name=reading.name,
        sha256=reading.sha256,
        operators=reading.operators,
        nodes=dict(Counter(node.op for node in steps)),
        parameters=reading.parameters,
        inputs={name: network.node(name).shape for name in network.inputs},
        outputs={name: network.node(name).shape for name in network.outputs},
        unsupported=(),
        enclosed=tuple(n.name for n in steps if OPERATORS[n.op].kind is Kind.SMOOTH),
        products=tuple(n.name for n in steps if is_product(network, n)),
        notes=network.notes,
    )


def is_product(network: Network, node: Node) -> bool:
    """Whether a node multiplies two varying tensors, or divides by one."""
    varying = [name not in network.parameters for name in node.inputs]
    if node.op in ("mul", "matmul"):
        return all(varying)
    return node.op == "div" and varying[1]
