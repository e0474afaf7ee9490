"""A network before dilemmas, on the terminal and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from theory.rational import number_text
from theory.verdict import Verdict
from verify.dilemma.book import Book, Deal
from verify.dilemma.card import Card, Score
from verify.dilemma.failure import Failure
from verify.dilemma.line import Stretch
from verify.dilemma.number import decimal, exactly
from verify.dilemma.reach import Line, Shares
from verify.dilemma.survey import Survey
from verify.report.terminal import STYLES, wrapped
from verify.report.text import file_name, plain

SCHEMA = {"name": "mesascope.dilemmas.network", "version": 1}
SHOWN = 3


@dataclass(frozen=True)
class Portrait:
    """All that is found out of one network.

    Attributes:
        network: how the user named it.
        encoding: how the user named the encoding.
        survey: the proofs over all problems.
        card: the dilemmas of the library.
        book: how a bookie takes a sure loss from it; None where none was found.
        demanded: the theory that it is to follow; None where any will do.
    """

    network: str
    encoding: str
    survey: Survey
    card: Card
    book: Book | None = None
    demanded: str | None = None

    @property
    def verdict(self) -> Verdict:
        """Of the demanded theory, or else of the one that it agrees with most; VIOLATED where it is
        shown to follow none.
        """
        if self.demanded is not None:
            return self.survey.verdict(self.demanded)
        verdicts = {self.survey.verdict(theory) for theory in self.survey.cases}
        order = (Verdict.HOLDS, Verdict.UNKNOWN, Verdict.VIOLATED)
        return next(verdict for verdict in order if verdict in verdicts)

    @property
    def exit_code(self) -> int:
        """0 it follows a theory (the demanded one), 1 it is shown not to, 3 that is open."""
        return {Verdict.HOLDS: 0, Verdict.VIOLATED: 1}.get(self.verdict, 3)

    @property
    def conclusion(self) -> str:
        """Which theory it follows, in a sentence."""
        survey = self.survey
        best = max(survey.cases, key=survey.agrees)
        if self.demanded is not None:
            best = self.demanded
        elif survey.implements:
            best = survey.implements[0]
        share = percent(survey.agrees(best))
        if survey.verdict(best) is Verdict.HOLDS:
            first = f"follows {best} on {share} of all problems (proved)"
            failures = survey.failures(best)
            return f"{first}; it violates it at {failures[0]}" if failures else first
        if self.verdict is Verdict.UNKNOWN:
            least = percent(survey.differs(best))
            none = "is not shown to follow a theory"
            return f"{none}: with {best} it agrees on {share} and differs on {least} (both proved)"
        asked = list(survey.cases) if self.demanded is None else [self.demanded]
        most = ", ".join(
            f"{theory} on at most {_above(survey.at_most(theory))}" for theory in asked
        )
        none = (
            "follows none of the theories" if self.demanded is None else f"does not follow {best}"
        )
        return (
            f"{none}: that would be to agree on {percent(survey.threshold)} of all problems, and "
            f"it agrees with {most} (proved)"
        )


def percent(value: float) -> str:
    """A proved share, rounded down."""
    return f"{int(value * 1000) / 10} %"


def _above(value: float) -> str:
    """A share that is an upper bound, rounded up."""
    return f"{-int(-value * 1000 // 1) / 10} %"


def lines(portrait: Portrait, width: int) -> Iterator[Text]:
    """The portrait as lines; the last one is the conclusion."""
    survey, card = portrait.survey, portrait.card
    yield Text.assemble(
        (file_name(portrait.network), "bold"), f" by {file_name(portrait.encoding)}"
    )
    yield Text()
    yield Text(f"{'':<10}{'agrees':>9}{'differs':>9}  proved shares of all problems", "dim")
    for theory, cases in survey.cases.items():
        verdict = survey.verdict(theory)
        yield Text.assemble(
            (f"{theory:<10}", "cyan"),
            f"{percent(survey.agrees(theory)):>9}{percent(survey.differs(theory)):>9}  ",
            (verdict.value, STYLES[verdict]),
        )
        for name, share in cases.items():
            followed = "" if share.loss is None else f"  up to a loss of {number_text(share.loss)}"
            yield Text(
                f"  {name:<18}{percent(share.agrees):>9}{percent(share.differs):>9}{followed}",
                "dim",
            )
        for failure in survey.failures(theory)[:SHOWN]:
            for at, line in enumerate(wrapped(plain(str(failure)), width - 6)):
                yield Text(("    ✗ " if at == 0 else "      ") + line.plain)
    yield Text()
    yield from _card(card, width)
    yield Text()
    if portrait.book is not None:
        for line in wrapped(plain(f"a bookie takes {told(portrait.book)}"), width):
            yield Text(line.plain)
        yield Text()
    for line in wrapped(plain(f"{file_name(portrait.network)} {portrait.conclusion}"), width):
        line.stylize(STYLES[portrait.verdict])
        yield line


def told(book: Book) -> str:
    """In words, how much a bookie takes, and how."""
    point = ", ".join(f"{name} = {value}" for name, value in book.values.items())
    return (
        f"{number_text(book.sure_loss)} for sure: the problem ({book.case}: {point}) {book.rounds} "
        f"times, dealt from a deck without replacement, at {number_text(book.price)}, what it is "
        f"surely worth to one who does {book.rival}; the network does {book.action}"
    )


def _card(card: Card, width: int) -> Iterator[Text]:
    name = max((len(score.dilemma.name) for score in card.scores), default=0) + 2
    yield Text(f"{'':<{name}}{'does':<10}{'loss':>10}  as recommended by", "dim")
    for score in card.scores:
        act = "a tie" if score.action is None else str(score.act)
        loss = "" if score.loss is None else number_text(score.loss)
        yield Text.assemble(
            (f"{score.dilemma.name:<{name}}", "cyan"),
            (f"{act:<10}", "bold"),
            f"{loss:>10}  ",
            ", ".join(score.agrees) or "none",
        )
        for words in (along(score), over(score)):
            for line in wrapped(plain(words), width - name) if words else ():
                yield Text(" " * name + line.plain, "dim")
    for left, why in card.left_out.items():
        words = f"{left}: not put by this encoding" + (f": {why}" if why else "")
        for line in wrapped(plain(words), width):
            yield Text(line.plain, "dim")


def along(score: Score) -> str:
    """In words, where along its first parameter a network departs from theories; exact."""
    if score.line is None:
        return ""
    gone: dict[str, list[str]] = {}
    for theory in score.line.follows:
        text = " and ".join(f"{a} to {b}" for a, b in map(_ends, score.line.failures(theory)))
        if text:
            gone.setdefault(text, []).append(theory)
    parts = [f"{', '.join(theories)} from {text}" for text, theories in gone.items()]
    if not parts:
        return f"for every {score.line.parameter} that can be put it does what each theory says"
    return f"as {score.line.parameter} varies it departs from {'; from '.join(parts)}"


def over(score: Score) -> str:
    """In words, on what shares of the parameters a network and theories agree; proved."""
    found = score.shares
    if found is None:
        return ""
    alike: dict[str, list[str]] = {}
    for theory, agrees in found.agrees.items():
        text = f"{percent(agrees)} alike, {percent(found.differs[theory])} different"
        alike.setdefault(text, []).append(theory)
    parts = "; ".join(f"{', '.join(theories)} {text}" for text, theories in alike.items())
    return f"over {', '.join(found.box)} at once (proved, {percent(found.put)} is put): {parts}"


def _ends(stretch: Stretch) -> tuple[str, str]:
    return decimal(stretch.lower), decimal(stretch.upper)


def document(portrait: Portrait) -> dict[str, Any]:
    """The portrait as mappings, lists, text and numbers; exact numbers as text."""
    survey = portrait.survey
    return {
        "schema": SCHEMA,
        "network": portrait.network,
        "encoding": portrait.encoding,
        "verdict": portrait.verdict.value,
        "conclusion": portrait.conclusion,
        "implements": list(survey.implements),
        "threshold": survey.threshold,
        "loss": str(survey.loss),
        "seconds": survey.seconds,
        "theories": {theory: _theory(survey, theory) for theory in survey.cases},
        "dilemmas": [_score(score) for score in portrait.card.scores],
        "left_out": dict(portrait.card.left_out),
        "book": None if portrait.book is None else _book(portrait.book),
    }


def _book(book: Book) -> dict[str, Any]:
    def deck(deals: tuple[Deal, ...]) -> list[dict[str, Any]]:
        return [{"world": dict(w), "cards": n, "pays": str(pays)} for w, n, pays in deals]

    return {
        "case": book.case,
        "values": {name: str(value) for name, value in book.values.items()},
        "rounds": book.rounds,
        "does": book.action,
        "rival": book.rival,
        "price": str(book.price),
        "sure_loss": str(book.sure_loss),
        "deck": deck(book.deals),
        "rival_deck": deck(book.rivals),
    }


def _theory(survey: Survey, theory: str) -> dict[str, Any]:
    return {
        "verdict": survey.verdict(theory).value,
        "agrees": survey.agrees(theory),
        "differs": survey.differs(theory),
        "agrees_at_most": survey.at_most(theory),
        "cases": {
            name: {
                "agrees": share.agrees,
                "differs": share.differs,
                "followed_up_to": None if share.loss is None else str(share.loss),
                "verdict": share.result.verdict.value,
                "guarantee": share.result.guarantee.value if share.result.guarantee else None,
            }
            for name, share in survey.cases[theory].items()
        },
        "failures": [_failure(failure) for failure in survey.failures(theory)],
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "name": score.dilemma.name,
        "does": None if score.action is None else str(score.act),
        "float32_agrees": score.in_float32,
        "agrees": list(score.agrees),
        "differs": list(score.against),
        "loss": None if score.loss is None else str(score.loss),
        "line": None if score.line is None else _line(score.line),
        "shares": None if score.shares is None else _shares(score.shares),
        "failures": {theory: _failure(one) for theory, one in score.failures.items()},
    }


def _line(line: Line) -> dict[str, Any]:
    def stretch(one: Stretch) -> dict[str, Any]:
        ends = {"from": exactly(one.lower), "to": exactly(one.upper)}
        return {**ends, "is": str(one.answer)}

    return {
        "parameter": line.parameter,
        "does": [stretch(one) for one in line.does],
        "theories": {name: [stretch(s) for s in found] for name, found in line.follows.items()},
    }


def _shares(shares: Shares) -> dict[str, Any]:
    return {
        "box": {name: [str(low), str(high)] for name, (low, high) in shares.box.items()},
        "put": shares.put,
        "agrees": dict(shares.agrees),
        "differs": dict(shares.differs),
        "silent": dict(shares.silent),
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "case": failure.case,
        "values": {name: str(value) for name, value in failure.values.items()},
        "does": failure.action,
        "recommended": list(failure.advised),
        "worth": {name: str(value) for name, value in failure.worths.items()},
        "replays": dict(failure.replays),
    }
