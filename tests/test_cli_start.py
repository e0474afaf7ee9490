"""`mesascope --help` answers at once: what is heavy is imported when it is needed."""

import statistics
import subprocess
import sys
import time

import pytest

HEAVY = {"torch", "z3", "onnx", "onnxruntime", "numpy", "scipy", "sympy", "matplotlib", "jinja2"}
HELP = [sys.executable, "-c", "from verify.cli import main; main()", "--help"]

# The promise is 0.5 s beyond what Python itself takes to start, on a machine of one's own. The
# factor is for a machine that is busy with other tests; a heavy import costs seconds there.
PROMISE_S = 0.5
BUSY_FACTOR = 3.0


def seconds(command: list[str]) -> float:
    """Median wall clock of three runs."""
    taken: list[float] = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def test_help_answers_at_once():
    bare_s = seconds([sys.executable, "-c", "pass"])
    assert seconds(HELP) - bare_s < PROMISE_S * BUSY_FACTOR


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["demo", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]):
    code = f"""
import sys
from verify.cli import main
sys.argv = ["mesascope", *{arguments!r}]
try:
    status = main()
except SystemExit as leaving:
    status = leaving.code
print("status", status or 0)
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *text, status, loaded = done.stdout.splitlines()
    assert status == "status 0"
    assert text[0].startswith("Usage: ")
    assert HEAVY & set(loaded.split()) == set()
