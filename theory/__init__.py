"""What an agent is, and what could be wrong with it: vocabulary, language, properties."""

from theory.agent import Agent, Chooser
from theory.property import Definition, Property
from theory.semantics import Interpretation, evaluate
from theory.sort import Feature
from theory.term import (
    Term,
    and_,
    eq,
    exists,
    forall,
    iff,
    implies,
    maximum,
    minimum,
    not_,
    number,
    or_,
    real,
    truth,
)

__all__ = [
    "Agent",
    "Chooser",
    "Definition",
    "Feature",
    "Interpretation",
    "Property",
    "Term",
    "and_",
    "eq",
    "evaluate",
    "exists",
    "forall",
    "iff",
    "implies",
    "maximum",
    "minimum",
    "not_",
    "number",
    "or_",
    "real",
    "truth",
]
