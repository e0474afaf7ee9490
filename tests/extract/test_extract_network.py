"""The graph: its checks, its slices, its executors on random networks."""

from __future__ import annotations

import copy
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from net_case import contains, draw_entries, ends, middle

from extract.network import LARGEST_TENSOR, Array, Network, Node
from extract.run import as_evaluator, as_function, evaluate_exact, run, run_exact
from theory.enclosure import Enclosure
from theory.error import InputError

SEEDS = st.integers(0, 2**32 - 1)
SMOOTH = ("tanh", "sigmoid", "elu", "exp", "softmax", "erf", "softplus")


def random_network(seed: int, *, smooth: bool = True) -> Network:
    """A graph of a dozen nodes over two inputs, with shared parameters and skip connections."""
    rng = np.random.default_rng(seed)
    nodes = [Node("x", "input", (), (1, 3)), Node("y", "input", (), (1, 2))]
    parameters: dict[str, Array] = {}

    def weight(*shape: int) -> str:
        fitting = [n for n, a in parameters.items() if a.shape == shape and rng.random() < 0.3]
        if fitting:
            return fitting[0]
        name = f"p{len(parameters)}"
        parameters[name] = draw_entries(rng, shape).astype(np.float32) / 4
        nodes.append(Node(name, "parameter", (), shape))
        return name

    def add(op: str, inputs: tuple[str, ...], shape: tuple[int, ...], **attributes: Any) -> None:
        nodes.append(Node(f"n{len(nodes)}", op, inputs, shape, attributes))

    for _ in range(int(rng.integers(3, 12))):
        tensors = [node for node in nodes if node.op != "parameter"]
        source = tensors[int(rng.integers(0, len(tensors)))]
        width = source.shape[1]
        same = [node.name for node in tensors if node.shape == source.shape]
        other = same[int(rng.integers(0, len(same)))]
        kinds = ["relu", "linear", "add", "sub", "mul", "maximum", "concat", "abs", "leaky_relu"]
        kinds += ["slice", "neg", "reduce_max", *(SMOOTH if smooth else ())]
        op = str(rng.choice(kinds))
        match op:
            case "linear":
                out = int(rng.integers(1, 4))
                operands = (source.name, weight(out, width), weight(out))
                add("linear", operands, (1, out))
            case "add" | "sub" | "mul" | "maximum":
                add(op, (source.name, other if rng.random() < 0.6 else weight(width)), (1, width))
            case "concat":
                if width <= 3:
                    add("concat", (source.name, other), (1, 2 * width), axis=1)
            case "slice":
                start = int(rng.integers(0, width))
                add("slice", (source.name,), (1, width - start), axis=1, start=start, stop=width,
                    step=1)  # fmt: skip
            case "reduce_max":
                add("reduce_max", (source.name,), (1, 1), axes=(1,), keepdims=1)
            case "softmax":
                add("softmax", (source.name,), (1, width), axis=1)
            case "leaky_relu" | "elu":
                add(op, (source.name,), (1, width), alpha=0.25)
            case "exp":
                add("tanh", (source.name,), (1, width))
                add("exp", (nodes[-1].name,), (1, width))
            case _:
                add(op, (source.name,), (1, width))
    ends = [node.name for node in nodes if node.op != "parameter"][-2:]
    return Network(tuple(nodes), ("x", "y"), tuple(ends), parameters)


def entries(seed: int, count: int) -> Array:
    return draw_entries(np.random.default_rng(seed), (count,)) / 2


@given(seed=SEEDS)
def test_float64_and_exact_agree(seed: int):
    network = random_network(seed)
    x = entries(seed, network.input_size)
    wide = run(network, x, arithmetic="float64")
    for name, exact in run(network, x, arithmetic="exact").items():
        assert exact.shape == wide[name].shape == network.node(name).shape
        values = np.array([middle(v) for v in exact.ravel()]).reshape(exact.shape)
        np.testing.assert_allclose(wide[name], values, rtol=1e-9, atol=1e-9)
        assert all(e.width < Fraction(1, 2**90) * max(1, abs(e.middle)) for e in exact.ravel()
                   if isinstance(e, Enclosure))  # fmt: skip


