"""`mesascope properties`: what can be asked, and what an answer means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from theory.error import InputError
from verify.cli.option import debug_option, json_option
from verify.cli.output import colour, emit, target, width

if TYPE_CHECKING:
    from rich.text import Text

    from theory.claim import Claim
    from theory.property import Definition, Property
    from theory.term import Term

SCHEMA = {"name": "mesascope.properties", "version": 1}
_LABELS = 16  # columns


@click.command(short_help="List the properties that can be asked, or explain one.")
@click.argument("name", metavar="[FAMILY|NAME]", required=False)
@json_option
@debug_option
def properties(name: str | None, json_path: str | None) -> int:
    """List the properties by family, those of one FAMILY, or explain the one called NAME."""
    from theory.properties import CATALOGUE

    json_target = target("--json", json_path)
    chosen = [d for d in CATALOGUE.values() if name in (None, d.family, d.name)]
    if not chosen:
        raise InputError(_unknown(name or "", CATALOGUE))
    if not (json_target and json_target.is_stdout):
        from verify.report.terminal import print_lines

        if name is None:
            lines = _overview(chosen, width())
        elif name in CATALOGUE:
            lines = _explanation(chosen[0], width())
        else:
            lines = _family_lines(chosen, width())
        emit(print_lines(lines, width=width(), colour=colour()))
    if json_target:
        from verify.wire import dump

        entries = [_entry(definition) for definition in chosen]
        json_target.write(dump({"schema": SCHEMA, "properties": entries}))
    return 0


def example(definition: Definition) -> Property | Claim | None:
    """The definition's example line, built on a small agent; None where it gives none.

    A family whose examples speak of other things than an agent has a function `example_names`
    that gives them by name, for this family alone.
    """
    from theory import Agent, Chooser, Feature
    from theory.properties import __all__ as families

    if not definition.example:
        return None
    observation = [
        Feature("x", -1, 1),
        Feature("door", -1, 1),
        Feature("watched", flag=True),
        Feature("shutdown", flag=True),
    ]
    actions = ["left", "right", "wait", "press"]
    names: dict[str, Any] = {
        "agent": Agent(observation=observation, actions=actions, latent=2),
        "chooser": Chooser(option=[Feature("price", 0, 1), Feature("quality", 0, 1)]),
    }
    modules = {family: _family(family) for family in families if family.islower()}
    for module in modules.values():
        if definition in module.DEFINITIONS:
            names.update(getattr(module, "example_names", dict)())
    return eval(definition.example, {"__builtins__": {}}, {**modules, **names})


def _formula(definition: Definition) -> Term | None:
    """The formula of the example; None where it is about a finite structure, decided on its own."""
    return getattr(example(definition), "formula", None)


def _family(name: str) -> Any:
    import importlib

    return importlib.import_module(f"theory.properties.{name}")


def _entry(definition: Definition) -> dict[str, Any]:
    from theory.printer import latex, text

    shown, formula = example(definition), _formula(definition)
    return {
        "name": definition.name,
        "family": definition.family,
        "claim": definition.claim,
        "definition": definition.definition,
        "citation": definition.citation,
        "assumptions": definition.assumptions,
        "needs": definition.needs,
        "decided": definition.decided,
        "violation_means": definition.violation_means,
        "holds_does_not_mean": definition.holds_does_not_mean,
        "example": definition.example,
        "example_claim": shown.claim if shown else None,
        "formula": {"text": text(formula), "latex": latex(formula)}
        if formula is not None
        else None,
    }


def _unknown(name: str, catalogue: Mapping[str, Definition]) -> str:
    """What to say of a name that is neither a property's nor a family's."""
    families = list(dict.fromkeys(definition.family for definition in catalogue.values()))
    near = get_close_matches(name, [*catalogue, *families])
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    return f"unknown property {name!r}; {meant}the families are: {', '.join(families)}"


def _overview(definitions: Sequence[Definition], columns: int) -> list[Text]:
    """Every family with the names in it, and as much of the claims as fits on a line."""
    from rich.text import Text

    from verify.report.terminal import wrapped
    from verify.report.text import plain

    families: dict[str, list[Definition]] = {}
    for definition in definitions:
        families.setdefault(definition.family, []).append(definition)
    lines: list[Text] = []
    for family, members in families.items():
        first, *rest = wrapped(f"{family}  {_summary(family)}", columns)
        first.stylize("dim")
        first.stylize("bold not dim", 0, len(family))
        lines += [first, *(Text(f"  {line.plain}", "dim") for line in rest)]
        names = max(len(one.name) for one in members)
        for one in members:
            line = Text.assemble("  ", (one.name.ljust(names), "cyan"), "  ", plain(one.claim))
            line.truncate(columns, overflow="ellipsis")
            lines.append(line)
        lines.append(Text())
    return [
        *lines,
        Text.assemble(("mesascope properties FAMILY", "dim"), " shows the claims of a family,"),
        Text.assemble(("mesascope properties NAME", "dim"), " explains one in full."),
    ]


def _family_lines(definitions: Sequence[Definition], columns: int) -> list[Text]:
    """One family, every claim in full."""
    from rich.text import Text

    from verify.report.terminal import wrapped

    family = definitions[0].family
    heading = wrapped(f"{family}: {_summary(family)}", columns)
    lines = [Text(line.plain, "bold") for line in heading]
    for one in definitions:
        lines += [Text(), Text.assemble("  ", (one.name, "cyan"))]
        lines += [Text("    ").append_text(line) for line in wrapped(one.claim, columns - 4)]
    return [
        *lines,
        Text(),
        Text.assemble(("mesascope properties NAME", "dim"), " explains one in full."),
    ]


def _summary(family: str) -> str:
    """What a family is about: the first line of its file."""
    return (_family(family).__doc__ or "").partition("\n")[0]


def _explanation(definition: Definition, columns: int) -> list[Text]:
    from rich.text import Text

    from theory.printer import latex, text
    from verify.report.terminal import wrapped

    formula = _formula(definition)
    parts: list[tuple[str, list[str]]] = [
        ("claim", [definition.claim]),
        ("definition", [definition.definition]),
        ("citation", [definition.citation]),
        ("assumptions", list(definition.assumptions)),
        ("needs", list(definition.needs)),
        ("decided", [definition.decided]),
        ("VIOLATED means", [definition.violation_means]),
        ("not in HOLDS", [definition.holds_does_not_mean]),
        ("example", [definition.example] if definition.example else []),
    ]
    if formula is not None:
        parts += [("formula", [text(formula)]), ("in LaTeX", [latex(formula)])]
    lines = [Text.assemble((definition.name, "bold"), f"  ({definition.family})"), Text()]
    for label, paragraphs in parts:
        for paragraph in paragraphs:
            for line in wrapped(paragraph, columns - _LABELS):
                lines.append(Text.assemble((f"{label:<{_LABELS}}", "cyan"), line))
                label = ""
    return lines
