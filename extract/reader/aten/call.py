"""One ATen call while it is read: its arguments, with the defaults of torch's own schema.

A handler takes the arguments it understands; one that it did not take has to have its default, or
the call is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from extract.operator import Shape
from extract.reader.build import FLOATS, Builder, Value
from extract.reader.pt2 import Call


@dataclass
class AtenCall:
    """One call while it is read; `operator` is its name without "aten."."""

    builder: Builder
    operator: str
    call: Call
    arguments: dict[str, Any]
    stated: Sequence[tuple[Shape | None, str]]
    _taken: set[str] = field(default_factory=set[str])

    @property
    def name(self) -> str:
        """Name of the first result."""
        return self.call.outputs[0] or self.call.name

    def schema(self) -> dict[str, Any]:
        """Argument name -> default (`None` where it has none), as torch declares the operator."""
        import torch

        packet, overload = self.operator.split(".")
        schema = getattr(getattr(torch.ops.aten, packet), overload)._schema
        return {a.name: a.default_value for a in schema.arguments}

    def take(self, name: str) -> Any:
        """An argument, or its default."""
        self._taken.add(name)
        if name in self.arguments:
            return self.arguments[name]
        return self.schema()[name]

    def tensor(self, name: str) -> Value:
        """An argument that has to be a tensor."""
        value = self.take(name)
        if not isinstance(value, Value):
            raise self.builder.wrong(f"its argument {name!r} is no tensor")
        return value

    def optional(self, name: str) -> Value | None:
        """An argument that is a tensor or left out."""
        return None if self.take(name) is None else self.tensor(name)

    def integer(self, name: str) -> int:
        """An argument that has to be an integer."""
        value = self.take(name)
        if type(value) is not int:
            raise self.builder.unsupported(f"{name} = {value!r}")
        return value

    def integers(self, name: str) -> list[int]:
        """An argument that has to be integers; one integer counts as a list."""
        value = self.take(name)
        items = list(value) if isinstance(value, list | tuple) else [value]
        if any(type(item) is not int for item in items):
            raise self.builder.unsupported(f"{name} = {value!r}")
        return items

    def real(self, name: str) -> float:
        """An argument that has to be a finite number."""
        value = self.take(name)
        if not isinstance(value, int | float) or not isfinite(value):
            raise self.builder.unsupported(f"{name} = {value!r}")
        return float(value)

    def flag(self, name: str) -> bool:
        """An argument that has to be true or false."""
        return bool(self.take(name))

    def number(self, name: str, like: Value) -> Value | None:
        """A number or tensor as an operand beside `like`; none where it is left out.

        Constants are converted to the type of the result, as torch does when it runs.
        """
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, bool | int | float):
            return self.builder.scalar(float(value), like)
        if not isinstance(value, Value):
            raise self.builder.unsupported(f"{name} = {value!r}")
        return self.cast(value)

    def cast(self, value: Value) -> Value:
        """A constant operand in the type of the result."""
        kind = self.stated[0][1] if self.stated else ""
        if value.array is None or kind not in FLOATS or value.dtype == kind:
            return value
        return self.builder.constant(f"{value.name}:{kind}", value.array.astype(kind))

    def must_be(self, name: str, *allowed: Any) -> None:
        """Refuse any other value of an argument than these."""
        value = self.take(name)
        if value not in allowed:
            raise self.builder.unsupported(f"{name} = {value!r}")

    def ignore(self, *names: str) -> None:
        """Arguments without influence on the result's values."""
        self._taken.update(names)

    def finish(self) -> None:
        """Refuse arguments that nobody took and that do not have their default."""
        rest = set(self.arguments) - self._taken
        defaults = self.schema() if rest else {}
        for name in sorted(rest):
            if name not in defaults or self.arguments[name] != defaults[name]:
                raise self.builder.unsupported(f"{name} = {self.arguments[name]!r}")


Handler = Callable[[AtenCall], list[Value]]
