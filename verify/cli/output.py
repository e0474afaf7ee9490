"""Where output goes: stdout, stderr, and files that are never left half written."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from theory.error import InputError
from verify.provenance import source

NARROWEST, WIDEST = 60, 120  # columns of a terminal report


def emit(text: str) -> None:
    """Write to stdout.

    A reader that has gone away (`mesascope ... | head`) does not change what the command answers:
    the rest of the output is dropped, and the exit status stays the verdict's.
    """
    _write(sys.stdout, text)


def complain(line: str) -> None:
    """Write one line to stderr."""
    _write(sys.stderr, " ".join(line.split()) + "\n")


def flush() -> None:
    """Send off what is still waiting for stdout."""
    _write(sys.stdout, "")


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


@contextmanager
def stdout_kept() -> Generator[None, None, None]:
    """What a spec or network file prints while it runs goes to stderr: stdout is for the answer."""
    with redirect_stdout(sys.stderr):
        yield


def width() -> int:
    """Columns for a report on stdout: the terminal's, within reason; 80 elsewhere."""
    if not sys.stdout.isatty():
        return 80
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))


def colour() -> bool:
    """Whether stdout shows colours: a terminal, and nobody asked for none."""
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") not in ("dumb", "unknown")
    )


@dataclass(frozen=True)
class Target:
    """A file that a command will write, or stdout for `-`.

    Attributes:
        path: None for stdout.
    """

    path: Path | None

    @property
    def is_stdout(self) -> bool:
        """Whether this is stdout."""
        return self.path is None

    def write(self, content: str | bytes) -> None:
        """Write all of the content: the file appears complete or stays as it was.

        Raises:
            InputError: the file cannot be written.
        """
        data = content.encode() if isinstance(content, str) else content
        if self.path is None:
            emit(data.decode())
        elif _is_special(self.path):
            self.path.write_bytes(data)
        else:
            try:
                _replace(self.path.resolve(), data)
            except OSError as error:
                raise InputError(f"cannot write {self.path}: {_why(error)}") from None


def target(option: str, given: str | None, *, inputs: Iterable[str] = ()) -> Target | None:
    """Prepare an output, before anything takes time.

    Args:
        option: the option's name, for messages.
        given: what the user gave; None for nothing.
        inputs: what the command reads, and must not overwrite.

    Raises:
        InputError: the file could not be written, or is one of the inputs.
    """
    if given is None:
        return None
    if given == "-":
        return Target(None)
    path = Path(given)
    if _is_special(path):
        return Target(path)
    if path.is_dir():
        raise InputError(f"{option}: {given} is a folder")
    if path.resolve() in {source(name).resolve() for name in inputs}:
        raise InputError(f"{option}: {given} is an input, and would be overwritten")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise InputError(f"{option}: {given}: there is no folder {path.parent}")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"{option}: cannot write {given}: {_why(error)}") from None
    return Target(path)


def _is_special(path: Path) -> bool:
    """Whether this is a device or a pipe, which one writes into and does not replace."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).chmod(path.stat().st_mode if path.exists() else 0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
