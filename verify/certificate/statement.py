"""What a certificate is about: hashes of the network's graph and weights, and of the statement."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from hashlib import sha256
from typing import Any

import msgspec
import numpy as np

from extract.network import Network
from verify.problem.goal import AllOf, Atom, Goal, Undecidable
from verify.problem.problem import Problem


def network_digest(network: Network) -> str:
    """The sha256 of a network's operators, their order and attributes, and its exact weights."""
    digest = sha256()
    for node in network.nodes:
        attributes = sorted(node.attributes.items())
        fields = [node.name, node.op, node.inputs, node.shape, attributes]
        digest.update(msgspec.msgpack.encode(fields))
        if node.name in network.parameters:
            values = np.ascontiguousarray(network.parameters[node.name], dtype="<f8")
            digest.update(values.tobytes())
    digest.update(msgspec.msgpack.encode([network.inputs, network.outputs]))
    return digest.hexdigest()


def statement_digest(problem: Problem) -> str:
    """The sha256 of what is searched for: variables, inequalities, goal, and what is deployed."""
    content = {
        "variables": [
            [v.owner, v.component, str(v.lower), str(v.upper), _texts(v.values)]
            for v in problem.variables
        ],
        "offsets": sorted(problem.offsets.items()),
        "deployed": sorted(problem.deployed),
        "casts": sorted(problem.casts),
        "inequalities": [
            [
                sorted([tensor, at, str(c)] for (tensor, at), c in i.expression.terms.items()),
                str(i.expression.constant),
                i.strict,
            ]
            for i in problem.inequalities
        ],
        "goal": list(_tokens(problem.goal)),
        "empty": problem.empty,
    }
    return sha256(msgspec.msgpack.encode(content)).hexdigest()


def _texts(values: tuple[Fraction, ...] | None) -> list[str] | None:
    return None if values is None else [str(v) for v in values]


def _tokens(goal: Goal) -> Iterator[Any]:
    """The goal in preorder: the index of an atom, or the connective and its number of parts."""
    stack: list[Goal] = [goal]
    while stack:
        part = stack.pop()
        if isinstance(part, Atom):
            yield part.index
        elif isinstance(part, Undecidable):
            yield part.why
        else:
            yield ["all" if isinstance(part, AllOf) else "any", len(part.parts)]
            stack.extend(reversed(part.parts))
