"""How reports write numbers, durations, shares and sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from theory.claim import Claim
from verify.verdict import ModelVerdict, Report, Verdict

_SYMBOLS = {
    "forall": "∀",
    "exists": "∃",
    "implies": "⇒",
    "iff": "⇔",
    "and": "∧",
    "or": "∨",
    "not": "¬",
    "<=": "≤",
}
_WORD = re.compile(r"(?<![\w.])(?:forall|exists|implies|iff|and|or|not)(?![\w'(:])|<=")
_DIGITS = 6  # significant digits of a number that does not have to be told from its neighbour


def plain(text: str) -> str:
    """The text on one line, with nothing in it that a terminal would obey."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in _one_line(text))


def file_name(name: str) -> str:
    """The last part of a path, for headings; the whole path is in the command."""
    return plain(name.replace("\\", "/").rstrip("/").rpartition("/")[2]) or plain(name)


def number(value: float) -> str:
    """A number in six significant digits; whole numbers without a point."""
    short = f"{value:.{_DIGITS}g}"
    return "0" if short == "-0" else short


def numbers(values: Sequence[float]) -> list[str]:
    """Numbers that stand side by side: in six digits, or in all where six hide a difference."""
    short = [number(value) for value in values]
    return short if len(set(short)) == len(set(values)) else [repr(value) for value in values]


def duration(seconds: float) -> str:
    """A duration as people say it: `0.04 s`, `1.2 s`, `12 s`, `2 min 5 s`."""
    if seconds < 10:
        return f"{seconds:.{2 if seconds < 0.995 else 1}f} s"
    if round(seconds) < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def share(value: float) -> str:
    """A share in per cent; 0 and 100 are kept for nothing and all of it."""
    if value <= 0 or value >= 1:
        return "0%" if value <= 0 else "100%"
    percent = 100 * value
    if percent < 0.1 or percent > 99.9:
        return "<0.1%" if percent < 0.1 else ">99.9%"
    return f"{percent:.1f}%" if percent < 10 or percent > 90 else f"{percent:.0f}%"


def symbols(formula: str) -> str:
    """A formula as the text printer writes it, with the signs of logic for their words."""
    return _WORD.sub(lambda match: _SYMBOLS[match[0]], formula).replace("¬ ", "¬")


def conclusion(report: Report) -> str:
    """Why the model verdict is what it is, in half a sentence."""
    counts = {
        verdict: sum(result.verdict is verdict for result in report.results) for verdict in Verdict
    }
    total = len(report.results)
    claims = all(isinstance(result.property, Claim) for result in report.results)
    one, many = ("claim", "claims") if claims and total else ("property", "properties")
    match report.model_verdict:
        case ModelVerdict.OK:
            return f"the one {one} holds" if total == 1 else f"all {total} {many} hold"
        case ModelVerdict.DANGEROUS:
            violated = counts[Verdict.VIOLATED]
            if total == 1:
                return f"the one {one} is violated"
            return f"{violated} of {total} {many} {'is' if violated == 1 else 'are'} violated"
        case ModelVerdict.DONT_KNOW:
            if not total:
                return "nothing was checked"
            parts = [
                f"{counts[Verdict.HOLDS]} of {total} {many} proved",
                f"{counts[Verdict.UNKNOWN]} undecided" if counts[Verdict.UNKNOWN] else "",
                f"{counts[Verdict.VACUOUS]} vacuous" if counts[Verdict.VACUOUS] else "",
            ]
            return ", ".join(part for part in parts if part)


def _one_line(text: str) -> str:
    return " ".join(text.split())
