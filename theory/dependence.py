"""A claim whose answer depends on a number in it: the exact region of each answer."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from theory.claim import Claim, Finding
from theory.rational import Exact, exact
from theory.region import region
from theory.verdict import Verdict


def depending(
    build: Callable[[Fraction], Claim], lower: Exact, upper: Exact, *, name: str = "p"
) -> Claim:
    """The claim for every value of a parameter of it.

    Its verdict is the one that all values have; where they differ it is UNKNOWN, and the finding
    says for which values it is which. `value` is the `Region`.

    Args:
        build: from a value of the parameter to the claim.
        lower: the least value.
        upper: the greatest.
        name: how the parameter is called in print.
    """
    low, high = exact(lower, "lower"), exact(upper, "upper")
    middle = build((low + high) / 2)

    def decide() -> Finding:
        found = region(lambda value: build(value).decide().verdict, low, high, name=name)
        if len(found.answers) > 1:
            reason = f"it depends on {name}"
            return Finding(Verdict.UNKNOWN, reason=reason, value=found, region=str(found))
        inside = middle.decide()
        shown = f"for every {name} from {low} to {high}"
        return Finding(
            inside.verdict,
            witness=inside.witness and {name: (low + high) / 2, **inside.witness},
            proof=inside.proof and f"{shown}; at the middle: {inside.proof}",
            value=found,
            reason=inside.reason,
            region=str(found),
        )

    return Claim(
        name=f"{middle.name} for {name} from {low} to {high}",
        claim=f"{middle.claim} This for every {name} from {low} to {high}.",
        decide=decide,
        definition=middle.definition,
        parameters={**middle.parameters, name: f"{low} to {high}"},
    )
