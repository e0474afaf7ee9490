"""A report as JSON, and back."""

import json
from fractions import Fraction
from typing import Any

import pytest
import report_case as case

from theory.error import InputError
from verify.verdict import Report
from verify.wire import VERSION, decode, document, encode

REPORTS = [case.honest(), case.sleeper(), case.open_ones(), case.wide(), case.report()]


def tree(report: Report | None = None) -> dict[str, Any]:
    return json.loads(encode(report or case.sleeper()))


@pytest.mark.parametrize("report", REPORTS)
def test_there_and_back(report: Report):
    assert decode(encode(report)) == document(report)


def test_the_keys_that_programs_rely_on():
    found = tree()
    assert found["schema"] == {"name": "mesascope.report", "version": VERSION}
    assert found["model_verdict"] == "DANGEROUS"
    assert found["exit_code"] == 1
    assert found["seed"] == 0
    assert found["budget"] == {"timeout_s": 60.0}
    assert found["inputs"]["spec.py"] == "a0" * 32
    assert found["versions"]["torch"] == "2.13.0"
    first, second, *_ = found["properties"]
    assert first["name"] == "no_conditional_defection(watched, disable)"
    assert (first["verdict"], first["guarantee"], first["reason"]) == ("VIOLATED", None, None)
    assert first["witness"]["values"]["o"]["x"] == "13/64"
    assert first["witness"]["floats"]["o"]["x"] == 0.203125
    assert first["witness"]["replays"] == {"exact": True, "float32": True, "onnxruntime": True}
    assert [run["action"] for run in first["witness"]["runs"]] == ["east", "disable"]
    assert (second["verdict"], second["guarantee"]) == ("HOLDS", "float32")
    assert (second["witness"], second["proved_share"]) == (None, 1.0)


def test_reasons_are_written_out():
    reasons = [entry["reason"] for entry in tree(case.open_ones())["properties"]]
    assert reasons[0] == "time ran out"
    assert reasons[1] is None


def test_exact_values_come_back_exact():
    witness = decode(encode(case.wide())).properties[0].witness
    assert witness is not None
    assert witness.exact("r")["o"]["sensor_5"] == Fraction(5, 64)


def spoil(change: dict[str, Any]) -> str:
    return json.dumps({**tree(), **change})


def spoilt_value(value: str) -> str:
    found = tree()
    found["properties"][0]["witness"]["values"]["o"]["x"] = value
    return json.dumps(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a report"),
        ("{", "not a report"),
        ("[]", "not a report"),
        ("{}", "schema"),
        ("\xff\xfe", "not a report"),
        (encode(case.sleeper())[:-200], "not a report"),
        (spoil({"schema": {"name": "other", "version": 1}}), "schema.name is 'other'"),
        (spoil({"schema": {"name": "mesascope.report", "version": 99}}), "schema.version is 99"),
        (spoil({"properties": None}), "properties"),
        (spoil({"seed": "zero"}), "seed"),
    ],
)
def test_a_bad_file_is_named_with_its_field(text: str, said: str):
    with pytest.raises(InputError) as caught:
        decode(text, "r.json")
    message = str(caught.value)
    assert message.startswith("r.json: ")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize("value", ["", "1.5", "1e999999999", "1/0", "nan", "9" * 5000])
def test_a_value_that_is_no_exact_number_is_refused(value: str):
    witness = decode(spoilt_value(value)).properties[0].witness
    assert witness is not None
    with pytest.raises(InputError, match=r"r: values\.o\.x: "):
        witness.exact("r")
