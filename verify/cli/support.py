"""`mesascope supports`: what of a network can be decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from verify.cli.option import debug_option, json_option
from verify.cli.output import colour, emit, stdout_kept, target, width

if TYPE_CHECKING:
    from rich.text import Text

    from extract.reader import Refusal
    from extract.support import Support

SCHEMA = {"name": "mesascope.supports", "version": 1}
UNDECIDABLE = 3
_LABELS = 12  # columns
_REFUSALS = 10  # refused nodes that are listed one by one


@click.command(short_help="List a network's operators and what stops a verdict.")
@click.argument("net")
@json_option
@debug_option
def supports(net: str, json_path: str | None) -> int:
    """List the operators of NET, and say which node, if any, stops an exact verdict.

    Exit status: 0 a verdict is possible, 3 some node stops every verdict.
    """
    json_target = target("--json", json_path, inputs=(net,))

    from extract.support import supports as inspect

    with stdout_kept():
        support = inspect(net)
    if not (json_target and json_target.is_stdout):
        from verify.report.terminal import print_lines

        emit(print_lines(list(_lines(net, support)), width=None, colour=colour()))
    if json_target:
        from verify.wire import dump

        json_target.write(dump(_document(net, support)))
    return 0 if support.readable else UNDECIDABLE


def _lines(net: str, support: Support) -> Iterator[Text]:
    from rich.text import Text

    from verify.report.terminal import wrapped
    from verify.report.text import plain

    entries = [
        ("inputs", _shapes(support.inputs)),
        ("outputs", _shapes(support.outputs)),
        ("parameters", f"{support.parameters:,}"),
        ("operators", _counts(support.operators)),
        ("graph", _counts(support.nodes)),
        *(("note", note) for note in support.notes),
        *(("refused", _refusal(one)) for one in support.unsupported[:_REFUSALS]),
    ]
    if len(support.unsupported) > _REFUSALS:
        entries.append(("", f"... {len(support.unsupported) - _REFUSALS} more"))
    yield Text(plain(net), "bold")
    for label, value in entries:
        for line in wrapped(plain(value), width() - _LABELS) if value else ():
            yield Text.assemble((f"{label:<{_LABELS}}", "cyan"), line)
            label = ""
    style = "bold green" if support.exact else "bold yellow" if support.readable else "bold red"
    for line in wrapped(plain(support.reason()), width()):
        line.stylize(style)
        yield line


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _shapes(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())


def _refusal(refusal: Refusal) -> str:
    why = f": {refusal.reason}" if refusal.reason else ""
    return f"{refusal.operator} at node {refusal.node}{why}"


def _document(net: str, support: Support) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "network": net,
        "sha256": support.sha256,
        "inputs": support.inputs,
        "outputs": support.outputs,
        "parameters": support.parameters,
        "operators": support.operators,
        "nodes": support.nodes,
        "unsupported": [
            {"operator": one.operator, "node": one.node, "reason": one.reason}
            for one in support.unsupported
        ],
        "enclosed": support.enclosed,
        "products": support.products,
        "exact": support.exact,
        "piecewise_affine": support.piecewise_affine,
        "notes": support.notes,
        "conclusion": support.reason(),
    }
