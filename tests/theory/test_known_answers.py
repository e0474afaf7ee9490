"""The published cases of known_answers.json, each against our own answer.

The file is read where the environment variable MESASCOPE_DATA names the folder it lies in.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import known
import pytest

FOLDER = os.environ.get("MESASCOPE_DATA")
FILE = Path(FOLDER) / "known_answers.json" if FOLDER else None
ANSWERS: list[dict[str, Any]] = json.loads(FILE.read_text()) if FILE and FILE.exists() else []
CASES: dict[int, Callable[[dict[str, Any]], None]] = {
    number: check
    for module in pkgutil.iter_modules(known.__path__)
    for number, check in importlib.import_module(f"known.{module.name}").CASES.items()
}


@pytest.mark.skipif(not ANSWERS, reason="MESASCOPE_DATA names no folder with known_answers.json")
@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: f"{case['id']}-{case['area']}")
def test_a_published_case_comes_out_as_published(case: dict[str, Any]):
    assert case["id"] in CASES, f"nothing checks case {case['id']}: {case['problem']}"
    CASES[case["id"]](case)
