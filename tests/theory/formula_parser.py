"""Reads a printed formula back: a second, independent account of what the printer means."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from theory import (
    Agent,
    Term,
    and_,
    eq,
    exists,
    forall,
    iff,
    implies,
    maximum,
    minimum,
    not_,
    number,
    or_,
    truth,
)
from theory.fold import fold
from theory.node import build

# A minus sign with spaces around it subtracts; one that touches a digit belongs to the number.
TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?:/\d+)?)|(?P<name>[A-Za-z_]\w*'?)"
    r"|(?P<symbol><=|[-+*<=.,:()\[\]]))"
)
INFIX: dict[str, tuple[int, int, Callable[[Any, Any], Term]]] = {
    "iff": (1, 2, iff),
    "implies": (2, 2, implies),
    "or": (3, 4, or_),
    "and": (4, 5, and_),
    "<": (6, 7, lambda a, b: a < b),
    "<=": (6, 7, lambda a, b: a <= b),
    "=": (6, 7, eq),
    "+": (7, 8, lambda a, b: a + b),
    "-": (7, 8, lambda a, b: a - b),
    "*": (8, 9, lambda a, b: a * b),
}
CALLS: dict[str, Callable[..., Any]] = {"abs": abs, "max": maximum, "min": minimum}


class Parser:
    """Reads formulas about one agent, whose variables are given by name."""

    def __init__(self, text: str, agent: Agent, variables: dict[str, Term]) -> None:
        self.tokens: list[str] = []
        at = 0
        while at < len(text):
            match = TOKEN.match(text, at)
            assert match, f"no token at {text[at:]!r}"
            self.tokens.append(match[0].strip())
            at = match.end()
        self.tokens.append("")
        self.agent = agent
        self.variables = variables

    def formula(self) -> Term:
        term = self.expression(0)
        assert self.tokens == [""], self.tokens
        return term

    def take(self, *expected: str) -> str:
        token = self.tokens.pop(0)
        assert not expected or token in expected, f"{token!r} is not one of {expected}"
        return token

    def expression(self, strength: int) -> Term:
        left = self.prefix()
        while (rule := INFIX.get(self.tokens[0])) and rule[0] >= strength:
            self.take()
            left = rule[2](left, self.expression(rule[1]))
        return left

    def prefix(self) -> Term:
        token = self.take()
        if token in ("forall", "exists"):
            bound = [self.variables[self.take()]]
            while self.take(",", ":") == ",":
                bound.append(self.variables[self.take()])
            return {"forall": forall, "exists": exists}[token](*bound, self.expression(0))
        if token == "not":
            return not_(self.prefix())
        if token == "-":
            return -self.prefix()
        if token == "(":
            inner = self.expression(0)
            self.take(")")
            return self.suffixes(inner)
        if re.match(r"-?\d", token):
            return number(token)
        if token in ("true", "false"):
            return truth(token == "true")
        return self.suffixes(self.named(token))

    def named(self, name: str) -> Term:
        if self.tokens[0] != "(":
            return self.variables[name]
        self.take()
        first = self.expression(0)
        if name.startswith("acts"):
            self.take(",")
            action = self.take()
            self.take(")")
            return self.agent.acts(first, action)
        if name in ("score", "value"):
            self.take(")")
            return getattr(self.agent, name)(first)
        arguments = [first]
        while self.take(",", ")") == ",":
            arguments.append(self.expression(0))
        return CALLS[name](*arguments)

    def suffixes(self, term: Term) -> Term:
        while self.tokens[0] in (".", "["):
            if self.take() == ".":
                term = term[self.take()]
            elif self.tokens[1] == "]":
                term = term[self.take()]
                self.take("]")
            else:
                changes: dict[str, Term] = {}
                while self.take(",", "]") != "]" if changes else True:
                    feature = self.take()
                    self.take(":")
                    changes[feature] = self.expression(0)
                term = term.with_(**changes)
        return term


def flattened(term: Term) -> Term:
    """The term with nested conjunctions, and disjunctions, joined: they are written alike."""

    def step(node: Term, parts: Any) -> Term:
        if node.operator not in ("and", "or"):
            return build(node.operator, parts, node.payload)
        joined: list[Term] = []
        for part in parts:
            joined.extend(part.arguments if part.operator == node.operator else [part])
        return build(node.operator, joined)

    return fold(term, step)
