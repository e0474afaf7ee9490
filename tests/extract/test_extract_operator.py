"""Every row of the operator table: its three columns agree, and its enclosures enclose."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from net_case import INSTANCES, Instance, contains, draw_entries, floats

from extract.exact import from_floats, from_numbers
from extract.operator import OPERATORS, Kind, ShapeError
from theory.enclosure import Enclosure, Undecided

COMPUTED = sorted(set(OPERATORS) - {"input", "parameter"})
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=max(settings().max_examples // 3, 1))


def instance(op: str, rng: np.random.Generator) -> Instance:
    for _ in range(200):
        attributes, shapes = INSTANCES[op](rng)
        try:
            OPERATORS[op].shape(attributes, shapes)
        except ShapeError:
            continue
        return attributes, shapes
    raise AssertionError(f"no instance of {op} fits")


def test_every_operator_has_instances():
    assert sorted(INSTANCES) == COMPUTED


@pytest.mark.parametrize("op", COMPUTED)
@FEW
@given(seed=SEEDS)
def test_exact_and_torch_agree(op: str, seed: int):
    rng = np.random.default_rng(seed)
    attributes, shapes = instance(op, rng)
    row = OPERATORS[op]
    batch = int(rng.integers(1, 4))
    held = {i for i in range(len(shapes)) if i in row.weights or (i > 0 and rng.random() < 0.3)}
    entries = [
        draw_entries(rng, shape if i in held else (batch, *shape), op)
        for i, shape in enumerate(shapes)
    ]
    tensors = [
        torch.tensor(array) if i in row.weights or i not in held else torch.tensor(array)[None]
        for i, array in enumerate(entries)
    ]
    y = row.forward(attributes, tensors).numpy()
    shape = row.shape(attributes, shapes)
    assert y.shape == (batch, *shape)
    for sample in range(batch):
        operands = [
            from_floats(array if i in held else array[sample]) for i, array in enumerate(entries)
        ]
        result = row.exact(attributes, operands)
        assert result.shape == shape
        np.testing.assert_allclose(floats(result), y[sample], rtol=1e-12, atol=1e-12)
        if row.kind is not Kind.SMOOTH:
            assert all(isinstance(number, Fraction) for number in result.numbers())


@pytest.mark.parametrize("op", COMPUTED)
@FEW
@given(seed=SEEDS)
def test_enclosures_enclose(op: str, seed: int):
    rng = np.random.default_rng(seed)
    attributes, shapes = instance(op, rng)
    row = OPERATORS[op]
    boxes, points = [], []
    for position, shape in enumerate(shapes):
        centre = draw_entries(rng, shape, op).ravel()
        width = rng.integers(0, 4, size=centre.size) / 16
        if position in row.weights:
            width[:] = 0
        low, high = centre - width, centre + width
        share = rng.integers(0, 5, size=centre.size) / 4
        boxes.append(
            from_numbers(
                [Enclosure(Fraction(a), Fraction(b)) for a, b in zip(low, high, strict=True)],
                shape,
            )
        )
        points.append(from_floats((low + share * (high - low)).reshape(shape)))
    outer = row.exact(attributes, boxes).numbers()
    inner = row.exact(attributes, points).numbers()
    slack = Fraction(1, 2**130)  # both are outward roundings of the same real interval
    assert all(contains(a, b, slack) for a, b in zip(outer, inner, strict=True))


@pytest.mark.parametrize("op", ["tanh", "sigmoid", "exp", "elu", "erf", "softplus"])
@pytest.mark.parametrize("value", [0.0, 1e-30, -1e-30, 30.0, -30.0, -5000.0, 1e-300])
def test_smooth_operators_at_extremes(op: str, value: float):
    import mpmath

    row = OPERATORS[op]
    attributes = {"alpha": 1.5} if op == "elu" else {}
    (number,) = row.exact(attributes, [from_floats(np.array([value]))]).numbers()
    with mpmath.workprec(2000):
        x = mpmath.mpf(value)
        true = {
            "tanh": mpmath.tanh(x),
            "sigmoid": 1 / (1 + mpmath.exp(-x)),
            "exp": mpmath.exp(x),
            "erf": mpmath.erf(x),
            "softplus": mpmath.log1p(mpmath.exp(x)),
            "elu": x if value >= 0 else mpmath.mpf(1.5) * mpmath.expm1(x),
        }[op]
        low, high = (
            (number.lower, number.upper) if isinstance(number, Enclosure) else (number, number)
        )
        assert mpmath.mpf(low.numerator) / low.denominator <= true
        assert true <= mpmath.mpf(high.numerator) / high.denominator
        assert high - low <= Fraction(1, 2**100) * max(1, abs(high))


def test_softmax_of_far_scores_stays_in_the_unit_interval():
    x = from_floats(np.array([[0.0, 1e6, -1e6, 1e6]]))
    numbers = OPERATORS["softmax"].exact({"axis": 1}, [x]).numbers()
    assert contains(Enclosure(Fraction(0), Fraction(1, 10**70)), numbers[0])
    assert contains(Enclosure(Fraction(499, 1000), Fraction(501, 1000)), numbers[1])
    assert all((n.lower if isinstance(n, Enclosure) else n) >= 0 for n in numbers)


def test_argmax_of_overlapping_enclosures_gives_every_index_that_may_win():
    box = [Enclosure(Fraction(0), Fraction(2)), Enclosure(Fraction(1), Fraction(3)), Fraction(-1)]
    row = OPERATORS["argmax"]
    (number,) = row.exact({"axis": 0, "keepdims": 0}, [from_numbers(box, (3,))]).numbers()
    assert isinstance(number, Enclosure)
    assert (number.lower, number.upper) == (0, 1)


def test_argmax_takes_the_first_of_equals():
    x = np.array([[1.0, 3.0, 3.0]])
    row = OPERATORS["argmax"]
    attributes = {"axis": 1, "keepdims": 0}
    assert row.exact(attributes, [from_floats(x)]).numbers() == [1]
    assert row.forward(attributes, [torch.tensor(x)[None]]).tolist() == [[1.0]]


def test_division_by_an_enclosure_of_zero_is_undecided():
    one = from_numbers([Fraction(1)], ())
    zero = from_numbers([Enclosure(Fraction(-1), Fraction(1))], ())
    with pytest.raises(Undecided):
        OPERATORS["div"].exact({}, [one, zero])


@pytest.mark.parametrize(
    ("op", "attributes", "shapes"),
    [
        ("linear", {}, [(1, 3), (2, 4)]),
        ("linear", {}, [(1, 4), (2, 4), (3,)]),
        ("linear", {}, [(), (2, 4)]),
        ("matmul", {}, [(3,), (3, 2)]),
        ("matmul", {}, [(2, 3), (2, 3)]),
        ("add", {}, [(2,), (3,)]),
        ("softmax", {"axis": 1}, [(3,)]),
        ("softmax", {"axis": -1}, [(3,)]),
        ("reduce_sum", {"axes": (), "keepdims": 0}, [(3,)]),
        ("reduce_sum", {"axes": (0, 0), "keepdims": 0}, [(3,)]),
        ("reduce_sum", {"axes": (0,), "keepdims": 2}, [(3,)]),
        ("argmax", {"axis": 5, "keepdims": 0}, [(3,)]),
        ("reshape", {"shape": (2, 2)}, [(3,)]),
        ("reshape", {"shape": [3]}, [(3,)]),
        ("transpose", {"perm": (0, 0)}, [(2, 3)]),
        ("concat", {"axis": 0}, [(2, 3), (2, 4)]),
        ("slice", {"axis": 0, "start": 0, "stop": 4, "step": 1}, [(3,)]),
        ("slice", {"axis": 0, "start": 1, "stop": 1, "step": 1}, [(3,)]),
        ("slice", {"axis": 0, "start": 0, "stop": 2, "step": 0}, [(3,)]),
        ("gather", {"axis": 0, "indices": (3,)}, [(3,)]),
        ("gather", {"axis": 0, "indices": (-1,)}, [(3,)]),
        ("leaky_relu", {"alpha": -0.1}, [(3,)]),
        ("elu", {"alpha": float("nan")}, [(3,)]),
        (
            "conv2d",
            {"stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1), "groups": 1},
            [(1, 2, 4, 4), (2, 3, 2, 2)],
        ),
        (
            "conv2d",
            {"stride": (0, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1), "groups": 1},
            [(1, 2, 4, 4), (2, 2, 2, 2)],
        ),
        (
            "conv2d",
            {"stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1), "groups": 1},
            [(1, 2, 4, 4), (2, 2, 5, 2)],
        ),
        (
            "max_pool",
            {"kernel": (2, 2), "stride": (1, 1), "padding": (2, 0, 0, 0), "dilation": (1, 1)},
            [(1, 1, 4, 4)],
        ),
        (  # the middle is padded on both sides, and the window reads nothing else
            "max_pool",
            {"kernel": (1, 2), "stride": (1, 1), "padding": (0, 1, 0, 1), "dilation": (1, 3)},
            [(1, 1, 4, 2)],
        ),
    ],
)
def test_misfits_are_refused(op: str, attributes: dict[str, object], shapes: list[tuple[int, ...]]):
    with pytest.raises(ShapeError):
        OPERATORS[op].shape(attributes, shapes)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6))
def test_floats_are_taken_exactly(values: list[float]):
    array = np.array(values)
    assert from_floats(array).numbers() == [Fraction(v) for v in values]
    small = array[np.abs(array) < 3e38].astype(np.float32)
    assert from_floats(small).numbers() == [Fraction(float(v)) for v in small]
