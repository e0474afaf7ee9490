"""Read `FILE.py:callable`: run the user's own file, export the module it gives, read the export.

The callable returns an `nn.Module` with an attribute `example_inputs`, or a pair (module,
example_inputs); the name may also be that of a module itself. Example inputs are a tensor, a tuple
of tensors, or a dictionary of keyword arguments. The module is put into evaluation mode. An
attribute `scaling` of it says how inputs are made (see `Network`); a report tells where a spec does
that in another way. A composite agent is a dictionary from roles to such modules;
`extract.reader.composite` wires them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import sys
import traceback
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extract import blame
from extract.reader.composite import compose_readings
from extract.reader.pt2 import Program, parse
from extract.reader.reading import Reading
from extract.reader.source import digest, read_bytes
from extract.reader.torch_export import translate
from theory.error import InputError

if TYPE_CHECKING:
    from torch import nn


def read(path: Path, name: str) -> Reading:
    """Read the module that a callable of a Python file returns.

    The file is run: name only files that you trust. The sha256 of the network covers the file and
    the exported program with its weights.

    Args:
        path: of the Python file.
        name: of the callable in it; dots reach into objects.

    Raises:
        InputError: the file or the callable fails (naming file and line), or gives something else.
    """
    content = read_bytes(path)
    return read_made(f"{path.name}:{name}", call(path, name), content)


def read_made(title: str, made: Any, content: bytes) -> Reading:
    """The network of a module, or of a dictionary of the programs of a composite agent.

    Args:
        title: for messages and for the network.
        made: a module with example_inputs, a pair (module, example_inputs), or role -> such a pair.
        content: what it was made from, for the sha256.

    Raises:
        InputError: it is something else, or its export fails.
    """
    if isinstance(made, Mapping):
        readings = {
            str(role): read_made(f"{title}[{role}]", program, b"") for role, program in made.items()
        }
        return compose_readings(title, readings, content)
    module, args, kwargs = _module_of(title, made)
    program = export(title, module, args, kwargs)
    reading = translate(title, program, sha256=digest(content + program.digest().encode()))
    scaling = _scaling(title, getattr(module, "scaling", ()))
    if reading.network is None or not scaling:
        return reading
    return replace(reading, network=replace(reading.network, scaling=scaling))


def _scaling(title: str, stated: Any) -> tuple[tuple[float, float], ...]:
    try:
        pairs = tuple((float(mean), float(spread)) for mean, spread in stated)
    except (TypeError, ValueError):
        raise InputError(f"{title}: scaling is no list of pairs (mean, range)") from None
    if not all(isfinite(mean) and isfinite(spread) and spread for mean, spread in pairs):
        raise InputError(f"{title}: scaling: means and ranges are finite, and no range is 0")
    return pairs


def export(
    title: str, module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Program:
    """Export a module in evaluation mode and read the export as data.

    Raises:
        InputError: torch.export fails.
    """
    import torch

    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"torch\b.*")
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            warnings.filterwarnings("ignore", category=FutureWarning)
            # Recurrent layers gather their weights anew; the export has them all the same.
            warnings.filterwarnings("ignore", message="The tensor attributes? self.*assigned")
            program = torch.export.export(module.eval(), args, dict(kwargs))
            torch.export.save(program, buffer)
    except Exception as error:
        text = str(error).strip().split("\n")[0][:200] or type(error).__name__
        raise InputError(f"{title}: torch.export failed: {text}") from error
    return parse(Path(title), buffer.getvalue())


def load_file(path: Path) -> Any:
    """Run a Python file as a module of its own; its folder is importable while it runs.

    Raises:
        InputError: it cannot be run; names file and line.
    """
    read_bytes(path)
    label = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    spec = importlib.util.spec_from_file_location(f"mesascope_user_{label}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    with blaming(path), _importable(path.resolve().parent):
        sys.modules[spec.name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[spec.name]
            raise
    return module


@contextmanager
def _importable(folder: Path) -> Generator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))


@contextmanager
def blaming(path: Path) -> Generator[None]:
    """Turn an error in the user's code into one line that names file and line.

    Raises:
        InputError: in place of any exception but those of Mesascope and an interruption.
    """
    with blame.blaming(lambda error: _place(path, error)):
        try:
            yield
        except SyntaxError as error:
            where = f"{error.filename or path}:{error.lineno or 0}"
            raise InputError(f"{where}: {error.msg}") from error


def _place(path: Path, error: BaseException) -> str:
    """The innermost line of the traceback that lies in the folder of the user's file."""
    folder = path.resolve().parent
    found = str(path)
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename)
        if file.suffix == ".py" and file.is_absolute() and file.resolve().is_relative_to(folder):
            if "site-packages" in file.parts:
                continue
            shown = str(path) if file.resolve() == path.resolve() else str(file)
            found = f"{shown}:{frame.lineno or 0}"
        elif file == path:
            found = f"{path}:{frame.lineno or 0}"
    return found


def call(path: Path, name: str, *arguments: Any) -> Any:
    """What a callable of a Python file gives; or the object of that name, if it is not callable.

    Raises:
        InputError: the file or the callable fails (naming file and line), or there is none.
    """
    target: Any = load_file(path)
    for part in name.split("."):
        if not part or not hasattr(target, part):
            raise InputError(f"{path}: has no {name!r}")
        target = getattr(target, part)
    import torch

    if isinstance(target, torch.nn.Module):
        return target
    if not callable(target):
        raise InputError(f"{path}: {name!r} is a {type(target).__name__}, not a callable")
    with blaming(path), _importable(path.resolve().parent):
        return target(*arguments)


def _module_of(title: str, made: Any) -> tuple[nn.Module, tuple[Any, ...], Mapping[str, Any]]:
    import torch

    module, inputs = made, getattr(made, "example_inputs", None)
    if isinstance(made, tuple) and len(made) == 2:
        module, inputs = made
    if not isinstance(module, torch.nn.Module):
        raise InputError(
            f"{title}: gives a {type(module).__name__}; an nn.Module with example_inputs "
            "is needed, or a pair (module, example_inputs)"
        )
    if inputs is None:
        raise InputError(f"{title}: the module has no example_inputs")
    if isinstance(inputs, torch.Tensor):
        return module, (inputs,), {}
    if isinstance(inputs, Mapping):
        return module, (), {str(key): value for key, value in inputs.items()}
    if isinstance(inputs, list | tuple):
        return module, tuple(inputs), {}
    raise InputError(f"{title}: example_inputs is a {type(inputs).__name__}, not a tensor or tuple")
