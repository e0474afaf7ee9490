"""Read torch.export programs: `.pt2` archives, and programs exported on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from extract.network import check_size
from extract.reader import aten
from extract.reader.build import Builder, Value
from extract.reader.pt2 import Call, Program, Reference, ScalarType, parse
from extract.reader.reading import Reading
from extract.reader.source import digest, read_bytes
from theory.error import InputError, UnsupportedOperator


def read(path: Path) -> Reading:
    """Read a `.pt2` file written by `torch.export.save`, running nothing it contains.

    Raises:
        InputError: the file is missing, damaged, of another version, or holds pickled weights.
    """
    content = read_bytes(path)
    return translate(path.name, parse(path, content), sha256=digest(content))


def translate(title: str, program: Program, *, sha256: str) -> Reading:
    """An exported program as a network, or the calls that stop it.

    Parameters bear their names in the module ("encoder.0.weight"); tensors those of the exported
    graph ("linear_1"), and outputs besides their place in the result ("logits", "0", "value.mean").

    Raises:
        InputError: the program is malformed.
    """
    produced = [name for call in program.calls for name in call.outputs if name]
    names = {*produced, *program.inputs, *program.constants, *program.labels.values()}
    builder = Builder(title, reserved=frozenset(names))
    walk = _Walk(builder, program)
    for call in program.calls:
        walk.step(call)
    outputs: list[tuple[str, Value]] = []
    for name, label in program.outputs:
        builder.operator, builder.place = "output", name
        value = walk.outcome(name)
        if value is None:
            continue
        outputs.append((name, value))
        if label and label != value.name and value.array is None:
            if label in names:
                raise InputError(f"{title}: the output {label!r} bears the name of another tensor")
            builder.alias(label, value)
    return builder.finish(outputs, sha256=sha256)


class _Walk:
    """The state of reading one program: values, and which names share memory.

    An operator that changes its operand in place (`relu_`) gives the operand's name a new value.
    Other names for the same memory (views) would change with it; they are refused from then on.
    """

    def __init__(self, builder: Builder, program: Program) -> None:
        self.builder, self.program = builder, program
        self.values: dict[str, Value] = {}
        self.sizes: dict[str, int] = {}
        self.memory: dict[str, int] = {}
        self.stale: dict[str, str] = {}
        taken = {*program.inputs, *(n for call in program.calls for n in call.outputs if n)}
        for name, array in program.constants.items():
            label = program.labels[name]
            self.values[name] = builder.constant(name if label in taken else label, array)
            builder.weights += int(array.size) if array.dtype.kind == "f" else 0
            self._own(name)
        for name in program.inputs:
            shape, dtype = program.stated[name]
            self.values[name] = builder.input(name, shape or (), dtype)
            self._own(name)

    def _own(self, name: str) -> None:
        self.memory[name] = len(self.memory)

    def step(self, call: Call) -> None:
        """Read one call; refuse it where it has no meaning, and go on."""
        builder = self.builder
        if call.target in aten.SILENT:
            return
        builder.at(call.target, call.name, call.module)
        try:
            missing = [r.name for r in _references(call) if not self._has(r.name)]
            if missing:
                if not builder.refusals:
                    raise builder.wrong(f"reads {missing[0]!r}, which nothing produces")
                return
            self._apply(call)
        except UnsupportedOperator as error:
            builder.refuse(error)
            for name in filter(None, call.outputs):
                shape, dtype = self.program.stated.get(name, (None, ""))
                if shape is not None:
                    self.values[name] = builder.opaque(builder.fresh(name), shape, dtype)
                    self._own(name)

    def _has(self, name: str) -> bool:
        return name in self.values or name in self.sizes

    def _apply(self, call: Call) -> None:
        builder = self.builder
        if call.target == "aten.sym_size.int":
            (name,) = call.outputs
            if name not in self.program.batch:
                raise builder.unsupported("an open size other than the leading axis")
            self.sizes[str(name)] = 1
            return
        name = call.target.removeprefix("aten.")
        in_place = name.split(".")[0].endswith("_") and name not in aten.NOT_IN_PLACE
        plain = name.replace("_.", ".", 1) if in_place else name
        handler = aten.HANDLERS.get(plain)
        if not call.target.startswith("aten.") or (handler is None and plain not in aten.FOLDED):
            raise builder.unsupported()
        arguments = {key: self._resolve(value) for key, value in call.arguments.items()}
        tensors = [v for v in _flat(list(arguments.values())) if isinstance(v, Value)]
        stated = [self.program.stated.get(n, (None, "")) for n in call.outputs if n]
        node = aten.AtenCall(builder, plain, call, arguments, stated)
        if all(value.array is not None for value in tensors):
            if in_place:
                raise builder.unsupported("a constant changed in place")
            results = self._fold(node)
        elif handler is None:
            raise builder.unsupported("on a tensor that depends on the input")
        else:
            results = handler(node)
            node.finish()
        self._bind(call, results, arguments, plain, in_place)

    def _bind(
        self, call: Call, results: list[Value], arguments: Any, plain: str, in_place: bool
    ) -> None:
        for position, name in enumerate(call.outputs):
            if name is None or position >= len(results):
                continue
            self._compare(name, results[position])
            self.values[name] = results[position]
            self._own(name)
        first = next((r.name for r in _references(call)), None)
        if first is None:
            return
        kept = [name for name in call.outputs if name]
        if plain.split(".")[0] in aten.VIEWS:
            for name in kept:
                self.memory[name] = self.memory[first]
        if in_place:
            shared = self.memory[first]
            for name, place in self.memory.items():
                if place == shared and name != first and name not in kept:
                    self.stale[name] = call.name
            self.values[first] = results[0]
            for name in kept:
                self.memory[name] = shared

    def _compare(self, name: str, value: Value) -> None:
        shape, dtype = self.program.stated.get(name, (None, ""))
        if shape is not None and shape != value.shape:
            raise self.builder.wrong(f"gives shape {value.shape}, but the file says {shape}")
        if dtype and value.array is None and dtype != value.dtype:
            raise self.builder.wrong(f"gives {value.dtype}, but the file says {dtype}")

    def _resolve(self, argument: Any) -> Any:
        if isinstance(argument, list):
            return [self._resolve(item) for item in argument]
        if not isinstance(argument, Reference):
            return argument
        if argument.name in self.sizes:
            return self.sizes[argument.name]
        if argument.name in self.stale:
            raise self.builder.unsupported(
                f"reads {argument.name!r}, whose memory {self.stale[argument.name]!r} changed"
            )
        return self.values[argument.name]

    def outcome(self, name: str) -> Value | None:
        """The value of an output; none where a refusal stands in the way."""
        if name not in self.values:
            if not self.builder.refusals:
                raise self.builder.wrong("nothing produces this output")
            return None
        try:
            return self._resolve(Reference(name))
        except UnsupportedOperator as error:
            self.builder.refuse(error)
            return None

    def _fold(self, node: aten.AtenCall) -> list[Value]:
        """Compute a call on known tensors by torch itself."""
        import torch

        for shape, _ in node.stated:
            if shape is None:
                raise self.builder.unsupported("a constant of open size")
            if any(n == 0 for n in shape):
                raise self.builder.unsupported(f"a constant of shape {shape}")
            check_size(f"{self.builder.title}: node {self.builder.place!r}", shape)
        packet, overload = node.operator.split(".")
        function = getattr(getattr(torch.ops.aten, packet), overload)
        skipped = ("device", "pin_memory", "layout")
        try:
            given = {k: _to_torch(v) for k, v in node.arguments.items() if k not in skipped}
            with torch.no_grad():
                result = function(**given)
        except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
            text = " ".join(str(error).split())[:160]
            raise self.builder.wrong(f"cannot be computed ({text})") from None
        tensors = list(result) if isinstance(result, tuple | list) else [result]
        titles = [name or "" for name in node.call.outputs]
        return [
            self.builder.constant(self.builder.fresh(title) if title in self.values else title, a)
            for title, a in zip(titles, (np.array(t.numpy()) for t in tensors), strict=False)
        ]


def _flat(items: list[Any]) -> list[Any]:
    result: list[Any] = []
    for item in items:
        result += _flat(item) if isinstance(item, list) else [item]
    return result


def _references(call: Call) -> list[Reference]:
    return [item for item in _flat(list(call.arguments.values())) if isinstance(item, Reference)]


def _to_torch(argument: Any) -> Any:
    import torch

    if isinstance(argument, list):
        return [_to_torch(item) for item in argument]
    if isinstance(argument, ScalarType):
        return getattr(torch, argument.dtype)
    if isinstance(argument, Value):
        return torch.from_numpy(np.array(argument.array))
    return argument
