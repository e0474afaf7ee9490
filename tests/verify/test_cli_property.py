"""`mesascope properties`: every definition is explained, with an example that works."""

import json

import pytest
from command import run

from theory.properties import CATALOGUE
from verify.cli.property import example


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_example_builds_its_property(name: str):
    shown = example(CATALOGUE[name])
    assert shown is not None
    assert shown.definition is CATALOGUE[name]


def test_the_list_names_every_property(capsys: pytest.CaptureFixture[str]):
    status, out, err = run(capsys, "properties")
    assert (status, err) == (0, "")
    assert all(f"  {name}\n" in out for name in CATALOGUE)
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_explanation_is_complete(name: str, capsys: pytest.CaptureFixture[str]):
    status, out, _ = run(capsys, "properties", name)
    assert status == 0
    words = " ".join(out.split())
    definition = CATALOGUE[name]
    for part in (definition.citation, definition.violation_means, definition.example):
        assert " ".join(part.split()) in words
    assert ("in LaTeX" in out) == hasattr(example(definition), "formula")
    assert max(map(len, out.splitlines())) <= 80


def test_json(capsys: pytest.CaptureFixture[str]):
    status, out, _ = run(capsys, "properties", "--json", "-")
    assert status == 0
    document = json.loads(out)
    assert document["schema"] == {"name": "mesascope.properties", "version": 1}
    assert [entry["name"] for entry in document["properties"]] == list(CATALOGUE)
    formulas = {entry["name"]: entry["formula"] for entry in document["properties"]}
    assert formulas["non_interference"]["latex"]
    assert formulas["has_response_incentive"] is None


def test_an_unknown_name_is_2(capsys: pytest.CaptureFixture[str]):
    status, out, err = run(capsys, "properties", "honesty")
    assert (status, out) == (2, "")
    assert err.startswith("error: unknown property 'honesty'; there are: ")
