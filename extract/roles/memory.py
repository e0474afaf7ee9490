"""Memory: a state that a network hands on from one observation to the next.

A network that is a function of the present observation alone has none. One that has it either
hands it on through an input and an output of one shape, or reads a history in a loop over time.

Functional: without what is remembered, much of what is earned is lost. Causal: what another history
left behind is put in its place, the network goes on for some observations of its own, and then has
to choose as that history foretells. What is overwritten by then was no memory.
"""

from __future__ import annotations

from extract.cutoff import FORGOTTEN, RANDOM_POLICIES, RETARGET
from extract.graph.candidate import handed_on
from extract.network import Array, Network
from extract.roles.policy import NULL_EPISODES, ablated, lost
from extract.roles.recall import Carried, Memory, Read
from extract.roles.trial import Candidate, Resample, decide, measured
from extract.statistic import exchange
from extract.structure import Curve, Evidence, Finding, Kind
from extract.study import Study

LAG = 2
"""Observations for which a network goes on before its choice is looked at."""
LEAST = 20
"""Cases in which the two histories call for different choices that a test needs."""
NONE = (
    "no input and output of one shape hand a state on, and no loop reads a history: the network is "
    "a function of the present observation"
)


def find_memory(study: Study) -> Finding:
    """The finding about memory."""
    carried = [Carried(early, late) for early, late in handed_on(study.network, study.interface)]
    loops = [
        Read(loop, loop.held(study.network), len(loop.uses) - len(loop.steps))
        for loop in study.loops
        if loop.is_over_time(study.network)
    ]
    loops = [one for one in loops if one.longest >= LAG]
    return decide("memory", [_test(study, one) for one in (*carried, *loops)], NONE)


def _test(study: Study, memory: Memory) -> Candidate:
    network = study.network
    needed = network.ancestors(memory.tensors)
    parameters = frozenset(needed & set(network.parameters))
    evidence: tuple[Evidence, ...] = ()
    curves: tuple[Curve, ...] = ()
    lacking = "no environment is given, so that what it remembers is of no known use"
    if study.environment is not None and len(study.experience.paths):
        lacking = ""
        evidence = (_needed(study, memory), _lasting(study, memory))
        curves = (_span(study, memory),)
    return Candidate(
        memory.name,
        memory.signature,
        frozenset(needed) - parameters,
        parameters,
        evidence,
        is_declared=True,
        curves=curves,
        lacking=lacking,
    )


def _needed(study: Study, memory: Memory) -> Evidence:
    experience = study.experience
    rng = study.rng(f"picked {memory.name}")
    size = sum(study.network.node(name).size for name in memory.tensors)
    parts = study.picked(size, "memory", study.seen - set(memory.tensors), RANDOM_POLICIES)
    return lost(
        "return lost without memory",
        experience.returns,
        memory.forgotten(study),
        experience.random,
        study.rng(f"needed {memory.name}"),
        "share of what is earned above random actions that is lost where what is remembered is "
        "wiped out, or another history's, at every choice",
        Kind.FUNCTIONAL,
        FORGOTTEN,
        [ablated(study, [part], rng, NULL_EPISODES[-1]) for part in parts],
    )


def _followed(study: Study, network: Network, memory: Memory, lag: int) -> tuple[Array, Array]:
    """Whether choices are those that another history foretells where that differs from their own:
    with its memory put in place, and as they are.
    """
    own, patched, foretold = memory.exchanged(study, network, lag)
    differ = own != foretold
    return (patched == foretold)[differ].astype(float), (own == foretold)[differ].astype(float)


def _lasting(study: Study, memory: Memory) -> Evidence:
    follows, stays = _followed(study, study.network, memory, LAG)
    rng = study.rng(f"lasting {memory.name}")
    enough = len(follows) >= LEAST
    nets = [_followed(study, net, memory, LAG)[0] for net in study.null_nets]
    return measured(
        "another history's memory is followed",
        float(follows.mean()) if enough else 0.0,
        RETARGET,
        nets=[float(one.mean()) for one in nets if len(one) >= LEAST],
        shuffles=(0.0,),
        p=exchange(follows, stays, rng) if enough else 1.0,
        kind=Kind.CAUSAL,
        beaten=0.0,
        stable=Resample(lambda o: float(follows[o].mean()), len(follows), rng),
        means=(
            f"share of {len(follows)} choices, {LAG} observations after another history's memory "
            "was put in place, that are those which that history foretells, where it foretells "
            "another choice; fresh and shuffled nets, which may remember, too, inform only"
        ),
    )


def _span(study: Study, memory: Memory) -> Curve:
    """How long what was put in place lasts."""
    lags = range(1, memory.longest + 1)
    shares: list[float] = []
    for lag in lags:
        follows, _ = _followed(study, study.network, memory, lag)
        shares.append(float(follows.mean()) if len(follows) else 0.0)
    return Curve(
        "memory span",
        tuple(float(lag) for lag in lags),
        tuple(shares),
        "observations since",
        "choices as the other history foretells",
    )
