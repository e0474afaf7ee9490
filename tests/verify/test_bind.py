"""Which part of a network interprets which function of a formula."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from engine_case import dense
from module_case import linear, network

from extract.network import Network, Node
from extract.reader.composite import compose
from extract.run import run_exact
from extract.structure import declare
from theory import Agent, Chooser, Feature
from theory.enclosure import Undecided
from theory.error import InputError
from verify.bind import as_floats, as_rationals, bind, exactly, flatten, in_float32, policy_of

PLANE = Agent(
    observation=[Feature("x", -1, 1), Feature("y", -1, 1)], actions=["left", "right"], latent=2
)


def two_heads() -> Network:
    """A body (x, y) -> h = relu(2x, 2y), the scores h and -h summed up, the value h_0 - h_1."""
    arrays = {
        "body": [[2.0, 0.0], [0.0, 2.0]],
        "policy": [[1.0, 1.0], [-1.0, -1.0]],
        "critic": [[1.0, -1.0]],
    }
    parameters = {name: np.array(rows, dtype=np.float32) for name, rows in arrays.items()}
    nodes = (
        *(Node(name, "parameter", (), array.shape) for name, array in parameters.items()),
        Node("o", "input", (), (1, 2)),
        Node("g", "linear", ("o", "body"), (1, 2)),
        Node("h", "relu", ("g",), (1, 2)),
        Node("s", "linear", ("h", "policy"), (1, 2)),
        Node("v", "linear", ("h", "critic"), (1, 1)),
    )
    return Network(nodes, ("o",), ("s", "v"), parameters, "heads")


POINT = [Fraction(1), Fraction(-1)]


def test_the_policy_is_the_output_of_the_right_size() -> None:
    functions, whole = bind(declare(two_heads()), PLANE)
    assert run_exact(functions["score"], POINT) == [2, -2]
    assert whole == frozenset()


def test_the_whole_network_is_the_policy_where_it_is_one() -> None:
    network = dense(([[1, 0], [0, 1]], [0, 0])).network()
    functions, whole = bind(declare(network), PLANE)
    assert functions["score"] is network
    assert whole == frozenset({"score"})


def test_a_program_of_its_own_is_a_function_of_the_observation_too() -> None:
    perceive = linear([[1.0, 0.0], [1.0, 1.0], [0.0, -1.0]], [0.0, 0.5, 0.0])
    programs = {
        "perceive": network(perceive),
        "predict": _two_inputs(),
        "value": dense(([[1, 2, 3]], [1])).network("value"),
        "policy": dense(([[1, 0, 0], [0, 1, 0]], [0, 0])).network("policy"),
    }
    roles = {role: f"module:{role}" for role in programs}
    agent = Agent(observation=PLANE.features, actions=PLANE.actions, latent=3)
    functions, _ = bind(declare(compose(programs), roles), agent)
    latent = run_exact(functions["perceive"], POINT)
    assert latent == [1, Fraction(1, 2), 1]
    assert run_exact(functions["latent_value"], latent) == [6]
    assert run_exact(functions["value"], POINT) == [6]
    assert run_exact(functions["score"], POINT) == [1, Fraction(1, 2)]


def _two_inputs() -> Network:
    """From a latent state and an action to the latent state moved by the action's number."""
    parameters = {"weight": np.array([[0.0, 1.0]] * 3, dtype=np.float32)}
    nodes = (
        Node("weight", "parameter", (), (3, 2)),
        Node("z", "input", (), (1, 3)),
        Node("a", "input", (), (1, 2)),
        Node("moved", "linear", ("a", "weight"), (1, 3)),
        Node("after", "add", ("z", "moved"), (1, 3)),
    )
    return Network(nodes, ("z", "a"), ("after",), parameters, "predict")


def test_a_declared_tensor_is_the_value_of_an_observation() -> None:
    functions, _ = bind(declare(two_heads(), {"value": "v"}), PLANE)
    assert run_exact(functions["value"], POINT) == [2]


def test_a_part_that_starts_behind_the_latent_state_is_completed_for_that() -> None:
    """h is as wide as g, which is what is perceived: they must not be taken for each other."""
    parts = {"policy": ("h", "s"), "value": ("h", "v"), "perceive": "g"}
    functions, _ = bind(declare(two_heads(), parts), PLANE)
    latent = run_exact(functions["perceive"], POINT)
    assert latent == [2, -2]
    for symbol, found in (("score", [2, -2]), ("value", [2])):
        assert run_exact(functions[symbol], POINT) == found
        assert run_exact(functions[f"latent_{symbol}"], latent) == found


def test_a_hidden_layer_as_wide_as_the_observation_is_never_taken_for_it() -> None:
    """Not even where the network takes more than the observation, so that nothing fits."""
    network = _two_inputs()
    weight = Node("critic", "parameter", (), (1, 3))
    value = Node("v", "linear", ("after", "critic"), (1, 1))
    ones = np.ones((1, 3), dtype=np.float32)
    wider = replace(
        network,
        nodes=(*network.nodes, weight, value),
        outputs=("after", "v"),
        parameters={**network.parameters, "critic": ones},
    )
    agent = Agent(observation=[Feature(n, -1, 1) for n in "xyz"], actions=["left", "right"])
    parts = {
        "value": (["after"], ["v"]),
        "policy": dense(([[1, 0, 0], [0, 1, 0]], [0, 0])).network(),
    }
    functions, _ = bind(declare(wider, parts), agent)
    assert functions["value"].inputs == ("z", "a")


