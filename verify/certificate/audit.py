"""Auditing a certificate: does it prove, on its own, what it claims of this network?

Shared with the search are the readers of networks and properties, the exact semantics and the
compiled question. Bounds, rounding analysis, logic and the check of the tree are separate code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import islice

from theory.enclosure import Undecided
from theory.error import InputError, UnsupportedOperator
from verify.bind import BoundProperty
from verify.certificate.bound import Auditor
from verify.certificate.file import Entry, Rejected, unwired, unwired_choice
from verify.certificate.statement import network_digest, statement_digest
from verify.certificate.walk import batch_size, closed, leaves
from verify.problem.compile import MissingRole, compile_goal
from verify.problem.graph import NotRepresentable
from verify.problem.problem import Problem

GUARANTEES = ("float32", "real")


class Opinion(Enum):
    """What an audit finds."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNCHECKED = "unchecked"


@dataclass(frozen=True)
class Finding:
    """What the audit of one property finds.

    Attributes:
        property: its name.
        opinion: the finding.
        detail: what was checked, or where it fails.
    """

    property: str
    opinion: Opinion
    detail: str


def audit(entries: Sequence[Entry], bound: Sequence[BoundProperty]) -> list[Finding]:
    """One finding for every property, and one for every entry that belongs to none."""
    names = {one.property.name for one in bound}
    found = [_audited(entries, one) for one in bound]
    stray = [e for e in entries if e.property not in names]
    return found + [
        Finding(e.property, Opinion.REJECTED, "there is no property of this name") for e in stray
    ]


def _audited(entries: Sequence[Entry], bound: BoundProperty) -> Finding:
    name = bound.property.name
    mine = [e for e in entries if e.property == name]
    if not mine:
        return Finding(name, Opinion.UNCHECKED, "the certificate has no proof of it")
    try:
        details = [_checked(entry, bound) for entry in mine]
    except Rejected as error:
        return Finding(name, Opinion.REJECTED, str(error))
    except UnsupportedOperator as error:
        return Finding(name, Opinion.UNCHECKED, str(error))
    return Finding(name, Opinion.ACCEPTED, details[0])


def _checked(entry: Entry, bound: BoundProperty) -> str:
    """What was checked.

    Raises:
        Rejected: the entry proves nothing.
        UnsupportedOperator: the auditor has no bounds for the network.
    """
    if entry.guarantee not in GUARANTEES:
        raise Rejected(f"it claims the unknown guarantee {entry.guarantee!r}")
    problem = _compiled(entry, bound)
    _same(entry, problem)
    where = _occasion(entry, bound)
    auditor = Auditor(problem, deployed=entry.guarantee == "float32")
    tree = unwired(entry.tree)
    boxes, size, count = leaves(problem, tree, auditor), batch_size(problem), 0
    while batch := list(islice(boxes, size)):
        shut = closed(problem, auditor, batch)
        if not shut.all():
            leaf = count + int(shut.argmin())
            raise Rejected(f"leaf {leaf} of {tree.leaves}: the bounds do not refute a violation")
        count += len(batch)
    covered = "1 leaf covers" if count == 1 else f"{count} leaves cover"
    return f"HOLDS ({entry.guarantee}): {covered} the domain, each refuted{where}"


def _compiled(entry: Entry, bound: BoundProperty) -> Problem:
    one = bound.property
    choices = {name: [unwired_choice(c) for c in given] for name, given in entry.choices.items()}
    single = all(choice.is_float32 for given in choices.values() for choice in given)
    if not single and entry.guarantee == "float32":
        raise Rejected("it claims float32 of choices that are no float32 numbers")
    try:
        return compile_goal(
            one.formula, bound.functions, wanted=False, name=one.name, choices=choices
        )
    except (MissingRole, NotRepresentable, InputError) as error:
        raise Rejected(f"the statement has no meaning on this network: {error}") from None


def _same(entry: Entry, problem: Problem) -> None:
    if entry.network != network_digest(problem.network):
        raise Rejected("it is about another network: the hashes of graph and weights differ")
    if entry.statement != statement_digest(problem):
        raise Rejected("it is about another statement: the hashes differ")


def _occasion(entry: Entry, bound: BoundProperty) -> str:
    """Check in exact arithmetic that the property's condition is true at the point given."""
    formula = bound.property.occasion
    if formula is None:
        if entry.occasion is not None:
            raise Rejected("it gives a case of a condition, and the property has none")
        return ""
    if entry.occasion is None:
        raise Rejected("it gives no case in which the property's condition is true")
    name = bound.property.name
    problem = compile_goal(formula, bound.functions, wanted=True, name=name)
    try:
        point = [Fraction(text) for text in entry.occasion]
    except (ValueError, ZeroDivisionError):
        raise Rejected("the case of its condition is no list of numbers") from None
    if len(point) != len(problem.variables):
        raise Rejected(f"the case of its condition has {len(point)} numbers")
    try:
        reached = problem.reached(point)
    except Undecided:
        reached = False
    if not reached:
        raise Rejected("its condition is not true in the case given")
    return ", and its condition is true in a case given"
