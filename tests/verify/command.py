"""Running the command line in this process, with the engines played by doubles."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from verify.cli import main


def play(monkeypatch: pytest.MonkeyPatch, module: str, **functions: Callable[..., Any]) -> None:
    """Let `from module import name` find these functions."""
    double = ModuleType(module)
    vars(double).update(functions)
    monkeypatch.setitem(sys.modules, module, double)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command line."""
    status = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return status, said.out, said.err
