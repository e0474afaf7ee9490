"""Reading a spec: what is wrong is told in one line that names the file and the place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from theory.error import InputError
from verify.spec import read_spec

GOOD = """\
from theory import Agent, Feature, forall, implies

agent = Agent(
    observation=[Feature("x", -1, 1), Feature("watched", flag=True)],
    actions=["left", "right"],
)
o = agent.observation("o")
properties = [
    forall(o, implies(o["x"] >= 0.9, agent.acts(o, "left"))).named("keeps off the edge"),
    forall(o, agent.acts(o, "right")).named("goes right"),
]
"""


def write(folder: Path, text: str | bytes, name: str = "spec.py") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(path: Path) -> str:
    """The message; one line that begins with the file."""
    with pytest.raises(InputError) as caught:
        read_spec(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def test_a_spec_is_read(tmp_path: Path) -> None:
    spec = read_spec(write(tmp_path, GOOD))
    assert [p.name for p in spec.properties] == ["keeps off the edge", "goes right"]
    assert spec.parts == {}
    assert spec.picture is None


def test_some_properties_are_chosen_in_the_order_of_the_spec(tmp_path: Path) -> None:
    spec = read_spec(write(tmp_path, GOOD))
    both = spec.only(["goes right", "keeps off the edge"])
    assert [p.name for p in both.properties] == ["keeps off the edge", "goes right"]
    with pytest.raises(
        InputError, match=r"no property named 'nothing'; it has: keeps off the edge"
    ):
        spec.only(["nothing"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'Feature("x", -1, 1)',
            'Feature("x", 1, -1)',
            ", line 4: feature 'x': lower 1 is above upper -1",
        ),
        ('Feature("x", -1, 1)', 'Feature("x")', ", line 4: feature 'x': needs lower and upper"),
        (
            'Feature("x", -1, 1)',
            'Feature("x", float("nan"), 1)',
            ", line 4: feature 'x': nan is not a finite number",
        ),
        ('o["x"]', 'o["z"]', ", line 9: unknown feature 'z' of Observation; it has: x, watched"),
        ('agent.acts(o, "left")', 'agent.acts(o, "up")', ", line 9: unknown action 'up'"),
        ("implies(", "implise(", ", line 9: NameError: name 'implise' is not defined"),
        ("import Agent", "import Agnet", ", line 1: ImportError: cannot import name 'Agnet'"),
        ("from theory", "from thoery", ", line 1: ModuleNotFoundError: No module named 'thoery'"),
        ('o["x"] >= 0.9', 'o["x"] == 0.9', ", line 9: "),
        (
            '.named("goes right")',
            "",
            ": properties[1] is a formula without a name; add .named('...')",
        ),
        ('"goes right"', '"keeps off the edge"', ": two properties are named 'keeps off the edge'"),
        ("agent = ", "agnet = agent = ", None),
        (
            "properties = [",
            "propertys = [",
            ": `properties` is missing; define a list of properties",
        ),
        ("properties = [", "properties = 5; x = [", ": `properties` is missing"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, message: str | None) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    if message is None:
        read_spec(path)
    else:
        assert refusal(path).startswith(message)


def test_a_spec_without_agent(tmp_path: Path) -> None:
    text = GOOD.replace("agent", "subject")
    assert refusal(write(tmp_path, text)) == ": `agent` is missing; define agent = Agent(...)"
    other = GOOD + "agent = 'an agent'\n"
    assert refusal(write(tmp_path, other)) == ": `agent` is missing; define agent = Agent(...)"


@pytest.mark.parametrize("empty", ["[]", "()"])
def test_a_spec_without_properties(tmp_path: Path, empty: str) -> None:
    text = GOOD[: GOOD.index("properties")] + f"properties = {empty}\n"
    assert refusal(write(tmp_path, text)) == ": `properties` is empty: nothing to check"


@pytest.mark.parametrize("wrong", ["5", "'text'", "None", "lambda: 5"])
def test_a_property_that_is_none(tmp_path: Path, wrong: str) -> None:
    message = refusal(write(tmp_path, GOOD + f"properties.append({wrong})\n"))
    assert message.startswith(": properties[2] is ")
    assert "not a property" in message


@pytest.mark.parametrize("extra", ["parts = 5", "parts = ['value']", "picture = 'an image'"])
def test_a_field_of_the_wrong_kind(tmp_path: Path, extra: str) -> None:
    name = extra.split()[0]
    assert f"`{name}` is not a" in refusal(write(tmp_path, GOOD + extra + "\n"))


def test_a_file_cut_anywhere_is_refused_or_whole(tmp_path: Path) -> None:
    """Every prefix: one line that names the file, and a line number where the text is at fault."""
    path = tmp_path / "spec.py"
    read_in = 0
    for length in range(len(GOOD)):
        path.write_text(GOOD[:length])
        if length < len(GOOD) - 1:
            refusal(path)
        else:
            read_spec(path)
            read_in += 1
    assert read_in == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("agent = (\n", ", line 1: '(' was never closed"),
        ("x = 1\n  y = 2\n", ", line 2: unexpected indent"),
        ("def f(:\n", ", line 1: invalid syntax"),
        ("raise ValueError('two\\nlines')\n", ", line 1: ValueError: two lines"),
        ("raise ValueError\n", ", line 1: ValueError"),
        ("1 / 0\n", ", line 1: ZeroDivisionError: division by zero"),
        ("def f():\n    return f()\nf()\n", ", line 2: RecursionError: "),
        ("import sys\nsys.exit(0)\n", ", line 2: SystemExit: 0"),
        ("exit()\n", ", line 1: SystemExit"),
        ("import nowhere\n", ", line 1: ModuleNotFoundError"),
    ],
)
def test_code_that_fails(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(write(tmp_path, text)).startswith(message)


def test_a_mistake_in_a_module_beside_the_spec_is_placed_there(tmp_path: Path) -> None:
    write(tmp_path, "value = (\n", "beside.py")
    message = refusal(write(tmp_path, "x = 1\nimport beside\n" + GOOD))
    assert message.startswith(", line 2: ")
    assert "beside.py" in message
    write(tmp_path, "value = 1 / 0\n", "beside.py")
    assert refusal(tmp_path / "spec.py").startswith(", line 2: ZeroDivisionError")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00bad", b"x = '\xe9'\n", b"x = 1\x00\n"])
def test_what_is_no_text(tmp_path: Path, content: bytes) -> None:
    refusal(write(tmp_path, content))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.py") == ": no such file or directory"
    assert "directory" in refusal(tmp_path)


def test_modules_beside_a_spec_are_its_own(tmp_path: Path) -> None:
    """Two specs may each have a module of the same name beside them."""
    found: list[str] = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        write(folder, f"NAME = {name!r}\n", "shared.py")
        spec = read_spec(
            write(folder, "import shared\n" + GOOD.replace('"goes right"', "shared.NAME"))
        )
        found.append(spec.properties[1].name)
    assert found == ["first", "second"]
    assert "shared" not in sys.modules


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    path, modules = list(sys.path), set(sys.modules)
    for text in (GOOD, "1 / 0\n", "(", "import sys\nsys.exit()\n"):
        try:
            read_spec(write(tmp_path, text))
        except InputError:
            continue
    assert sys.path == path
    assert not [name for name in set(sys.modules) - modules if name.startswith("spec_")]
