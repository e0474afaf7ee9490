"""A failure case rendered back as a dilemma that a person can read, and priced exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from extract.network import Network
from extract.run import run_exact
from theory.decision.encoding import Encoding
from theory.decision.theory import THEORIES
from theory.rational import number_text
from verify.verdict import EngineFault, Result


@dataclass(frozen=True)
class Failure:
    """A problem at which a network does not do what a theory recommends.

    Attributes:
        case: of the encoding.
        theory: whose recommendation.
        values: the problem's parameters, exact.
        action: what the network does there.
        advised: what the theory recommends.
        worths: what the theory takes each act to be worth.
        replays: for each arithmetic, whether it does so.
    """

    case: str
    theory: str
    values: Mapping[str, Fraction] = field(hash=False)
    action: str
    advised: tuple[str, ...]
    worths: Mapping[str, Fraction] = field(hash=False)
    replays: Mapping[str, bool] = field(hash=False)

    @property
    def cost(self) -> Fraction:
        """What its act costs by the theory's lights."""
        return max(self.worths.values()) - self.worths[self.action]

    def __str__(self) -> str:
        point = ", ".join(f"{n} = {_short(v)}" for n, v in self.values.items())
        worths = ", ".join(f"to {act} is worth {_short(v)}" for act, v in self.worths.items())
        return (
            f"{self.case}: {point}: {worths} by {self.theory}, "
            f"which says {' or '.join(self.advised)}; it does {self.action}"
        )


def failure(
    network: Network, encoding: Encoding, case: str, theory: str, result: Result
) -> Failure:
    """The failure that a verdict's witness is, found again by enumerating the problem's worlds.

    Raises:
        EngineFault: by enumeration the network does what the theory recommends there.
    """
    if result.witness is None:
        raise EngineFault(f"{result.property.name}: a violation without a witness")
    (observed,) = result.witness.values.values()
    values = {name: observed[name] for name in encoding.box(case)}
    answer = THEORIES[theory](encoding.case(case).build(**values))
    flat = [observed[feature.name] for feature in encoding.agent.features]
    scores = list(run_exact(network, flat))
    actions = encoding.agent.actions
    action = max(actions, key=lambda name: scores[actions.index(name)])
    acts = {name: encoding.case(case).act(name) for name in actions}
    worths: dict[str, Fraction] = {}
    for name, act in acts.items():
        value = answer.values[act]
        if isinstance(value, Fraction):
            worths[name] = value
    advised = tuple(name for name, act in acts.items() if act in answer.acts)
    found = Failure(case, theory, values, action, advised, worths, result.witness.replays)
    if len(worths) < len(acts) or (action in advised and scores.count(max(scores)) == 1):
        raise EngineFault(f"{result.property.name}: enumeration refutes the failure at {values}")
    return found


def _short(value: Fraction) -> str:
    text = number_text(value)
    return text if len(text) <= 8 else f"{float(value):.4g}"
