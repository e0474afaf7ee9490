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
from theory.world import World, if_, imagined, world

__all__ = [
    "Agent",
    "Chooser",
    "Definition",
    "Feature",
    "Interpretation",
    "Property",
    "Term",
    "World",
    "and_",
    "eq",
    "evaluate",
    "exists",
    "forall",
    "if_",
    "iff",
    "imagined",
    "implies",
    "maximum",
    "minimum",
    "not_",
    "number",
    "or_",
    "real",
    "truth",
    "world",
]
