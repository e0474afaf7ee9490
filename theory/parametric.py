"""A number that computes with parameters, and asks for a sign wherever it is compared.

A `Parametric` is a `Fraction` to the code that computes with it. It carries a rational function of
one or more parameters; each comparison asks its `Trace` for the sign of such a function, so that
whoever traces decides which way the code takes, and knows on which signs the way hinges.
`theory.region` follows one parameter along its range, `theory.partition` several.

What does depend on a parameter and is no comparison (a hash, a conversion to a float, the digits)
raises `InputError` instead of answering for one point.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

import sympy

from theory.error import InputError

_sympy: Any = sympy  # it has no type stubs


class Trace(Protocol):
    """Who answers for the signs that are asked for.

    Attributes:
        field: sympy's field of rational functions over the rationals.
    """

    field: Any

    def sign(self, value: Any) -> int:
        """The sign of a rational function: -1, 0 or 1."""
        ...


class Parametric(Fraction):
    """A number that is a rational function of parameters.

    Attributes:
        function: the element of the trace's field.
        trace: who answers for its sign.
    """

    function: Any
    trace: Trace

    def __new__(cls, function: Any, trace: Trace) -> Parametric:
        """Internal: whoever traces makes the parameters, arithmetic makes the others."""
        self = object.__new__(cls)
        self.function = function
        self.trace = trace
        return self

    def _of(self, other: Any) -> Any:
        if isinstance(other, Parametric):
            return other.function
        if isinstance(other, int | Fraction):
            return self.trace.field(_sympy.QQ(other.numerator, other.denominator))
        return None

    def _with(self, other: Any, operate: Callable[[Any, Any], Any]) -> Any:
        value = self._of(other)
        if value is None:
            return NotImplemented
        return Parametric(operate(self.function, value), self.trace)

    def _sign_against(self, other: Any) -> int | None:
        value = self._of(other)
        return None if value is None else self.trace.sign(self.function - value)

    def __add__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a + b)

    def __radd__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b + a)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a * b)

    def __rmul__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b * a)

    def __truediv__(self, other: Any) -> Any:
        if self._of(other) is not None and other == 0:
            raise ZeroDivisionError(f"{self} / {other}")
        return self._with(other, lambda a, b: a / b)

    def __rtruediv__(self, other: Any) -> Any:
        if self == 0:
            raise ZeroDivisionError(f"{other} / {self}")
        return self._with(other, lambda a, b: b / a)

    def __pow__(self, power: Any) -> Any:
        if not isinstance(power, int):
            return NotImplemented
        if power < 0:
            return 1 / self**-power
        return Parametric(self.function**power, self.trace)

    def __rpow__(self, base: Any) -> Any:
        raise InputError("a parameter cannot be an exponent")

    def __neg__(self) -> Any:
        return Parametric(-self.function, self.trace)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return -self if self < 0 else self

    def __bool__(self) -> bool:
        return self.trace.sign(self.function) != 0

    def __eq__(self, other: object) -> bool:
        sign = self._sign_against(other)
        return NotImplemented if sign is None else sign == 0

    def __lt__(self, other: Any) -> bool:
        sign = self._sign_against(other)
        return NotImplemented if sign is None else sign < 0

    def __le__(self, other: Any) -> bool:
        sign = self._sign_against(other)
        return NotImplemented if sign is None else sign <= 0

    def __gt__(self, other: Any) -> bool:
        sign = self._sign_against(other)
        return NotImplemented if sign is None else sign > 0

    def __ge__(self, other: Any) -> bool:
        sign = self._sign_against(other)
        return NotImplemented if sign is None else sign >= 0

    @property
    def _numerator(self) -> int:  # what Fraction's own methods read, all but those above
        return self._constant().numerator

    @property
    def _denominator(self) -> int:
        return self._constant().denominator

    def _constant(self) -> Fraction:
        if self.function.numer.is_ground and self.function.denom.is_ground:
            value = _sympy.Rational(self.function.as_expr())
            return Fraction(int(value.p), int(value.q))
        raise InputError(f"the number {self} depends on the parameter, and has no digits")

    __hash__ = Fraction.__hash__

    def __str__(self) -> str:
        return str(self.function.as_expr())

    __repr__ = __str__
