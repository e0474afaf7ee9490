"""Incentives side by side with PyCID 0.8.2: `python -m benchmarks.incentive`.

PyCID gets an environment of its own, made on the first run (it needs old libraries). Both tools
get the same diagrams: those that PyCID ships, with the tables that PyCID computed for them, and
one decision with n binary observations. Printed are both answers and both times.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from theory.causal.diagram import Diagram, Node, chance, decision, utility
from theory.causal.equilibrium import equilibria
from theory.causal.graph import AGENT, InfluenceGraph, influence_graph
from theory.causal.incentive import (
    instrumental_control,
    response_incentive,
    value_of_control,
    value_of_information,
)
from theory.causal.optimum import best_policy
from theory.error import InputError

ANSWERS = Path(__file__).with_name("pycid_answers.py")
TOLERANCE = 1e-9
"""How far a float may be from our exact number to count as the same answer."""

# In this order: pygambit is compiled against what the first line installs.
INSTALLS = (
    ["cython<3", "numpy==1.23.5", "setuptools<70", "wheel"],
    ["--no-build-isolation", "pygambit==16.0.2"],
    ["networkx==2.8", "pandas<2", "scipy<1.12", "matplotlib<3.8", "statsmodels", "scikit-learn"],
    ["pyparsing", "tqdm", "joblib"],
    ["--no-deps", "pgmpy==0.1.17", "pycid==0.8.2"],
)


@dataclass(frozen=True)
class Line:
    """One question, both answers, both times in seconds."""

    diagram: str
    question: str
    theirs: Any
    ours: Any
    their_time_s: float | None
    our_time_s: float

    @property
    def agreement(self) -> str:
        """Whether the answers are the same; "only ours" where PyCID gave none."""
        if self.ours is None:
            return "neither" if self.their_time_s is None else "only theirs"
        if self.their_time_s is None:
            return "only ours"
        if isinstance(self.ours, Fraction):
            same = abs(float(self.ours) - self.theirs) <= TOLERANCE
        else:
            same = self.ours == self.theirs
        return "same" if same else "DIFFERENT"

    def text(self) -> str:
        """The line as printed."""
        theirs = f"{self.their_time_s:10.4f} s" if self.their_time_s is not None else f"{'-':>12}"
        ratio = f"{self.their_time_s / self.our_time_s:8.0f}x" if self.their_time_s else " " * 9
        if isinstance(self.ours, Fraction):
            answer = str(self.ours)
        elif self.question == "pure NE":
            answer = f"{len(self.ours)} equilibria"
        else:
            answer = " ".join(self.ours or "-")
        return (
            f"{self.diagram:28} {self.question:10} {self.agreement:10} {answer:34}"
            f"{theirs} {self.our_time_s:10.4f} s {ratio}"
        )


def environment(folder: Path) -> Path:
    """The Python of PyCID's environment, made where it is missing."""
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"making PyCID's environment in {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        for packages in INSTALLS:
            command = [str(python), "-m", "pip", "install", "-q", *packages]
            subprocess.run(command, check=True, stdout=sys.stderr)
        (folder / "complete").touch()
    return python


def answers(python: Path, *arguments: str, limit_s: float) -> Iterator[dict[str, Any]]:
    """What PyCID says, one record a diagram; none where it needs longer than the limit."""
    try:
        done = subprocess.run(
            [str(python), str(ANSWERS), *arguments],
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return
    yield from (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))


def read(
    tables: Mapping[str, Any],
    decisions: list[str],
    utilities: list[str],
    owners: Mapping[str, str] | None = None,
) -> Diagram:
    """The diagram with PyCID's tables; floats are read as the short rationals they stand for."""
    agents = owners or dict.fromkeys([*decisions, *utilities], AGENT)
    nodes: list[Node] = []
    domains = {name: [short(value) for value in t["domain"]] for name, t in tables.items()}
    for name, table in tables.items():
        parents, domain = table["parents"], domains[name]
        if name in decisions:
            nodes.append(decision(name, domain, parents, agents[name]))
            continue
        contexts = product_of([domains[parent] for parent in parents])
        rows = {
            context: {v: short(p) for v, p in zip(domain, column, strict=True) if p}
            for context, column in zip(contexts, table["columns"], strict=True)
        }
        rule: Any = rows if parents else rows[()]
        if name in utilities:
            nodes.append(utility(name, rule, parents, agents[name]))
        else:
            nodes.append(chance(name, rule, parents, domain))
    return Diagram(*nodes)


def product_of(domains: list[list[Any]]) -> list[tuple[Any, ...]]:
    """The contexts, the last parent changing fastest, as PyCID orders its columns."""
    found: list[tuple[Any, ...]] = [()]
    for domain in domains:
        found = [(*context, value) for context in found for value in domain]
    return found


