"""Systems of formulas that speak of each other's provability, decided exactly.

A system defines names by formulas in which every circular reference goes through a box. By the
fixed point theorem (de Jongh and Sambin) it has one solution in provability logic; whether its
formulas are true of the natural numbers is read off the linear Kripke frame 0, 1, 2, ..., in which
box f is true at n iff f is true at all m < n: they are true iff they are true at all but finitely
many n (Boolos, The logic of provability, 1993).

When to stop: box(n + 1) = box(n) and f(n), and what is true at n is a function of the boxes at n.
The first vector of boxes that occurs twice in succession is the last. A box that turned false stays
false, so that with K different boxed formulas at most K + 1 worlds have to be looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from theory.decision.modal.formula import Formula, parts
from theory.error import InputError


@dataclass(frozen=True)
class Fixpoint:
    """The solution of a system.

    Attributes:
        worlds: what is true at 0, 1, 2, ..., by name; all worlds after the last are like it.
        boxes: how many different boxed formulas there are.
    """

    worlds: tuple[Mapping[str, bool], ...]
    boxes: int

    def true(self, name: str) -> bool:
        """Whether it is true."""
        return self.worlds[-1][self._known(name)]

    def provable(self, name: str) -> bool:
        """Whether it is provable in Peano arithmetic: true at every world."""
        return all(world[self._known(name)] for world in self.worlds)

    def level(self, name: str) -> int | None:
        """The least k such that PA + k proves it; None where it is false."""
        if not self.true(name):
            return None
        wrong = [at for at, world in enumerate(self.worlds) if not world[name]]
        return wrong[-1] + 1 if wrong else 0

    def _known(self, name: str) -> str:
        if name not in self.worlds[-1]:
            raise InputError(f"the system has no {name!r}; it has {', '.join(self.worlds[-1])}")
        return name


def settle(definitions: Mapping[str, Formula]) -> Fixpoint:
    """The solution of a system.

    Raises:
        InputError: a name is not defined, or is defined by itself outside any box.
    """
    programme = _Programme(definitions)
    boxed = dict.fromkeys(programme.boxes, True)
    worlds: list[Mapping[str, bool]] = []
    while True:
        true = programme.evaluate(boxed)
        worlds.append({name: true[at] for name, at in programme.roots.items()})
        fallen = [at for at, of in programme.boxes.items() if boxed[at] and not true[of]]
        if not fallen:
            return Fixpoint(tuple(worlds), len(boxed))
        boxed.update(dict.fromkeys(fallen, False))


class _Programme:
    """The different parts of a system, in an order in which each can be evaluated.

    Attributes:
        boxes: number of a boxed part, to the number of what is in the box.
        roots: name to the number of the part that defines it.
    """

    def __init__(self, definitions: Mapping[str, Formula]) -> None:
        known: dict[tuple[str, ...], int] = {}
        number: dict[int, int] = {}
        self.boxes: dict[int, int] = {}
        self._rows: list[tuple[str, int, int]] = []
        names: dict[int, str] = {}
        for part in parts(*definitions.values()):
            of = [number[id(argument)] for argument in part.arguments]
            key = (part.operator, part.name, *map(str, of))
            at = known.setdefault(key, len(self._rows))
            number[id(part)] = at
            if at < len(self._rows):
                continue
            self._rows.append((part.operator, *(of[0] if of else 0, of[1] if len(of) > 1 else 0)))
            if part.operator == "box":
                self.boxes[at] = of[0]
            elif part.operator == "name":
                names[at] = part.name
        self.roots = {name: number[id(formula)] for name, formula in definitions.items()}
        for at, text in names.items():
            if text not in self.roots:
                raise InputError(
                    f"formula: {text!r} is not defined; defined are {', '.join(self.roots)}"
                )
            self._rows[at] = ("name", self.roots[text], 0)
        self._order = self._sorted(names)

    def _sorted(self, names: Mapping[int, str]) -> list[int]:
        needs: TopologicalSorter[int] = TopologicalSorter()
        for at, (operator, one, other) in enumerate(self._rows):
            match operator:
                case "box" | "true" | "false":
                    needs.add(at)
                case "not" | "name":
                    needs.add(at, one)
                case _:
                    needs.add(at, one, other)
        try:
            return list(needs.static_order())
        except CycleError as error:
            around = [names[at] for at in error.args[1] if at in names]
            circle = " -> ".join(
                [*around, around[0]] if len(set(around)) == len(around) else around
            )
            raise InputError(f"formula: {circle} is a circle outside any box") from None

    def evaluate(self, boxed: Mapping[int, bool]) -> list[bool]:
        """What is true in a world with these boxes."""
        true = [False] * len(self._rows)
        for at in self._order:
            operator, one, other = self._rows[at]
            match operator:
                case "box":
                    true[at] = boxed[at]
                case "name":
                    true[at] = true[one]
                case "not":
                    true[at] = not true[one]
                case "and":
                    true[at] = true[one] and true[other]
                case "or":
                    true[at] = true[one] or true[other]
                case "implies":
                    true[at] = not true[one] or true[other]
                case "iff":
                    true[at] = true[one] == true[other]
                case _:
                    true[at] = operator == "true"
        return true
