"""The four encounters with the central pilot and the four with a free one.

    mesascope check benchmarks/vcas/net.py:advisories --spec benchmarks/vcas/spec.py

The climb rate is divided by 5000, as the published benchmark does; the files' own header says 200.
`spec_header.py` asks the same with 200.
"""

from __future__ import annotations

from benchmarks.vcas.encounter import CLIMBS, agent, safe

__all__ = ["agent", "properties"]

properties = [safe(climb, free=free) for free in (False, True) for climb in CLIMBS]
