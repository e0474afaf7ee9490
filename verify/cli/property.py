"""`mesascope properties`: what can be asked, and what an answer means."""

from __future__ import annotations

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
@click.argument("name", required=False)
@json_option
@debug_option
def properties(name: str | None, json_path: str | None) -> int:
    """List the properties, or explain the one called NAME in full."""
    from theory.properties import CATALOGUE

    json_target = target("--json", json_path)
    if name is not None and name not in CATALOGUE:
        raise InputError(f"unknown property {name!r}; there are: {', '.join(CATALOGUE)}")
    chosen = [CATALOGUE[name]] if name is not None else list(CATALOGUE.values())
    if not (json_target and json_target.is_stdout):
        from verify.report.terminal import print_lines

        lines = _explanation(chosen[0], width()) if name else _overview(chosen, width())
        emit(print_lines(lines, width=width(), colour=colour()))
    if json_target:
        from verify.wire import dump

        entries = [_entry(definition) for definition in chosen]
        json_target.write(dump({"schema": SCHEMA, "properties": entries}))
    return 0


def example(definition: Definition) -> Property | Claim | None:
    """The definition's example line, built on a small agent; None where it gives none.

    A family whose examples speak of other things than an agent has a function `example_names`
    that gives them by name.
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
        names.update(getattr(module, "example_names", dict)())
    return eval(definition.example, {"__builtins__": {}}, {**names, **modules})


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


def _overview(definitions: list[Definition], columns: int) -> list[Text]:
    from rich.text import Text

    from verify.report.terminal import wrapped

    lines: list[Text] = []
    family = ""
    for definition in definitions:
        if definition.family != family:
            family = definition.family
            lines += [*([Text()] if lines else []), Text(family, "bold")]
        lines.append(Text.assemble("  ", (definition.name, "cyan")))
        lines += [Text("    ").append_text(line) for line in wrapped(definition.claim, columns - 4)]
    return [
        *lines,
        Text(),
        Text.assemble(("mesascope properties NAME", "dim"), " explains one in full."),
    ]


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
