"""Coherence of quotes, choices and purchases: no book, no dominated act, no costly cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from theory.claim import Claim, Finding
from theory.error import InputError
from theory.preference.belief import Book, Conflict, believe, coherence, dominated
from theory.preference.purchase import Cycle, explain, purchases
from theory.preference.relation import Pair
from theory.property import Definition
from theory.rational import Exact, exact
from theory.verdict import Verdict

NO_DUTCH_BOOK = Definition(
    name="no_dutch_book",
    family="choice",
    claim="No set of bets at the {count} quoted prices loses for certain.",
    definition="there is a probability p with p(E) = q(E) for every quote",
    citation="de Finetti, La prévision: ses lois logiques, ses sources subjectives, 1937",
    assumptions=("The agent buys and sells, at its quotes, bets of any size.",),
    violation_means="The book: a stake for each event, and the loss in every world.",
    holds_does_not_mean="It does not say that the quotes are accurate.",
    needs=("worlds", "events", "quotes"),
    decided="by an exact linear programme; the probability or the book is checked",
    example=(
        'choice.no_dutch_book(["rain", "dry"], {"rain": ["rain"], "dry": ["dry"]}, '
        '{"rain": "0.6", "dry": "0.4"})'
    ),
)

HAS_PROBABILITY = Definition(
    name="has_probability",
    family="choice",
    claim="A probability of the worlds explains all {count} choices between acts.",
    definition="there is p with p.(u(f) - u(g)) > 0 for every f chosen over g",
    citation=(
        "Anscombe and Aumann, A definition of subjective probability, 1963; "
        "Ellsberg, Risk, ambiguity, and the Savage axioms, 1961"
    ),
    assumptions=("The utilities are given; only the probability is sought.",),
    violation_means="The choices, with weights, that no probability reconciles.",
    holds_does_not_mean="It does not say that the probability is accurate, or the only one.",
    needs=("worlds", "acts with their utilities", "choices"),
    decided="by an exact linear programme; the probability or the refutation is checked",
    example=(
        'choice.has_probability(["up", "down"], {"bet": {"up": 1, "down": -1}, '
        '"pass": {"up": 0, "down": 0}}, [("bet", "pass")])'
    ),
)

UNDOMINATED = Definition(
    name="undominated",
    family="choice",
    claim="Nothing chosen is dominated by another act.",
    definition=("not: val_a(U, w) >= val_b(U, w) for every w, > for some w, and b is chosen"),
    citation="Savage, The foundations of statistics, 1954 (the sure-thing principle)",
    assumptions=("The worlds do not depend on the act.",),
    violation_means="The chosen act, and one at least as good in every world and better in some.",
    holds_does_not_mean="It does not say that any probability makes the choice the best.",
    needs=("acts with their utilities", "choices"),
    decided="by comparing every chosen act with every other",
    example=(
        'choice.undominated({"bet": {"up": 1, "down": 0}, "pass": {"up": 0, "down": 0}}, ["bet"])'
    ),
)

RATIONALISABLE = Definition(
    name="rationalisable",
    family="choice",
    claim="A utility explains all {count} purchases.",
    definition="GARP: x_i revealed preferred to x_j excludes p_j.x_i < p_j.x_j",
    citation=(
        "Afriat, The construction of utility functions from expenditure data, 1967; Varian, The "
        "nonparametric approach to demand analysis, 1982"
    ),
    violation_means=(
        "A cycle of purchases, each revealed preferred to the next, and the money that it costs "
        "to go around once."
    ),
    holds_does_not_mean="It does not say what would be bought at other prices.",
    needs=("purchases with prices",),
    decided="by cycles in the revealed preference, and Afriat's numbers by a linear programme",
    example=(
        'choice.rationalisable([({"x": 1, "y": 2}, {"x": 2, "y": 1}), '
        '({"x": 2, "y": 1}, {"x": 1, "y": 2})])'
    ),
)

DEFINITIONS = (
    NO_DUTCH_BOOK,
    HAS_PROBABILITY,
    UNDOMINATED,
    RATIONALISABLE,
)


def no_dutch_book(
    worlds: Sequence[str], events: Mapping[str, Sequence[str]], quotes: Mapping[str, Exact]
) -> Claim:
    """The quotes are a probability's, so that no book can be made against them."""

    def decide() -> Finding:
        if not quotes:
            return Finding(Verdict.VACUOUS, proof="nothing is quoted")
        found = coherence(worlds, events, quotes)
        if isinstance(found, Book):
            return Finding(Verdict.VIOLATED, {"stakes": found.stakes, "losses": found.losses})
        proof = f"the probability {_table(found.of)} has all {len(quotes)} quotes"
        return Finding(Verdict.HOLDS, proof=proof, value=found)

    return NO_DUTCH_BOOK.about(decide, count=str(len(quotes)))


