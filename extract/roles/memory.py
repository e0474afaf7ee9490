"""Memory: a state that a network hands on from one observation to the next.

A network that is a function of the present observation alone has none. One that has hands it on
through an input and an output of the same shape, beside the observation and the scores.
"""

from __future__ import annotations

from extract.roles.trial import Candidate, decide
from extract.structure import Finding
from extract.study import Study


def find_memory(study: Study) -> Finding:
    """The finding about memory. What is handed on is declared; no test of its use is made."""
    network, interface = study.network, study.interface
    pairs = [
        (early, late)
        for early in interface.observations
        for late in network.outputs
        if network.node(early).shape == network.node(late).shape
        and late != interface.scores
        and early in network.ancestors([late])
        and len(interface.observations) > 1
    ]
    candidates = [
        Candidate(
            f"{early} → {late}",
            frozenset(network.ancestors([late]) - set(network.parameters)),
            frozenset(network.ancestors([late]) & set(network.parameters)),
            (),
            is_declared=True,
            lacking="what it remembers is not tested",
        )
        for early, late in pairs
    ]
    return decide(
        "memory",
        candidates,
        "no input and output of one shape hand a state on: the network is a function of the "
        "present observation",
    )
