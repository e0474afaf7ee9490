"""Preferences that can be pumped, and quotes against which a book can be made.

Who prefers a to b, b to c and c to a pays for every trade around the circle. Less visible pumps
run through lotteries: Allais' famous two choices each seem sensible, and no utility has both. The
certificate that no utility exists is itself the pump: how to mix the stated preferences so that
what is given up and what is received are one and the same lottery.

The same duality gives de Finetti's theorem: betting quotients are a probability, or there is a set
of stakes with which whoever accepts them loses whatever happens.

Try: weaken one of the preferences in the circle to an indifference. Or find the quote for "snow"
below that makes the weather forecaster safe; there is exactly one.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from theory.claim import Claim
from theory.preference.lottery import Preference, indifferent, prefer
from theory.properties import choice, rationality

CIRCLE = [("apple", "banana"), ("banana", "cherry"), ("cherry", "apple")]

ALLAIS: list[Preference] = [
    prefer("1M", {"1M": "0.89", "5M": "0.1", "nothing": "0.01"}),
    prefer({"5M": "0.1", "nothing": "0.9"}, {"1M": "0.11", "nothing": "0.89"}),
]

SENSIBLE = [ALLAIS[0], indifferent("1M", {"5M": "0.9", "nothing": "0.1"})]

WORLDS = ["sun", "rain", "snow"]
EVENTS = {"wet": ["rain", "snow"], "dry": ["sun"], "snow": ["snow"], "rain": ["rain"]}


def quotes(snow: str) -> dict[str, str]:
    """What the forecaster would bet on each event."""
    return {"wet": "0.5", "dry": "0.5", "rain": "0.35", "snow": snow}


def tell(title: str, claim: Claim) -> None:
    """Print a verdict with its certificate."""
    finding = claim.decide()
    print(f"\n{title}: {claim.claim} {finding.verdict.value}")
    if finding.proof:
        print(f"  {finding.proof}")
    for name in ("circle", "trades", "lottery", "stakes", "losses"):
        if name in finding.witness:
            print(f"  {name}: {words(finding.witness[name])}")


def words(shown: str | Mapping[str, Fraction]) -> str:
    """Numbers by name, in a line."""
    if isinstance(shown, str):
        return shown
    return ", ".join(f"{name} {number}" for name, number in shown.items())


def main() -> None:
    """Pump the circle, pump Allais, make a book."""
    tell("A circle", rationality.no_money_pump(CIRCLE))
    tell("The same, as lotteries", rationality.representable(CIRCLE))
    tell("Allais", rationality.representable(ALLAIS))
    tell("A milder taste", rationality.representable(SENSIBLE))
    tell("A forecaster", choice.no_dutch_book(WORLDS, EVENTS, quotes("0.2")))
    tell("A forecaster who adds up", choice.no_dutch_book(WORLDS, EVENTS, quotes("0.15")))


properties = [
    rationality.no_money_pump(CIRCLE).named("circle"),
    rationality.representable(ALLAIS).named("Allais"),
    rationality.representable(SENSIBLE).named("a milder taste"),
    choice.no_dutch_book(WORLDS, EVENTS, quotes("0.2")).named("a forecaster"),
    choice.no_dutch_book(WORLDS, EVENTS, quotes("0.15")).named("a forecaster who adds up"),
]

if __name__ == "__main__":
    main()
