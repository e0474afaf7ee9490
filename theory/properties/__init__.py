"""The properties, one family a file; `CATALOGUE` lists every definition by name."""

from theory.properties import (
    agency,
    choice,
    cognition,
    corrigibility,
    deception,
    goal,
    impact,
    incentive,
    influence,
    power,
    rationality,
    tampering,
    worldmodel,
)
from theory.property import Definition

CATALOGUE: dict[str, Definition] = {
    definition.name: definition
    for family in (
        influence,
        deception,
        corrigibility,
        cognition,
        rationality,
        incentive,
        goal,
        agency,
        power,
        impact,
        tampering,
        choice,
        worldmodel,
    )
    for definition in family.DEFINITIONS
}

__all__ = [
    "CATALOGUE",
    "agency",
    "choice",
    "cognition",
    "corrigibility",
    "deception",
    "goal",
    "impact",
    "incentive",
    "influence",
    "power",
    "rationality",
    "tampering",
    "worldmodel",
]
