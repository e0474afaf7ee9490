"""Random small worlds, and a naive judge of them that shares no code with what it judges.

The judge lists every pair of memoryless strategies; a chain's values come from dense elimination.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product

from hypothesis import strategies as st

from theory.finite.arena import Game, World
from theory.process import Process

F = Fraction
NAMES: tuple[str, ...] = ("a", "b", "c", "d")
ONE, HALF = F(1), F(1, 2)
ROWS = [[ONE], [HALF, HALF], [F(1, 3), F(2, 3)], [F(1, 10), F(9, 10)], [F(1, 4), F(1, 4), HALF]]
Table = dict[str, Fraction | None]
"""Values by state; None is infinite."""


@st.composite
def worlds(
    draw: st.DrawFn, least: int = -2, most: int = 2, players: int = 2, actions: int = 2
) -> World:
    steps: dict[str, dict[str, dict[str, Fraction]]] = {}
    rewards: dict[tuple[str, str], Fraction] = {}
    for state in NAMES:
        steps[state] = {}
        for action in ["x", "y"][: draw(st.integers(0, actions))]:
            row = draw(st.sampled_from(ROWS))
            targets = draw(st.permutations(NAMES))
            steps[state][action] = dict(zip(targets, row, strict=False))
            rewards[state, action] = F(
                draw(st.integers(least, most)), draw(st.sampled_from([1, 3]))
            )
    world = Process(steps, rewards, F(draw(st.sampled_from([0, 5, 9])), 10))
    if players < 2:
        return world
    return Game(world, frozenset(draw(st.sets(st.sampled_from(NAMES)))))


subsets = st.frozensets(st.sampled_from(NAMES))


def parts(world: World) -> tuple[Process, frozenset[str]]:
    return (world.process, world.opponent) if isinstance(world, Game) else (world, frozenset())


def row(process: Process, state: str, action: str | None) -> Mapping[str, Fraction]:
    return {state: F(1)} if action is None else process.transitions[state][action]


def strategies(process: Process, states: list[str]) -> Iterator[dict[str, str | None]]:
    options = [list(process.transitions[s]) or [None] for s in states]
    for chosen in product(*options):
        yield dict(zip(states, chosen, strict=True))


def eliminate(matrix: list[list[Fraction]]) -> list[Fraction]:
    """The solution of a regular augmented matrix."""
    size = len(matrix)
    for at in range(size):
        pivot = next(r for r in range(at, size) if matrix[r][at] != 0)
        matrix[at], matrix[pivot] = matrix[pivot], matrix[at]
        matrix[at] = [x / matrix[at][at] for x in matrix[at]]
        for other in range(size):
            if other != at:
                factor = matrix[other][at]
                matrix[other] = [
                    x - factor * y for x, y in zip(matrix[other], matrix[at], strict=True)
                ]
    return [line[-1] for line in matrix]


def linear(
    process: Process,
    policy: Mapping[str, str | None],
    open_: list[str],
    known: Mapping[str, Fraction],
    gains: Mapping[str, Fraction],
    discount: Fraction = ONE,
) -> dict[str, Fraction]:
    matrix: list[list[Fraction]] = []
    for state in open_:
        line = [F(int(state == other)) for other in open_] + [gains.get(state, F(0))]
        for target, p in row(process, state, policy[state]).items():
            if target in open_:
                line[open_.index(target)] -= discount * p
            else:
                line[-1] += discount * p * known.get(target, F(0))
        matrix.append(line)
    return {**known, **dict(zip(open_, eliminate(matrix), strict=True))}


def can_reach(
    process: Process, policy: Mapping[str, str | None], stay: frozenset[str], goal: frozenset[str]
) -> set[str]:
    found = set(goal)
    while True:
        more = {
            s
            for s in stay - found
            if any(p and t in found for t, p in row(process, s, policy[s]).items())
        }
        if not more:
            return found
        found |= more


def chain_until(
    process: Process, policy: Mapping[str, str | None], stay: frozenset[str], goal: frozenset[str]
) -> Table:
    reaching = can_reach(process, policy, stay, goal)
    known = {s: F(int(s in goal)) for s in NAMES if s in goal or s not in reaching}
    return {**linear(process, policy, [s for s in NAMES if s not in known], known, {})}


def chain_reward(process: Process, policy: Mapping[str, str | None], goal: frozenset[str]) -> Table:
    """With rewards of at least 0."""
    sure = chain_until(process, policy, frozenset(NAMES), goal)
    open_ = [s for s in NAMES if sure[s] == 1 and s not in goal]
    gains = {s: process.reward(s, str(policy[s])) for s in open_}
    found = linear(process, policy, open_, dict.fromkeys(goal, F(0)), gains)
    return {s: found.get(s) for s in NAMES}


def chain_discounted(process: Process, policy: Mapping[str, str | None]) -> Table:
    gains = {s: process.reward(s, str(a)) for s, a in policy.items() if a is not None}
    return {**linear(process, policy, list(NAMES), {}, gains, process.discount)}


def play(world: World, best: str, chain: ...) -> Table:  # pyright: ignore[reportInvalidTypeForm]
    """The value of the game whose chains are judged by `chain(process, policy)`."""
    process, opponent = parts(world)
    mine = [s for s in NAMES if s not in opponent]
    outer, inner = (min, max) if best == "min" else (max, min)

    def size(value: Fraction | None) -> tuple[bool, Fraction]:
        return (value is None, value or F(0))

    result: Table = {}
    tables = [
        [chain(process, {**one, **two}) for two in strategies(process, sorted(opponent))]
        for one in strategies(process, mine)
    ]
    for state in NAMES:
        result[state] = outer(
            (inner((table[state] for table in line), key=size) for line in tables), key=size
        )
    return result
