"""The properties, one family a file; `CATALOGUE` lists every definition by name."""

from theory.properties import (
    agency,
    attitude,
    choice,
    cognition,
    corrigibility,
    deception,
    decision,
    fairness,
    goal,
    harm,
    impact,
    incentive,
    influence,
    modification,
    planning,
    power,
    proof,
    rationality,
    shutdown,
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
        fairness,
        goal,
        modification,
        agency,
        power,
        impact,
        tampering,
        choice,
        worldmodel,
        decision,
        proof,
        harm,
        planning,
        shutdown,
        attitude,
    )
    for definition in family.DEFINITIONS
}

__all__ = [
    "CATALOGUE",
    "agency",
    "attitude",
    "choice",
    "cognition",
    "corrigibility",
    "deception",
    "decision",
    "fairness",
    "goal",
    "harm",
    "impact",
    "incentive",
    "influence",
    "modification",
    "planning",
    "power",
    "proof",
    "rationality",
    "shutdown",
    "tampering",
    "worldmodel",
]
