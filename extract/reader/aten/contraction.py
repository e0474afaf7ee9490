"""Sums of products over named axes: einsum, products with vectors, running sums.

A contraction of two operands becomes one matrix product, or an entrywise product where nothing is
summed. An axis that only one operand has, and the result has not, is summed there first, as torch
does. Three operands and more are refused: in which order they are joined is a matter of what is
installed, and their rounding with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from extract.reader import idiom
from extract.reader.aten.call import AtenCall, Handler
from extract.reader.build import Builder, Value

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _einsum(c: AtenCall) -> list[Value]:
    b, operands = c.builder, c.take("tensors")
    equation = c.take("equation")
    c.ignore("path")
    if not isinstance(equation, str) or not isinstance(operands, list):
        raise b.wrong(f"equation {equation!r}")
    values = [c.cast(v) for v in operands if isinstance(v, Value)]
    if len(values) != len(operands) or not 1 <= len(values) <= 2:
        raise b.unsupported(f"a contraction of {len(operands)} operands")
    terms, result = _parsed(b, equation, [value.rank for value in values])
    sizes: dict[str, int] = {}
    for term, value in zip(terms, values, strict=True):
        if len(set(term)) < len(term):
            raise b.unsupported(f"equation {equation!r}: an operand with an axis twice")
        for letter, size in zip(term, value.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise b.unsupported(f"equation {equation!r}: an axis of sizes that differ")
    if not set(result) <= set(sizes) or len(set(result)) < len(result):
        raise b.wrong(f"equation {equation!r}: the result has an axis that no operand has")
    if len(values) == 1:
        return [_summed(b, values[0], terms[0], result, c.name)]
    return [_joined(b, values, terms, result, sizes, c.name)]


def _parsed(b: Builder, equation: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The letters of each operand, and of the result; an ellipsis has letters of its own."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    free = [letter for letter in LETTERS if letter not in equation]
    if len(terms) != len(ranks):
        raise b.wrong(f"equation {equation!r} is not of {len(ranks)} operands")
    widest = max((n - len(t) + 3 for t, n in zip(terms, ranks, strict=True) if "..." in t),
                 default=0)  # fmt: skip
    if not arrow:
        once = sorted(letter for letter in set(left) if left.count(letter) == 1)
        right = ("..." if "..." in left else "") + "".join(x for x in once if x in LETTERS)
    dots = "".join(free[:widest])
    spelled: list[str] = []
    for term, rank in zip(terms, ranks, strict=True):
        more = rank - len(term) + 3
        wide = term.replace("...", dots[len(dots) - more :] if more > 0 else "")
        if len(wide) != rank or not set(wide) <= set(LETTERS):
            raise b.wrong(f"equation {equation!r} does not fit an operand of rank {rank}")
        spelled.append(wide)
    return spelled, right.replace("...", dots)


def _summed(b: Builder, x: Value, term: str, result: str, name: str) -> Value:
    """One operand: the axes that are not in the result are summed, and the rest put in order."""
    gone = [at for at, letter in enumerate(term) if letter not in result]
    kept = [letter for letter in term if letter in result]
    order = [kept.index(letter) for letter in result]
    turned = order != list(range(len(order)))
    if gone:
        x = idiom.reduce(
            b, "reduce_sum", x, gone, False, b.fresh(f"{name}.sum") if turned else name
        )
    return idiom.transpose(b, x, order, name)


def _joined(
    b: Builder, values: list[Value], terms: list[str], result: str, sizes: dict[str, int], name: str
) -> Value:
    """Two operands: the axes of both that stay, the axes of one, and the axes that are summed."""
    if values[0].array is not None:
        values, terms = values[::-1], terms[::-1]  # a constant on the right makes a `linear`
    for at, (term, other) in enumerate(zip(terms, terms[::-1], strict=True)):
        alone = [letter for letter in term if letter not in other and letter not in result]
        if alone:
            rest = "".join(letter for letter in term if letter not in alone)
            values[at] = _reduced(b, values[at], term, alone, b.fresh(f"{name}.sum{at}"))
            terms[at] = rest
    first, second = terms
    both = [x for x in first if x in second and x in result]
    gone = [x for x in first if x in second and x not in result]
    left = [x for x in first if x not in second]
    right = [x for x in second if x not in first]
    shared = [sizes[x] for x in both]
    wide, tall, deep = (prod(sizes[x] for x in group) for group in (left, right, gone))
    x = _placed(b, values[0], first, [*both, *left, *gone], [*shared, wide, deep], f"{name}.left")
    if not gone:
        turned = [*both, *right]
        y = _placed(b, values[1], second, turned, [*shared, 1, tall], f"{name}.right")
        product = b.emit("mul", [x, y], b.fresh(f"{name}.product"))
    else:
        turned = [*both, *gone, *right]
        y = _placed(b, values[1], second, turned, [*shared, deep, tall], f"{name}.right")
        product = idiom.matmul(b, x, y, b.fresh(f"{name}.product"))
    found = [*both, *left, *right]
    apart = idiom.reshape(b, product, [sizes[x] for x in found], b.fresh(f"{name}.apart"))
    order = [found.index(letter) for letter in result]
    turned_back = idiom.transpose(b, apart, order, b.fresh(f"{name}.turned"))
    return idiom.reshape(b, turned_back, turned_back.shape, name)


def _reduced(b: Builder, x: Value, term: str, alone: list[str], name: str) -> Value:
    axes = [term.index(letter) for letter in alone]
    if x.array is not None:
        raise b.unsupported("a sum over an axis that only a constant has")
    return idiom.reduce(b, "reduce_sum", x, axes, False, name)


def _placed(
    b: Builder, x: Value, term: str, wanted: list[str], shape: list[int], name: str
) -> Value:
    """An operand with its axes in another order, some of them joined; a constant is so at once."""
    order = [term.index(letter) for letter in wanted]
    if x.array is not None:
        array = np.ascontiguousarray(x.array.transpose(order).reshape(shape))
        label = f"{''.join(map(str, order))}.{'x'.join(map(str, shape))}"
        return b.constant(f"{x.name}.as{label}", array)
    turned = idiom.transpose(b, x, order, b.fresh(f"{name}.turned"))
    return idiom.reshape(b, turned, shape, b.fresh(f"{name}.flat"))


def _product(second: str) -> Handler:
    return lambda c: [idiom.matmul(c.builder, c.tensor("self"), c.tensor(second), c.name)]


def _cumsum(c: AtenCall) -> list[Value]:
    """Running sums, as a linear map of zeros and ones: the order of summation is left open."""
    b, x = c.builder, c.tensor("self")
    c.must_be("dtype", None)
    axis = idiom.axis_of(b, c.integer("dim"), x.rank)
    size = x.shape[axis]
    last = [at for at in range(x.rank) if at != axis] + [axis]
    turned = idiom.transpose(b, x, last, b.fresh(f"{c.name}.turned"))
    ones = b.constant(f"const(running {size}):{x.dtype}", np.tril(np.ones((size, size), x.dtype)))
    back = [last.index(at) for at in range(x.rank)]
    moved = back != list(range(x.rank))
    total = idiom.linear(b, turned, ones, None, b.fresh(f"{c.name}.sums") if moved else c.name)
    return [idiom.transpose(b, total, back, c.name)]


ROWS: dict[str, Handler] = {
    "cumsum.default": _cumsum,
    "dot.default": _product("tensor"),
    "einsum.default": _einsum,
    "mv.default": _product("vec"),
}
