"""A claim for every value of a parameter at once: one verdict, or the exact region of each.

    over(lambda p: incentive.defers(off_switch(error=p)), 0, 1, name="the human's error")

is itself a claim. Where its answer is the same for every value, that is its answer; otherwise it is
UNKNOWN, and says where which verdict is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from theory.claim import Claim, Finding
from theory.rational import Exact, exact
from theory.region import region
from theory.verdict import Verdict


def over(
    build: Callable[[Fraction], Claim], lower: Exact, upper: Exact, *, name: str = "p"
) -> Claim:
    """The claim that a parametrised claim holds at every value of its parameter.

    Args:
        build: from the parameter to the claim; whatever it computes with the parameter must be
            arithmetic and comparisons.
        lower: the least value of the parameter.
        upper: the greatest.
        name: how the parameter is called in print.

    Raises:
        InputError: when decided, where the parameter is used for something else.
    """
    low = exact(lower, "lower")
    first = build(low)

    def decide() -> Finding:
        found = region(lambda p: build(p).decide().verdict, low, upper, name=name)
        if len(found.answers) == 1:
            at_low = first.decide()
            return replace(at_low, region=f"{found.answers[0].name} at every value", value=found)
        return Finding(
            Verdict.UNKNOWN, value=found, reason=f"it hinges on {name}", region=str(found)
        )

    return Claim(
        f"{first.name} over {name}",
        f"At every value of {name}: {first.claim}",
        decide,
        first.definition,
        first.parameters,
    )
