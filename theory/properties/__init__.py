"""The properties, one family a file; `CATALOGUE` lists every definition by name."""

from theory.properties import cognition, corrigibility, deception, incentive, influence, rationality
from theory.property import Definition

CATALOGUE: dict[str, Definition] = {
    definition.name: definition
    for family in (influence, deception, corrigibility, cognition, rationality, incentive)
    for definition in family.DEFINITIONS
}

__all__ = [
    "CATALOGUE",
    "cognition",
    "corrigibility",
    "deception",
    "incentive",
    "influence",
    "rationality",
]
