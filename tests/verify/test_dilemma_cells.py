"""Every cell of the table another way: the theories' definitions as formulas, decided by Z3.

The worlds are enumerated here, with probabilities and payoffs as terms of Z3 in a symbol; what a
theory recommends is written down as its definition, without maximising anything. Z3 proves that the
regions which `partition` found are just where the definition holds, all over the range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain, combinations
from typing import Any

import pytest
import z3

from theory.decision.answer import Status
from theory.decision.dilemma import LIBRARY
from theory.decision.document.writer import _Usual
from theory.decision.problem import POLICY, Policy, Problem, _result
from theory.decision.theory import THEORIES
from theory.parametric import Parametric
from theory.partition import partition
from theory.rational import exact
from verify.dilemma.feasible import feasible, polynomial, rational

Weighted = list[tuple[dict[str, Any], Any]]
Numbers = dict[str, Any]


def term(value: Any, numbers: Numbers) -> Any:
    """An exact or a traced number as a term."""
    number = exact(value)
    if isinstance(number, Parametric):
        top, bottom = number.function.numer, number.function.denom
        return polynomial(top, numbers) / polynomial(bottom, numbers)
    return rational(number)


def worlds(
    problem: Problem,
    numbers: Numbers,
    change: Callable[[Policy], Policy] = lambda policy: policy,
    act: Any = None,
) -> Weighted:
    """Every world, those of probability zero too."""
    found: Weighted = [({}, rational(exact(1)))]
    for name in problem.order:
        longer: Weighted = []
        for world, weight in found:
            if name == POLICY:
                rows = {change(p): q for p, q in problem.inclined(world).items()}
                if len(rows) < len(problem.inclined(world)):
                    rows = {}
                    for p, q in problem.inclined(world).items():
                        rows[change(p)] = rows.get(change(p), 0) + q
            elif name == problem.decision.name:
                own = world[POLICY](*(world[s] for s in problem.sees))
                rows = {own if act is None else act: 1}
            else:
                node = problem.nodes[name]
                result = _result(node, tuple(world[p] for p in node.parents))
                if node.utility:
                    longer.append(({**world, name: term(result, numbers)}, weight))
                    continue
                rows = result if isinstance(result, Mapping) else {result: 1}
            for value, q in rows.items():
                longer.append(({**world, name: value}, weight * term(q, numbers)))
        found = longer
    return found


class Definitions:
    """What each theory answers, as a formula for each answer."""

    def __init__(self, problem: Problem, numbers: Numbers) -> None:
        self.problem, self.numbers = problem, numbers
        self.acts = problem.acts

    def gain(self, world: dict[str, Any]) -> Any:
        return z3.Sum([world[u] for u in self.problem.utilities])

    def here(self, world: dict[str, Any]) -> bool:
        return tuple(world[s] for s in self.problem.sees) == self.problem.asked

    def sums(self, kept: Weighted) -> tuple[Any, Any]:
        """Expected utility and probability of some worlds."""
        return (
            z3.Sum([w * self.gain(world) for world, w in kept] or [z3.RealVal(0)]),
            z3.Sum([w for _, w in kept] or [z3.RealVal(0)]),
        )

    def best(self, values: Mapping[Any, tuple[Any, Any]]) -> dict[str, Any]:
        """For each set of acts, that they are the best by values (numerator, positive mass)."""

        def beats(a: Any, b: Any) -> Any:
            return values[a][0] * values[b][1] >= values[b][0] * values[a][1]

        found: dict[str, Any] = {}
        for chosen in chain.from_iterable(
            combinations(self.acts, n) for n in range(1, len(self.acts) + 1)
        ):
            top = [beats(a, b) for a in chosen for b in self.acts]
            low = [z3.Not(beats(c, a)) for c in self.acts if c not in chosen for a in chosen[:1]]
            found[" or ".join(map(str, chosen))] = z3.And([*top, *low])
        return found

    def edt(self) -> dict[str, Any]:
        every = [(w, p) for w, p in worlds(self.problem, self.numbers) if self.here(w)]
        name = self.problem.decision.name
        values = {a: self.sums([(w, p) for w, p in every if w[name] == a]) for a in self.acts}
        known = z3.And([values[a][1] > 0 for a in self.acts])
        answers = {said: z3.And(known, f) for said, f in self.best(values).items()}
        return {**answers, "unreachable": z3.Not(known)}

    def cdt(self) -> dict[str, Any]:
        news: dict[Any, dict[Any, tuple[Any, Any]]] = {d: {} for d in self.acts}
        for act in self.acts:
            every = [(w, p) for w, p in worlds(self.problem, self.numbers, act=act) if self.here(w)]
            for d in self.acts:
                own = [(w, p) for w, p in every if w[POLICY](*self.problem.asked) == d]
                news[d][act] = self.sums(own)

        def possible(d: Any) -> Any:
            return news[d][self.acts[0]][1] > 0

        def top(d: Any, a: Any) -> Any:
            return z3.And([news[d][a][0] >= news[d][b][0] for b in self.acts])

        firm = {
            a: z3.And([z3.Implies(possible(d), top(d, a)) for d in self.acts]) for a in self.acts
        }
        rest = z3.Or([z3.And(possible(d), top(d, d)) for d in self.acts])
        asked = z3.Or([possible(d) for d in self.acts])
        found: dict[str, Any] = {"unreachable": z3.Not(asked)}
        for chosen in chain.from_iterable(
            combinations(self.acts, n) for n in range(1, len(self.acts) + 1)
        ):
            exactly = [firm[a] if a in chosen else z3.Not(firm[a]) for a in self.acts]
            found[" or ".join(map(str, chosen))] = z3.And(asked, *exactly)
        none = z3.And(asked, *(z3.Not(f) for f in firm.values()))
        return found | {"depends": z3.And(none, rest), "unstable": z3.And(none, z3.Not(rest))}

    def fdt(self) -> dict[str, Any]:
        values = {
            a: self.sums(
                worlds(self.problem, self.numbers, lambda p, a=a: p.changed(self.problem.asked, a))
            )
            for a in self.acts
        }
        return self.best(values)

    def udt(self) -> dict[str, Any]:
        one = z3.RealVal(1)
        worth = {p: self.under(p) for p in self.problem.policies}
        top = z3.Real("top")
        limit = z3.And(
            *(top >= w for w in worth.values()), z3.Or([top == w for w in worth.values()])
        )
        self.extra = limit
        reached = {
            a: z3.Or([worth[p] == top for p in worth if p(*self.problem.asked) == a])
            for a in self.acts
        }
        found: dict[str, Any] = {}
        for chosen in chain.from_iterable(
            combinations(self.acts, n) for n in range(1, len(self.acts) + 1)
        ):
            exactly = [reached[a] if a in chosen else z3.Not(reached[a]) for a in self.acts]
            found[" or ".join(map(str, chosen))] = z3.And(one == 1, *exactly)
        return found

    def under(self, policy: Policy) -> Any:
        """The worth of a policy: its inclination does not matter."""
        value, mass = self.sums(worlds(self.problem, self.numbers, lambda _: policy))
        del mass
        return value

    extra: Any = z3.BoolVal(True)


def check(name: str, theory: str, parameters: list[str]) -> None:
    entry = LIBRARY[name]
    box = entry.box(parameters)
    trace = _Usual({n: entry.parameters[n] for n in box})
    traced = {n: Parametric(g, trace) for n, g in zip(box, trace.field.gens, strict=True)}
    numbers = {n: z3.Real(n) for n in box}
    definitions = Definitions(entry.problem(**traced), numbers)
    ways = {"EDT": "edt", "CDT": "cdt", "FDT": "fdt", "UDT 1.1": "udt"}
    formulas: dict[str, Any] = getattr(definitions, ways[theory])()
    found = partition(lambda v: str(THEORIES[theory](entry.problem(**v))), box, feasible)
    assert set(found.regions) <= set(formulas)
    for answer, formula in formulas.items():
        region = z3.Or(
            [
                z3.And([_holds(c, numbers) for c in way] or [z3.BoolVal(True)])
                for way in found.regions.get(answer, ())
            ]
            or [z3.BoolVal(False)]
        )
        solver = z3.Solver()
        solver.set("timeout", 30_000)
        for n, (low, high) in box.items():
            solver.add(numbers[n] >= rational(low), numbers[n] <= rational(high))
        solver.add(definitions.extra, z3.Xor(region, formula))
        assert solver.check() == z3.unsat, (answer, solver.model())


def _holds(condition: Any, numbers: Numbers) -> Any:
    value = polynomial(condition.polynomial, numbers)
    signs = {1: value > 0, 0: value == 0, -1: value < 0}
    return z3.Or([signs[s] for s in condition.signs])


@pytest.mark.parametrize("theory", ["EDT", "CDT", "FDT", "UDT 1.1"])
@pytest.mark.parametrize("name", LIBRARY)
def test_a_cell_is_what_its_definition_says_over_a_whole_range(name, theory):
    check(name, theory, list(LIBRARY[name].parameters)[:1])


@pytest.mark.slow
@pytest.mark.parametrize("theory", ["EDT", "CDT", "FDT", "UDT 1.1"])
@pytest.mark.parametrize(
    "name", ["newcomb", "transparent newcomb", "psychopath button", "mechanical blackmail"]
)
def test_a_cell_is_what_its_definition_says_over_two_ranges(name, theory):
    check(name, theory, list(LIBRARY[name].parameters)[:2])


def test_the_usual_values_are_in_the_cells_that_the_table_shows():
    """The regions at the usual values give the table's answers."""
    entry = LIBRARY["newcomb"]
    box = entry.box(["accuracy", "small"])
    for theory, decide in THEORIES.items():
        found = partition(lambda v, d=decide: str(d(entry.problem(**v))), box, feasible)
        said = found.at({n: entry.parameters[n] for n in box})
        assert said == entry.expected[theory]
        assert THEORIES[theory](entry.problem()).status is Status.DECIDED
