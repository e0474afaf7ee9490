"""What README shows works: its Python runs, and its commands exist."""

import doctest
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line of README on which the text begins."""

    language: str
    text: str
    line: int


def blocks(*languages: str) -> list[Block]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = [
        Block(match[1], match[2], readme.count("\n", 0, match.start(2)) + 1)
        for match in FENCE.finditer(readme)
    ]
    return [block for block in found if block.language in languages]


def commands() -> list[list[str]]:
    """Every command line of README's shell blocks, in words, continued lines joined."""
    text = "\n".join(block.text for block in blocks("sh")).replace("\\\n", " ")
    return [words for line in text.splitlines() if (words := shlex.split(line, comments=True))]


def help_text(command: Sequence[str]) -> str:
    """What `mesascope COMMAND --help` prints."""
    code = "import sys; from verify.cli import main; sys.argv[0] = 'mesascope'; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, *command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_commands_are_make_demo_and_make_test():
    assert [words[:2] for words in commands()[:2]] == [["make", "demo"], ["make", "test"]]


def test_python_blocks_run():
    """The blocks are one session: a later block may use what an earlier one defined."""
    names: dict[str, object] = {}
    for block in blocks("python", "pycon"):
        if ">>>" in block.text:
            case = doctest.DocTestParser().get_doctest(
                block.text, names, "README.md", "README.md", block.line - 1
            )
            report: list[str] = []
            result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(
                case, out=report.append, clear_globs=False
            )
            assert result.failed == 0, "".join(report)
            names.update(case.globs)
        else:
            exec(compile("\n" * (block.line - 1) + block.text, "README.md", "exec"), names)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_command_exists(words: list[str]):
    while words and re.fullmatch(r"\w+=.*", words[0]):
        words = words[1:]
    match words:
        case ["make", target, *_]:
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE)
        case ["pip", "install", *arguments]:
            if "-c" in arguments:
                assert (ROOT / arguments[arguments.index("-c") + 1]).is_file()
        case ["mesascope", *arguments]:
            shown = help_text([word for word in arguments[:1] if not word.startswith("-")])
            options = {word.partition("=")[0] for word in arguments if re.match(r"-\S", word)}
            assert {option for option in options if option not in shown} == set()
        case ["git" | "cd", *_]:
            pass
        case _:
            pytest.fail(f"README names a command that this test cannot check: {words}")


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_files_in_commands_exist(words: list[str]):
    named = [word for word in words if re.match(r"(examples|benchmarks|tests)/", word)]
    assert [word for word in named if not (ROOT / word.partition(":")[0]).exists()] == []


def test_links_lead_somewhere():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    local = [link for link in re.findall(r"\]\(([^)#]+)", readme) if "://" not in link]
    assert local
    assert [link for link in local if not (ROOT / link).exists()] == []
