"""Branch and bound: what it proves is true, and under the guarantee that it names."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from bound_case import in_float32
from differential import Case, whole_truth
from engine_case import Tiny, dense, interpretation, on_time

from extract.network import Array, Network, Node
from theory import Agent, Feature, Term, and_, eq, forall, implies, not_, or_
from verify.answer import Answer, Deadline
from verify.neural.branch import Search
from verify.problem import Problem, compile_goal
from verify.verdict import Guarantee, Reason

LINE = Agent(observation=[Feature("x", 0, 1)], actions=["left", "right"])
SECONDS = 3.0


def chain(*steps: tuple[str, Any], shape: tuple[int, ...] = (1,)) -> Network:
    """A network of operators with one constant each: ("add", 2.0), ("linear", matrix), ..."""
    nodes = [Node("x", "input", (), shape)]
    parameters: dict[str, Array] = {}
    size = shape
    for number, (op, constant) in enumerate(steps):
        operands = [nodes[-1].name if nodes[-1].op != "parameter" else nodes[-2].name]
        if constant is not None:
            array = np.asarray(constant, dtype=np.float32)
            array = array.reshape(1) if array.ndim == 0 else array
            parameters[f"c{number}"] = array
            nodes.insert(0, Node(f"c{number}", "parameter", (), array.shape))
            operands.append(f"c{number}")
            if op == "linear":
                size = (*size[:-1], array.shape[0])
        nodes.append(Node(f"n{number}", op, tuple(operands), size))
    return Network(tuple(nodes), ("x",), (nodes[-1].name,), parameters, "chain")


def search(problem: Problem, seconds: float = SECONDS) -> Answer:
    return Search(problem).run(Deadline.after(seconds))


def value_claim(formula: Term, network: Network) -> Problem:
    return compile_goal(formula, {"value": network}, wanted=False)


X = LINE.observation("o")
VALUE = LINE.value(X)
BIG = 2.0**30


# The trap: in exact arithmetic these are the identity, in float32 they are not.

TRAPS = {
    "add and sub": chain(("add", BIG), ("sub", BIG)),
    "two layers": chain(("add", BIG), ("relu", None), ("sub", BIG)),
    "weights that cancel": chain(
        ("linear", [[BIG], [BIG - 64], [1.0]]), ("linear", [[1.0, -1.0, -63.0]])
    ),
    "scaled away and back": chain(("mul", 3e-30), ("add", 1.0), ("sub", 1.0), ("div", 3e-30)),
}


@pytest.mark.parametrize("name", TRAPS)
def test_the_trap_never_gets_a_guarantee_for_float32(name: str) -> None:
    """|net(x) - x| <= 1/4 is true of the exact weights; the deployed network may be far off."""
    close = and_(VALUE - X["x"] <= Fraction(1, 4), X["x"] - VALUE <= Fraction(1, 4))
    answer = search(value_claim(forall(X, close), TRAPS[name]))
    assert answer.reached is not True
    assert answer.guarantee is not Guarantee.FLOAT32


def test_the_trap_is_proved_for_real_arithmetic() -> None:
    close = and_(VALUE - X["x"] <= Fraction(1, 4), X["x"] - VALUE <= Fraction(1, 4))
    answer = search(value_claim(forall(X, close), TRAPS["add and sub"]))
    assert answer.reached is False
    assert answer.guarantee is Guarantee.REAL


def test_what_is_true_in_either_arithmetic_is_proved_for_float32() -> None:
    far = and_(VALUE <= 2000, VALUE >= -2000)
    answer = search(value_claim(forall(X, far), TRAPS["add and sub"]))
    assert answer.reached is False
    assert answer.guarantee is Guarantee.FLOAT32


def test_a_margin_below_rounding_is_no_float32_guarantee() -> None:
    """2x/3 + x/3 <= 1 + 2^-40 holds, by less than one rounding."""
    network = chain(("linear", [[2 / 3], [1 / 3]]), ("linear", [[1.0, 1.0]]))
    exact = Fraction(float(np.float32(2 / 3))) + Fraction(float(np.float32(1 / 3)))
    limit = max(exact, Fraction(1)) + Fraction(1, 2**40)
    answer = search(value_claim(forall(X, VALUE <= limit), network))  # noqa: SIM300
    assert answer.reached is False
    assert answer.guarantee is Guarantee.REAL


def test_a_face_on_which_rounding_decides_is_settled_at_once() -> None:
    """relu(s + c) - relu(s + c - 1/2) - 1/2 + 3x/10 is 3x/10 where s, of two inputs, is small."""
    agent = Agent(
        observation=[Feature("x", 0, 1), Feature("y", -1, 1), Feature("z", -1, 1)],
        actions=["left", "right"],
    )
    o = agent.observation("o")
    a, b, c, slope = (Fraction(float(np.float32(v))) for v in (0.7, 0.3, 2.1, 0.3))
    half = Fraction(1, 2)
    first = ([[0, a, b], [0, a, b], [1, 0, 0]], [c, c - half, 0])
    net = dense(first, ([[1, -1, slope]], [-half]))
    formula = forall(o, agent.value(o) >= -Fraction(1, 10**10))
    search = Search(compile_goal(formula, {"value": net.network()}, wanted=False))
    search.run(Deadline.after(SECONDS))
    assert search.proved == 1.0
    assert search.guarantee is Guarantee.REAL


def test_rounding_that_holds_every_box_open_is_noticed_early() -> None:
    """x + y + z and its like, plus 2^30 and less 2^30: bounds are far from any point's value."""
    agent = Agent(observation=[Feature(n, 0, 1) for n in "xyz"], actions=["left", "right"])
    network = chain(
        ("linear", [[1, 1, 1], [1, -1, 0.5]]), ("add", BIG), ("sub", BIG), ("relu", None),
        ("linear", [[1, 1]]), shape=(3,),
    )  # fmt: skip
    o = agent.observation("o")
    search = Search(value_claim(forall(o, agent.value(o) <= Fraction(11, 2)), network))
    answer = search.run(Deadline.after(SECONDS))
    assert answer.reached is False
    assert answer.guarantee is Guarantee.REAL
    assert search._boxes < 1000


