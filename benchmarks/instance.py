"""Folders of VNN-LIB instances with known verdicts, as the benchmarks of verification read them.

A folder holds networks, properties and `reference.csv` with the columns network, property and
verdict: `unsat` where the unsafe region cannot be reached (the property holds), `sat` where it can.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from verify.batch import Instance, read_instances
from verify.problem.compile import compile_goal
from verify.vnnlib import load_vnnlib

EXPECTED = {"unsat": "holds", "sat": "violated"}
"""What `reference.csv` says -> the verdict of Mesascope."""


def add_options(parser: argparse.ArgumentParser, *names: str, timeout_s: float) -> None:
    """The folders, by default these of MESASCOPE_DATA, and what all such benchmarks ask for."""
    data = os.environ.get("MESASCOPE_DATA")
    default = [str(Path(data) / name) for name in names] if data else []
    parser.add_argument("folders", nargs="*", default=default, metavar="FOLDER")
    parser.add_argument(
        "--timeout", type=float, default=timeout_s, help="seconds for each instance"
    )
    parser.add_argument("--only", action="append", default=[], help="instances with this text")
    parser.add_argument("--every", type=int, default=1, help="every n-th instance")


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The options; ends the program where a folder has no known verdicts."""
    options = parser.parse_args()
    if not options.folders:
        parser.error("give a folder, or set MESASCOPE_DATA")
    for folder in options.folders:
        if not (Path(folder) / "reference.csv").is_file():
            parser.error(f"{folder}: there is no reference.csv")
    return options


def known_instances(
    folder: Path, timeout_s: float, only: Sequence[str] = (), every: int = 1
) -> list[tuple[Instance, str]]:
    """Every n-th of the instances that have one of some texts in their names, each with the verdict
    that is known.
    """
    path = folder / "reference.csv"
    with path.open(newline="") as stream:
        known = {(r["network"], r["property"]): r["verdict"] for r in csv.DictReader(stream)}
    chosen = [
        (instance, EXPECTED[known[instance.network, instance.property]])
        for instance in read_instances(path, timeout_s=timeout_s, seed=0)
        if not only or any(text in f"{instance.network} {instance.property}" for text in only)
    ]
    return chosen[::every]


NO_VIOLATION = "no violation"


def fault(instance: Instance, point: Sequence[Fraction]) -> tuple[str, float]:
    """How a counterexample is off, in exact arithmetic, "" where it is one; and how far its input
    is from the box. An input outside is judged by the nearest one inside.
    """
    bound = load_vnnlib(instance.path(instance.network), instance.path(instance.property))
    problem = compile_goal(bound.property.formula, bound.functions, wanted=False, name="fault")
    inside = [max(v.lower, min(v.upper, x)) for v, x in zip(problem.variables, point, strict=True)]
    distance = float(max(abs(x - y) for x, y in zip(point, inside, strict=True)))
    if not problem.reached(inside):
        return NO_VIOLATION, distance
    return (f"outside by {distance:.0e}" if list(point) != inside else ""), distance
