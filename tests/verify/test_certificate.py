"""Certificates: what is proved is accepted, and whatever proves nothing is rejected.

Two kinds of corruption are tried. Damage: bytes of the file are changed, cut off or added; every
one of them is rejected, whatever it hits. Forgery: the content is changed so that it proves
nothing, and the file's hash is made anew. A change after which the tree still covers the domain
and the bounds still close every leaf is no forgery but another proof. So that merging two leaves
is one, the certificates here are made from an empty record: then every split was needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from engine_case import identity

from extract.network import Network, Node
from extract.run import as_function
from theory import Agent, Feature, Term, forall, implies
from theory.error import InputError
from theory.property import Property
from verify.answer import Deadline
from verify.bind import BoundProperty
from verify.certificate import write
from verify.certificate.audit import Finding, Opinion, audit
from verify.certificate.file import (
    FIRST_LINE,
    Certificate,
    Entry,
    Rejected,
    decode,
    encode,
    unwired,
    wired,
)
from verify.certificate.statement import network_digest, statement_digest
from verify.certificate.tree import INPUT, LEAF, NEURON, Record, Tree
from verify.certificate.write import FEW_INPUTS, Uncertified, certify
from verify.judge import judge
from verify.problem import compile_goal
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Guarantee, Verdict

AGENT = Agent(
    observation=[Feature("x", -1, 1), Feature("y", -1, 1), Feature("on", values=[0, "1/3", 1])],
    actions=["left", "right"],
)
O = AGENT.observation("o")


def network(seed: int = 0, inputs: int = 3, nudge: float = 0.0) -> Network:
    """Two hidden layers of eight ReLU, at random; `nudge` is added to the first score."""
    rng = np.random.default_rng(seed)
    nodes = [Node("o", "input", (), (1, inputs))]
    parameters: dict[str, Any] = {}
    sizes = (inputs, 8, 8, 2)
    for layer, (size, width) in enumerate(pairwise(sizes)):
        bias = rng.normal(size=width) * 0.3
        bias[0] += nudge * (layer == 2)
        for name, array in (("w", rng.normal(size=(width, size))), ("b", bias)):
            parameters[f"{name}{layer}"] = array.astype(np.float32)
            nodes.insert(0, Node(f"{name}{layer}", "parameter", (), array.shape))
        before = nodes[-1].name
        nodes.append(Node(f"z{layer}", "linear", (before, f"w{layer}", f"b{layer}"), (1, width)))
        if layer < 2:
            nodes.append(Node(f"a{layer}", "relu", (f"z{layer}",), (1, width)))
    return Network(tuple(nodes), ("o",), ("z2",), parameters, f"random{seed}")


def most(net: Network, agent: Agent = AGENT) -> float:
    """Near the largest first score where x >= 0: from a grid of points."""
    torch.manual_seed(0)
    points = torch.rand(20_000, len(agent.features)) * 2 - 1
    points[:, 0] = points[:, 0].abs()
    points[:, -1] = points[:, -1].abs().round()
    with torch.no_grad():
        return float(as_function(net)(points)[:, 0].max())


def bound(net: Network, formula: Term, name: str = "bounded") -> BoundProperty:
    return BoundProperty(Property(name, formula, claim="It is bounded."), {"score": net})


def bounded(net: Network, slack: float = 0.05) -> BoundProperty:
    """The first score is at most its largest value and some slack, where x >= 0."""
    limit = Fraction(most(net) + slack).limit_denominator(1000)
    return bound(net, forall(O, implies(O["x"] >= 0, AGENT.score(O, "left") <= limit)))


def proof(one: BoundProperty, guarantee: Guarantee = Guarantee.FLOAT32) -> Entry:
    """The proof from an empty record, by plain bounds: every split in it was needed."""
    problem = compile_goal(one.property.formula, one.functions, wanted=False)
    case = None if one.property.occasion is None else (Fraction(1, 2), Fraction(0), Fraction(1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "argue", lambda *_: None)
        made = write.entry(
            one.property.name,
            problem,
            None,
            guarantee=guarantee,
            occasion=case,
            deadline=Deadline.after(60),
        )
    assert isinstance(made, Entry), made
    return made


@pytest.fixture(scope="module")
def subject() -> BoundProperty:
    return bounded(network())


@pytest.fixture(scope="module")
def proved(subject: BoundProperty) -> Entry:
    return proof(subject)


def finding(one: Entry, subject: BoundProperty) -> Finding:
    (found,) = audit([one], [subject])
    return found


def test_a_proof_is_accepted(subject: BoundProperty, proved: Entry) -> None:
    found = finding(proved, subject)
    assert found.opinion is Opinion.ACCEPTED, found.detail
    tree = unwired(proved.tree)
    assert tree.leaves > 20
    assert f"HOLDS (float32): {tree.leaves} leaves" in found.detail


def test_the_judge_certifies_what_it_proves(subject: BoundProperty) -> None:
    with SmtSolver() as smt:
        result = judge(subject, Engines(smt, certify_s=20.0), 20.0)
    assert result.verdict is Verdict.HOLDS
    assert result.certificate is not None
    assert finding(result.certificate, subject).opinion is Opinion.ACCEPTED


def test_nobody_pays_for_a_certificate_that_was_not_asked_for(subject: BoundProperty) -> None:
    with SmtSolver() as smt:
        result = judge(subject, Engines(smt), 20.0)
    assert result.verdict is Verdict.HOLDS
    assert result.certificate is None


def test_a_property_without_a_proof_is_unchecked(subject: BoundProperty) -> None:
    (found,) = audit([], [subject])
    assert found.opinion is Opinion.UNCHECKED


def test_hashes_do_not_depend_on_the_process(subject: BoundProperty) -> None:
    """Compiling twice gives the same hashes, and another weight or limit gives others."""
    first, second = (
        compile_goal(subject.property.formula, subject.functions, wanted=False) for _ in range(2)
    )
    assert network_digest(first.network) == network_digest(second.network)
    assert statement_digest(first) == statement_digest(second)
    other = compile_goal(subject.property.formula, {"score": network(nudge=1e-6)}, wanted=False)
    assert network_digest(first.network) != network_digest(other.network)
    assert statement_digest(first) == statement_digest(other)
    limit = forall(O, implies(O["x"] >= 0, AGENT.score(O, "left") <= 100))
    weaker = compile_goal(limit, subject.functions, wanted=False)
    assert statement_digest(first) != statement_digest(weaker)
    assert network_digest(first.network) == network_digest(weaker.network)


# Damage.


def damaged(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    match random.choice(("flip", "flip", "byte", "cut", "drop", "add", "repeat", "swap")):
        case "flip":
            return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]
        case "byte":
            other = (data[at] + random.randrange(1, 256)) % 256
            return data[:at] + bytes([other]) + data[at + 1 :]
        case "cut":
            return data[:at]
        case "drop":
            return data[:at] + data[at + 1 :]
        case "add":
            return data[:at] + random.randbytes(random.randrange(1, 9)) + data[at:]
        case "repeat":
            return data + data[at:]
        case _:
            other = random.randrange(len(data))
            low, high = sorted((at, other))
            return data[:low] + data[high:] + data[low:high]


def test_three_hundred_damaged_files_are_rejected(proved: Entry) -> None:
    data = encode(Certificate("mesascope", "net", "spec", (proved,)))
    assert decode(data, "file").entries == (proved,)
    tried = 0
    for seed in range(330):
        changed = damaged(data, Random(seed))
        if changed == data:
            continue
        tried += 1
        with pytest.raises((Rejected, InputError)):
            decode(changed, "file")
    assert tried >= 300


def test_a_sealed_file_of_something_else_is_rejected() -> None:
    import zlib
    from hashlib import sha256

    for body in (b"", b"nonsense", zlib.compress(b"nonsense"), zlib.compress(b"\x80") + b"more"):
        with pytest.raises(Rejected):
            decode(FIRST_LINE + sha256(body).digest() + body, "file")


# Forgery.

Forge = Callable[[Entry, Random], Entry]


def with_tree(one: Entry, change: Callable[[Tree], Tree]) -> Entry:
    return msgspec.structs.replace(one, tree=wired(change(unwired(one.tree))))


def leaf_missing(one: Entry, random: Random) -> Entry:
    def change(tree: Tree) -> Tree:
        leaf = int(random.choice(np.flatnonzero(tree.kind == LEAF).tolist()))
        return replace(tree, kind=np.delete(tree.kind, leaf))

    return with_tree(one, change)


def leaf_added(one: Entry, random: Random) -> Entry:
    def change(tree: Tree) -> Tree:
        at = random.randrange(len(tree.kind) + 1)
        return replace(tree, kind=np.insert(tree.kind, at, LEAF).astype(np.uint8))

    return with_tree(one, change)


def pairs(tree: Tree) -> list[tuple[int, int]]:
    """Splits of which both halves are leaves: index among nodes, index among splits."""
    splits = np.cumsum(tree.kind != LEAF) - 1
    return [
        (at, int(splits[at]))
        for at in range(len(tree.kind) - 2)
        if tree.kind[at] != LEAF and (tree.kind[at + 1 : at + 3] == LEAF).all()
    ]


def leaves_merged(one: Entry, random: Random) -> Entry:
    """A split whose halves were both needed becomes a leaf."""
    return with_tree(one, lambda tree: merged(tree, *random.choice(pairs(tree))))


def merged(tree: Tree, at: int, split: int) -> Tree:
    kind = np.delete(tree.kind, [at + 1, at + 2])
    kind[at] = LEAF
    place, tensor = np.delete(tree.place, split), np.delete(tree.tensor, split)
    return Tree(kind, place, tensor, np.delete(tree.cut, split), tree.tensors)


def subtree_dropped(one: Entry, random: Random) -> Entry:
    """The whole proof becomes one leaf."""
    tree = unwired(one.tree)
    none = Tree(tree.kind[:0], tree.place[:0], tree.tensor[:0], tree.cut[:0], ())
    leaf = replace(none, kind=np.array([LEAF], dtype=np.uint8))
    return msgspec.structs.replace(one, tree=wired(random.choice((none, leaf))))


def cut_moved(one: Entry, random: Random) -> Entry:
    """A cut leaves its box, or is no number: the halves do not cover what they should."""

    def change(tree: Tree) -> Tree:
        cut = tree.cut.copy()
        at = random.randrange(len(cut))
        away = (np.nan, np.inf, -np.inf, 1.5, -1.5, 1e300)
        cut[at] = away[random.randrange(len(away))]
        return replace(tree, cut=cut)

    return with_tree(one, change)


def leaf_widened(one: Entry, random: Random) -> Entry:
    """A cut between two leaves moves to the far end, so that one of them is the whole again."""

    def change(tree: Tree) -> Tree:
        at, split = random.choice([p for p in pairs(tree) if tree.place[p[1]] < 2])
        path = edges(tree)[at]
        cut = tree.cut.copy()
        cut[split] = path[int(tree.place[split])][random.randrange(2)]
        return replace(tree, cut=cut)

    return with_tree(one, change)


def edges(tree: Tree) -> list[list[list[float]]]:
    """For every node the box [low, high] of x and y, by its own reckoning."""
    boxes: list[list[list[float]]] = []
    stack = [[[0.0, 1.0], [-1.0, 1.0], [0.0, 1.0]]]
    split = 0
    for kind in tree.kind.tolist():
        box = stack.pop()
        boxes.append(box)
        if kind == LEAF:
            continue
        place, cut = int(tree.place[split]), float(tree.cut[split])
        split += 1
        left, right = ([list(e) for e in box] for _ in range(2))
        left[place][1] = right[place][0] = cut
        stack += [right, left]
    return boxes


def axis_out_of_range(one: Entry, random: Random) -> Entry:
    def change(tree: Tree) -> Tree:
        place = tree.place.copy()
        place[random.randrange(len(place))] = random.choice((3, 4, 2**16, 2**32 - 1))
        return replace(tree, place=place)

    return with_tree(one, change)


def kind_changed(one: Entry, random: Random) -> Entry:
    """A split along an axis becomes one of a neuron that is not there, or of no kind."""

    def change(tree: Tree) -> Tree:
        kind = tree.kind.copy()
        kind[random.choice(np.flatnonzero(tree.kind == INPUT).tolist())] = random.choice(
            (NEURON, 3, 77, 255)
        )
        return replace(tree, kind=kind)

    return with_tree(one, change)


def column_cut(one: Entry, random: Random) -> Entry:
    name = random.choice(("kind", "place", "tensor", "cut"))
    column: bytes = getattr(one.tree, name)
    shorter = column[: len(column) - random.randrange(1, len(column))]
    return msgspec.structs.replace(one, tree=msgspec.structs.replace(one.tree, **{name: shorter}))


def about_something_else(one: Entry, random: Random) -> Entry:
    field = random.choice(("network", "statement", "property", "guarantee"))
    text: str = getattr(one, field)
    at = random.randrange(len(text))
    other = random.choice([c for c in "0123456789abcdef" if c != text[at]])
    return msgspec.structs.replace(one, **{field: text[:at] + other + text[at + 1 :]})


def occasion_changed(one: Entry, random: Random) -> Entry:
    """The case in which the condition is true is missing, no point, outside, or none."""
    cases: tuple[tuple[str, ...] | None, ...] = (
        None,
        (),
        ("1/2", "0"),
        ("1/2", "0", "1", "0"),
        ("one half", "0", "1"),
        ("1/0", "0", "1"),
        ("nan", "0", "1"),
        ("-1/1000000000000", "0", "1"),
        ("2", "0", "1"),
        ("1/2", "0", "1/2"),
    )
    return msgspec.structs.replace(one, occasion=random.choice(cases))


FORGERIES: tuple[Forge, ...] = (
    leaf_missing,
    leaf_added,
    leaves_merged,
    subtree_dropped,
    cut_moved,
    leaf_widened,
    axis_out_of_range,
    kind_changed,
    column_cut,
    about_something_else,
    occasion_changed,
)


@pytest.mark.parametrize("forge", FORGERIES)
def test_forgeries_are_rejected(forge: Forge, subject: BoundProperty, proved: Entry) -> None:
    for seed in range(25):
        forged = forge(proved, Random(seed))
        assert forged != proved
        resealed = decode(encode(Certificate("mesascope", "", "", (forged,))), "file")
        found = audit(resealed.entries, [subject])
        assert Opinion.ACCEPTED not in {one.opinion for one in found}, (seed, found)
        assert Opinion.REJECTED in {one.opinion for one in found}, (seed, found)


def test_there_are_more_than_two_hundred_forgeries() -> None:
    assert len(FORGERIES) * 25 > 200


def test_a_proof_of_another_network_does_not_fit_with_its_hash_made_anew(
    subject: BoundProperty, proved: Entry
) -> None:
    """The forger also writes the new network's hash: then the bounds do not close."""
    for nudge in (0.06, 0.5, 3.0):
        functions = {"score": network(nudge=nudge)}
        other = BoundProperty(subject.property, functions)
        problem = compile_goal(subject.property.formula, functions, wanted=False)
        forged = msgspec.structs.replace(proved, network=network_digest(problem.network))
        found = finding(forged, other)
        assert found.opinion is Opinion.REJECTED
        assert "do not refute" in found.detail


