"""A report on the terminal: it fits a screen, and says the same without colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import StringIO

from rich.console import Console
from rich.text import Text

from theory.claim import Claim, Finding
from theory.property import Property
from verify import exhibit
from verify.report.text import conclusion, duration, file_name, number, plain, share
from verify.report.witness import Column, Row, Table, table
from verify.verdict import Guarantee, ModelVerdict, Reason, Report, Result, Verdict, Witness

STYLES = {
    Verdict.HOLDS: "bold green",
    Verdict.VIOLATED: "bold red",
    Verdict.UNKNOWN: "bold yellow",
    Verdict.VACUOUS: "bold magenta",
}
MODEL_STYLES = {
    ModelVerdict.OK: "bold green",
    ModelVerdict.DANGEROUS: "bold red",
    ModelVerdict.DONT_KNOW: "bold yellow",
}
_INDENT = 10  # columns: the verdict and the gap after it
_GUARANTEE, _TIME = 12, 8  # columns
_CLAIM_LINES, _DETAIL_LINES, _SAME_LINES, _DIFFERING_ROWS = 2, 2, 3, 8
_CELL = 18  # columns at most for a label, a name or a value of the witness
_NAME = 32  # columns at most for a name in a claim's witness
_ROWS, _VALUE_LINES, _REGION_LINES = 10, 2, 3  # of a claim's witness
_NOTE_LINES = 3


def render(report: Report, *, width: int = 80, colour: bool = False) -> str:
    """The report as lines of text, of `width` columns at most but for the last one.

    The last line is the command that reruns the check.
    """
    lines = [Text(file_name(report.spec), "bold"), Text()]
    if report.network:
        lines[0] = Text.assemble((file_name(report.network), "bold"), " against ", lines[0])
    for result in report.results:
        lines += result_lines(result, width)
    lines += [Text(), *_guarantees(report), *_notes(report, width), model_line(report)]
    commands = [Text(plain(report.command), "dim")] if report.command else []
    return print_lines(lines, width=width, colour=colour) + print_lines(
        commands, width=None, colour=colour
    )


def print_lines(lines: Sequence[Text], *, width: int | None, colour: bool) -> str:
    """Styled lines as a string; lines that are too long are cut where a width is given."""
    out = StringIO()
    console = Console(
        file=out,
        width=width or 10_000,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    for line in lines:
        line.rstrip()
        if width is not None:
            line.truncate(width, overflow="ellipsis")
        console.print(line, soft_wrap=True)
    return out.getvalue()


def model_line(report: Report) -> Text:
    """The verdict on the network, or on the spec's structures, and why, on one line."""
    verdict = report.model_verdict
    return Text.assemble(
        (verdict.value, MODEL_STYLES[verdict]),
        f"  {file_name(report.subject)}: {conclusion(report)}",
    )


def result_lines(result: Result, width: int) -> list[Text]:
    """One statement: verdict, sentence, guarantee and time; below them what there is to show."""
    room = width - _INDENT - _GUARANTEE - _TIME
    claim = plain(result.property.claim)
    sentence = wrapped(claim, width - _INDENT, lines=_CLAIM_LINES, first_width=room - 2)
    first = Text.assemble(
        (f"{result.verdict.value:<{_INDENT}}", STYLES[result.verdict]),
        _padded(sentence[0], room),
        (f"{_strength(result):<{_GUARANTEE}}", "cyan" if result.guarantee else ""),
        (f"{duration(result.seconds):>{_TIME}}", "dim"),
    )
    lines = [first, *(_indented(line) for line in sentence[1:])]
    if explains(result):
        said = wrapped(explanation(result), width - _INDENT, lines=_DETAIL_LINES)
        lines += [_indented(Text(line.plain, "yellow")) for line in said]
    shown = wrapped(result.region, width - _INDENT, lines=_REGION_LINES) if result.region else []
    if result.witness is not None and isinstance(result.property, Property):
        shown += witness_lines(result.property, result.witness, width - _INDENT)
    elif result.finding is not None:
        shown = finding_lines(result, result.finding, width - _INDENT)
    return [*lines, *(_indented(line) for line in shown)]


def explains(result: Result) -> bool:
    """Whether a verdict needs a sentence: it is none, or there is no witness to show."""
    disproved = result.verdict is Verdict.VIOLATED and result.witness is None
    open_ = result.verdict in (Verdict.UNKNOWN, Verdict.VACUOUS)
    return open_ or (disproved and bool(result.detail))


