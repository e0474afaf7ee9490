"""Claims made of claims: conjunction, denial, and one claim for a range of numbers or options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeVar

from theory.claim import Claim, Finding
from theory.error import InputError
from theory.property import Definition
from theory.rational import Exact, exact
from theory.region import region
from theory.verdict import Verdict

T = TypeVar("T")


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
        return replace(
            inside,
            witness=inside.witness and {name: (low + high) / 2, **inside.witness},
            proof=inside.proof and f"{shown}; at the middle: {inside.proof}",
            value=found,
            region=str(found),
        )

    return Claim(
        name=f"{middle.name} for {name} from {low} to {high}",
        claim=f"{middle.claim} This for every {name} from {low} to {high}.",
        decide=decide,
        definition=middle.definition,
        parameters={**middle.parameters, name: f"{low} to {high}"},
    )


def ranging(build: Callable[[T], Claim], options: Mapping[str, T], *, name: str) -> Claim:
    """The claim for every one of finitely many options in it, such as reference policies.

    Its verdict is the one that all options have; where they differ it is UNKNOWN, and the finding
    says for which options it is which. `value` maps each option to its verdict.

    Args:
        build: from an option to the claim.
        options: the options, by how they are called in print.
        name: what they are options of.
    """
    if not options:
        raise InputError(f"{name}: there is no option to range over")
    claims = {label: build(option) for label, option in options.items()}
    first = next(iter(claims.values()))

    def decide() -> Finding:
        found = {label: claim.decide() for label, claim in claims.items()}
        verdicts = {label: finding.verdict for label, finding in found.items()}
        groups: dict[Verdict, list[str]] = {}
        for label, verdict in verdicts.items():
            groups.setdefault(verdict, []).append(label)
        region_ = "; ".join(
            f"{verdict.value} iff the {name} is {' or '.join(labels)}"
            for verdict, labels in groups.items()
        )
        if len(groups) > 1:
            reason = f"it depends on the {name}"
            return Finding(Verdict.UNKNOWN, reason=reason, value=verdicts, region=region_)
        same = next(iter(found.values()))
        count = len(options)
        proof = same.proof and f"for each {name} of {count}; for the first: {same.proof}"
        region_ = f"{same.verdict.value} always"
        return replace(same, proof=proof, value=verdicts, region=region_)

    return Claim(
        name=f"{first.name} for every {name}",
        claim=f"{first.claim} This for every {name}.",
        decide=decide,
        definition=first.definition,
        parameters=first.parameters,
    )


def denying(claim: Claim) -> Claim:
    """The claim that something is not so. What is vacuous or unknown stays that."""

    def decide() -> Finding:
        found = claim.decide()
        if found.verdict is Verdict.HOLDS:
            witness: dict[str, Any] = {**found.witness, "because": found.proof}
            return replace(found, verdict=Verdict.VIOLATED, witness=witness, proof="")
        if found.verdict is Verdict.VIOLATED:
            shown = ", ".join(f"{name} = {value}" for name, value in found.witness.items())
            proof = f"shown by {shown}"
            return replace(found, verdict=Verdict.HOLDS, proof=proof)
        return found

    return Claim(
        name=f"not {claim.name}",
        claim=f"It is not so that: {claim.claim}",
        decide=decide,
        definition=claim.definition,
        parameters=claim.parameters,
    )


def joining(definition: Definition, claims: Sequence[Claim], **parameters: str) -> Claim:
    """The conjunction of claims, under a definition of its own.

    VIOLATED where one of them is; otherwise UNKNOWN where one is, with every reason; otherwise
    VACUOUS where one is; otherwise it holds.
    """
    if not claims:
        raise InputError(f"{definition.name}: a conjunction of no claims")

    def decide() -> Finding:
        found = [(claim, claim.decide()) for claim in claims]
        for verdict in (Verdict.VIOLATED, Verdict.UNKNOWN, Verdict.VACUOUS):
            those = [(claim, finding) for claim, finding in found if finding.verdict is verdict]
            if not those:
                continue
            return Finding(
                verdict,
                witness={claim.name: dict(finding.witness) for claim, finding in those}
                if verdict is Verdict.VIOLATED
                else {},
                proof="; ".join(f"{c.name}: {f.proof}" for c, f in those if f.proof),
                reason="; ".join(dict.fromkeys(f.reason for _, f in those if f.reason)),
            )
        proof = "; ".join(f"{claim.name}: {finding.proof}" for claim, finding in found)
        return Finding(Verdict.HOLDS, proof=proof)

    return definition.about(decide, **parameters)