def test_a_proof_of_a_weaker_statement_does_not_prove_a_stronger_one(
    subject: BoundProperty, proved: Entry
) -> None:
    limit = Fraction(most(network()) - 0.01).limit_denominator(1000)
    false = bound(network(), forall(O, implies(O["x"] >= 0, AGENT.score(O, "left") <= limit)))
    problem = compile_goal(false.property.formula, false.functions, wanted=False)
    forged = msgspec.structs.replace(proved, statement=statement_digest(problem))
    assert finding(forged, false).opinion is Opinion.REJECTED


# What the guarantees mean.


def trap() -> Network:
    """x -> (x + 2^30) - 2^30: the identity in real arithmetic, far from it in float32."""
    nodes = [Node("o", "input", (), (1,))]
    parameters: dict[str, Any] = {}
    for at, (op, size) in enumerate((("add", 2.0**30), ("sub", 2.0**30))):
        parameters[f"c{at}"] = np.array([size], dtype=np.float32)
        nodes.insert(0, Node(f"c{at}", "parameter", (), (1,)))
        nodes.append(Node(f"n{at}", op, (nodes[-1].name, f"c{at}"), (1,)))
    return Network(tuple(nodes), ("o",), ("n1",), parameters, "trap")


def test_the_trap_is_proved_for_real_arithmetic_alone() -> None:
    line = Agent(observation=[Feature("x", 0, 1)], actions=["left", "right"])
    o = line.observation("o")
    claim = Property("small", forall(o, line.value(o) <= 1 + Fraction(1, 10**4)), claim="Small.")
    one = BoundProperty(claim, {"value": trap()})
    real = proof(one, Guarantee.REAL)
    assert finding(real, one).opinion is Opinion.ACCEPTED
    lie = msgspec.structs.replace(real, guarantee="float32")
    assert finding(lie, one).opinion is Opinion.REJECTED


