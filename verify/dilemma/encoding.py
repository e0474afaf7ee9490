"""Reading the file that says how problems are put to a network."""

from __future__ import annotations

from pathlib import Path

from extract.network import Network
from theory.decision.encoding import Encoding
from theory.error import InputError
from verify.bind import policy_of
from verify.spec import executed


def read_encoding(path: str | Path) -> Encoding:
    """Execute a file that defines `encoding = Encoding(...)`. It has to be trusted like a program.

    Raises:
        InputError: it is missing, is no Python, fails, or does not define it.
    """
    found = executed(path).get("encoding")
    if not isinstance(found, Encoding):
        raise InputError(f"{path}: `encoding` is missing; define encoding = Encoding(...)")
    return found


def fitting(network: Network, encoding: Encoding, name: str) -> Network:
    """The network up to its scores, where it takes the encoding's features.

    Raises:
        InputError: the sizes of inputs or outputs do not fit.
    """
    features, actions = len(encoding.agent.features), len(encoding.agent.actions)
    if network.input_size != features:
        raise InputError(f"{name} takes {network.input_size} inputs, the encoding has {features}")
    policy = policy_of(network, actions)
    if policy.output_size != actions:
        raise InputError(f"{name} gives {policy.output_size} scores, the encoding has {actions}")
    return policy
