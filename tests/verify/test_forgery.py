"""Certificates by somebody who has read the auditor: of smooth networks, with names and hashes made
to fit, of statements that are almost the proved ones.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

import msgspec
import numpy as np
import pytest
from engine_case import identity
from test_certificate import AGENT, FORGERIES, O, bounded, finding, gated, most, network, proof

from theory import Agent, Feature, Term, forall, implies
from theory.property import Property
from verify.answer import Deadline
from verify.bind import BoundProperty
from verify.certificate.audit import Opinion, audit
from verify.certificate.file import Certificate, Entry, decode, encode, unwired, wired
from verify.certificate.statement import network_digest, statement_digest
from verify.certificate.tree import LEAF, NEURON, Tree
from verify.certificate.write import Uncertified, entry
from verify.problem import compile_goal
from verify.verdict import Guarantee


def fitted(one: Entry, subject: BoundProperty) -> Entry:
    """The entry with the hashes of another network and statement."""
    problem = compile_goal(subject.property.formula, subject.functions, wanted=False)
    return msgspec.structs.replace(
        one, network=network_digest(problem.network), statement=statement_digest(problem)
    )


@pytest.mark.parametrize("op", ["tanh", "gate", "softmax"])
def test_forgeries_about_smooth_networks_are_rejected(op: str) -> None:
    subject = bounded(gated(1, op), slack=0.01)
    proved = proof(subject)
    assert finding(proved, subject).opinion is Opinion.ACCEPTED
    assert unwired(proved.tree).leaves > 6
    for forge in FORGERIES:
        for seed in range(6):
            forged = forge(proved, Random(seed))
            resealed = decode(encode(Certificate("mesascope", "", "", (forged,))), "file")
            opinions = {one.opinion for one in audit(resealed.entries, [subject])}
            assert Opinion.REJECTED in opinions, (forge, seed)
            assert Opinion.ACCEPTED not in opinions, (forge, seed)


def test_one_weight_of_any_layer_in_its_last_bit_makes_another_network() -> None:
    net = network()
    subject = bounded(net)
    proved = proof(subject)
    for name, array in net.parameters.items():
        changed = array.copy()
        changed.flat[-1] = np.nextafter(changed.flat[-1], np.float32(np.inf))
        other = replace(net, parameters={**net.parameters, name: changed})
        found = finding(proved, BoundProperty(subject.property, {"score": other}))
        assert found.opinion is Opinion.REJECTED
        assert "another network" in found.detail


def test_one_weight_that_matters_is_found_by_the_bounds_alone() -> None:
    """The forger fits the hashes to a network of the same shape in which one weight differs."""
    net = network()
    subject = bounded(net)
    proved = proof(subject)
    limit = Fraction(most(net) + 0.05).limit_denominator(1000)
    rejected = 0
    for at in range(8):
        changed = net.parameters["w2"].copy()
        changed.flat[at] += 2.0
        other = BoundProperty(
            subject.property,
            {"score": replace(net, parameters={**net.parameters, "w2": changed})},
        )
        if most(other.functions["score"]) > limit:
            assert finding(fitted(proved, other), other).opinion is Opinion.REJECTED
            rejected += 1
    assert rejected >= 4


def test_a_strict_statement_is_another_than_a_weak_one() -> None:
    """x <= 1 on [-1, 1], and not x < 1: at 1, and nowhere else, the second is false."""
    line = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
    value = line.value(line.observation("o"))

    def subject(claim: Term) -> BoundProperty:
        stated = Property("line", forall(line.observation("o"), claim), claim="It is so.")
        return BoundProperty(stated, {"value": identity()})

    above = subject(value <= 1 + Fraction(1, 10**6))
    proved = proof(above, Guarantee.REAL)
    assert finding(proved, above).opinion is Opinion.ACCEPTED
    for claim in (value < 1 + Fraction(1, 10**6), value < 1, value <= 1 - Fraction(1, 10**9)):
        other = subject(claim)
        found = finding(proved, other)
        assert found.opinion is Opinion.REJECTED
        assert "another statement" in found.detail
    for claim in (value < 1, value <= 1 - Fraction(1, 10**9)):
        other = subject(claim)
        assert finding(fitted(proved, other), other).opinion is Opinion.REJECTED
        problem = compile_goal(other.property.formula, other.functions, wanted=False)
        deadline = Deadline.after(0.5)
        made = entry("line", problem, None, guarantee=Guarantee.REAL, occasion=None,
                     deadline=deadline)  # fmt: skip
        assert isinstance(made, Uncertified)


def test_names_of_tensors_that_are_none() -> None:
    """A split by the sign of a parameter, of nothing, or beyond the table of names."""
    subject = bounded(network())
    proved = proof(subject)
    tree = unwired(proved.tree)
    kind = np.concatenate([[NEURON, LEAF], tree.kind]).astype(np.uint8)
    place = np.concatenate([[0], tree.place]).astype(np.uint32)
    cut = np.concatenate([[0.0], tree.cut])
    joint = compile_goal(subject.property.formula, subject.functions, wanted=False).network
    real = next(joint.node(n.inputs[0]).name for n in joint.live if n.op == "relu")
    weight = next(iter(joint.parameters))
    for names, number in (
        ((weight,), 0),
        (("nothing",), 0),
        (("",), 0),
        ((), 0),
        ((real,), 1),
        ((real,), 65535),
        ((real + "\x00",), 0),
    ):
        tensor = np.concatenate([[number], tree.tensor]).astype(np.uint16)
        forged = Tree(kind, place, tensor, cut, names)
        found = finding(msgspec.structs.replace(proved, tree=wired(forged)), subject)
        assert found.opinion is Opinion.REJECTED
        assert "tensor" in found.detail
    # Of a tensor that there is, the half that is a leaf is not refuted, though all is covered.
    tensor = np.concatenate([[0], tree.tensor]).astype(np.uint16)
    forged = Tree(kind, place, tensor, cut, (real,))
    found = finding(msgspec.structs.replace(proved, tree=wired(forged)), subject)
    assert "do not refute" in found.detail


def test_an_entry_beside_a_good_one_does_not_hide() -> None:
    """Two entries for one property: both have to prove it."""
    subject = bounded(network())
    good = proof(subject)
    tree = unwired(good.tree)
    bad = msgspec.structs.replace(good, tree=wired(replace(tree, kind=tree.kind[:-1])))
    for entries in ([good, bad], [bad, good]):
        (found,) = audit(entries, [subject])
        assert found.opinion is Opinion.REJECTED
    (found,) = audit([good, good], [subject])
    assert found.opinion is Opinion.ACCEPTED


def test_the_proof_of_one_property_is_none_of_another_of_the_same_name() -> None:
    subject = bounded(network())
    proved = proof(subject)
    claim = forall(O, implies(O["x"] >= 0, AGENT.score(O, "right") <= 1000))
    other = BoundProperty(replace(subject.property, formula=claim), subject.functions)
    found = audit([proved], [subject, other])
    assert [one.opinion for one in found] == [Opinion.ACCEPTED, Opinion.REJECTED]