def test_a_margin_of_a_billionth_is_honoured() -> None:
    """relu(x) - relu(-x) = x <= 1 + 1e-9 holds; <= 1 - 1e-9 has no proof, however it is divided."""
    line = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
    o = line.observation("o")
    hair = Fraction(1, 10**9)
    true = Property("at most one", forall(o, line.value(o) <= 1 + hair), claim="True.")
    one = BoundProperty(true, {"value": identity()})
    assert finding(proof(one, Guarantee.REAL), one).opinion is Opinion.ACCEPTED
    false = forall(o, line.value(o) <= 1 - hair)
    problem = compile_goal(false, {"value": identity()}, wanted=False)
    made = certify(problem, Record(), deployed=False, deadline=Deadline.after(1.0))
    assert isinstance(made, Uncertified)


# Smooth functions, products, quotients.


def gated(seed: int, op: str, nudge: float = 0.0) -> Network:
    """A hidden layer of six of an operator, and two scores; `nudge` is added to them."""
    rng = np.random.default_rng(seed)
    shapes = {"w": (6, 3), "b": (6,), "g": (6, 3), "v": (2, 6), "c": (2,)}
    parameters: dict[str, Any] = {n: rng.normal(size=s) for n, s in shapes.items()}
    parameters["c"] += nudge
    parameters = {n: array.astype(np.float32) for n, array in parameters.items()}
    nodes = [Node(n, "parameter", (), s) for n, s in shapes.items()]
    nodes.append(Node("o", "input", (), (1, 3)))
    nodes.append(Node("z", "linear", ("o", "w", "b"), (1, 6)))

    def put(name: str, op: str, *inputs: str, **attributes: Any) -> None:
        shape = (1, 1) if op == "reduce_sum" else (1, 6)
        nodes.append(Node(name, op, inputs, shape, attributes))

    match op:
        case "gate":
            put("y", "linear", "o", "g")
            put("t", "tanh", "z")
            put("s", "sigmoid", "y")
            put("h", "mul", "t", "s")
        case "share":
            put("e", "exp", "z")
            put("n", "reduce_sum", "e", axes=(1,), keepdims=1)
            put("h", "div", "e", "n")
        case "elu":
            put("h", "elu", "z", alpha=1.0)
        case "softmax":
            put("h", "softmax", "z", axis=1)
        case _:
            put("h", op, "z")
    nodes.append(Node("y2", "linear", ("h", "v", "c"), (1, 2)))
    return Network(tuple(nodes), ("o",), ("y2",), parameters, op)