@pytest.mark.parametrize("past", [False, True])
def test_a_prediction_from_the_observation_is_cut_off_at_the_latent_state(past: bool) -> None:
    """It takes as many numbers as one from the latent state, which is none where it reads past."""
    nodes = (
        Node("o", "input", (), (1, 2)),
        Node("a", "input", (), (1, 2)),
        Node("h", "relu", ("o",), (1, 2)),
        Node("next", "add", ("o" if past else "h", "a"), (1, 2)),
        Node("all", "add", ("next", "h"), (1, 2)),
    )
    whole = Network(nodes, ("o", "a"), ("all",), {}, "world")
    policy = dense(([[1, 0], [0, 1]], [0, 0])).network("policy")
    parts = {"perceive": "h", "predict": "next", "policy": policy}
    functions, _ = bind(declare(whole, parts), PLANE)
    assert ("predict" in functions) is not past
    if not past:
        assert run_exact(functions["predict"], [-2, 1, 0, 1]) == [-2, 2]


def test_what_reads_past_the_latent_state_is_no_function_of_it() -> None:
    network = two_heads()
    past = (Node("p", "add", ("h", "o"), (1, 2)), Node("w", "linear", ("p", "critic"), (1, 1)))
    wider = replace(network, nodes=(*network.nodes, *past), outputs=("s", "w"))
    for value in ("w", ("p", "w")):
        parts = {"value": value, "perceive": "h"}
        functions, _ = bind(declare(wider, parts), PLANE)
        assert "latent_value" not in functions
        assert run_exact(functions["value"], POINT) == [4]


def test_a_part_that_starts_inside_is_completed_for_observations() -> None:
    """Its input is as long as the observation, which must not be taken for it."""
    structure = declare(two_heads(), {"value": ("h", "v"), "perceive": "h"})
    functions, _ = bind(structure, PLANE)
    assert run_exact(functions["value"], POINT) == [2]
    assert run_exact(functions["latent_value"], POINT) == [2]
    both = [Fraction(1), Fraction(1, 2)]
    assert run_exact(functions["value"], both) == [1]
    assert run_exact(functions["latent_value"], both) == [Fraction(1, 2)]
    assert run_exact(functions["perceive"], both) == [2, 1]
    functions, _ = bind(declare(two_heads(), {"perceive": ("g", "h")}), PLANE)
    assert run_exact(functions["perceive"], both) == [2, 1]


def test_a_policy_that_starts_inside_is_completed_too() -> None:
    functions, _ = bind(declare(two_heads(), {"policy": ("h", "s")}), PLANE)
    assert run_exact(functions["score"], POINT) == [2, -2]


def test_a_final_argmax_is_left_out() -> None:
    base = dense(([[1, 0], [0, 1]], [0, 0])).network()
    last = base.outputs[0]
    nodes = (*base.nodes, Node("choice", "argmax", (last,), (1,), {"axis": 1, "keepdims": 0}))
    network = Network(nodes, base.inputs, ("choice",), base.parameters, "chooses")
    policy = policy_of(network, 2)
    assert policy.outputs == (last,)
    functions, whole = bind(declare(network), PLANE)
    assert run_exact(functions["score"], POINT) == POINT
    assert whole == frozenset()


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        (3, 2, "tiny takes 3 inputs, but the observation of the spec has 2 features"),
        (2, 3, "tiny gives 3 outputs, but the spec has 2 actions"),
    ],
)
def test_sizes_that_do_not_fit(inputs: int, outputs: int, message: str) -> None:
    network = dense(([[1] * inputs] * outputs, [0] * outputs)).network()
    with pytest.raises(InputError, match=message):
        bind(declare(network), PLANE)


def test_a_chooser_compares_two_options() -> None:
    chooser = Chooser(option=[Feature("price", 0, 1)])
    network = dense(([[1, -1]], [0])).network()
    functions, whole = bind(declare(network), chooser)
    assert functions == {"preference": network}
    assert whole == frozenset({"preference"})
    with pytest.raises(InputError, match="takes 3 inputs, but two options of the spec together"):
        bind(declare(dense(([[1, -1, 0]], [0])).network()), chooser)


# Evaluation.


def test_values_are_flattened_in_order() -> None:
    sort = PLANE.observation_sort
    assert flatten(sort, {"y": 2, "x": 1}) == [1, 2]
    assert flatten(PLANE.action_sort, "right") == [0, 1]


def test_two_ways_to_evaluate() -> None:
    network = dense(([[1]], [Fraction(1)])).network()
    hair = Fraction(1, 2**40)
    assert exactly(network, [hair]) == [1 + hair]
    assert in_float32(network, [hair]) == [1]


def test_what_float32_does_not_hold_is_undecided() -> None:
    network = dense(([[Fraction(10) ** 30]], [0])).network()
    for value in (Fraction(10) ** 30, Fraction(10) ** 39, Fraction(10) ** 400):
        with pytest.raises(Undecided):
            in_float32(network, [value])
    with pytest.raises(Undecided):
        as_rationals([1.0, float("nan")])
    assert as_floats([Fraction(1, 3)], np.float32).tolist() == [float(np.float32(1 / 3))]
