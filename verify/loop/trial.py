"""One trajectory, step by step, in exact arithmetic or with the network in float32."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from theory.course import advance, may_take
from theory.enclosure import Undecided
from theory.semantics import Interpretation, evaluate
from theory.value import Value
from verify.loop.question import Question

LONGEST_BITS = 4096
"""A state with longer numbers than this will not be come back to."""

Functions = Mapping[str, Callable[..., Value]]


@dataclass(frozen=True)
class Trail:
    """A trajectory.

    Attributes:
        values: of the quantified variables.
        states: those that it comes to, the first included.
        actions: what the agent did at each of them but the last.
        choices: what others chose at each of them but the last; None where nobody else does.
        fails: whether a demand is not met at its last state.
        returns: where it comes back at its last state to one where it was before, without what it
            has to get to, the step at which it was there: it can go round for ever.
    """

    values: Mapping[str, Value]
    states: tuple[Value, ...]
    actions: tuple[str, ...]
    choices: tuple[Value | None, ...]
    fails: bool
    returns: int | None = None

    @property
    def violates(self) -> bool:
        """Whether it is not as demanded."""
        return self.fails or self.returns is not None


def follow(
    question: Question,
    functions: Functions,
    values: Mapping[str, Value],
    choices: Sequence[Value | None],
    guide: Sequence[str] = (),
) -> Trail | None:
    """The trajectory from these values, until a demand is not met, no more is asked, or, where the
    question has no end, it comes back to where it was.

    Args:
        question: the question.
        functions: the meaning of its function symbols.
        values: of its quantified variables.
        choices: what others choose, step by step; it ends where these end.
        guide: where several actions may be taken, the one that is named here at its step is.

    Returns:
        The trajectory; None where it does not begin there.

    Raises:
        Undecided: enclosures leave open what happens.
    """
    meant = Interpretation(functions, values)
    if not evaluate(question.condition, meant):
        return None
    states: list[Value] = [evaluate(question.start, meant)]
    actions: list[str] = []
    fails = False
    returns: int | None = None
    passed: dict[tuple[Value, ...], int] = {}
    for step, demand in enumerate(question.demands):
        here = meant.bind({question.state: states[-1]})
        if demand.leaves is not None and evaluate(demand.leaves, here):
            break
        if demand.must is not None and not evaluate(demand.must, here):
            fails = True
            break
        if question.endless:
            key = tuple(states[-1].values())
            if passed.setdefault(key, step) < step:
                returns = passed[key]
                break
            if max(x.denominator.bit_length() for x in key) > LONGEST_BITS:
                break
        if step == question.steps or step >= len(choices):
            break
        action = _taken(question, states[-1], here, guide[step] if step < len(guide) else None)
        actions.append(action)
        world = question.world
        states.append(advance(world, states[-1], action, choices[step], here, evaluate))
    count = len(actions)
    return Trail(values, tuple(states), tuple(actions), tuple(choices[:count]), fails, returns)


def _taken(question: Question, state: Value, here: Interpretation, wish: str | None) -> str:
    possible: list[str] = []
    for action, taken in may_take(question.world, state, here, evaluate):
        if isinstance(taken, Undecided):
            raise taken
        possible.append(action)
    return wish if wish in possible else possible[0]
