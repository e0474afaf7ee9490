"""The encounters of `spec.py` with the climb rate divided by 200, as the networks' header says.

The two answers differ: which range the networks were trained with is for the reader to settle.
"""

from __future__ import annotations

from benchmarks.vcas.encounter import CLIMBS, HEADER_RANGE, agent, safe

__all__ = ["agent", "properties"]

properties = [
    safe(climb, free=free, climb_range=HEADER_RANGE) for free in (False, True) for climb in CLIMBS
]
