"""How far a linear readout is off at worst, over the whole box of observations: proved.

A bound is proposed, proved or refuted by an observation that replays, and proposed anew, until
what is proved is close to what is reached.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from extract.abstraction.readout import Readout
from extract.network import Network
from theory.agent import Agent
from theory.error import InputError
from theory.property import Property
from theory.term import Term, forall
from verify.answer import Deadline
from verify.bind import BoundProperty
from verify.judge import judge
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Guarantee, Result, Verdict, Witness

CLOSE = Fraction(5, 4)
"""A bound of so many times what is reached is good enough."""

LEAST = Fraction(1, 10**5)
"""The smallest bound that is tried, in the units of the target."""

WIDER, FAR_WIDER = 2, 6
"""How many times larger the next bound is where one is refuted, and where one stays open."""

ROUNDS = 12

Target = Callable[[Term], Term]
"""From an observation to what ought to be read out of it, affine in its features."""


@dataclass(frozen=True)
class Worst:
    """The largest error of a readout.

    Attributes:
        bound: no observation of the box has a larger one, proved; None where no bound was proved.
        reached: an observation has at least this error, in exact arithmetic.
        guarantee: what the proof covers.
        witness: that observation, replayed; None where no bound was refuted.
    """

    bound: Fraction | None
    reached: Fraction
    guarantee: Guarantee | None
    witness: Witness | None


def prove_readout(
    network: Network,
    agent: Agent,
    readout: Readout,
    target: Target,
    *,
    timeout_s: float = 30.0,
    seed: int = 0,
) -> Worst:
    """Bound the error of a readout over the agent's box.

    Args:
        network: that the readout reads.
        agent: its vocabulary.
        readout: what is read.
        target: what ought to be.
        timeout_s: budget for all rounds together.
        seed: of every pseudo-random choice.

    Raises:
        InputError: the readout takes other inputs than the agent observes.
        UnsupportedOperator: the network has an operator without bounds.
        EngineFault: a witness does not replay exactly.
    """
    read = readout.network(network)
    if read.input_size != len(agent.features):
        raise InputError(
            f"{read.name} takes {read.input_size} inputs, but the observation has "
            f"{len(agent.features)} features"
        )
    o = agent.observation("o")
    found = Worst(None, Fraction(0), None, None)
    bound = max(LEAST, Fraction(readout.max_error) * CLOSE)
    deadline = Deadline.after(timeout_s)
    with SmtSolver(seed) as smt:
        for left in range(ROUNDS, 0, -1):
            if deadline.passed:
                break
            claim = forall(o, abs(agent.value(o) - target(o)) <= bound)
            subject = Property("error", claim, f"The readout is off by at most {float(bound):g}.")
            budget = deadline.left if left == 1 else deadline.left / 4
            result = judge(
                BoundProperty(subject, {"value": read}), Engines(smt, seed), max(budget, 0.1)
            )
            found = _learned(found, bound, result)
            proposal = _next(found, bound, result)
            if proposal is None:
                break
            bound = proposal
    return found


def _learned(found: Worst, bound: Fraction, result: Result) -> Worst:
    """What is known after a bound was tried."""
    if result.verdict is Verdict.HOLDS:
        return Worst(bound, found.reached, result.guarantee, found.witness)
    if result.verdict is Verdict.VIOLATED:
        return Worst(found.bound, max(bound, found.reached), found.guarantee, result.witness)
    return found


def _next(found: Worst, bound: Fraction, result: Result) -> Fraction | None:
    """The bound to try next; None where what is known is good enough, or nothing more comes."""
    if found.bound is None:
        return bound * (WIDER if result.verdict is Verdict.VIOLATED else FAR_WIDER)
    if result.verdict is Verdict.UNKNOWN or found.bound <= max(found.reached * CLOSE, LEAST):
        return None
    return max((found.bound + found.reached) / 2, LEAST)