def test_a_network_that_overflows_in_float32_has_no_float32_guarantee() -> None:
    network = chain(("mul", 1e30), ("mul", 1e30), ("mul", 1e-30), ("mul", 1e-30))
    answer = search(value_claim(forall(X, and_(VALUE <= 2, VALUE >= -1)), network))
    assert answer.reached is not True
    assert answer.guarantee is not Guarantee.FLOAT32


@pytest.mark.parametrize("inputs", [1, 20])
def test_a_pre_activation_that_is_not_a_number_proves_nothing_of_the_deployed_network(
    inputs: int,
) -> None:
    """Exactly relu(0), in float32 relu(infinity - infinity); with many inputs signs are split."""
    large = np.float32(1e30)
    grow = np.full((2, inputs), large)
    network = chain(
        ("linear", grow), ("linear", [[large, -large], [1, 1]]), ("relu", None),
        ("linear", [[1.0, 0.0]]), shape=(inputs,),
    )  # fmt: skip
    agent = Agent(
        observation=[Feature(f"x{i}", "1/2", 1) for i in range(inputs)], actions=["left", "right"]
    )
    o = agent.observation("o")
    search = Search(value_claim(forall(o, agent.value(o) <= 1), network))
    search.neurons = inputs > 1
    answer = search.run(Deadline.after(1.0))
    assert answer.reached is not True
    assert answer.guarantee is not Guarantee.FLOAT32


def test_a_coefficient_that_float32_does_not_hold_is_not_forgotten() -> None:
    """10^-50 y <= 10^-21 fails at y = 10^30, though 10^-50 is zero in float32."""
    agent = Agent(observation=[Feature("x", 0, 10**30)], actions=["left", "right"])
    o = agent.observation("o")
    claim = agent.value(o) * Fraction(1, 10**50) <= Fraction(1, 10**21)
    answer = search(value_claim(forall(o, claim), chain(("mul", 1.0))), 0.5)
    assert answer.reached is not False


def random_networks(count: int) -> list[tuple[int, Tiny]]:
    """Two layers with weights of very different sizes, which lose digits in float32."""
    rng = np.random.default_rng(11)

    def floats(*shape: int) -> list[Any]:
        values = rng.normal(size=shape) * 10.0 ** rng.integers(-1, 4, size=shape)
        return [[Fraction(float(v)) for v in row] for row in values.astype(np.float32)]

    nets: list[tuple[int, Tiny]] = []
    for number in range(count):
        inputs, hidden = 2, 6
        first, second = floats(hidden, inputs), floats(1, hidden)
        biases = [row[0] for row in floats(hidden, 1)]
        nets.append((number, dense((first, biases), (second, [Fraction(0)]))))
    return nets


