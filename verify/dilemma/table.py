"""Dilemmas on the terminal: the table of answers, and one dilemma in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from theory.causal.value import Unreachable
from theory.decision.answer import Answer, Status
from theory.decision.dilemma.proof import Riddle
from theory.rational import number_text
from verify.dilemma.study import Row, Study
from verify.report.terminal import wrapped
from verify.report.text import plain

COLUMN = 14
SHORT = {"ratified CDT": "ratified", "deliberational CDT": "deliberated"}
STYLES = {
    Status.DECIDED: "",
    Status.UNSTABLE: "yellow",
    Status.DEPENDS: "yellow",
    Status.MIXED: "yellow",
    Status.UNREACHABLE: "dim",
}
_LABEL, _AGENT = 22, 32


def overview(studies: Sequence[Study]) -> list[Text]:
    """The table of dilemmas and theories; answers that differ from the first column's are bold."""
    if not studies:
        return []
    theories = list(studies[0].rows)
    name = max(len(study.dilemma.name) for study in studies) + 2
    head = "".join(f"{SHORT.get(theory, theory):<{COLUMN}}" for theory in theories)
    lines = [Text(f"{'':<{name}}{head}", "bold")]
    for study in studies:
        line = Text(f"{study.dilemma.name:<{name}}", "cyan")
        answers = [row.answer for row in study.rows.values()]
        for answer in answers:
            style = STYLES[answer.status]
            if not style and str(answer) != str(answers[0]):
                style = "bold"
            line.append(f"{answer!s:<{COLUMN}}", style)
        lines.append(line)
    return lines


def riddles(shown: Sequence[Riddle], width: int) -> list[Text]:
    """What the agents do that decide by proof."""
    lines: list[Text] = []
    for one in shown:
        lines += [Text(), Text(one.name, "bold")]
        lines += [Text(line.plain) for line in wrapped(plain(one.story), width)]
        if len(shown) == 1:
            lines += _labelled("source", one.source, width)
            lines += _labelled("disputed", one.disputed, width)
        for agent, answer in one.answers().items():
            lines.append(Text.assemble((f"  {agent:<{_AGENT}}", "cyan"), (answer, "bold")))
    return lines


def games(title: str, table: Mapping[str, Mapping[str, str]]) -> list[Text]:
    """How bots play each opponent; the first letter is what the bot of the column does."""
    label = max(len(rival) for row in table.values() for rival in row) + 2
    wide = {name: max(len(name), 2) + 2 for name in table}
    head = "".join(f"{name:<{wide[name]}}" for name in table)
    lines = [Text(), Text(title, "bold"), Text(f"{'':<{label}}{head}", "dim")]
    for rival in next(iter(table.values())):
        line = Text(f"{rival:<{label}}", "cyan")
        for name, row in table.items():
            line.append(f"{row[rival]:<{wide[name]}}", "bold")
        lines.append(line)
    return lines


def explanation(study: Study, width: int) -> list[Text]:
    """One dilemma: its story, its source, what is disputed, and every theory's answer."""
    dilemma = study.dilemma
    lines = [Text(dilemma.name, "bold"), Text()]
    lines += [Text(line.plain) for line in wrapped(plain(dilemma.story), width)]
    usual = ", ".join(f"{n} = {number_text(v)}" for n, v in dilemma.parameters.items())
    for label, words in (
        ("source", dilemma.source),
        ("disputed", dilemma.disputed),
        ("parameters", usual),
    ):
        lines += _labelled(label, words, width)
    lines.append(Text())
    for name, row in study.rows.items():
        lines += _labelled(name, "; ".join(_said(row)), width)
    if study.box:
        ranges = ", ".join(
            f"{number_text(a)} ≤ {name} ≤ {number_text(b)}" for name, (a, b) in study.box.items()
        )
        lines += [Text(), Text(f"For {ranges}, exactly:", "bold")]
        for name, row in study.rows.items():
            lines += _labelled(name, str(row.regions), width)
        checked = sum(row.sampled for row in study.rows.values())
        lines.append(Text(f"checked at {checked} points, each by enumeration", "dim"))
    return lines


def _said(row: Row) -> list[str]:
    worths = ", ".join(f"{act} {worth(row.answer, act)}" for act in row.answer.values)
    said = [str(row.answer)]
    if row.answer.reason:
        said.append(row.answer.reason)
    said.append(f"worth: {worths}")
    if row.regret is not None:
        said.append(f"regret {number_text(row.regret)}")
    return said


def worth(answer: Answer, act: object) -> str:
    """What a theory takes an act to be worth, as printed."""
    value = answer.values[act]
    return "cannot happen" if isinstance(value, Unreachable) else number_text(value)


def _labelled(label: str, words: str, width: int) -> list[Text]:
    lines: list[Text] = []
    for line in wrapped(plain(words), width - _LABEL) if words else ():
        lines.append(Text.assemble((f"{label:<{_LABEL}}", "cyan"), line))
        label = ""
    return lines
