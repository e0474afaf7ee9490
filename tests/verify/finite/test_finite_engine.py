"""The fast engine against the plain one: floats may guess what they like."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.error import InputError
from theory.finite.arena import Game, World
from theory.finite.average import average
from theory.finite.engine import PLAIN, Engine
from theory.finite.reach import reach, until
from theory.finite.reward import collected, discounted, reward_to
from theory.finite.value import Answer, Best
from theory.linear import solve as plain_solve
from theory.process import Process, process
from verify.finite import FAST, adviser, linear
from verify.finite.lifting import lift

F = Fraction


@pytest.fixture(autouse=True)
def floats_everywhere(monkeypatch: pytest.MonkeyPatch):
    """Small cases take the ways of large ones."""
    monkeypatch.setattr(linear, "LIFTED", 2)
    monkeypatch.setattr(adviser, "FEWEST", 1)


def world_of(seed: int, size: int, players: int, least: int, most: int) -> World:
    """A random sparse world; neighbours are near, so that there are circles of every length."""
    rng = random.Random(seed)
    steps: dict[str, dict[str, dict[str, Fraction]]] = {}
    rewards: dict[tuple[str, str], Fraction] = {}
    for at in range(size):
        steps[str(at)] = {}
        for action in "xyz"[: rng.choice([0, 1, 1, 2, 3])]:
            count = rng.randint(1, 3)
            parts = [rng.randint(1, 5) for _ in range(count)]
            row: dict[str, Fraction] = {}
            for part in parts:
                target = str((at + rng.choice([-2, -1, 0, 1, 1, 2, 7])) % size)
                row[target] = row.get(target, F(0)) + F(part, sum(parts))
            steps[str(at)][action] = row
            rewards[str(at), action] = F(rng.randint(least, most), rng.randint(1, 3))
    base = Process(steps, rewards, F(9, 10))
    return Game(base, frozenset(s for s in steps if rng.random() < 0.4)) if players == 2 else base


def answers(world: World, best: Best, engine: Engine) -> list[Answer]:
    goal, stay = ["0", "5"], [str(at) for at in range(size_of(world)) if at % 7 != 3]
    found = [
        reach(world, goal, best=best, engine=engine),
        until(world, stay, goal, best=best, engine=engine),
        reach(world, goal, within=4, best=best, engine=engine),
        reward_to(world, goal, best=best, engine=engine),
        collected(world, 3, best=best, engine=engine),
        discounted(world, best=best, engine=engine),
    ]
    if not isinstance(world, Game):
        found.append(average(world, best=best, engine=engine))
    return found


def size_of(world: World) -> int:
    return len((world.process if isinstance(world, Game) else world).states)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(6, 30),
    st.sampled_from([1, 1, 2]),
    st.sampled_from([(0, 3), (-3, 0), (-3, 3)]),
    st.sampled_from(["max", "min"]),
)
def test_both_engines_give_the_same_values(seed, size, players, signs, best):
    world = world_of(seed, size, players, *signs)
    for ours, plain in zip(answers(world, best, FAST), answers(world, best, PLAIN), strict=True):
        assert ours.values == plain.values


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 25), st.integers(1, 40))
def test_lifted_and_eliminated_solutions_are_the_plain_ones(seed, size, digits):
    """Right-hand sides with many digits too, as they come from blocks solved before."""
    rng = random.Random(seed)
    rows = [{at: F(1)} for at in range(size)]
    for at in range(size):
        for _ in range(rng.randint(1, 3)):
            other = rng.randrange(size)
            rows[at][other] = rows[at].get(other, F(0)) - F(rng.randint(1, 9), 31)
    right = [F(rng.randint(-(10**digits), 10**digits), rng.randint(1, 10**digits)) for _ in rows]
    fast_rows = [{x: fmpq(c.numerator, c.denominator) for x, c in row.items()} for row in rows]
    fast_right = [fmpq(b.numerator, b.denominator) for b in right]
    try:
        expected = plain_solve(rows, right)
    except InputError:
        with pytest.raises(InputError, match="exactly one solution"):
            linear.solve(fast_rows, fast_right)
        return
    same = [fmpq(v.numerator, v.denominator) for v in expected]
    assert linear.solve(fast_rows, fast_right) == same
    assert linear.eliminate(fast_rows, fast_right) == same
    assert lift(fast_rows, fast_right) in (same, None)


def test_lifting_finds_long_solutions():
    """A lazy walk on a circle with one exit: 120 unknowns, long denominators."""
    size = 120
    rows = [
        {at: fmpq(1), (at + 1) % size: fmpq(-2, 7), (at - 1) % size: fmpq(-4, 7)}
        for at in range(size)
    ]
    right = [fmpq(int(at == 3)) for at in range(size)]
    found = lift(rows, right)
    assert found is not None
    assert found == linear.eliminate(rows, right)
    assert max(int(value.q).bit_length() for value in found) > 250


def test_ill_conditioned_equations_are_eliminated():
    """Haddad and Monmege, Interval iteration algorithm for MDPs and IMDPs, 2018: N = 300."""
    n, half = 300, F(1, 2)
    steps: dict[str, dict[str, dict[str, Fraction]]] = {}
    for x in range(1, 2 * n):
        row = {str(x - 1 if x < n else x + 1): half, str(n): half}
        steps[str(x)] = {"go": row if x != n else {str(n - 1): F(7, 10), str(n + 1): F(3, 10)}}
    found = reach(process(steps), ["0"], engine=FAST)
    assert found.value(str(n)) == F(7, 10)
    assert found.value("1") == half + F(7, 20)


def test_a_matrix_without_a_diagonal_is_solved():
    rows = [{1: fmpq(1)}, {0: fmpq(2)}]
    assert linear.solve(rows, [fmpq(3), fmpq(4)]) == [fmpq(2), fmpq(3)]
    with pytest.raises(InputError, match="exactly one solution"):
        linear.solve([{0: fmpq(1), 1: fmpq(1)}] * 2, [fmpq(1), fmpq(1)])
    with pytest.raises(InputError, match="exactly one solution"):
        linear.solve([{}], [fmpq(1)])


def test_a_wrong_guess_does_no_harm(monkeypatch: pytest.MonkeyPatch):
    world = world_of(3, 20, 1, 0, 3)
    right = [reach(world, ["0"]), reward_to(world, ["0"], best="min")]

    def worst(self: adviser.FloatAdviser, *given: object) -> list[int]:
        return [len(moves) - 1 for moves in self._system.moves]

    monkeypatch.setattr(adviser.FloatAdviser, "guess", worst)
    monkeypatch.setattr(adviser.FloatAdviser, "refine", worst)
    assert reach(world, ["0"], engine=FAST).values == right[0].values
    assert reward_to(world, ["0"], best="min", engine=FAST).values == right[1].values


def test_differences_below_rounding_are_seen():
    """Two ways that differ by less than floats can tell."""
    hair = F(1, 10**40)
    steps = {
        "a": {
            "x": {"goal": F(1, 2), "pit": F(1, 4), "a": F(1, 4)},
            "y": {"goal": F(1, 2) + hair, "pit": F(1, 4) - hair, "a": F(1, 4)},
            "z": {"goal": F(1, 2) - hair, "pit": F(1, 4) + hair, "a": F(1, 4)},
        }
    }
    world = process(steps)
    assert reach(world, ["goal"], best="max", engine=FAST).strategy["a"] == "y"
    assert reach(world, ["goal"], best="min", engine=FAST).strategy["a"] == "z"


@pytest.mark.parametrize("exponent", [-330, -310, 307, 330])
def test_numbers_beyond_floats(exponent: int):
    size = F(10) ** exponent
    tiny = min(size, 1 / size)
    steps = {
        "a": {
            name: {"goal": share * tiny, "pit": F(1, 2) - share * tiny, "a": F(1, 2)}
            for name, share in (("x", 1), ("y", 3), ("z", 2))
        }
    }
    assert reach(process(steps), ["goal"], engine=FAST).value("a") == 6 * tiny
    assert reach(process(steps), ["goal"], best="min", engine=FAST).value("a") == 2 * tiny
    loop = {"a": {name: {"goal": F(1, 2), "a": F(1, 2)} for name in "xyz"}}
    rewards = {("a", "x"): size, ("a", "y"): 3 * size, ("a", "z"): 2 * size}
    found = reward_to(process(loop, rewards=rewards), ["goal"], engine=FAST)
    assert (found.value("a"), found.strategy["a"]) == (6 * size, "y")
