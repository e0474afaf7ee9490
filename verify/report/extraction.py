"""What extraction found, for people and for programs: text, JSON, and one page with pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from extract.draw import draw
from extract.structure import AgentStructure, Evidence, Finding, Kind, Part, Status
from verify.found import NAME, VERSION, written
from verify.provenance import sha256, source, versions
from verify.report.html import FOLDER
from verify.report.picture import image
from verify.report.plot import plot_chart, plot_curve, plot_nulls
from verify.report.template import templates
from verify.report.terminal import wrapped
from verify.report.text import file_name, plain

if TYPE_CHECKING:
    from rich.text import Text

SCHEMA = {"name": NAME, "version": VERSION}
_STYLES = {
    Status.FUNCTIONAL: "bold green",
    Status.WEAK: "bold yellow",
    Status.DECLARED: "bold yellow",
    Status.ABSENT: "dim",
}
_KINDS = {
    Status.FUNCTIONAL: "holds",
    Status.WEAK: "unknown",
    Status.DECLARED: "unknown",
    Status.ABSENT: "vacuous",
}
ROLES = {
    "world_model": "predicts what an action leads to",
    "evaluator": "says what a state, or an action in it, is worth to the agent",
    "search": "compares what several actions lead to before one is chosen",
    "policy": "chooses the action",
    "memory": "carries something from one observation to the next",
    "goal": "which of several goals is pursued, shown by moving them",
}
"""What a part of each role does."""

STATUSES = {
    Status.FUNCTIONAL: "its signature was found, and every test is passed beyond all null networks",
    Status.WEAK: "some evidence, below what is required",
    Status.DECLARED: "the architecture says so, and the tests do not bear it out",
    Status.ABSENT: "nothing that plays the role was found; that is no proof that nothing does",
}
"""What it means that a part has a status."""


@dataclass(frozen=True)
class Extraction:
    """What was found, and how it was asked for.

    Attributes:
        structure: with the findings.
        network, environment, observations: as the user named them.
        seed: of every pseudo-random choice.
        command: that reruns it.
    """

    structure: AgentStructure
    network: str
    environment: str | None
    observations: str | None
    seed: int
    command: str

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One for each role."""
        return tuple(self.structure.findings.values())

    @property
    def shown(self) -> tuple[Finding, ...]:
        """Those, and what is said of goals."""
        goal = self.structure.goal
        return (*self.findings, goal) if goal is not None else self.findings


def conclusion(result: Extraction) -> str:
    """One sentence: which parts are established, and what is pursued."""
    found = [f.role.replace("_", " ") for f in result.findings if _functional(f)]
    goal = result.structure.goal
    pursued = [e.test for e in goal.evidence if e.passed] if goal is not None else []
    if not found:
        return "; ".join(["no part of an agent is established", *pursued])
    *first, last = found
    names = f"{', '.join(first)} and {last}" if first else last
    return "; ".join([f"functional: {names}", *pursued])


def _functional(one: Finding | Part) -> bool:
    return one.status is Status.FUNCTIONAL


def text(result: Extraction, width: int) -> Iterator[Text]:
    """The findings on one screen; the command that reruns it comes last."""
    from rich.text import Text

    yield Text(plain(result.network), "bold")
    for finding in result.shown:
        yield Text("")
        yield Text.assemble(
            (f"{_word(finding):<12}", _STYLES[finding.status]),
            (finding.role.replace("_", " "), "bold"),
        )
        for line in wrapped(plain(finding.reason), width - 12):
            yield Text.assemble(" " * 12, line)
        for test in finding.evidence:
            yield Text(f"{'':12}{_row(test)}", "" if test.passed else "yellow")
    yield Text("")
    yield Text(f"{file_name(result.network)}: {conclusion(result)}", "bold")
    yield Text(result.command, "dim")


def _word(finding: Finding) -> str:
    """The status; a goal is no part, so that it is pursued or not."""
    if finding.role == "goal":
        return "PURSUED" if _functional(finding) else "NONE"
    return finding.status.value.upper()


def _row(test: Evidence) -> str:
    null = "" if math.isnan(test.null_max) else f"nulls to {test.null_max:.3g}"
    p = "" if test.kind is Kind.STRUCTURAL else f"p {test.p:.2g}"
    mark = "+" if test.passed else "-"
    return f"{mark} {test.test:<40.40} {test.effect:>8.3g}  {null:<21}{p}".rstrip()