@pytest.mark.parametrize(("number", "tiny"), random_networks(12))
def test_float32_guarantees_hold_in_every_order_of_summation(number: int, tiny: Tiny) -> None:
    """Limits set close above what the network reaches; what is proved is then put to the test."""
    agent = Agent(
        observation=[Feature("a", 0, 0.125), Feature("b", 1, 1.25)], actions=["left", "right"]
    )
    o = agent.observation("o")
    network = tiny.network()
    rng = np.random.default_rng(number)
    corners = np.array([[0, 1], [0, 1.25], [0.125, 1], [0.125, 1.25]], dtype=np.float32)
    points = np.concatenate(
        [corners, rng.random((400, 2)).astype(np.float32) * (0.125, 0.25) + (0, 1)]
    )
    points = points.astype(np.float32)
    reached = [float(tiny([Fraction(float(v)) for v in point])[0]) for point in points]
    top, size = max(reached), max(abs(v) for v in reached)
    for beside in (1e-2, 1e-4, 1e-6, 1e-7, 1e-8, 1e-10):
        limit = Fraction(top + size * beside)
        problem = compile_goal(forall(o, agent.value(o) <= limit), {"value": network}, wanted=False)
        answer = search(problem, 0.5)
        if answer.reached is not False or answer.guarantee is not Guarantee.FLOAT32:
            continue
        worst = np.argsort(reached)[-20:]
        last = problem.network.outputs[-1]
        for at in [int(i) for i in worst for _ in range(15)]:
            computed = in_float32(problem, points[at], rng)[last]
            assert Fraction(float(computed[0])) <= limit, (beside, points[at])


# Finite features whose values no float holds.


def test_a_value_that_no_float_holds_is_covered_on_both_sides() -> None:
    """o.x is exactly 1/10, which lies between two floats; the network is the identity."""
    agent = Agent(observation=[Feature("x", values=["0.1", "0.3"])], actions=["left", "right"])
    o = agent.observation("o")
    network = chain(("mul", 1.0))
    float_above = Fraction(float(np.float32(0.1)))
    assert float_above > Fraction(1, 10)
    between = (float_above + Fraction(1, 10)) / 2
    claim = forall(o, agent.value(o) >= between)
    answer = search(value_claim(claim, network), 0.5)
    assert answer.reached is not False


@pytest.mark.parametrize("ties", ["strict", "first", "any"])
def test_every_value_of_finite_features_is_tried(ties: Any) -> None:
    values = [Fraction(k, 10) for k in range(-3, 4)]
    agent = Agent(
        observation=[Feature("a", values=values), Feature("b", values=values)],
        actions=["left", "right"],
        ties=ties,
    )
    tiny = dense(([[1, 1], [0, 0]], [0, 0]))
    o = agent.observation("o")
    for limit in (Fraction(6, 10), Fraction(59, 100)):
        formula = forall(o, implies(agent.acts(o, "left"), agent.score(o, "left") <= limit))
        case = Case(formula, {"score": tiny}, interpretation(agent, {"score": tiny}).functions)
        answer = search(case.problem())
        truth = whole_truth(case)
        assert truth == (limit == Fraction(6, 10))
        assert answer.reached in (None, not truth)


# The course of a search.


def corridor() -> Problem:
    """|x - y| <= 1.001 on the unit square, by a network with bends."""
    agent = Agent(observation=[Feature("x", 0, 1), Feature("y", 0, 1)], actions=["left", "right"])
    o = agent.observation("o")
    tiny = dense(([[3, -3], [-3, 3], [1, 1], [-1, 2]], [0, 0, -1, 0]), ([[1, 1, 1, -1]], [0]))
    return compile_goal(
        forall(o, agent.value(o) <= Fraction(3001, 1000)), {"value": tiny.network()}, wanted=False
    )


def test_proved_shares_grow_to_one() -> None:
    shares: list[float] = []
    found = Search(corridor(), batch=1)
    answer = found.run(Deadline.after(10), lambda share, boxes: shares.append(share))
    assert answer.reached is False
    assert answer.proved_share == 1.0
    assert found.proved == pytest.approx(1.0, abs=1e-9)
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)


def test_a_search_goes_on_where_it_stopped() -> None:
    found = Search(corridor(), batch=1)
    answer = found.run(Deadline.after(0))
    assert answer.reached is None
    assert answer.reason is Reason.TIME
    for _ in range(400):
        before = found.proved
        answer = found.run(Deadline.after(0.02))
        assert found.proved >= before
        if answer.reached is not None:
            break
    assert answer.reached is False