def has_probability(
    worlds: Sequence[str],
    acts: Mapping[str, Mapping[str, Exact]],
    chosen: Sequence[Pair],
    known: Mapping[str, Exact] | None = None,
) -> Claim:
    """A probability explains the choices (chosen, rejected) between acts of known utility.

    Args:
        worlds: what may be the case.
        acts: act to world to utility.
        chosen: pairs (chosen, rejected).
        known: worlds whose probability is given.
    """

    def decide() -> Finding:
        if not chosen:
            return Finding(Verdict.VACUOUS, proof="nothing was chosen")
        found = believe(worlds, acts, chosen, known)
        if isinstance(found, Conflict):
            return Finding(Verdict.VIOLATED, {"choices": found.choices, "gap": found.gap})
        proof = f"the probability {_table(found.of)} explains all {len(chosen)} choices"
        return Finding(Verdict.HOLDS, proof=proof, value=found)

    return HAS_PROBABILITY.about(decide, count=str(len(chosen)))


def undominated(acts: Mapping[str, Mapping[str, Exact]], chosen: Sequence[str]) -> Claim:
    """No chosen act is dominated by another one.

    Args:
        acts: act to world to utility, of the same worlds.
        chosen: the acts that are chosen.
    """
    tables = {
        act: {w: exact(u, f"act {act!r}, world {w!r}") for w, u in table.items()}
        for act, table in acts.items()
    }
    for act, table in tables.items():
        if table.keys() != next(iter(tables.values())).keys():
            raise InputError(f"act {act!r}: it is not about the same worlds as the first")
    for act in chosen:
        if act not in tables:
            raise InputError(f"choice: there is no act {act!r}")

    def decide() -> Finding:
        for act in chosen:
            better = dominated(tables, act)
            if better is not None:
                gains = {w: tables[better][w] - tables[act][w] for w in tables[act]}
                witness = {"chosen": act, "better": better, "gains": gains}
                return Finding(Verdict.VIOLATED, witness)
        if all(dominated(tables, act) is None for act in tables):
            return Finding(Verdict.VACUOUS, proof="no act dominates another")
        proof = f"{len(chosen)} chosen acts compared with {len(tables) - 1} others each"
        return Finding(Verdict.HOLDS, proof=proof)

    return UNDOMINATED.about(decide)


def rationalisable(
    observed: Sequence[tuple[Mapping[str, Exact], Mapping[str, Exact]]],
) -> Claim:
    """A utility explains the purchases, pairs (prices, bundle)."""
    bought = purchases(observed)

    def decide() -> Finding:
        affordable = any(
            one is not other and one.cost(other.bundle) <= one.cost(one.bundle)
            for one in bought
            for other in bought
        )
        if not affordable:
            return Finding(Verdict.VACUOUS, proof="no purchase reveals a preference")
        found = explain(bought)
        if isinstance(found, Cycle):
            return Finding(Verdict.VIOLATED, {"purchases": found.order, "gain": found.gain})
        utilities = ", ".join(map(str, found.utility))
        return Finding(Verdict.HOLDS, proof=f"Afriat's utilities {utilities}", value=found)

    return RATIONALISABLE.about(decide, count=str(len(bought)))


def _table(values: Mapping[str, Fraction]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
