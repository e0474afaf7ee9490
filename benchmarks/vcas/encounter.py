"""The encounter as a world: the intruder's height and climb rate, the time left, the advisory.

Units: feet, feet per second, seconds. One step is one second. The pilot obeys the advisory by one
of three accelerations; if the advisory is the old one and is complied with already, by none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from benchmarks.vcas.net import ADVISORIES
from theory import Agent, Feature, Property, Term, World, and_, eq, forall, if_, implies, or_, world

G = Fraction(161, 5)  # 32.2 ft/s^2
STEPS = 10
NEAR = 100  # feet: closer than this, or as close, is a near miss
HEIGHT = (-133, -129)  # where the encounter begins
CLIMBS = (Fraction(-39, 2), Fraction(-45, 2), Fraction(-51, 2), Fraction(-57, 2))
TIME = 25
BENCHMARK_RANGE, HEADER_RANGE = 5000, 200  # what the climb rate is divided by

DOWN = (-G / 3, -7 * G / 24, -G / 4)
UP = (G / 4, 7 * G / 24, G / 3)
ACCELERATIONS: Mapping[str, Sequence[Fraction]] = {
    "COC": (-G / 8, Fraction(0), G / 8),
    "DNC": DOWN,
    "DND": UP,
    "DES1500": DOWN,
    "CL1500": UP,
    "SDES1500": (-G / 3,) * 3,
    "SCL1500": (G / 3,) * 3,
    "SDES2500": (-G / 3,) * 3,
    "SCL2500": (G / 3,) * 3,
}
LIMITS: Mapping[str, int] = {
    "DNC": 0, "DND": 0, "DES1500": -1500, "CL1500": 1500,
    "SDES1500": -1500, "SCL1500": 1500, "SDES2500": -2500, "SCL2500": 2500,
}  # fmt: skip

agent = Agent(
    observation=[
        Feature("height", -1, 1),
        Feature("climb", -1, 1),
        Feature("time", -1, 1),
        *(Feature(name, flag=True) for name in ADVISORIES),
    ],
    actions=ADVISORIES,
    ties="first",
)


def encounter(*, free: bool, climb_range: int = BENCHMARK_RANGE) -> World:
    """The world.

    Args:
        free: the pilot chooses among the three accelerations; else takes the middle one.
        climb_range: what the climb rate is divided by before the network sees it.
    """

    def step(s: Term, advisory: str, pilot: Term | None = None) -> dict[str, Any]:
        low, middle, high = ACCELERATIONS[advisory]
        push: Any = middle
        if pilot is not None and low != high:
            least = eq(pilot["push"], -1)
            push = if_(least, low, if_(eq(pilot["push"], 0), middle, high))
        number = ADVISORIES.index(advisory)
        if advisory in LIMITS:
            limit = Fraction(LIMITS[advisory], 60)
            descends = advisory in ("DNC", "DES1500", "SDES1500", "SDES2500")
            complies = s["climb"] <= limit if descends else s["climb"] >= limit
            push = if_(and_(eq(s["advisory"], number), complies), 0, push)
        return {
            "height": s["height"] - s["climb"] - push * Fraction(1, 2),
            "climb": s["climb"] + push,
            "time": s["time"] - 1,
            "advisory": number,
        }

    def observe(s: Term) -> dict[str, Any]:
        flags = {name: if_(eq(s["advisory"], at), 1, 0) for at, name in enumerate(ADVISORIES)}
        return {
            "height": s["height"] / 16000,
            "climb": s["climb"] / climb_range,
            "time": (s["time"] - 20) / 40,
            **flags,
        }

    return world(
        agent,
        step,
        state=[
            Feature("height", *HEIGHT, unit="ft"),
            Feature("climb", values=CLIMBS, unit="ft/s"),
            Feature("time", values=[TIME], unit="s"),
            Feature("advisory", values=[0]),
        ],
        observe=observe,
        choices=[Feature("push", values=[-1, 0, 1])] if free else (),
        chooser="pilot",
        name="encounter",
    )


def safe(climb: Fraction, *, free: bool, climb_range: int = BENCHMARK_RANGE) -> Property:
    """That no near miss happens in ten seconds, from one climb rate."""
    made = encounter(free=free, climb_range=climb_range)
    s = made.state("s")
    apart = made.trajectory(s, STEPS).always(lambda t: or_(t["height"] > NEAR, t["height"] < -NEAR))
    pilot = "free pilot" if free else "central pilot"
    of = "" if climb_range == BENCHMARK_RANGE else f", climb rate over {climb_range}"
    return forall(s, implies(eq(s["climb"], climb), apart)).named(
        f"{float(climb)} ft/s, {pilot}{of}",
        f"From a climb rate of {float(climb)} ft/s, with a {pilot}, the two stay more than "
        f"{NEAR} ft apart for {STEPS} s (climb rate over {climb_range}).",
    )
