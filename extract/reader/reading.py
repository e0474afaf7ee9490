"""What a reader hands back: the network, or every reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from extract.network import Network
from theory.error import UnsupportedOperator


@dataclass(frozen=True)
class Refusal:
    """One node of the source that the reader has no meaning for."""

    node: str
    operator: str
    reason: str = ""


@dataclass(frozen=True)
class Reading:
    """The result of reading a file.

    Attributes:
        name: the file's name.
        sha256: of the source.
        operators: name of each operator as the source writes it -> number of uses.
        parameters: number of weights the source holds, each counted once.
        refusals: the nodes that stop the reader; empty exactly when there is a network.
        network: the network, unless a node was refused.
    """

    name: str
    sha256: str
    operators: Mapping[str, int]
    parameters: int
    refusals: tuple[Refusal, ...] = ()
    network: Network | None = field(default=None, repr=False)

    def require(self) -> Network:
        """The network.

        Raises:
            UnsupportedOperator: a node was refused; names the first and counts the others.
        """
        if self.network is not None:
            return self.network
        first, *others = self.refusals
        detail = first.reason
        if others:
            names = sorted({refusal.operator for refusal in others})
            more = f"{len(others)} more refused ({', '.join(names)})"
            detail = f"{detail}; {more}" if detail else more
        raise UnsupportedOperator(first.operator, f"{self.name}:{first.node}", detail)
