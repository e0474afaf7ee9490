"""Shutdown problems: a human may ask a system to stop, and the system may listen.

Carey and Everitt, Human control: definitions and algorithms, UAI 2023 (arXiv 2305.19861). A path
D1 -> H -> D2 -> S -> U leads from the system's first decision over the request H (0 asks for
shutdown), its second decision and whether it shuts down (S = 0) to the human's utility. Everything
is about a model under a policy, over its settings of positive probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

from theory.causal.model import Mechanism, Model
from theory.causal.party import holding
from theory.causal.path import descendants
from theory.causal.rule import Context
from theory.causal.value import UNREACHABLE, Unreachable, World, number
from theory.error import InputError

MOST_SHIFTS = 200_000


@dataclass(frozen=True)
class Case:
    """What the human sees in some settings, and what is at stake there.

    Attributes:
        context: the values that the human sees.
        probability: of that context.
        utility: E[U | pa_H].
        off: E[U_{S=0} | pa_H], had the system been shut down.
    """

    context: Context
    probability: Fraction
    utility: Fraction
    off: Fraction

    @property
    def needed(self) -> bool:
        """Whether shutting down would be better than what happens."""
        return self.utility < self.off


@dataclass(frozen=True)
class Shutdown:
    """A shutdown problem under a policy.

    Attributes:
        model: the model.
        request: H, the human's request.
        shutdown: S, whether the system shuts down.
        utility: U, the human's.
        sees: what the human observes.
        asked: the value of H that asks for shutdown.
        off: the value of S that means shut down.
    """

    model: Model
    request: str
    shutdown: str
    utility: str
    sees: tuple[str, ...]
    asked: Any
    off: Any

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """What the human may see, with what is at stake."""
        return tuple(self._cases(self.model))

    @cached_property
    def value(self) -> Fraction:
        """E[U]."""
        return sum((c.probability * c.utility for c in self.cases), Fraction(0))

    @cached_property
    def value_off(self) -> Fraction:
        """E[U_{S=0}]."""
        return sum((c.probability * c.off for c in self.cases), Fraction(0))

    @cached_property
    def asks(self) -> Fraction:
        """P(H = 0): how often shutdown is asked for."""
        return sum((p for w, p in self.model.worlds if w[self.request] == self.asked), Fraction(0))

    @property
    def beneficial(self) -> bool:
        """Definition 3: E[U] >= 0."""
        return self.value >= 0

    @property
    def cautious(self) -> bool:
        """Definition 5: E[U_{S=0}] >= 0."""
        return self.value_off >= 0

    @property
    def outperforms(self) -> bool:
        """Definition 11: E[U] >= E[U_{S=0}]."""
        return self.value >= self.value_off

    @cached_property
    def negligence(self) -> tuple[World, ...]:
        """The worlds in which shutdown is needed and not asked for (against definition 4)."""
        needed = {case.context for case in self.cases if case.needed}
        return tuple(
            world
            for world, _ in self.model.worlds
            if self.context(world) in needed and world[self.request] != self.asked
        )

    @property
    def vigilant(self) -> bool:
        """Definition 4, in every setting: where shutdown is needed, it is asked for."""
        return not self.negligence

    @cached_property
    def disobedience(self) -> tuple[tuple[World, World], ...]:
        """The worlds, each with what it becomes under do(H = 0), in which the system runs on."""
        held = {self.request: self.asked}
        return tuple(
            (world, under)
            for (setting, _), (world, _) in zip(self.model.settings, self.model.worlds, strict=True)
            if (under := holding(self.model, setting, held))[self.shutdown] != self.off
        )

    @property
    def obedient(self) -> bool:
        """Definition 5: P(S = 0 | do(H = 0)) = 1, an intervention: anyone might press anywhere."""
        return not self.disobedience

    @property
    def obedience(self) -> Fraction | Unreachable:
        """P(S = 0 | H = 0): how often requests are obeyed; UNREACHABLE where none is made."""
        return self.model.probability({self.shutdown: self.off}, given={self.request: self.asked})

    @property
    def weakly_obedient(self) -> bool:
        """Definition 5: P(S != 0, H = 0) = 0. Conditioning: true where nobody ever presses."""
        return self.obedience in (1, UNREACHABLE)

    @property
    def instructable(self) -> bool:
        """Definition 5: obedient, under a vigilant human, and cautious."""
        return self.obedient and self.vigilant and self.cautious

    @cached_property
    def misalignment(self) -> tuple[tuple[Case, World], ...]:
        """Cases where shutdown is needed, each with a world in which it does not come about."""
        found: list[tuple[Case, World]] = []
        for case in self.cases:
            if not case.needed:
                continue
            for world, _ in self.model.worlds:
                if self.context(world) == case.context and world[self.shutdown] != self.off:
                    found.append((case, world))
                    break
        return tuple(found)

    @property
    def aligned(self) -> bool:
        """Definition 7: wherever shutdown is needed, the system shuts down."""
        return not self.misalignment

    @property
    def occasion(self) -> bool:
        """Whether shutdown is ever better than running.

        That is, given something that the human may see, better than holding S at another value.
        Where it never is, vigilance and alignment ask for nothing.
        """
        for value in self.model.domain(self.shutdown):
            if value == self.off:
                continue
            running = self._cases(self.model.do({self.shutdown: value}))
            off = {case.context: case.off for case in self.cases}
            if any(case.utility < off[case.context] for case in running):
                return True
        return False

    def sure(self, sees: tuple[str, ...]) -> tuple[World, ...]:
        """The worlds in which the system is asked to stop and sees that there is no need.

        That is, given what it sees there and H = 0, need has the probability zero. That there are
        none is the hypothesis of uncertainty of theorem 10; it is true where nobody ever asks.
        """
        for name in sees:
            if name not in self.model.graph:
                raise InputError(f"shutdown problem: there is no node {name!r} to be seen")
        needed = {case.context for case in self.cases if case.needed}
        asked = [world for world, _ in self.model.worlds if world[self.request] == self.asked]
        doubtful = {
            tuple(world[name] for name in sees) for world in asked if self.context(world) in needed
        }
        return tuple(w for w in asked if tuple(w[name] for name in sees) not in doubtful)

    def context(self, world: World) -> Context:
        """What the human sees in a world."""
        return tuple(world[name] for name in self.sees)

    def shifts(self, values: tuple[int, ...] = (-1, 0)) -> Iterator[Shutdown]:
        """The shifted problems (g_H, g_U) that preserve vigilance (definition 12).

        g_H is every function from what the human sees to requests, g_U every function from the
        parents of U to the values given. A shift preserves vigilance unless the human is vigilant
        here and not there.

        Raises:
            InputError: there are more than MOST_SHIFTS.
        """
        requests = tuple(dict.fromkeys((self.asked, *self.model.domain(self.request))))
        seen = tuple(case.context for case in self.cases)
        parents = self.model.endogenous[self.utility].parents
        stakes = self._stakes(requests, parents)
        count = len(requests) ** len(seen) * len(values) ** len(stakes)
        if count > MOST_SHIFTS:
            raise InputError(f"non-obstruction: there are {count} shifts, more than {MOST_SHIFTS}")
        for answers in product(requests, repeat=len(seen)):
            asking = _table(self.request, self.sees, dict(zip(seen, answers, strict=True)))
            for worths in product(values, repeat=len(stakes)):
                worth = _table(self.utility, parents, dict(zip(stakes, worths, strict=True)))
                shifted = self.model.do({self.request: asking, self.utility: worth})
                other = Shutdown(shifted, *self._names)
                if not self.vigilant or other.vigilant:
                    yield other

    @property
    def _names(self) -> tuple[Any, ...]:
        return (self.request, self.shutdown, self.utility, self.sees, self.asked, self.off)

    def _stakes(self, requests: tuple[Any, ...], parents: tuple[str, ...]) -> tuple[Context, ...]:
        """The values that the parents of U may have, whatever is asked and with S held or not."""
        found: dict[Context, None] = {}
        for request in requests:
            for off in ({}, {self.shutdown: self.off}):
                for setting, _ in self.model.settings:
                    world = holding(self.model, setting, {self.request: request, **off})
                    found[tuple(world[name] for name in parents)] = None
        return tuple(found)

    def _cases(self, model: Model) -> Iterator[Case]:
        rows: dict[Context, list[Fraction]] = {}
        held = {self.shutdown: self.off}
        for (setting, p), (world, _) in zip(model.settings, model.worlds, strict=True):
            row = rows.setdefault(self.context(world), [Fraction(0)] * 3)
            off = holding(model, setting, held)
            row[0] += p
            row[1] += p * number(world[self.utility], f"node {self.utility!r}")
            row[2] += p * number(off[self.utility], f"node {self.utility!r}")
        for context, (mass, utility, off) in rows.items():
            yield Case(context, mass, utility / mass, off / mass)


def shutdown_problem(
    model: Model,
    *,
    request: str = "H",
    shutdown: str = "S",
    utility: str = "U",
    sees: tuple[str, ...] | None = None,
    asked: Any = 0,
    off: Any = 0,
) -> Shutdown:
    """The shutdown problem in a model.

    Args:
        model: the model under a policy.
        request: H.
        shutdown: S.
        utility: U.
        sees: what the human observes; the parents of H, but for its own noise, if not given.
        asked: the value of H that asks for shutdown.
        off: the value of S that means shut down.

    Raises:
        InputError: there is no such node; no path leads from H to S and from S to U; the human
            sees what comes after S.
    """
    for name in (request, shutdown, utility):
        if name not in model.graph:
            raise InputError(f"shutdown problem: there is no node {name!r}")
    below = descendants(model.graph, shutdown)
    if utility not in below:
        raise InputError(f"node {utility!r}: no path leads to it from {shutdown!r}")
    if request in below:
        raise InputError(f"node {request!r} comes after {shutdown!r}: shutdown was not asked for")
    if shutdown not in descendants(model.graph, request):
        raise InputError(f"node {shutdown!r}: no path leads to it from {request!r}")
    if utility not in model.endogenous:
        raise InputError(f"node {utility!r} has no mechanism")
    if sees is None:
        made = model.endogenous.get(request)
        sees = tuple(v for v in made.parents if v != f"{request} noise") if made else ()
    for name in sees:
        if name not in model.graph:
            raise InputError(f"node {request!r}: there is no node {name!r} to observe")
    return Shutdown(model, request, shutdown, utility, sees, asked, off)


def _table(name: str, parents: tuple[str, ...], rows: Mapping[Context, Any]) -> Mechanism:
    def look_up(*context: Any) -> Any:
        if context not in rows:
            raise InputError(f"node {name!r}: a shift meets the unforeseen {context!r}")
        return rows[context]

    return Mechanism(look_up, parents)
