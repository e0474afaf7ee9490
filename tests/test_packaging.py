"""The wheel holds the three packages; the pins cover every declared library."""

import importlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {"theory", "extract", "verify"}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements() -> list[Requirement]:
    declared = project()
    lines = [*declared["dependencies"]]
    for extra in declared["optional-dependencies"].values():
        lines += extra
    return [parsed for line in lines if (parsed := Requirement(line)).name != "mesascope"]


def pins() -> dict[str, str]:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {canonicalize_name(name): pin for name, pin in (line.split("==") for line in lines)}


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_library_has_a_floor_no_cap_and_a_pin(requirement: Requirement):
    assert [bound.operator for bound in requirement.specifier] == [">="]
    assert requirement.specifier.contains(pins()[canonicalize_name(requirement.name)])


def test_pins_have_no_local_label():
    assert [pin for pin in pins().values() if not re.fullmatch(r"[0-9][0-9a-z.]*", pin)] == []


def test_console_script_is_a_function():
    module, _, function = project()["scripts"]["mesascope"].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_wheel_holds_the_three_packages_only(wheel_names: list[str]):
    tops = {name.partition("/")[0] for name in wheel_names}
    assert {top for top in tops if not top.endswith(".dist-info")} == FLOORS


def test_wheel_holds_every_file_of_the_packages(wheel_names: list[str]):
    files = {
        path.relative_to(ROOT).as_posix()
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files - set(wheel_names) == set()


def test_wheel_holds_what_the_demonstration_shows(wheel_names: list[str]):
    delivery = ROOT / "examples" / "delivery"
    files = {f"verify/examples/delivery/{path.name}" for path in delivery.glob("*.*")}
    assert files
    assert files - set(wheel_names) == set()


def test_wheel_carries_the_licence(wheel_names: list[str]):
    assert any(name.endswith("licenses/LICENSE") for name in wheel_names)