@given(seed=SEEDS)
def test_without_smooth_operators_exact_is_rational(seed: int):
    network = random_network(seed, smooth=False)
    numbers = run_exact(network, entries(seed, network.input_size))
    assert all(isinstance(number, Fraction) for number in numbers)


@given(seed=SEEDS)
def test_boxes_enclose_their_points(seed: int):
    network = random_network(seed)
    x = entries(seed, network.input_size)
    box = [Enclosure(Fraction(v) - Fraction(1, 8), Fraction(v) + Fraction(1, 16)) for v in x]
    outer, inner = run_exact(network, box), run_exact(network, x)
    for a, b in zip(outer, inner, strict=True):
        assert contains(a, b, Fraction(1, 2**90) * max(1, abs(ends(b)[0])))


@given(seed=SEEDS)
def test_slices_compose(seed: int):
    network = random_network(seed, smooth=False)
    x = entries(seed, network.input_size)
    tensors = [node for node in network.nodes if node.op not in ("input", "parameter")]
    cut = tensors[len(tensors) // 2].name
    last = network.outputs[-1]
    whole = run_exact(network.with_outputs([last]), x)
    head = network.slice(network.inputs, [cut])
    tail = network.slice([*network.inputs, cut], [last])
    between = run_exact(head, x)
    assert run_exact(tail, [*x, *between]) == whole
    table = evaluate_exact(network, x, [cut])
    assert table[cut].numbers() == between


@given(seed=SEEDS)
def test_batches_are_independent(seed: int):
    network = random_network(seed)
    function = as_function(network, torch.float64)
    x = torch.tensor(entries(seed, 3 * network.input_size).reshape(3, -1))
    together = function(x)
    for row in range(3):
        torch.testing.assert_close(together[row : row + 1], function(x[row : row + 1]))


def relu_net() -> Network:
    return Network(
        nodes=(
            Node("x", "input", (), (2,)),
            Node("w", "parameter", (), (3, 2)),
            Node("a", "linear", ("x", "w"), (3,)),
            Node("b", "relu", ("a",), (3,)),
        ),
        inputs=("x",),
        outputs=("b",),
        parameters={"w": np.array([[1, 2], [-1, 0.5], [0.25, -3]], dtype=np.float32)},
        aliases={"hidden": "b"},
    )


def test_the_function_is_differentiable():
    function = as_function(relu_net())
    x = torch.tensor([[1.0, 1.0]], requires_grad=True)
    function(x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[1.0, 2.0]]


def test_named_tensors_can_be_watched():
    values = as_evaluator(relu_net(), ["a", "hidden"])(torch.tensor([[1.0, 1.0], [0.0, 1.0]]))
    assert values["a"].tolist() == [[3.0, -0.5, -2.75], [2.0, 0.5, -3.0]]
    assert values["b"].shape == (2, 3)


def test_exact_results_have_no_rounding():
    third = Fraction(1, 3)
    assert run_exact(relu_net(), [third, 0.1]) == [third + 2 * Fraction(0.1), 0, 0]


def test_networks_can_be_copied():
    network = copy.deepcopy(relu_net())
    assert run(network, [1.0, 1.0])["b"].tolist() == [3.0, 0.0, 0.0]


def test_parameters_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        relu_net().parameters["w"][0, 0] = 5


def test_lookups():
    network = relu_net()
    assert "hidden" in network
    assert "nothing" not in network
    assert network.node("hidden").name == "b"
    assert [node.name for node in network.consumers("x")] == ["a"]
    assert (network.input_size, network.output_size, network.parameter_count) == (2, 3, 6)
    assert sorted(network.to_networkx().edges) == [("a", "b"), ("w", "a"), ("x", "a")]
    with pytest.raises(InputError, match="near names: hidden"):
        network.node("hiden")


def test_a_slice_has_to_be_closed():
    network = random_network(5)
    with pytest.raises(InputError, match="also depend on the input"):
        network.slice(["y"], [n.name for n in network.consumers("x")][:1])
    with pytest.raises(InputError, match="parameter"):
        relu_net().slice(["w"], ["b"])


def test_a_slice_of_nothing_is_the_identity():
    assert run_exact(relu_net().slice(["a"], ["a"]), [1, 2, 3]) == [1, 2, 3]


WEIGHT = np.ones((3, 2), dtype=np.float32)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"inputs": ()}, "no input"),
        ({"outputs": ()}, "no output"),
        ({"outputs": ("z",)}, "'z'"),
        ({"inputs": ("x", "x")}, "twice"),
        ({"inputs": ("a",)}, "'a'"),
        ({"parameters": {}}, "no array"),
        ({"parameters": {"w": WEIGHT[:2]}}, "shape"),
        ({"parameters": {"w": WEIGHT * np.nan}}, "NaN"),
        ({"parameters": {"w": WEIGHT.astype(np.int64)}}, "int64"),
        ({"parameters": {"w": WEIGHT, "v": WEIGHT}}, "'v'"),
        ({"aliases": {"k": "z"}}, "'k'"),
        ({"declared": {"value": "z"}}, "'value'"),
    ],
)
def test_malformed_networks_are_refused(change: dict[str, Any], text: str):
    with pytest.raises(InputError, match=text):
        replace(relu_net(), **change)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Node("b", "relu", ("a",), (3,)), "two nodes"),
        (Node("c", "quux", ("a",), (3,)), "unknown operator"),
        (Node("c", "relu", ("zz",), (3,)), "no earlier node"),
        (Node("c", "relu", ("a",), (4,)), "operands give"),
        (Node("c", "relu", ("a", "b"), (3,)), "2 operands"),
        (Node("c", "relu", ("a",), (3,), {"alpha": 1.0}), "attributes"),
        (Node("c", "softmax", ("a",), (3,)), "attributes"),
        (Node("c", "softmax", ("a",), (3,), {"axis": 4}), "axis"),
        (Node("c", "linear", ("x", "a"), (3,)), "has to be a parameter"),
        (Node("c", "relu", ("w",), (3, 2)), "constant"),
        (Node("c", "input", (), (0,)), "at least 1"),
        (Node("c", "input", (), (LARGEST_TENSOR + 1,)), "more than"),
        (Node("c", "input", (), (2,)), "not listed"),
    ],
)
def test_malformed_nodes_are_refused(node: Node, text: str):
    network = relu_net()
    with pytest.raises(InputError, match=text):
        replace(network, nodes=(*network.nodes, node))


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ([1.0], "1 entries"),
        ({"y": [1.0, 2.0]}, "'y'"),
        ({"x": [1.0, 2.0], "a": [1.0, 1.0, 1.0]}, "not an input"),
        ({}, "no value"),
        ({"x": [1.0]}, "1 entries"),
        ([1.0, float("nan")], "nan"),
    ],
)
def test_bad_inputs_are_refused(inputs: Any, text: str):
    with pytest.raises(InputError, match=text):
        run(relu_net(), inputs, arithmetic="exact")


def test_bad_arithmetic_and_shapes_are_refused():
    arithmetic: Any = "float16"
    with pytest.raises(InputError, match="float16"):
        run(relu_net(), [1.0, 2.0], arithmetic=arithmetic)
    with pytest.raises(InputError, match=r"\(B, 2\)"):
        as_function(relu_net())(torch.zeros(2))
    with pytest.raises(InputError, match="needs 2"):
        run_exact(relu_net(), [1])
    division = Network(
        (Node("x", "input", (), (2,)), Node("y", "div", ("x", "x"), (2,))), ("x",), ("y",), {}
    )
    with pytest.raises(InputError, match="zero"):
        run_exact(division, [1, 0])