def explanation(result: Result) -> str:
    """Why a property is not decided, or why that it holds says nothing."""
    if result.verdict is Verdict.VACUOUS:
        why = result.detail or "its condition is never true on the domain"
        return plain(f"{why}, so it says nothing")
    if result.verdict is Verdict.VIOLATED:
        return plain(result.detail)
    why = result.reason.value if result.reason else "no reason was given"
    return plain(f"{why}: {result.detail}" if result.detail else why)


def finding_lines(result: Result, finding: Finding, width: int) -> list[Text]:
    """What a claim's finding shows: of a violation the witness, of an open claim the region."""
    rows: list[exhibit.Row] = []
    if result.verdict is Verdict.VIOLATED:
        rows += exhibit.rows(exhibit.tree(finding.witness), width - _NAME - 2)
        if finding.value is not None:
            rows.append(exhibit.Row("value", exhibit.brief(exhibit.tree(finding.value))))
    kept = rows if len(rows) <= _ROWS else rows[: _ROWS - 1]
    names = min(_NAME, max((2 * row.depth + len(row.name) for row in kept), default=0))
    lines: list[Text] = []
    for row in kept:
        name = _cut(f"{'  ' * row.depth}{plain(row.name)}", names)
        said = wrapped(plain(row.text), width - names - 2, lines=_VALUE_LINES)
        lines.append(Text.assemble((name.ljust(names), "dim"), "  ", said[0]))
        lines += [Text(" " * (names + 2)).append_text(line) for line in said[1:]]
    if len(kept) < len(rows):
        lines.append(Text(f"... {len(rows) - len(kept)} more in --json", "dim"))
    if finding.region and result.verdict is not Verdict.HOLDS:
        lines += wrapped(plain(finding.region), width, lines=_REGION_LINES)
    if result.replays:
        lines.append(_replays(result.replays))
    return lines


def witness_lines(of: Property, witness: Witness, width: int) -> list[Text]:
    """The witness: what differs between the runs, what each run chooses, and what is the same."""
    shown = table(of, witness)
    differing = [row for row in shown.rows if row.differs]
    lines = _runs(shown, differing, width)
    alike = [row for row in shown.rows if not row.differs]
    several = len(shown.columns) > 1 and differing
    lead = "the same in both: " if len(shown.columns) == 2 else "the same in all: "
    lines += _grid(alike, shown.loose, lead if several else "", width)
    if witness.replays:
        lines.append(_replays(witness.replays))
    return lines


def _runs(shown: Table, differing: Sequence[Row], width: int) -> list[Text]:
    """The table with one column for each run; runs that do not fit are counted."""
    rows: list[tuple[str, list[str], str]] = []
    if len(shown.columns) > 1:
        rows.append(("", [column.label for column in shown.columns], "dim"))
    rows += [
        (f"{row.name} ({row.unit})" if row.unit else row.name, list(row.cells), "bold yellow")
        for row in differing[:_DIFFERING_ROWS]
    ]
    if hidden := len(differing[_DIFFERING_ROWS:]):
        rows.append((f"... {hidden} more", ["" for _ in shown.columns], "dim"))
    rows += list(_outputs(shown.columns))
    if not rows:
        return []
    names = min(_CELL, max(len(name) for name, _, _ in rows))
    count = len(shown.columns)
    widths = [min(_CELL, max(len(cells[at]) for _, cells, _ in rows)) for at in range(count)]
    fitting = count
    while fitting > 1 and names + sum(2 + w for w in widths[:fitting]) > width:
        fitting -= 1
    lines = [
        Text.assemble(
            (_cut(name, names).ljust(names), "dim"),
            *(
                part
                for at in range(fitting)
                for part in ("  ", (_cut(cells[at], widths[at]).rjust(widths[at]), style))
            ),
        )
        for name, cells, style in rows
    ]
    if fitting < count:
        lines.append(Text(f"... {count - fitting} more runs in --json", "dim"))
    return lines


def _outputs(columns: Sequence[Column]) -> Iterator[tuple[str, list[str], str]]:
    """What comes out: the choice with its score and margin, or the one value."""
    choosing = [column.chooses for column in columns]
    if any(choosing):
        same = len({column.action for column in columns if column.chooses}) == 1
        style = "bold" if same else "bold red"
        yield "chooses", [column.action or "no single best" for column in columns], style
        yield "score", [_score(column) for column in columns], ""
        yield "margin", [_margin(column) for column in columns], ""
    for name in dict.fromkeys(c.function for c in columns if not c.chooses and c.scores):
        cells = [_value(column) if column.function == name else "" for column in columns]
        yield name or "output", cells, "bold"