def short(value: Any) -> Any:
    """The rational with the smallest denominator near a float; text as it is."""
    return value if isinstance(value, str) else Fraction(value).limit_denominator(10_000)


def many(n: int) -> Diagram:
    """A guess at a hidden bit from n noisy copies of it."""
    seen = [f"X{i}" for i in range(n)]
    return Diagram(
        chance("S", {0: "1/2", 1: "1/2"}),
        *(chance(x, lambda S: {S: "3/4", 1 - S: "1/4"}) for x in seen),
        decision("D", [0, 1], sees=seen),
        utility("U", lambda S, D: int(S == D)),
    )


def greatest(diagram: Diagram) -> Fraction:
    """The greatest expected utility."""
    return best_policy(diagram)[0]


def graph_questions(graph: InfluenceGraph) -> dict[str, Callable[[], list[str]]]:
    """The four graph questions about the first decision."""
    first = min(graph.decisions)
    return {
        "VoI": lambda: sorted(value_of_information.admitted(graph, first)),
        "VoC": lambda: sorted(value_of_control.admitted(graph)),
        "RI": lambda: sorted(response_incentive.admitted(graph, first)),
        "ICI": lambda: sorted(instrumental_control.admitted(graph, first)),
    }


def quantity(diagram: Callable[[], Diagram], question: str) -> Fraction | list[str]:
    """The answer to "max EU", "VoI X", "VoC X" or "pure NE"."""
    kind, name = question.split(" ", 1)
    if kind == "pure":
        return sorted(rule_text(policy) for policy in equilibria(diagram()))
    if kind == "max":
        return greatest(diagram())
    asked = value_of_information if kind == "VoI" else value_of_control
    return asked.value(diagram(), name)


def rule_text(policy: Mapping[str, Mapping[Any, Any]]) -> str:
    """One joint policy: each decision with what is done in each context, as PyCID's is written."""
    parts: list[str] = []
    for name, rule in policy.items():
        picks = (v if isinstance(v, str) else str(float(v)) for v in rule.values())
        parts.append(f"{name}: {' '.join(picks)}")
    return "; ".join(sorted(parts))


def lines(record: Mapping[str, Any]) -> Iterator[Line]:
    """Both tools on one of PyCID's diagrams."""
    drawn = record["graph"]
    graph = influence_graph(map(tuple, drawn["edges"]), drawn["decisions"], drawn["utilities"])
    for name, ask in graph_questions(graph).items():
        if "questions" in record:
            yield _line(record["name"], name, record["questions"][name], ask)
    for name, theirs in record.get("quantities", {}).items():

        def make() -> Diagram:
            owners = drawn.get("owners")
            return read(record["tables"], drawn["decisions"], drawn["utilities"], owners)

        yield _line(record["name"], name, theirs, lambda name=name: quantity(make, name))


def _line(diagram: str, question: str, theirs: Mapping[str, Any], ask: Callable[[], Any]) -> Line:
    begun = time.perf_counter()
    try:
        ours = ask()
    except InputError:
        ours = None
    taken = time.perf_counter() - begun
    return Line(diagram, question, theirs.get("answer"), ours, theirs.get("seconds"), taken)


def main(arguments: list[str] | None = None) -> int:
    """Print both answers and both times; the status is 1 where an answer differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.incentive", description=__doc__)
    parser.add_argument("--environment", type=Path, help="folder of PyCID's environment")
    parser.add_argument("--theirs", type=int, default=8, help="n up to which PyCID is asked")
    parser.add_argument("--ours", type=int, default=12, help="n up to which we are asked")
    parser.add_argument("--limit", type=float, default=900, help="seconds PyCID may take at once")
    chosen = parser.parse_args(arguments)
    folder = chosen.environment or Path(tempfile.gettempdir()) / "mesascope-pycid-0.8.2"
    python = environment(folder.absolute())
    print(
        f"{'diagram':28} {'question':10} {'agreement':10} {'our answer':34}"
        f"{'PyCID':>12} {'Mesascope':>12} {'ratio':>9}"
    )
    found: list[Line] = []
    for record in answers(python, "shipped", limit_s=chosen.limit):
        for line in lines(record):
            found.append(line)
            print(line.text(), flush=True)
    for n in range(1, max(chosen.theirs, chosen.ours) + 1):
        said = answers(python, "many", str(n), limit_s=chosen.limit) if n <= chosen.theirs else ()
        theirs = next((r["quantities"]["max EU"] for r in said), {})
        line = _line(f"{n} observations", "max EU", theirs, lambda n=n: greatest(many(n)))
        found.append(line)
        print(line.text(), flush=True)
    words = ("same", "DIFFERENT", "only ours", "only theirs", "neither")
    count = {word: sum(line.agreement == word for line in found) for word in words}
    print(", ".join(f"{number} {word}" for word, number in count.items()))
    return 1 if count["DIFFERENT"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except InputError as error:
        sys.exit(f"error: {error}")
