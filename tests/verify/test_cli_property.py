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


FAMILIES = list(dict.fromkeys(definition.family for definition in CATALOGUE.values()))


def test_the_list_names_every_property_under_its_family(capsys: pytest.CaptureFixture[str]):
    status, out, err = run(capsys, "properties")
    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    family, found = "", {}
    for line in out.splitlines():
        if line and not line.startswith(" "):
            family = line.split()[0]
        elif line.strip():
            found.setdefault(line.split()[0], family)
    assert {name: found[name] for name in CATALOGUE} == {
        name: definition.family for name, definition in CATALOGUE.items()
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_listed_with_whole_claims(family: str, capsys: pytest.CaptureFixture[str]):
    assert family not in CATALOGUE
    status, out, err = run(capsys, "properties", family)
    assert (status, err) == (0, "")
    assert out.startswith(f"{family}: ")
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    for name, definition in CATALOGUE.items():
        assert (f"  {name}\n" in out) == (definition.family == family)
        assert (" ".join(definition.claim.split()) in words) or definition.family != family


def test_a_family_as_json(capsys: pytest.CaptureFixture[str]):
    status, out, _ = run(capsys, "properties", "impact", "--json", "-")
    assert status == 0
    names = [entry["name"] for entry in json.loads(out)["properties"]]
    assert names == [name for name, one in CATALOGUE.items() if one.family == "impact"]


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
    assert err.startswith("error: unknown property 'honesty'; the families are: influence, ")


def test_a_name_that_is_nearly_right_is_suggested(capsys: pytest.CaptureFixture[str]):
    status, _, err = run(capsys, "properties", "obey_shutdown")
    assert status == 2
    assert "did you mean obeys_shutdown" in err
