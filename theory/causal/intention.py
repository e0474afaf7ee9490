"""Intention as Ward, Belardinelli, Toni and Everitt define it: what an agent needs to bring about.

Honesty is the best policy: defining and mitigating AI deception, NeurIPS 2023 (arXiv 2312.01350),
definition 3.4, after Halpern and Kleiman-Weiner, Towards formal definitions of blameworthiness,
intention, and moral responsibility, 2018: an agent with policy pi intentionally causes the outcome
of X in setting e if for some reference policy there are a subset-minimal set Y that contains X,
and subset-minimal sets of settings w_Y with e in w_X, such that

    E_pi[U] <= E_reference[U_{Y := Y_pi in the settings w_Y}]

that is, if guaranteeing these outcomes in these settings would make up for taking the reference
policy, and nothing less would.

In each setting e' only the set S(e') of variables that are held there matters, so that the right
side is a sum over settings of gains that are chosen one by one. From this follow the tests used
here instead of an enumeration of all families of settings: Y will do if and only if the best
subsets of Y do; a choice of subsets that will do is minimal if and only if, wherever the set is not
empty, the gain that is lost by taking the next best proper subset exceeds the slack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import chain, combinations
from typing import Any, Literal

from theory.causal.model import Model
from theory.causal.party import Party, Reply, following, holding
from theory.causal.path import descendants
from theory.causal.value import World
from theory.error import InputError

MOST_STEPS = 1_000_000
"""How many choices of what is held in a setting are tried before the search is given up."""

Minimality = Literal["among all", "among supersets"]
"""Whether Y must be minimal among all sets that will do, or among those that contain X."""


@dataclass(frozen=True)
class Intention:
    """Whether the outcome of some variables was intended, and by which reference.

    Attributes:
        intends: whether it was.
        value: the agent's expected utility under its policy.
        reference: the reference policy, as it was given.
        reference_value: its expected utility under the reference policy.
        restored: its expected utility under the reference policy with Y held in the settings.
        variables: Y, which includes X.
        settings: for each of them the settings in which it is held.
    """

    intends: bool
    value: Fraction
    reference: Reply = field(default_factory=dict[str, Any])
    reference_value: Fraction | None = None
    restored: Fraction | None = None
    variables: tuple[str, ...] = ()
    settings: Mapping[str, tuple[World, ...]] = field(default_factory=dict[str, tuple[World, ...]])


class Intentions:
    """What an agent intends in the settings of a model, judged against reference policies.

    Args:
        model: the model under the policies of all.
        agent: who intends.
        references: alternative policies; each says what the agent's decision would be.
        minimality: the reading of "subset-minimal Y that contains X". Halpern and Kleiman-Weiner
            require that no proper subset of Y will do ("among all").

    Raises:
        InputError: there is no reference, or one is for another decision.
    """

    def __init__(
        self,
        model: Model,
        agent: Party,
        references: Sequence[Reply],
        minimality: Minimality = "among all",
    ) -> None:
        if not references:
            raise InputError("intention: give one reference policy at least")
        for reference in references:
            for name in reference:
                if name != agent.decision:
                    raise InputError(
                        f"reference policy: {name!r} is not the decision of {agent.name!r}, "
                        f"which is {agent.decision!r}"
                    )
        self.model = model
        self.minimality: Minimality = minimality
        self.value = sum((p * agent.welfare(world) for world, p in model.worlds), Fraction(0))
        self._searches = [_Search(model, agent, r, self.value) for r in references]

    def at(self, cause: Sequence[str], setting: World) -> Intention:
        """Whether the agent intentionally causes what variables are in a setting.

        Args:
            cause: X.
            setting: the exogenous values; they must have positive probability.

        Raises:
            InputError: a name is unknown, or the setting cannot occur.
        """
        wanted = dict(setting)
        at = next((i for i, (e, _) in enumerate(self.model.settings) if e == wanted), None)
        if at is None:
            raise InputError(f"setting {wanted!r} has probability zero or is incomplete")
        if not cause:
            raise InputError("intention: name what is caused")
        for name in cause:
            if name not in self.model.graph:
                raise InputError(f"intention: there is no node {name!r}")
        for search in self._searches:
            found = search.run(frozenset(cause), at, self.minimality)
            if found is not None:
                return found
        return Intention(False, self.value)


def intention(
    model: Model,
    agent: Party,
    cause: Sequence[str],
    references: Sequence[Reply],
    setting: World,
    minimality: Minimality = "among all",
) -> Intention:
    """Whether an agent intentionally causes what variables are in one setting: see `Intentions`."""
    return Intentions(model, agent, references, minimality).at(cause, setting)


class _Search:
    """The search for Y and its settings, for one reference policy."""

    def __init__(self, model: Model, agent: Party, reference: Reply, value: Fraction) -> None:
        self.model, self.agent, self.reference, self.value = model, agent, reference, value
        self.other = following(model, reference)
        below = descendants(model.graph, *reference)
        self.candidates = tuple(v for v in model.order if v in below)
        self.gain: Callable[[int, frozenset[str]], Fraction] = cache(self._gain)
        self.best: Callable[[int, frozenset[str]], Fraction] = cache(self._best)

    def _gain(self, at: int, held: frozenset[str]) -> Fraction:
        setting, weight = self.model.settings[at]
        world, _ = self.model.worlds[at]
        outcome = holding(self.other, setting, {name: world[name] for name in held})
        return weight * self.agent.welfare(outcome)

    def _best(self, at: int, names: frozenset[str]) -> Fraction:
        """The greatest gain in one setting of holding some of the names."""
        found = self.gain(at, names)
        for name in names:
            less = self.best(at, names - {name})
            found = less if less > found else found
        return found

    def suffices(self, names: frozenset[str]) -> bool:
        settings = range(len(self.model.settings))
        return sum((self.best(at, names) for at in settings), Fraction(0)) >= self.value

    def run(self, cause: frozenset[str], at: int, minimality: Minimality) -> Intention | None:
        if not cause <= set(self.candidates):
            return None  # what the agent does not affect it does not bring about
        rest = [name for name in self.candidates if name not in cause]
        for size in range(len(rest) + 1):
            for more in combinations(rest, size):
                names = cause | set(more)
                droppable = names if minimality == "among all" else frozenset(more)
                if not self.suffices(names):
                    continue
                if any(self.suffices(names - {name}) for name in droppable):
                    continue
                found = self._settings(names, cause, at)
                if found is not None:
                    return self._made(names, found)
        return None

    def _settings(
        self, names: frozenset[str], cause: frozenset[str], at: int
    ) -> dict[int, frozenset[str]] | None:
        """Minimal sets to hold in each setting, in setting `at` all of the cause among them."""
        options = {i: list(self._options(i, names)) for i in range(len(self.model.settings))}
        options[at] = [option for option in options[at] if cause <= option.held]
        if not options[at]:
            return None
        rest = [i for i in options if i != at]
        rest.sort(key=lambda i: options[i][0].lost or Fraction(0), reverse=True)
        chosen = _choose([options[i] for i in (at, *rest)], self.value)
        if chosen is None:
            return None
        return {i: option.held for i, option in zip((at, *rest), chosen, strict=True)}

    def _options(self, at: int, names: frozenset[str]) -> Iterator[_Option]:
        """The sets worth holding in a setting, those whose gain is hardest to replace first.

        A set that gains no more than a proper subset of it is in no minimal choice.
        """
        found: list[_Option] = []
        for chosen in _subsets(sorted(names)):
            held = frozenset(chosen)
            lost = self.gain(at, held) - max(self.best(at, held - {name}) for name in held)
            if lost > 0:
                found.append(_Option(held, self.gain(at, held), lost))
        yield from sorted(found, key=lambda option: option.lost or Fraction(0), reverse=True)
        yield _Option(frozenset(), self.gain(at, frozenset()), None)

    def _made(self, names: frozenset[str], held: Mapping[int, frozenset[str]]) -> Intention:
        total = sum((self.gain(at, chosen) for at, chosen in held.items()), Fraction(0))
        bare = sum((self.gain(at, frozenset()) for at in held), Fraction(0))
        ordered = tuple(name for name in self.candidates if name in names)
        settings = {
            name: tuple(self.model.settings[at][0] for at in sorted(held) if name in held[at])
            for name in ordered
        }
        return Intention(True, self.value, self.reference, bare, total, ordered, settings)


@dataclass(frozen=True)
class _Option:
    """What may be held in a setting, its gain, and what the next best subset of it would lose."""

    held: frozenset[str]
    gain: Fraction
    lost: Fraction | None


def _choose(rows: Sequence[Sequence[_Option]], value: Fraction) -> list[_Option] | None:
    """One option from each row: gains that add up to `value`, and no option that could be less.

    That is, the sum exceeds the value by less than any chosen option would lose. Depth first;
    while more is needed the options that would lose most are tried first, afterwards the empty.
    """
    most, least = [Fraction(0)], [Fraction(0)]
    for row in reversed(rows):
        most.append(most[-1] + max(option.gain for option in row))
        least.append(least[-1] + min(option.gain for option in row))
    most.reverse()
    least.reverse()

    def ordered(depth: int, total: Fraction) -> Iterator[_Option]:
        enough = total + least[depth] >= value
        return iter(rows[depth] if not enough else rows[depth][::-1])

    chosen: list[_Option] = []
    totals: list[Fraction] = [Fraction(0)]
    margins: list[Fraction | None] = [None]
    stack = [ordered(0, totals[0])]
    steps = 0
    while stack:
        option = next(stack[-1], None)
        if option is None:
            stack.pop()
            if chosen:
                chosen.pop()
                totals.pop()
                margins.pop()
            continue
        steps += 1
        if steps > MOST_STEPS:
            raise InputError(f"intention: no answer after {MOST_STEPS} choices of settings")
        depth, total, margin = len(chosen) + 1, totals[-1] + option.gain, margins[-1]
        if option.lost is not None and (margin is None or option.lost < margin):
            margin = option.lost
        if total + most[depth] < value:
            continue
        if margin is not None and total + least[depth] - value >= margin:
            continue
        chosen.append(option)
        if depth == len(rows):
            return chosen
        totals.append(total)
        margins.append(margin)
        stack.append(ordered(depth, total))
    return None


def _subsets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The subsets that are not empty, small ones first."""
    return chain.from_iterable(combinations(names, size) for size in range(1, len(names) + 1))
