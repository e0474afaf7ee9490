"""How a node's value comes about: constants, tables and functions, all read into one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any, TypeAlias, cast

from theory.causal.value import Value, call, distribution, shown
from theory.error import InputError

Rule: TypeAlias = Mapping[Any, Any] | Callable[..., Any]
"""A function of the parents, or a table from contexts; either gives a value or a distribution.

A distribution is a mapping from values to probabilities. The contexts of a table are tuples of
the parents' values; where there is one parent its value will do. A mapping for a node without
parents is its distribution.
"""

Context: TypeAlias = tuple[Any, ...]
Table: TypeAlias = dict[Context, dict[Value, Fraction]]
"""For every context, in the order of the product of the parents' domains, a distribution."""


def tabulate(
    rule: Rule,
    parents: Sequence[str],
    domains: Sequence[Sequence[Any]],
    domain: Sequence[Any] | None,
    where: str,
) -> Table:
    """The rule as a table of distributions over every context.

    Raises:
        InputError: naming `where` and the context: none given, a value outside the domain, a
            distribution that does not sum to 1.
    """
    allowed = None if domain is None else frozenset(domain)
    table: Table = {}
    for context in product(*domains):
        result = _result(rule, parents, context, where)
        if result is None and None not in (domain or ()):
            raise InputError(f"{where} has no value at {shown(parents, context)}")
        if isinstance(result, Mapping):
            weights = cast(Mapping[Any, Any], result)
            at = f"{where} at {shown(parents, context)}" if parents else where
            row = distribution(weights, at)
        else:
            row = dict[Value, Fraction]({result: Fraction(1)})
        if allowed is not None and not allowed.issuperset(row):
            wrong = next(value for value in row if value not in allowed)
            raise InputError(
                f"{where}: the value {wrong!r} at {shown(parents, context)} is not in its domain "
                f"{', '.join(map(repr, domain or ()))}"
            )
        table[context] = row
    if not callable(rule) and parents:
        for key in rule:
            if key not in table and (key,) not in table:
                raise InputError(f"{where}: {key!r} is not a context of {', '.join(parents)}")
    return table


def _result(rule: Rule, parents: Sequence[str], context: Context, where: str) -> Any:
    result: Any
    if callable(rule):
        result = call(rule, parents, context, where)
    elif context in rule:
        result = rule[context]
    elif len(context) == 1 and context[0] in rule:
        result = rule[context[0]]
    elif not parents:
        result = rule
    else:
        raise InputError(f"{where} has no value at {shown(parents, context)}")
    return result
