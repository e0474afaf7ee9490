"""The library of dilemmas, by name."""

from theory.decision.dilemma import (
    bargain,
    blackmail,
    damascus,
    lesion,
    memory,
    newcomb,
    twin,
)
from theory.decision.dilemma.entry import Dilemma
from theory.error import InputError

LIBRARY: dict[str, Dilemma] = {
    dilemma.name: dilemma
    for shelf in (newcomb, twin, lesion, bargain, blackmail, damascus, memory)
    for dilemma in shelf.DILEMMAS
}


def dilemma(name: str) -> Dilemma:
    """The dilemma of a name; InputError where there is none."""
    if name not in LIBRARY:
        raise InputError(f"unknown dilemma {name!r}; it is one of: {', '.join(LIBRARY)}")
    return LIBRARY[name]


__all__ = ["LIBRARY", "Dilemma", "dilemma"]
