"""Exact values side by side with Storm 2.0.0: `python -m benchmarks.storm`.

Storm gets an environment of its own, made on the first run. Both tools get the same processes.
Printed are the exact value, what Storm says by default and in its sound mode, and the CPU times of
exact checking alone, without reading and building. The status is 1 where an exact answer differs,
or a known value is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Collection
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.process_case import Case, cases
from theory.error import InputError
from theory.finite.value import Value
from theory.process import Process
from verify.finite import FAST

SHORT_S = 1.0
ANSWERS = Path(__file__).with_name("storm_answers.py")
PROMISED = 1e-6
"""What Storm promises without exact arithmetic, relative; more than twice this is wrong."""


def environment(folder: Path) -> Path:
    """The Python of Storm's environment, made where it is missing."""
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"making Storm's environment in {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "-q", "stormpy==2.0.0"]
        subprocess.run(command, check=True, stdout=sys.stderr)
        (folder / "complete").touch()
    return python


def write_drn(world: Process, goal: Collection[str], path: Path, sign: int = 1) -> None:
    """The process in Storm's explicit format, exactly; its rewards times the sign."""
    index = {state: at for at, state in enumerate(world.states)}
    chain = all(len(world.actions(state)) <= 1 for state in world.states)
    choices = sum(max(1, len(world.actions(state))) for state in world.states)
    lines = [f"@type: {'DTMC' if chain else 'MDP'}", "@parameters", "", "@reward_models", "cost"]
    lines += ["@nr_states", str(len(index)), "@nr_choices", str(choices), "@model"]
    for state, at in index.items():
        labels = ["init"] * (at == 0) + ["goal"] * (state in goal)
        lines.append(" ".join([f"state {at} [0]", *labels]))
        if not world.actions(state):
            lines += ["\taction 0 [0]", f"\t\t{at} : 1"]
        for number, action in enumerate(world.actions(state)):
            lines.append(f"\taction {number} [{sign * world.reward(state, action)}]")
            row = sorted((index[t], p) for t, p in world.outcomes(state, action).items())
            lines += [f"\t\t{target} : {p}" for target, p in row]
    path.write_text("\n".join(lines) + "\n")


def ask(python: Path, path: Path, formula: str, how: str, limit_s: float) -> dict[str, Any]:
    """What Storm says: `value` and `seconds`, or `problem`."""
    command = [str(python), str(ANSWERS), str(path), formula, how]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        return {"problem": f"over {limit_s:g} s"}
    records = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if records:
        return json.loads(records[-1])
    said = (done.stderr or done.stdout).strip().splitlines()
    return {"problem": said[-1][:60] if said else f"status {done.returncode}"}


def judged(answer: dict[str, Any], truth: Fraction, sign: int) -> str:
    """A float answer beside the truth."""
    if "value" not in answer:
        return answer["problem"]
    value = sign * float(answer["value"])
    wrong = abs(value - float(truth)) > 2 * PROMISED * max(1.0, abs(float(truth)))
    return f"{value:.9g}{' WRONG' if wrong else ''}"


def timed(case: Case) -> tuple[Value, float]:
    """Our answer, and its CPU seconds; what is short is measured again, and the least counts."""
    seconds = float("inf")
    while True:
        began = time.process_time()
        answer = case.ask(FAST).value(case.world.states[0])
        spent = time.process_time() - began
        if spent > SHORT_S or spent >= seconds:
            return answer, min(spent, seconds)
        seconds = spent


def row(case: Case, python: Path, limit_s: float) -> tuple[bool, bool, float | None]:
    """Print one line: whether ours is right, Storm's defaults are wrong, the ratio of times."""
    truth, ours = timed(case)
    if not isinstance(truth, Fraction):
        raise InputError(f"{case.name}: the value is {truth.value}")
    sign = -1 if case.as_costs else 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "process.drn"
        write_drn(case.world, case.goal, path, sign)
        said = {
            how: ask(python, path, case.formula, how, limit_s)
            for how in ("default", "sound", "exact")
        }
    exact = said["exact"]
    same = "value" not in exact or exact["value"] == str(sign * truth)
    right = same and case.known in (None, truth)
    default, sound = judged(said["default"], truth, sign), judged(said["sound"], truth, sign)
    theirs = exact.get("seconds")
    text = str(truth) if len(str(truth)) <= 10 else f"{float(truth):.9g}"
    print(
        f"{case.name:26} {len(case.world.states):6} {text:>12} {default:>22} {sound:>22} "
        f"{f'{theirs:.3f} s' if theirs is not None else exact['problem']:>14} {ours:8.3f} s "
        f"{'same' if same and theirs is not None else '' if same else 'DIFFERENT'}",
        flush=True,
    )
    return right, "WRONG" in default + sound, ours / theirs if theirs else None


def main(arguments: list[str] | None = None) -> int:
    """Print every case; the status is 1 where an exact answer is not right."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storm", description=__doc__)
    parser.add_argument("--environment", type=Path, help="folder of Storm's environment")
    parser.add_argument("--limit", type=float, default=60, help="seconds Storm may take at once")
    chosen = parser.parse_args(arguments)
    folder = chosen.environment or Path(tempfile.gettempdir()) / "mesascope-stormpy-2.0.0"
    python = environment(folder.absolute())
    print(
        f"{'process':26} {'states':>6} {'exact value':>12} {'Storm default':>22} "
        f"{'Storm sound':>22} {'Storm exact':>14} {'Mesascope':>10}"
    )
    found = [row(make(), python, chosen.limit) for make in cases()]
    slow = sum(ratio is not None and ratio > 2 for _, _, ratio in found)
    print(
        f"{sum(right for right, _, _ in found)} of {len(found)} of ours right; Storm without exact "
        f"arithmetic wrong on {sum(wrong for _, wrong, _ in found)}; more than twice its exact "
        f"time on {slow}"
    )
    return 0 if all(right for right, _, _ in found) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except InputError as error:
        sys.exit(f"error: {error}")
