"""One ONNX node while it is read: its operands and attributes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx

from extract.reader.build import Builder, Value


@dataclass
class OnnxNode:
    """One node of an ONNX graph while it is read.

    Attributes have to be asked for by name, with their default; `finish` refuses the node if it has
    one that nobody asked for.
    """

    builder: Builder
    proto: onnx.NodeProto
    operands: Sequence[Value | None]
    version: int
    _asked: set[str] = field(default_factory=set[str])

    @property
    def name(self) -> str:
        """Name of the first output."""
        return self.proto.output[0]

    def operand(self, position: int) -> Value:
        """An operand that has to be there."""
        value = self.optional(position)
        if value is None:
            raise self.builder.wrong(f"operand {position} is missing")
        return value

    def optional(self, position: int) -> Value | None:
        """An operand that may be left out."""
        return self.operands[position] if position < len(self.operands) else None

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute as int, float, str, or a list of those."""
        self._asked.add(name)
        for entry in self.proto.attribute:
            if entry.name == name:
                value = onnx.helper.get_attribute_value(entry)
                if isinstance(value, bytes):
                    return value.decode(errors="replace")
                if isinstance(value, int | float):
                    return value
                return [v.decode(errors="replace") if isinstance(v, bytes) else v for v in value]
        return default

    def must_be(self, name: str, *allowed: Any) -> None:
        """Refuse any other value of an attribute than these; the first is the default."""
        value = self.attribute(name, allowed[0])
        if value not in allowed:
            raise self.builder.unsupported(f"{name} = {value!r}")

    def ignore(self, *names: str) -> None:
        """Attributes without meaning in evaluation mode."""
        self._asked.update(names)

    def finish(self, results: int) -> None:
        """Refuse attributes and outputs that were not understood."""
        unknown = [a.name for a in self.proto.attribute if a.name not in self._asked]
        if unknown:
            raise self.builder.unsupported(f"attribute {unknown[0]!r}")
        extra = [name for name in self.proto.output[results:] if name]
        if extra:
            raise self.builder.unsupported(f"its output {extra[0]!r}")

    def shape_of(self) -> Value:
        """Shape and Size: known while reading, since every shape is."""
        value = self.operand(0)
        if self.proto.op_type == "Size":
            array = np.array(int(np.prod(value.shape, dtype=np.int64)), dtype=np.int64)
        else:
            start, end = self.attribute("start", 0), self.attribute("end", value.rank)
            array = np.array(value.shape[start:end], dtype=np.int64)
        self.finish(1)
        return self.builder.constant(self.name, array)


Handler = Callable[[OnnxNode], list[Value]]
