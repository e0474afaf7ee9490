"""The four answers to a statement."""

from enum import Enum


class Verdict(Enum):
    """The answer for one statement.

    HOLDS is proved; VIOLATED has a witness; VACUOUS means that its condition is never true;
    UNKNOWN says why.
    """

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"
    UNKNOWN = "UNKNOWN"
    VACUOUS = "VACUOUS"
