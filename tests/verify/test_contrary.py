"""The auditor takes goals that contradict themselves for refuted, and none that only nearly do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st
from test_certificate import FORGERIES, finding
from test_contradiction import ACTS, DOUBLE, NETS, VALUE, O, inequalities
from test_forgery import fitted

from extract.network import Network, Node
from theory import Term, and_, forall, iff, implies, not_, or_
from verify.answer import Deadline
from verify.bind import BoundProperty
from verify.certificate.audit import Opinion
from verify.certificate.bound import Auditor
from verify.certificate.contrary import contraries
from verify.certificate.file import Entry, unwired
from verify.certificate.walk import closed, leaves
from verify.certificate.write import Uncertified, entry
from verify.judge import judge
from verify.problem import compile_goal
from verify.problem.goal import Inequality
from verify.smt.solver import SmtSolver
from verify.solve import Engines
from verify.verdict import Guarantee, Verdict

HALF = Fraction(1, 2)
CONTRADICTIONS = {
    "a limit and its double": implies(VALUE > HALF, DOUBLE >= 1),
    "an act and itself": implies(ACTS[0], ACTS[0]),
    "either way": iff(ACTS[1], ACTS[1]),
    "one of two": implies(and_(ACTS[0], Fraction(1, 3) >= VALUE), or_(ACTS[0], ACTS[1])),
    "two acts": implies(ACTS[0], not_(ACTS[1])),
    "all there is": or_(VALUE > 0.5, VALUE <= 0.5),
}


def subject(claim: Term, nets: Mapping[str, Network] = NETS) -> BoundProperty:
    return BoundProperty(forall(O, claim).named("by logic"), nets)


def written(one: BoundProperty, guarantee: Guarantee = Guarantee.FLOAT32) -> Entry | Uncertified:
    problem = compile_goal(one.property.formula, one.functions, wanted=False)
    occasion = None if one.property.occasion is None else [Fraction(1)]
    return entry(
        "by logic", problem, None, guarantee=guarantee, occasion=occasion,
        deadline=Deadline.after(0.3),
    )  # fmt: skip


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_is_certified_in_one_leaf(name: str) -> None:
    one = subject(CONTRADICTIONS[name])
    made = written(one)
    assert isinstance(made, Entry), made
    assert unwired(made.tree).leaves == 1
    problem = compile_goal(one.property.formula, one.functions, wanted=False)
    auditor = Auditor(problem, deployed=True)
    boxes = list(leaves(problem, unwired(made.tree), auditor))
    assert closed(problem, auditor, boxes).all()


def test_the_judge_certifies_a_contradiction() -> None:
    one = subject(or_(VALUE > HALF, VALUE <= HALF))
    with SmtSolver() as smt:
        result = judge(one, Engines(smt, certify_s=5.0), 5.0)
    assert result.verdict is Verdict.HOLDS
    assert result.guarantee is Guarantee.FLOAT32
    assert result.certificate is not None
    assert finding(result.certificate, one).opinion is Opinion.ACCEPTED


NEARLY = {
    "equality is left": or_(VALUE > HALF, VALUE < HALF),
    "a gap": or_(VALUE > HALF, HALF - Fraction(1, 10**9) >= VALUE),
    "another act": implies(ACTS[0], ACTS[1]),
    "a weaker limit": implies(VALUE >= HALF, DOUBLE > 1),
    "only one way out": implies(ACTS[0], and_(ACTS[0], ACTS[1])),
    "one alternative is none": or_(VALUE > HALF, and_(VALUE <= HALF, ACTS[0])),
}


@pytest.mark.parametrize("name", NEARLY)
def test_what_is_nearly_a_contradiction_is_not_certified(name: str) -> None:
    """The forger takes the certificate of a contradiction and fits its hashes."""
    one = subject(NEARLY[name])
    assert isinstance(written(one), Uncertified)
    good = written(subject(CONTRADICTIONS["all there is"]))
    assert isinstance(good, Entry)
    for occasion in (None, ("1/2",), ("0",)):
        forged = fitted(msgspec.structs.replace(good, occasion=occasion), one)
        assert finding(forged, one).opinion is Opinion.REJECTED


def overflowing() -> Network:
    """In float32 it is infinity less infinity, which is neither above nor below anything."""
    parameters = {
        "w": np.full((2, 1), 1e30, dtype=np.float32),
        "v": np.array([[1e30, -1e30]], dtype=np.float32),
    }
    nodes = (
        Node("x", "input", (), (1,)),
        *(Node(name, "parameter", (), array.shape) for name, array in parameters.items()),
        Node("h", "linear", ("x", "w"), (2,)),
        Node("y", "linear", ("h", "v"), (1,)),
    )
    return Network(nodes, ("x",), ("y",), parameters, "overflow")


def test_what_may_be_no_number_is_certified_for_exact_weights_only() -> None:
    claim = or_(VALUE > HALF, VALUE <= HALF)
    one = subject(claim, {"value": overflowing()})
    assert isinstance(written(one), Uncertified)
    good = written(subject(claim))
    assert isinstance(good, Entry)
    assert finding(fitted(good, one), one).opinion is Opinion.REJECTED
    assert finding(good, one).opinion is Opinion.REJECTED
    real = written(one, Guarantee.REAL)
    assert isinstance(real, Entry)
    assert finding(real, one).opinion is Opinion.ACCEPTED
    stronger = msgspec.structs.replace(real, guarantee="float32")
    assert finding(stronger, one).opinion is Opinion.REJECTED


def test_forgeries_of_a_contradiction_are_rejected() -> None:
    one = subject(CONTRADICTIONS["all there is"])
    good = written(one)
    assert isinstance(good, Entry)
    for forge in FORGERIES:
        for seed in range(5):
            try:
                forged = forge(good, Random(seed))
            except (IndexError, ValueError):
                continue  # there is nothing of the kind to be changed in a tree of one leaf
            if forged != good:
                assert finding(forged, one).opinion is not Opinion.ACCEPTED, (forge, seed)


@given(given_=st.lists(inequalities(), min_size=2, max_size=4))
def test_contraries_are_those_that_z3_refutes(given_: Sequence[Inequality]) -> None:
    found = set(contraries(given_))
    for i, first in enumerate(given_):
        for j, second in enumerate(given_[:i]):
            solver = z3.Solver()
            for one in (first, second):
                total: Any = z3.RealVal(str(one.expression.constant))
                for (_, at), c in one.expression.terms.items():
                    total = total + z3.RealVal(str(c)) * z3.Real(f"t{at}")
                solver.add(total > 0 if one.strict else total >= 0)
            assert ((j, i) in found) == (solver.check() == z3.unsat)


def test_a_part_that_only_the_whole_contradicts() -> None:
    """The contradiction lies between what is outside an alternative and each of its parts."""
    one = subject(implies(and_(VALUE > 0, VALUE < 1), and_(VALUE > 0, VALUE < 1)))
    made = written(one)
    assert isinstance(made, Entry)
    assert unwired(made.tree).leaves == 1
