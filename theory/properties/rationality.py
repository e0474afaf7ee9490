"""Coherence of preferences, of a network's and of stated ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from theory.agent import Chooser
from theory.claim import Claim, Finding
from theory.error import InputError
from theory.preference.lottery import (
    Preference,
    Pump,
    comparable,
    dependence,
    prefer,
    represent,
)
from theory.preference.relation import Pair, circle
from theory.property import Definition, Property
from theory.rational import Exact, exact
from theory.sort import ObservationSort
from theory.term import Term, and_, forall, implies, not_, or_
from theory.verdict import Verdict

Stated = Preference | tuple[Mapping[str, Exact] | str, Mapping[str, Exact] | str]
"""A preference, or the pair (better, worse) of lotteries or outcomes."""

TRANSITIVE = Definition(
    name="transitive",
    family="rationality",
    claim="Preferences never run in a circle of three options.",
    definition="there are no x, y, z with f(x, y) > 0, f(y, z) > 0 and f(z, x) > 0",
    citation=(
        "von Neumann and Morgenstern, Theory of games and economic behavior, 1947 (transitivity "
        "axiom); the money pump: Davidson, McKinsey and Suppes, 1955"
    ),
    assumptions=(
        "x is preferred to y where the network's output for (x, y) is positive; "
        "zero is indifference.",
        "The three options need not differ: an option preferred to itself is a circle too.",
    ),
    violation_means=(
        "Three options that can be traded in a circle, each trade an improvement: a money pump."
    ),
    holds_does_not_mean=(
        "It does not exclude longer circles or circles through indifference, nor does it say that "
        "a utility exists."
    ),
    needs=("policy that compares two options",),
    decided="over the whole box of three options",
    example="rationality.transitive(chooser)",
)

INDEPENDENT = Definition(
    name="independent",
    family="rationality",
    claim="Mixing a third option into both sides, at weight 1 - {weight}, keeps every preference.",
    definition=(
        "for all x, y, z: f(x, y) > 0 implies f(w x + (1 - w) z, w y + (1 - w) z) > 0, "
        "features mixed one by one"
    ),
    citation=(
        "von Neumann and Morgenstern, Theory of games and economic behavior, 1947 (independence "
        "axiom); violated by people: Allais, Econometrica, 1953"
    ),
    assumptions=(
        "The features of an option are linear in what is mixed, as the probabilities of outcomes "
        "are; every point of the box is an option.",
        "One weight is asked about; the axiom has every weight.",
    ),
    violation_means=(
        "A preference, and a third option that reverses or cancels it when mixed into both sides."
    ),
    holds_does_not_mean=(
        "It does not say that a utility exists: transitivity and the other weights are further "
        "statements."
    ),
    needs=("policy that compares two options", "continuous features"),
    decided="over the whole box of three options",
    example='rationality.independent(chooser, weight="1/2")',
)

MONOTONE = Definition(
    name="monotone",
    family="rationality",
    claim="An option that is worse in some respect and better in none is never preferred.",
    definition=(
        "for all x, y: x >= y in every feature, x > y in one, implies not f(y, x) > 0; "
        "features in `lower_is_better` count the other way round"
    ),
    citation="Statewise dominance: Savage, The foundations of statistics, 1954",
    assumptions=("More of a feature is better, but for those that are named.",),
    violation_means="A dominated option that is preferred to the one that dominates it.",
    holds_does_not_mean=(
        "It does not say that the better option is preferred: indifference is allowed."
    ),
    needs=("policy that compares two options",),
    decided="over the whole box of two options",
    example='rationality.monotone(chooser, lower_is_better=["price"])',
)

REPRESENTABLE = Definition(
    name="representable",
    family="rationality",
    claim="A utility explains all {count} stated preferences between lotteries.",
    definition="there is u with u.(L - M) > 0 for every L over M, and = 0 where they are as good",
    citation=(
        "von Neumann and Morgenstern, Theory of games and economic behavior, 1947; for finitely "
        "many preferences: Fishburn, Utility theory for decision making, 1970"
    ),
    violation_means=(
        "A money pump: weights with which the stated preferences mix to giving up a lottery for "
        "that same lottery, each trade at a premium."
    ),
    holds_does_not_mean=(
        "It does not say what is preferred between lotteries that were not compared, nor that the "
        "utility is the only one."
    ),
    needs=("stated preferences between lotteries",),
    decided="by an exact linear programme; the utility or the pump is checked",
    example='rationality.representable([("a", "b"), ("b", {"a": "1/2", "c": "1/2"})])',
)

INDEPENDENT_CHOICES = Definition(
    name="independent_choices",
    family="rationality",
    claim="No two of the {count} stated preferences violate independence between themselves.",
    definition="not: L over M, and r M + (1 - r) N at least as good as r L + (1 - r) N",
    citation=("von Neumann and Morgenstern, 1947 (independence axiom); Allais, Econometrica, 1953"),
    violation_means=(
        "Two stated preferences whose gaps in probability are multiples of each other, and which "
        "go opposite ways."
    ),
    holds_does_not_mean=(
        "It does not say that a utility exists: three or more preferences together can violate "
        "the axioms (`representable`)."
    ),
    needs=("stated preferences between lotteries",),
    decided="by comparing every two stated preferences",
    example='rationality.independent_choices([("a", "b"), ({"a": "1/2", "c": "1/2"}, "c")])',
)

NO_MONEY_PUMP = Definition(
    name="no_money_pump",
    family="rationality",
    claim="No circle of trades along the stated preferences is ever at a premium.",
    definition="no x_1 >= x_2 >= ... >= x_n >= x_1 with a strict step, of any length",
    citation=(
        "Davidson, McKinsey and Suppes, Outlines of a formal theory of value, 1955 (money pump)"
    ),
    violation_means="The circle: who owns one option pays to get it back.",
    holds_does_not_mean="It does not say that any two options can be compared.",
    needs=("stated preferences between options",),
    decided="by a shortest path back from every strict preference",
    example='rationality.no_money_pump([("a", "b"), ("b", "c")])',
)

DEFINITIONS = (
    TRANSITIVE,
    INDEPENDENT,
    MONOTONE,
    REPRESENTABLE,
    INDEPENDENT_CHOICES,
    NO_MONEY_PUMP,
)


def transitive(chooser: Chooser) -> Property:
    """For all options x, y, z: x over y and y over z exclude z over x (3-safety)."""
    x, y, z = chooser.option("x"), chooser.option("y"), chooser.option("z")
    chain = and_(chooser.prefers(x, y), chooser.prefers(y, z))
    return TRANSITIVE.property(forall(x, y, z, implies(chain, not_(chooser.prefers(z, x)))))


def independent(chooser: Chooser, *, weight: Exact = "1/2") -> Property:
    """For all options x, y, z: x over y implies the mixture of x and z over that of y and z.

    Args:
        chooser: the system; its features must be continuous.
        weight: how much of x and of y remains; strictly between 0 and 1.

    Raises:
        InputError: a feature has finitely many values, or the weight is out of range.
    """
    share = exact(weight, "weight")
    if not 0 < share < 1:
        raise InputError(f"independent: the weight {weight} is not strictly between 0 and 1")
    names = _features(chooser)
    for feature in _sort(chooser).features:
        if feature.values is not None:
            raise InputError(
                f"feature {feature.name!r} has finitely many values: it cannot be mixed"
            )
    x, y, z = chooser.option("x"), chooser.option("y"), chooser.option("z")

    def mixture(option: Term) -> Term:
        return option.with_(**{f: share * option[f] + (1 - share) * z[f] for f in names})

    kept = implies(chooser.prefers(x, y), chooser.prefers(mixture(x), mixture(y)))
    return INDEPENDENT.property(forall(x, y, z, kept), weight=share)


def monotone(chooser: Chooser, *, lower_is_better: Sequence[str] = ()) -> Property:
    """For all options x, y: where x dominates y, y is not preferred to x.

    Raises:
        InputError: a feature that is named does not exist.
    """
    names = _features(chooser)
    for name in lower_is_better:
        if name not in names:
            raise InputError(f"monotone: there is no feature {name!r}")
    x, y = chooser.option("x"), chooser.option("y")
    pairs = [(y[f], x[f]) if f in lower_is_better else (x[f], y[f]) for f in names]
    dominates = and_(*(a >= b for a, b in pairs), or_(*(a > b for a, b in pairs)))
    return MONOTONE.property(forall(x, y, implies(dominates, not_(chooser.prefers(y, x)))))


def representable(preferences: Iterable[Stated]) -> Claim:
    """A utility over outcomes explains every stated preference between lotteries."""
    stated = _stated(preferences)

    def decide() -> Finding:
        if not any(preference.strict for preference in stated):
            return Finding(Verdict.VACUOUS, proof="no strict preference is stated")
        found = represent(stated)
        if isinstance(found, Pump):
            witness = {"pump": found, "trades": str(found), "lottery": found.lottery}
            return Finding(Verdict.VIOLATED, witness)
        proof = f"the utility {_table(found.of)} agrees with all {len(stated)} preferences"
        return Finding(Verdict.HOLDS, proof=proof, value=found)

    return REPRESENTABLE.about(decide, count=str(len(stated)))


def independent_choices(preferences: Iterable[Stated]) -> Claim:
    """No two stated preferences violate independence."""
    stated = _stated(preferences)

    def decide() -> Finding:
        found = dependence(stated)
        if found is not None:
            witness = {
                "first": str(found.first),
                "second": str(found.second),
                "scale": found.scale,
            }
            return Finding(Verdict.VIOLATED, witness)
        if not comparable(stated):
            return Finding(Verdict.VACUOUS, proof="independence relates no two of the preferences")
        return Finding(Verdict.HOLDS, proof=f"{_pairs(len(stated))} pairs of preferences compared")

    return INDEPENDENT_CHOICES.about(decide, count=str(len(stated)))


def no_money_pump(preferred: Iterable[Pair], indifferent: Iterable[Pair] = ()) -> Claim:
    """No circle of preferences, of any length, with a strict step.

    Args:
        preferred: pairs (better, worse).
        indifferent: pairs that are as good as each other.
    """
    strict, equal = list(preferred), list(indifferent)

    def decide() -> Finding:
        if not strict:
            return Finding(Verdict.VACUOUS, proof="no strict preference is stated")
        found = circle(strict, equal)
        if found is not None:
            return Finding(Verdict.VIOLATED, {"circle": str(found), "options": found.options})
        proof = f"no way back from any of the {len(strict)} strict preferences"
        return Finding(Verdict.HOLDS, proof=proof)

    return NO_MONEY_PUMP.about(decide)


def _stated(preferences: Iterable[Stated]) -> list[Preference]:
    return [p if isinstance(p, Preference) else prefer(*p) for p in preferences]


def _sort(chooser: Chooser) -> ObservationSort:
    return chooser.option_sort


def _features(chooser: Chooser) -> list[str]:
    return [feature.name for feature in _sort(chooser).features]


def _table(values: Mapping[str, Fraction]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _pairs(count: int) -> int:
    return count * (count - 1) // 2
