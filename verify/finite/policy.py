"""What a network does in the states of a finite process, each encoded as an input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from extract.network import Network
from extract.run import run, run_exact
from theory.error import InputError
from theory.process import Process

Encoding = Callable[[str], Sequence[float]]
"""From a state to the network's flat input."""


def followed(network: Network, process: Process, encode: Encoding) -> dict[str, str]:
    """The action with the best score, in every state that has one.

    Args:
        network: gives one score per action, in the order of the state's actions.
        process: the process.
        encode: the network's input in a state.

    Raises:
        InputError: the scores are as many as the actions in no order that is known: of another
            number; two are the best, exactly or in float32; or one is not known exactly.
    """
    chosen: dict[str, str] = {}
    for state in process.states:
        actions = process.actions(state)
        if actions:
            chosen[state] = actions[_best(network, state, encode(state), len(actions))]
    return chosen


def _best(network: Network, state: str, flat: Sequence[float], count: int) -> int:
    where = f"{network.name}: in state {state!r}"
    scores = run_exact(network, flat)
    if len(scores) != count:
        raise InputError(f"{where} there are {count} actions, but {len(scores)} scores")
    if not all(isinstance(score, Fraction) for score in scores):
        raise InputError(f"{where} the scores are not rational; give the policy as a table")
    exact = _top(scores)
    deployed = _top([float(v) for out in run(network, flat).values() for v in out.ravel()])
    if len(exact) > 1 or exact != deployed:
        raise InputError(
            f"{where} rounding decides between the actions; give the policy as a table"
        )
    return exact[0]


def _top(scores: Sequence[Any]) -> list[int]:
    return [at for at, score in enumerate(scores) if score == max(scores)]
