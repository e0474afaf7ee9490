"""The house has three floors and one direction: theory <- extract <- verify."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("theory", "extract", "verify")

# The floors that each floor may import.
BELOW = {"theory": {"theory"}, "extract": {"theory", "extract"}, "verify": set(FLOORS)}

# The libraries that theory may import; the other floors may import any declared dependency.
THEORY_LIBRARIES = {"networkx", "sympy", "mpmath"}

# The only modules that import z3.
Z3_MODULES = {"verify/dilemma/feasible.py", "verify/smt/child.py", "verify/smt/encode.py"}

# In the checkout, never in a floor's imports.
OUTSIDE = {"benchmarks", "examples", "tests"}


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """The absolute name of every module that a file imports anywhere, with its line."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield alias.name, node.lineno
            case ast.ImportFrom(module=module, level=0):
                yield module or "", node.lineno
            case ast.ImportFrom(module=module, level=level):
                above = package[: len(package) - level + 1]
                yield ".".join([*above, *([module] if module else [])]), node.lineno
            case _:
                pass


def modules(floor: str) -> list[Path]:
    return sorted((ROOT / floor).rglob("*.py"))


def offences(floor: str, allowed: set[str]) -> list[str]:
    """Every import of `floor` whose top-level package is neither standard nor allowed."""
    return [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(floor)
        for name, line in imports(path)
        if (top := name.partition(".")[0]) not in allowed and top not in sys.stdlib_module_names
    ]


def declared_libraries() -> set[str]:
    """The importable names of the dependencies in pyproject.toml, its `replay` extra included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = [*project["dependencies"], *project["optional-dependencies"]["replay"]]
    names = {re.split(r"[<>=!~\[; ]", line, maxsplit=1)[0] for line in requirements}
    normal = {re.sub(r"[-_.]+", "-", name).lower() for name in names}
    return {
        module
        for module, distributions in packages_distributions().items()
        if any(re.sub(r"[-_.]+", "-", name).lower() in normal for name in distributions)
    }


@pytest.mark.parametrize("floor", FLOORS)
def test_each_floor_exists(floor: str):
    assert modules(floor)


def test_theory_imports_only_itself_and_its_three_libraries():
    assert offences("theory", BELOW["theory"] | THEORY_LIBRARIES) == []


@pytest.mark.parametrize("floor", ["extract", "verify"])
def test_floor_imports_only_what_is_below_and_declared(floor: str):
    assert offences(floor, BELOW[floor] | declared_libraries()) == []


@pytest.mark.parametrize("floor", FLOORS)
def test_no_floor_imports_what_is_outside_the_wheel(floor: str):
    named = [name for path in modules(floor) for name, _ in imports(path)]
    assert {name.partition(".")[0] for name in named} & OUTSIDE == set()


def test_z3_is_imported_only_where_it_belongs():
    found = {
        path.relative_to(ROOT).as_posix()
        for floor in FLOORS
        for path in modules(floor)
        if any(name.partition(".")[0] == "z3" for name, _ in imports(path))
    }
    assert found == Z3_MODULES


def test_relative_imports_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    module = tmp_path / "verify" / "bounds" / "linear.py"
    module.parent.mkdir(parents=True)
    module.write_text("from ..verdict import Verdict\nfrom . import tight\nimport z3.z3util\n")
    assert [name for name, _ in imports(module)] == ["verify.verdict", "verify.bounds", "z3.z3util"]


HEAVY = {"torch", "numpy", "z3", "onnx", "scipy", "matplotlib"}


def test_theory_is_imported_without_heavy_libraries():
    code = "import sys, theory, theory.properties; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert HEAVY & set(done.stdout.split()) == set()


def test_no_two_modules_of_the_tests_have_one_name():
    """Pytest puts all their folders on one path, so that of two only one would be found."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(set(names)) == sorted(names)