def test_a_step_that_was_interrupted_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    search = Search(corridor())
    with monkeypatch.context() as patched:
        patched.setattr("verify.neural.branch.margin", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            search.run(Deadline.after(SECONDS))
    assert search.run(Deadline.after(SECONDS)).reached is None


def _interrupted(*_: Any) -> Any:
    raise KeyboardInterrupt


def test_the_same_seed_gives_the_same_answer() -> None:
    agent = Agent(observation=[Feature("x", -1, 1), Feature("y", -1, 1)], actions=["left", "right"])
    o = agent.observation("o")
    tiny = dense(([[2, 1], [-1, 1]], [0, -1]), ([[1, -1]], [0]))
    problem = compile_goal(forall(o, agent.value(o) <= 1), {"value": tiny.network()}, wanted=False)
    points = {Search(problem, seed=5).run(Deadline.after(5)).point for _ in range(3)}
    assert len(points) == 1
    (point,) = points
    assert point is not None
    assert problem.reached(point)


@pytest.mark.parametrize("seconds", [0.3, 1.0])
def test_the_deadline_is_kept(seconds: float) -> None:
    """Equality at a whole face of the box cannot be closed by bounds; a maximum has no leaves."""
    agent = Agent(
        observation=[Feature(f"f{i}", -1, 1) for i in range(4)], actions=["left", "right"]
    )
    o = agent.observation("o")
    network = chain(("maximum", np.zeros(4)), ("linear", [[1, 1, -1, -1]]), shape=(4,))
    formula = forall(o, or_(agent.value(o) <= 2, agent.value(o) < 2))
    problem = value_claim(formula, network)
    answer = on_time(seconds + 0.5, lambda: search(problem, seconds))
    assert answer.reached is None


def test_boxes_too_small_for_floats_are_no_proof() -> None:
    """x <= 1/3 holds on [0, 1/3], but the smallest float box around 1/3 reaches beyond."""
    agent = Agent(observation=[Feature("x", "1/3", "1/3")], actions=["left", "right"])
    o = agent.observation("o")
    claim = forall(o, agent.value(o) <= Fraction(1, 3))
    answer = search(value_claim(claim, chain(("maximum", 0.0))), 1.0)
    assert answer.reached is None
    assert answer.reason is Reason.SOLVER_GAVE_UP


def test_a_witness_lies_in_the_box_and_reaches_the_goal() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        low = Fraction(int(rng.integers(-20, 20)), 7)
        width = Fraction(int(rng.integers(1, 9)), 11)
        agent = Agent(
            observation=[Feature("x", low, low + width), Feature("k", values=["1/7", 2])],
            actions=["left", "right"],
        )
        o = agent.observation("o")
        claim = not_(and_(o["x"] >= low + width / 3, eq(o["k"], "1/7"), agent.value(o) > low - 9))
        problem = value_claim(forall(o, claim), chain(("linear", [[1.0, 1.0]]), shape=(2,)))
        answer = search(problem)
        assert answer.reached is True
        assert answer.point is not None
        assert problem.inside(answer.point)
        assert problem.reached(answer.point)


def test_a_network_that_divides_by_zero_somewhere_is_not_decided() -> None:
    nodes = (
        Node("x", "input", (), (1,)),
        Node("c", "parameter", (), (1,)),
        Node("y", "div", ("c", "x"), (1,)),
    )
    network = Network(nodes, ("x",), ("y",), {"c": np.ones(1, dtype=np.float32)}, "inverse")
    agent = Agent(observation=[Feature("x", -1, 1)], actions=["left", "right"])
    o = agent.observation("o")
    answer = search(value_claim(forall(o, agent.value(o) * agent.value(o) >= 0.5), network), 0.5)
    assert answer.reached is None
    answer = search(value_claim(forall(o, agent.value(o) <= 5), network), 0.5)
    assert answer.reached is True


@pytest.mark.parametrize("ends", [(-1e39, 1e39), (-1e300, 1e300), (0, 10**40)])
def test_ranges_beyond_float32(ends: Sequence[Any]) -> None:
    """No crash; nothing false."""
    agent = Agent(observation=[Feature("x", *ends)], actions=["left", "right"])
    o = agent.observation("o")
    network = chain(("mul", 1.0))
    answer = search(value_claim(forall(o, agent.value(o) <= 5), network), 0.5)
    assert answer.reached is not False
    limit = Fraction(10) ** 41
    answer = search(value_claim(forall(o, agent.value(o) <= limit), network), 0.5)
    assert answer.reached in (None, ends[1] > limit)


def test_torch_is_left_as_it_was() -> None:
    threads, grad = torch.get_num_threads(), torch.is_grad_enabled()
    search(corridor(), 0.2)
    assert (torch.get_num_threads(), torch.is_grad_enabled()) == (threads, grad)


def test_a_sweep_that_is_late_is_given_up_and_done_again() -> None:
    """One sweep of a deep network takes longer than the first slice of time: its boxes stay open,
    for what was found by then is not all that can be found.
    """
    agent = Agent(observation=[Feature(f"f{i}", -1, 1) for i in range(4)], actions=["a", "b"])
    o = agent.observation("o")
    first = [[1 if i == j else 0 for j in range(4)] for i in range(4)]
    net = dense((first, [0] * 4), (first, [0] * 4), ([[1, 1, 1, 1]], [0]))
    claim = forall(o, agent.value(o) <= 4)
    problem = compile_goal(claim, {"value": net.network()}, wanted=False)
    late = Search(problem)
    graph = late._main.graph  # pyright: ignore[reportPrivateUsage]
    graph.until = Deadline.after(0.0)
    assert graph.late
    late._step(8)  # pyright: ignore[reportPrivateUsage]
    assert late.is_open
    assert late.proved == 0
    assert late.run(Deadline.after(20.0)).reached is False
    assert not graph.late