def document(result: Extraction) -> dict[str, Any]:
    """The findings as JSON has them."""
    names = [result.observations or "", result.environment or ""]
    files = [name for name in names if name and source(name).is_file()]
    return {
        "schema": SCHEMA,
        "versions": versions(),
        "network": result.network,
        "environment": result.environment,
        "observations": result.observations,
        "seed": result.seed,
        "sha256": {
            result.network: result.structure.network.sha256,
            **{name: sha256(source(name)) for name in files},
        },
        "roles": {finding.role: _role(finding) for finding in result.findings},
        "goal": _role(result.structure.goal) if result.structure.goal is not None else None,
        "parts": written(result.structure),
        "command": result.command,
    }


def _role(finding: Finding) -> dict[str, Any]:
    return {
        "status": finding.status.value,
        "reason": finding.reason,
        "signature": finding.signature,
        "nodes": sorted(finding.nodes),
        "parameters": sorted(finding.parameters),
        "reads": list(finding.inputs),
        "writes": list(finding.outputs),
        "candidates": finding.candidates,
        "evidence": [
            {
                "test": test.test,
                "kind": test.kind.value,
                "effect": _number(test.effect),
                "null_mean": _number(test.null_mean),
                "null_max": _number(test.null_max),
                "p": _number(test.p),
                "cutoff": _number(test.cutoff),
                "stability": test.stability,
                "blind": test.blind,
                "passed": test.passed,
                "means": test.means,
            }
            for test in finding.evidence
        ],
        "curves": [
            {"name": c.name, "x": c.x, "y": c.y, "x_label": c.x_label, "y_label": c.y_label}
            for c in finding.curves
        ],
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def page(result: Extraction) -> str:
    """One self-contained page: the graph with its parts in colour, the evidence, the curves."""
    environment = templates(FOLDER)
    graph, _ = image(draw(_by_role(result.structure)))
    return environment.get_template("extraction.jinja").render(
        title=f"{file_name(result.network)}: {conclusion(result)}",
        style=Markup((FOLDER / "page.css").read_text(encoding="utf-8")),
        network=file_name(result.network),
        environment=result.environment or "none given",
        observations=file_name(result.observations) if result.observations else "none given",
        conclusion=conclusion(result),
        kind="holds" if any(_functional(f) for f in result.findings) else "vacuous",
        statuses=[
            (_KINDS[status], status.value.upper(), words)
            for status, words in STATUSES.items()
            if any(finding.status is status for finding in result.shown)
        ],
        usable=[name for name, part in result.structure.parts.items() if _functional(part)],
        graph=graph,
        command=result.command,
        findings=[_shown(finding) for finding in result.shown],
    )


def _by_role(structure: AgentStructure) -> AgentStructure:
    """The structure with a part for each role that was found, under the name of the role. A part
    that contains others, as a policy does its search, is what it has beyond them.
    """
    found = {
        role: finding
        for role, finding in structure.findings.items()
        if finding.status is not Status.ABSENT and finding.nodes
    }
    if not found:
        return structure
    parts: dict[str, Part] = {}
    for role, finding in found.items():
        inner = [other.nodes for other in found.values() if other.nodes < finding.nodes]
        left = finding.nodes.difference(*inner)
        words = f"{len(finding.nodes)} nodes"
        if inner and left:
            words += f", {len(left)} of them of no other part"
        name = role.replace("_", " ")
        parts[name] = Part(
            name,
            structure.network,
            finding.inputs,
            finding.outputs,
            finding.status,
            nodes=left or finding.nodes,
            origin=words,
        )
    return AgentStructure(structure.network, parts)


def _shown(finding: Finding) -> dict[str, Any]:
    return {
        "role": finding.role.replace("_", " "),
        "does": ROLES[finding.role],
        "anchor": finding.role,
        "kind": _KINDS[finding.status],
        "status": _word(finding),
        "reason": plain(finding.reason),
        "signature": finding.signature,
        "reads": ", ".join(finding.inputs),
        "writes": ", ".join(finding.outputs),
        "nodes": len(finding.nodes),
        "tests": [
            {
                "name": test.test,
                "kind": test.kind.value,
                "passed": test.passed,
                "effect": f"{test.effect:.3g}",
                "p": "" if test.kind is Kind.STRUCTURAL else f"{test.p:.2g}",
                "means": plain(test.means),
                "plot": image(plot_nulls(test))[0],
            }
            for test in finding.evidence
        ],
        "curves": [
            *((c.name, image(plot_curve(c))[0]) for c in finding.curves),
            *((c.name, image(plot_chart(c))[0]) for c in finding.charts),
        ],
    }