@pytest.mark.parametrize("op", ["tanh", "sigmoid", "elu", "softmax", "gate", "share"])
def test_what_is_proved_of_smooth_networks_is_certified(op: str) -> None:
    one = bounded(gated(1, op), slack=0.02)
    with SmtSolver() as smt:
        result = judge(one, Engines(smt, certify_s=60.0), 30.0)
    assert result.verdict is Verdict.HOLDS
    assert result.guarantee is Guarantee.FLOAT32
    assert result.certificate is not None, result.uncertified
    assert finding(result.certificate, one).opinion is Opinion.ACCEPTED
    other = BoundProperty(one.property, {"score": gated(1, op, nudge=0.1)})
    problem = compile_goal(one.property.formula, other.functions, wanted=False)
    lie = msgspec.structs.replace(result.certificate, network=network_digest(problem.network))
    assert finding(lie, other).opinion is Opinion.REJECTED


def test_with_many_inputs_neurons_are_split() -> None:
    width = FEW_INPUTS + 4
    wide = Agent(
        observation=[Feature(f"x{i}", -1, 1) for i in range(width)], actions=["left", "right"]
    )
    net = network(seed=3, inputs=width)
    o = wide.observation("o")
    limit = Fraction(most(net, wide) * 2).limit_denominator(100)
    one = bound(net, forall(o, wide.score(o, "left") <= limit))
    made = proof(one)
    tree = unwired(made.tree)
    assert (tree.kind == NEURON).any()
    assert finding(made, one).opinion is Opinion.ACCEPTED
    forged = msgspec.structs.replace(made, tree=wired(merged(tree, *pairs(tree)[0])))
    assert finding(forged, one).opinion is Opinion.REJECTED


def test_the_neurons_that_the_search_splits_are_in_the_certificate() -> None:
    width = FEW_INPUTS + 4
    wide = Agent(
        observation=[Feature(f"x{i}", -1, 1) for i in range(width)], actions=["left", "right"]
    )
    net = network(seed=3, inputs=width)
    o = wide.observation("o")
    limit = Fraction(most(net, wide) * 2.8).limit_denominator(100)
    one = bound(net, forall(o, wide.score(o, "left") <= limit))
    with SmtSolver() as smt:
        result = judge(one, Engines(smt, certify_s=60.0), 20.0)
    assert result.verdict is Verdict.HOLDS
    assert result.certificate is not None, result.uncertified
    assert (unwired(result.certificate.tree).kind == NEURON).any()
    assert finding(result.certificate, one).opinion is Opinion.ACCEPTED
