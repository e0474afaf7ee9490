"""From the negation of a closed formula to a problem.

One fold over the formula computes, for every subterm, what it is as an expression over the graph;
for a formula that is a pair: the goal that it is true, and the goal that it is false. Quantifiers
whose choice the search makes become variables of the box; finite ones against it are expanded. Of
a quantifier only the side that the question needs is built: the other may be far larger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from extract.network import Network
from theory.error import InputError, MesascopeError
from theory.fold import fold
from theory.scope import QUANTIFIERS
from theory.sort import BoolSort, EnumSort, RealSort, VectorSort
from theory.term import Term
from theory.unroll import is_temporal, unrolled
from verify.problem.affine import Affine, constant
from verify.problem.choice import Choices, chosen
from verify.problem.domain import tightened
from verify.problem.goal import (
    ALWAYS,
    NEVER,
    Atom,
    Goal,
    Inequality,
    Undecidable,
    all_of,
    any_of,
    used,
)
from verify.problem.graph import GraphBuilder, NotRepresentable
from verify.problem.problem import NOTHING, Problem
from verify.problem.truth import CONNECTIVES, Truth, conjunction, equivalence, sides
from verify.problem.value import (
    constant_of,
    finite_features,
    flattened,
    members_of,
    points_of,
)
from verify.problem.variable import Path, Variables
from verify.quantified import quantified

NOT_NEEDED = Undecidable("a side of a quantifier that nobody asked for")

NO_CHOICES: Choices = {}

LARGEST_EXPANSION = 4096
"""A finite quantifier over more values than this is refused."""

MOST_CASES = 64
"""So many cases of finite features are told apart over time."""


class MissingRole(MesascopeError):
    """The formula uses a function that the structure does not interpret."""

    def __init__(self, function: str) -> None:
        self.function = function
        super().__init__(
            f"the structure has no part for `{function}`: declare it in `parts` of the spec, or "
            "give what `mesascope extract` found with --found"
        )


def compile_goal(
    formula: Term,
    functions: Mapping[str, Network],
    *,
    wanted: bool,
    name: str = "problem",
    choices: Choices = NO_CHOICES,
) -> Problem:
    """The problem of making a closed formula true (`wanted`) or false.

    Args:
        formula: closed.
        functions: the network of each function symbol, by name; inputs flat, an action one-hot.
        wanted: the truth value that is searched for.
        name: for messages.
        choices: for quantifiers over a continuum that work against the search: the values that
            count. With them the goal is easier to reach than without.

    Raises:
        InputError: a choice is none of its variable's values.
        MissingRole: a function symbol has no network.
        NotRepresentable: a constant that enters a network is no float64.
        TooManyCases: its trajectories have too many paths.
    """
    plain = unrolled(formula)
    if is_temporal(formula):
        with suppress(NotRepresentable):  # a case may be of a number that no float64 is
            return _problem(plain, functions, choices, name, wanted=wanted, by_cases=True)
    return _problem(plain, functions, choices, name, wanted=wanted, by_cases=False)


def _problem(
    formula: Term,
    functions: Mapping[str, Network],
    choices: Choices,
    name: str,
    *,
    wanted: bool,
    by_cases: bool,
) -> Problem:
    """The problem of a formula that is not temporal; by cases of what has few values, or not."""
    graph = GraphBuilder()
    variables = Variables(graph, {bound for bound, _ in quantified(formula)})
    compiler = _Compiler(functions, choices, graph, variables, by_cases)
    true, false = compiler.truth(formula, {}, (), wanted=wanted)
    goal = true if wanted else false
    goal, inequalities = used(goal, compiler.inequalities)
    tensors = [t for i in inequalities for t, _ in i.expression.terms]
    network, offsets = graph.finish(tensors, name)
    whole = tuple(variables.found) or (NOTHING,)
    narrowed, empty = tightened(whole, inequalities, goal)
    return Problem(
        variables=whole if empty else narrowed,
        network=network,
        offsets=offsets,
        deployed=frozenset(n.name for n in network.nodes) & frozenset(graph.deployed),
        casts=frozenset(n.name for n in network.nodes) & frozenset(graph.casts),
        inequalities=inequalities,
        goal=NEVER if empty else goal,
        empty=empty,
    )


@dataclass
class _Compiler:
    functions: Mapping[str, Network]
    choices: Choices
    graph: GraphBuilder
    variables: Variables
    by_cases: bool
    inequalities: list[Inequality] = field(default_factory=list[Inequality])
    _numbers: dict[Any, int] = field(default_factory=dict[Any, int])

    def truth(
        self, formula: Term, environment: Mapping[str, Any], path: Path, *, wanted: bool
    ) -> Truth:
        """What a formula is; its quantifiers on the side that `wanted` needs.

        Args:
            formula: the formula.
            environment: values of its free variables.
            path: where it stands.
            wanted: the side of the pair that is asked for.
        """
        needed = sides(formula, wanted)

        def step(node: Term, values: Sequence[Any]) -> Any:
            if node.operator not in QUANTIFIERS:
                return self._step(node, values, environment)
            sides = [
                self._quantified(node, environment, path, wanted=side)
                if (node, side) in needed
                else NOT_NEEDED
                for side in (True, False)
            ]
            return sides[0], sides[1]

        return fold(formula, step, enter=lambda node: node.operator not in QUANTIFIERS)

    def _step(self, node: Term, values: Sequence[Any], environment: Mapping[str, Any]) -> Any:
        payload = node.payload
        match node.operator:
            case "const":
                return constant_of(payload)
            case "var":
                return environment[payload[0]]
            case "apply":
                return self._applied(payload.name, node, values)
            case "feature":
                return values[0][payload]
            case "record":
                return {f.name: v for f, v in zip(payload.features, values, strict=True)}
            case "with":
                return {**values[0], **dict(zip(payload, values[1:], strict=True))}
            case "select":
                return values[0][members_of(node.arguments[1].sort).index(values[1])]
            case "component":
                return values[0][payload]
            case "acts":
                return self._acts(node, values)
            case "eq":
                return self._equal(node, values)
            case "lt":
                return self._at_least(values[1] - values[0], strict=True)
            case "le":
                return self._at_least(values[1] - values[0], strict=False)
            case key if key in CONNECTIVES:
                return CONNECTIVES[key](values)
            case key:
                return self._arithmetic(key, values)

    def _at_least(self, expression: Affine, *, strict: bool) -> Truth:
        """The truth of `expression > 0` (strict) or `expression >= 0`."""
        if expression.is_constant:
            holds = expression.constant > 0 or (expression.constant == 0 and not strict)
            return (ALWAYS, NEVER) if holds else (NEVER, ALWAYS)
        opposite = expression.scaled(Fraction(-1))
        return self._inequality(expression, strict), self._inequality(opposite, not strict)

    def _inequality(self, expression: Affine, strict: bool) -> Goal:
        key = (expression.key, strict)
        if key not in self._numbers:
            self._numbers[key] = len(self.inequalities)
            self.inequalities.append(Inequality(expression, strict))
        return Atom(self._numbers[key])

    def _equal(self, node: Term, values: Sequence[Any]) -> Truth:
        left, right = values
        sort = node.arguments[0].sort
        if isinstance(sort, EnumSort):
            return (ALWAYS, NEVER) if left == right else (NEVER, ALWAYS)
        if isinstance(sort, BoolSort):
            return equivalence(values)
        pairs = [(left, right)] if isinstance(left, Affine) else list(zip(left, right, strict=True))
        return conjunction([self._equal_numbers(a, b) for a, b in pairs])

    def _equal_numbers(self, a: Affine, b: Affine) -> Truth:
        return conjunction(
            [self._at_least(a - b, strict=False), self._at_least(b - a, strict=False)]
        )

    def _acts(self, node: Term, values: Sequence[Any]) -> Truth:
        scores, chosen = values
        members = members_of(node.arguments[1].sort)
        at = members.index(chosen)
        ties = node.payload
        beaten: list[Truth] = []
        for other in range(len(members)):
            if other != at:
                tie_wins = ties == "any" or (ties == "first" and at < other)
                beaten.append(self._at_least(scores[at] - scores[other], strict=not tie_wins))
        return conjunction(beaten)

    def _applied(self, name: str, node: Term, values: Sequence[Any]) -> Any:
        network = self.functions.get(name)
        if network is None:
            raise MissingRole(name)
        flat = [
            e
            for argument, value in zip(node.arguments, values, strict=True)
            for e in flattened(argument.sort, value)
        ]
        size = node.sort.size if isinstance(node.sort, VectorSort) else 1
        if len(flat) != network.input_size or network.output_size != size:
            raise InputError(
                f"`{name}` is used with {len(flat)} inputs and {size} outputs, but its part has "
                f"{network.input_size} and {network.output_size}"
            )
        outputs = self.graph.copy(network, flat)
        return outputs[0] if isinstance(node.sort, RealSort) else outputs

    def _arithmetic(self, key: str, values: Sequence[Any]) -> Affine:
        match key, values:
            case "add", (a, b):
                return a + b
            case "sub", (a, b):
                return a - b
            case "neg", (a,):
                return a.scaled(Fraction(-1))
            case "mul", (a, b) if a.is_constant:
                return b.scaled(a.constant)
            case "mul", (a, b) if b.is_constant:
                return a.scaled(b.constant)
            case _:
                return self._computed(key, values)

    def _computed(self, key: str, values: Sequence[Affine]) -> Affine:
        if all(v.is_constant for v in values):
            numbers = [v.constant for v in values]
            return constant(
                {
                    "abs": lambda: abs(numbers[0]),
                    "max": lambda: max(numbers),
                    "min": lambda: min(numbers),
                }[key]()
            )
        op = {"mul": "mul", "abs": "abs", "max": "maximum", "min": "minimum"}[key]
        operands = [self.graph.gathered([v], to_network=False) for v in values]
        return Affine({(self.graph.operation(op, operands, 1), 0): Fraction(1)})

    def _quantified(
        self, node: Term, environment: Mapping[str, Any], path: Path, *, wanted: bool
    ) -> Goal:
        """The goal that a quantified formula has the wanted truth value."""
        if (node.operator == "exists") == wanted:
            return self._somewhere(node, environment, (*path, node), wanted=wanted)
        return self._everywhere(node, environment, (*path, node), wanted=wanted)

    def _somewhere(
        self, node: Term, environment: Mapping[str, Any], path: Path, *, wanted: bool
    ) -> Goal:
        """The body has the wanted truth value at a point that the search may choose."""
        inner = dict(environment)
        names: list[str] = []
        choices: list[Sequence[Any]] = []
        for name, sort in node.payload:
            if isinstance(sort, EnumSort):
                names.append(name)
                choices.append(sort.members)
            else:
                inner[name] = self.variables.bound(path, name, sort)
        # Alternatives may share variables, theirs and those of quantifiers inside them: a choice
        # for one of them is a choice for their disjunction.
        parts: list[Goal] = []
        for members in product(*choices):
            given = {**inner, **dict(zip(names, members, strict=True))}
            for case, values in self._cases(node, given, path):
                found = self.truth(node.arguments[0], values, path, wanted=wanted)
                parts.append(all_of([case, found[0 if wanted else 1]]))
        return any_of(parts)

    def _cases(
        self, node: Term, given: Mapping[str, Any], path: Path
    ) -> Iterator[tuple[Goal, Mapping[str, Any]]]:
        """The cases of what a quantifier binds: that its finite features have certain values, and
        what its names stand for there.

        Only over time: of two runs that come by the same place the one may choose a flag and the
        other take all, and their networks are one only where both are given the same number.
        """
        flags = [(name, feature) for name, feature in finite_features(node)]
        count = prod(len(feature.values or ()) for _, feature in flags)
        for outer in path[:-1]:
            if isinstance(outer, Term):
                count *= prod(len(feature.values or ()) for _, feature in finite_features(outer))
        if not self.by_cases or not flags or count > MOST_CASES:
            yield ALWAYS, given
            return
        for values in product(*(feature.values or () for _, feature in flags)):
            case: list[Goal] = []
            inside = dict(given)
            for (name, feature), value in zip(flags, values, strict=True):
                number = constant(value)
                case.append(self._equal_numbers(given[name][feature.name], number)[0])
                inside[name] = {**inside[name], feature.name: number}
            yield all_of(case), inside

    def _everywhere(
        self, node: Term, environment: Mapping[str, Any], path: Path, *, wanted: bool
    ) -> Goal:
        """The body has the wanted truth value at every point: a conjunction over all of them."""
        names: list[str] = []
        choices: list[Sequence[Any]] = []
        count = 1
        for name, sort in node.payload:
            points = points_of(sort)
            if points is None:
                given = self.choices.get(name, ())
                points = [chosen(c, name, sort, environment, self._clamped) for c in given]
            if not points:
                return Undecidable(f"the inner quantifier over `{name}` ranges over a continuum")
            count *= len(points)
            names.append(name)
            choices.append(points)
        if count > LARGEST_EXPANSION:
            return Undecidable(f"an inner quantifier ranges over {count} points")
        # Each point is a place of its own: quantifiers inside choose anew at each of them.
        parts = [
            self.truth(
                node.arguments[0],
                {**environment, **dict(zip(names, point, strict=True))},
                (*path, number),
                wanted=wanted,
            )
            for number, point in enumerate(product(*choices))
        ]
        return all_of([part[0 if wanted else 1] for part in parts])

    def _clamped(self, value: Affine, low: Fraction, high: Fraction) -> Affine:
        """The value cut to a range."""
        return self._computed(
            "min", [self._computed("max", [value, constant(low)]), constant(high)]
        )