def _score(column: Column) -> str:
    if not column.chooses or not column.scores:
        return ""
    return number(max(score.value for score in column.scores))


def _margin(column: Column) -> str:
    if column.margin is None:
        return ""
    ahead, of = column.margin
    return f"{ahead:.3g} over {of}"


def _value(column: Column) -> str:
    return column.scores[0].text if len(column.scores) == 1 else f"{len(column.scores)} numbers"


def _grid(
    rows: Sequence[Row], loose: Sequence[tuple[str, str]], lead: str, width: int
) -> list[Text]:
    """Names and values one after the other, on a few lines; of too many, those that matter."""
    everything = _flow([*loose, *map(_pair, rows)], lead, width)
    if len(everything) <= _SAME_LINES:
        return everything
    ranked = [*loose, *map(_pair, sorted(rows, key=lambda row: row.rank))]
    shown = len(ranked)
    while shown:
        shown -= 1
        some = _flow(ranked[:shown], lead, width, f"... {len(ranked) - shown} more in --json")
        if len(some) <= _SAME_LINES:
            return some
    return []


def _pair(row: Row) -> tuple[str, str]:
    return row.name, next(c for c in row.cells if c) + (f" {row.unit}" if row.unit else "")


def _flow(cells: Sequence[tuple[str, str]], lead: str, width: int, tail: str = "") -> list[Text]:
    pieces = [Text.assemble((_cut(n, _CELL), "dim"), f" {_cut(v, _CELL)}") for n, v in cells]
    if tail:
        pieces.append(Text(tail, "dim"))
    lines = [Text().append(lead, "dim")]
    for piece in pieces:
        if lines[-1].cell_len + piece.cell_len > width:
            lines.append(Text())
        lines[-1].append_text(piece).append("  ")
    return lines if pieces else []


def _replays(replays: Mapping[str, bool]) -> Text:
    line = Text().append("replays: ", "dim")
    for at, (way, replayed) in enumerate(replays.items()):
        line.append(", " if at else "").append(f"{plain(way)} ")
        line.append("yes" if replayed else "no", "green" if replayed else "bold red")
    return line


def _guarantees(report: Report) -> list[Text]:
    """What the words in the column of guarantees mean, for those that occur."""
    given = {result.guarantee for result in report.results}
    lines: list[Text] = []
    for guarantee in Guarantee:
        if guarantee in given:
            lines.append(Text(f"{guarantee.value}: {guarantee.meaning}", "dim"))
            if guarantee.assumption:
                lines.append(Text(f"  {guarantee.assumption}", "dim"))
    return lines


def _notes(report: Report, width: int) -> list[Text]:
    """What the sources of the network say that a verdict does not."""
    lines: list[Text] = []
    for note in report.notes:
        lines += wrapped(f"note: {plain(note)}", width, lines=_NOTE_LINES)
    return lines


def _strength(result: Result) -> str:
    match result.verdict:
        case Verdict.HOLDS:
            return result.guarantee.value if result.guarantee else ""
        case Verdict.VIOLATED:
            if result.guarantee and result.witness is None:
                return result.guarantee.value
            ways = list(result.replays.values())
            return "replayed" if ways and all(ways) else "witness"
        case Verdict.UNKNOWN if isinstance(result.property, Claim):
            return "it depends" if result.reason is Reason.PARAMETER else "undecided"
        case Verdict.UNKNOWN:
            return f"{share(result.proved_share)} proved"
        case Verdict.VACUOUS:
            return "says nothing"


def wrapped(
    text: str, width: int, *, lines: int | None = None, first_width: int | None = None
) -> list[Text]:
    """The text in lines of a width; the first may be shorter, and what is too much is cut off."""
    console = Console(width=width, file=StringIO(), _environ={})
    first = next(iter(Text(text).wrap(console, first_width or width)), Text())
    rest = Text(text[len(first.plain) :].lstrip())
    found: list[Text] = [first]
    if rest:
        found += rest.wrap(console, width)
    if lines is not None and len(found) > lines:
        kept = Text(" ").join(found[lines - 1 :])
        kept.truncate(width, overflow="ellipsis")
        found = [*found[: lines - 1], kept]
    for line in found:
        line.rstrip()
    return found


def _padded(line: Text, width: int) -> Text:
    padded = line.copy()
    padded.truncate(width, pad=True)
    return padded


def _indented(line: Text) -> Text:
    return Text(" " * _INDENT).append_text(line)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
