"""Reading a spec file: Python that defines `properties`, and the `agent` that they are about.

Claims about finite structures need no `agent`. A spec may also define `parts`, a dict from role to
the tensor or sub-network that plays it, and `picture(observation, action) -> str`, which draws a
witness as SVG. It is code and is executed: a spec has to be trusted like any program.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from theory.agent import Agent, Chooser
from theory.claim import Claim
from theory.error import InputError, MesascopeError, one_line
from theory.property import Property
from theory.term import Term
from verify.verdict import Statement

Picture = Callable[[Mapping[str, float], str], str]
"""From an observation by feature name and the action chosen there to an SVG string."""


@dataclass(frozen=True)
class Spec:
    """What a spec says.

    Attributes:
        agent: its vocabulary; None where it has claims only.
        properties: what to check, in order: properties of networks, and claims.
        parts: declared parts by role.
        picture: draws one run, where the spec defines it.
        name: the file, for messages.
    """

    agent: Agent | Chooser | None
    properties: tuple[Statement, ...]
    parts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    picture: Picture | None = None
    name: str = "spec"

    def only(self, names: Sequence[str] | None) -> Spec:
        """The spec with some of its properties, in the spec's order.

        Raises:
            InputError: there is no property of that name.
        """
        if names is None:
            return self
        known = [p.name for p in self.properties]
        for name in names:
            if name not in known:
                raise InputError(
                    f"{self.name}: no property named {name!r}; it has: {', '.join(known)}"
                )
        chosen = tuple(p for p in self.properties if p.name in names)
        return Spec(self.agent, chosen, self.parts, self.picture, self.name)


def read_spec(path: str | Path) -> Spec:
    """Execute a spec file.

    Raises:
        InputError: it is missing, is no Python, fails, or lacks a field; names the line.
    """
    return _from_module(executed(path), str(Path(path)))


def executed(path: str | Path) -> Mapping[str, Any]:
    """Execute a Python file, with its folder on the path, and give what it defines.

    Raises:
        InputError: it is missing, is no Python, or fails; names the line.
    """
    file = Path(path)
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise InputError(f"{file}: {str(reason).lower()}") from None
    module = ModuleType(f"spec_{file.stem}")
    module.__file__ = str(file)
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)
    # Classes that a spec defines (dataclasses, say) look their module up while it runs.
    sys.modules[module.__name__] = module
    known = set(sys.modules)
    try:
        exec(compile(source, str(file), "exec"), module.__dict__)  # noqa: S102
    except MesascopeError as error:
        raise InputError(f"{file}, line {_line(error, file)}: {error}") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  a spec may fail in any way, or leave
        raise InputError(f"{file}, line {_line(error, file)}: {_words(error, file)}") from None
    finally:
        sys.path.remove(folder)
        sys.modules.pop(module.__name__, None)
        _forget(set(sys.modules) - known, folder)
    return module.__dict__


def _from_module(names: Mapping[str, Any], file: str) -> Spec:
    listed = names.get("properties")
    if not isinstance(listed, list | tuple):
        raise InputError(f"{file}: `properties` is missing; define a list of properties")
    properties: list[Statement] = []
    for position, one in enumerate(listed):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if isinstance(one, Term):
            raise InputError(
                f"{file}: properties[{position}] is a formula without a name; add .named('...')"
            )
        if not isinstance(one, Property | Claim):
            raise InputError(f"{file}: properties[{position}] is {one!r}, not a property")
        properties.append(one)
    if not properties:
        raise InputError(f"{file}: `properties` is empty: nothing to check")
    agent = names.get("agent")
    if not isinstance(agent, Agent | Chooser):
        if any(isinstance(one, Property) for one in properties):
            raise InputError(f"{file}: `agent` is missing; define agent = Agent(...)")
        agent = None  # claims speak of no agent; the name is the spec's own
    twice = [p.name for p in properties if [q.name for q in properties].count(p.name) > 1]
    if twice:
        raise InputError(f"{file}: two properties are named {twice[0]!r}; use .named('...')")
    parts = names.get("parts", {})
    if not isinstance(parts, dict):
        raise InputError(f"{file}: `parts` is not a dict from role to tensor")
    picture: Picture | None = names.get("picture")
    if not (picture is None or callable(picture)):
        raise InputError(f"{file}: `picture` is not a function")
    return Spec(agent, tuple(properties), parts, picture, file)  # pyright: ignore[reportUnknownArgumentType]


def _forget(imported: set[str], folder: str) -> None:
    """Drop modules of the spec's own folder: another spec may have others of the same names."""
    for name in imported:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).resolve().is_relative_to(folder):
            del sys.modules[name]


def _words(error: BaseException, file: Path) -> str:
    """What went wrong, in one line."""
    if isinstance(error, SyntaxError):
        return error.msg if error.filename == str(file) else str(error)
    return one_line(error)


def _line(error: BaseException, file: Path) -> int:
    """The line of the spec at which an error arose."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return error.lineno or 1
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno or 0 for f in reversed(frames) if f.filename == str(file)), 0)
