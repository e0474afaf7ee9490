"""The Stable-Baselines3 reader: every kind of agent against its formula, and what is refused."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from extract.graph.candidate import find_interface, handed_on
from extract.network import Array
from extract.reader import inspect, read
from extract.run import run
from extract.structure import declare
from theory.error import InputError

SAC, TD3 = "stable_baselines3.sac.policies", "stable_baselines3.td3.policies"
QRDQN, TQC = "sb3_contrib.qrdqn.policies", "sb3_contrib.tqc.policies"
RECURRENT = "sb3_contrib.common.recurrent.policies"
DISCRETE = {":type:": "<class 'gymnasium.spaces.discrete.Discrete'>", "n": "2"}


def settings(module: str = "stable_baselines3.common.policies", **more: Any) -> dict[str, Any]:
    """What Stable-Baselines3 writes, as far as the reader looks."""
    box = {":type:": "<class 'gymnasium.spaces.box.Box'>", "shape": [4], "_shape": [4]}
    return {
        "policy_class": {":type:": "<class 'abc.ABCMeta'>", "__module__": module},
        "policy_kwargs": {},
        "observation_space": box,
        "action_space": DISCRETE,
        "use_sde": False,
        **more,
    }


def archive(folder: Path, data: Any, weights: Any) -> Path:
    buffer = io.BytesIO()
    torch.save(weights, buffer)
    path = folder / "agent.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("data", data if isinstance(data, str) else json.dumps(data))
        made.writestr("policy.pth", buffer.getvalue())
    return path


def actor_critic(shared: bool = False) -> dict[str, Tensor]:
    torch.manual_seed(2)
    layers = {
        "mlp_extractor.policy_net.0": nn.Linear(5 if shared else 4, 6),
        "mlp_extractor.policy_net.2": nn.Linear(6, 5),
        "mlp_extractor.value_net.0": nn.Linear(5 if shared else 4, 6),
        "action_net": nn.Linear(5, 2),
        "value_net": nn.Linear(6, 1),
    }
    if shared:
        layers["mlp_extractor.shared_net.0"] = nn.Linear(4, 5)
    return {
        f"{key}.{name}": tensor
        for key, layer in layers.items()
        for name, tensor in layer.state_dict().items()
    }


def by_hand(
    weights: Mapping[str, Tensor], keys: list[str], bend: Callable[[Any], Any], x: Array
) -> Array:
    value = torch.tensor(x, dtype=torch.float32)
    for key in keys:
        value = nn.functional.linear(value, weights[f"{key}.weight"], weights.get(f"{key}.bias"))
        value = value if key == keys[-1] else bend(value)
    return value.numpy()


POLICY = ["mlp_extractor.policy_net.0", "mlp_extractor.policy_net.2", "action_net"]
VALUE = ["mlp_extractor.value_net.0", "value_net"]
X = np.array([[0.3, -0.2, 0.7, 1.1]], dtype=np.float32)


@pytest.mark.parametrize(
    ("kwargs", "bend"),
    [
        ({}, torch.tanh),
        ({"net_arch": [6, 5], "ortho_init": False}, torch.tanh),
        (
            {
                ":type:": "<class 'dict'>",
                ":serialized:": "gASV",
                "activation_fn": "<class 'torch.nn.modules.activation.ReLU'>",
            },
            torch.relu,
        ),
        (
            {
                ":type:": "<class 'dict'>",
                ":serialized:": "gASV",
                "activation_fn": "<class 'torch.nn.modules.activation.ELU'>",
                "net_arch": "dict(pi=[6, 5], vf=[6])",
            },
            nn.functional.elu,
        ),
    ],
)
def test_actor_critics_are_read(kwargs: Any, bend: Callable[[Any], Any], tmp_path: Path):
    weights = actor_critic()
    network = read(archive(tmp_path, settings(policy_kwargs=kwargs), weights))
    assert network.outputs == ("logits",)
    np.testing.assert_allclose(
        run(network, X)["logits"], by_hand(weights, POLICY, bend, X), rtol=1e-5
    )
    value = declare(network).part("value").network
    np.testing.assert_allclose(run(value, X)["value"], by_hand(weights, VALUE, bend, X), rtol=1e-5)


def test_shared_layers_are_read(tmp_path: Path):
    weights = actor_critic(shared=True)
    network = read(archive(tmp_path, settings(), weights))
    expected = by_hand(weights, ["mlp_extractor.shared_net.0", *POLICY], torch.tanh, X)
    np.testing.assert_allclose(run(network, X)["logits"], expected, rtol=1e-5)


def state_of(modules: Mapping[str, nn.Module]) -> dict[str, Tensor]:
    """The state dict of a module with these sub-modules."""
    found = {f"{k}.{n}": t for k, m in modules.items() for n, t in m.state_dict().items()}
    return {name: tensor.detach() for name, tensor in found.items()}


def mlp(*sizes: int) -> nn.Sequential:
    torch.manual_seed(sum(sizes))
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def lstm(layers: int = 1, **more: nn.Module) -> dict[str, Tensor]:
    torch.manual_seed(7)
    parts = {"lstm_actor": nn.LSTM(4, 3, layers), "action_net": nn.Linear(3, 2), **more}
    return state_of(parts)


def test_values_of_continuous_actions_are_the_least_of_the_critics(tmp_path: Path):
    """TD3: the action is squashed, and both critics judge it; target networks are left out."""
    actor, critics = mlp(4, 5, 1), [mlp(5, 6, 1), mlp(5, 4, 1)]
    modules = {"actor.mu": actor, "actor_target.mu": actor, "critic_target.qf0": critics[0]}
    state = state_of({**modules, "critic.qf0": critics[0], "critic.qf1": critics[1]})
    network = read(archive(tmp_path, settings(TD3), state))
    x = torch.tensor(X)
    action = torch.tanh(actor(x))
    np.testing.assert_allclose(run(network, X)["action"], action.detach(), rtol=1e-5)
    both = torch.cat([x, action], dim=1)
    least = torch.minimum(*(critic(both) for critic in critics))
    value = declare(network).part("value").network
    np.testing.assert_allclose(run(value, X)["value"], least.detach(), rtol=1e-4)


@pytest.mark.parametrize(("module", "width"), [(SAC, 1), (TQC, 5)])
def test_soft_actors_act_by_the_mean(module: str, width: int, tmp_path: Path):
    first, mean, critic = mlp(4, 5), nn.Linear(5, 1), mlp(5, 6, width)
    parts = {"actor.latent_pi.0": first[0], "actor.mu": mean, "actor.log_std": nn.Linear(5, 1)}
    network = read(archive(tmp_path, settings(module), state_of({**parts, "critic.qf0": critic})))
    action = torch.tanh(mean(torch.relu(first(torch.tensor(X)))))
    np.testing.assert_allclose(run(network, X)["action"], action.detach(), rtol=1e-5)
    value = declare(network).part("value").network
    wanted = critic(torch.cat([torch.tensor(X), action], dim=1)).mean()
    assert float(run(value, X)[value.outputs[0]].item()) == pytest.approx(wanted.item(), rel=1e-4)


def test_quantiles_are_averaged_for_each_action(tmp_path: Path):
    net = mlp(4, 5, 6)
    state = state_of({"quantile_net.quantile_net": net, "quantile_net_target.quantile_net": net})
    network = read(archive(tmp_path, settings(QRDQN, policy_kwargs={"n_quantiles": 3}), state))
    wanted = net(torch.tensor(X)).reshape(1, 3, 2).mean(dim=1)
    np.testing.assert_allclose(run(network, X)["q_values"], wanted.detach(), rtol=1e-5)


@pytest.mark.parametrize("layers", [1, 2])
def test_a_recurrent_policy_hands_its_states_on(layers: int, tmp_path: Path):
    own = {"lstm_critic": nn.LSTM(4, 3), "value_net": nn.Linear(3, 1)}
    network = read(archive(tmp_path, settings(RECURRENT), lstm(layers, **own)))
    torch.manual_seed(7)
    unit, head = nn.LSTM(4, 3, layers), nn.Linear(3, 2)
    x, state = torch.randn(3, 1, 4), (torch.zeros(layers, 1, 3), torch.zeros(layers, 1, 3))
    wanted, _ = unit(x, state)
    kept = {name: np.zeros((1, 3), dtype=np.float32) for name in network.inputs[1:]}
    for step in range(3):
        out = run(network, {"observation": x[step].numpy(), **kept})
        kept = {name: np.asarray(out[f"next_{name}"], dtype=np.float32) for name in kept}
        np.testing.assert_allclose(out["logits"], head(wanted[step]).detach(), atol=1e-5)
    assert handed_on(network, find_interface(network)) == tuple(
        (name, f"next_{name}") for name in network.inputs[1:]
    )


def test_a_critic_without_memory_of_its_own_is_a_part(tmp_path: Path):
    for more in ({}, {"critic": nn.Linear(4, 3)}):
        state = lstm(1, value_net=nn.Linear(3, 1), **more)
        network = read(archive(tmp_path, settings(RECURRENT), state))
        assert declare(network).part("value").network.output_size == 1


def test_nothing_serialized_is_opened(tmp_path: Path):
    trace = tmp_path / "trace"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (trace,)

    import base64

    trap = base64.b64encode(pickle.dumps(Trap())).decode()
    data = settings()
    data["policy_class"][":serialized:"] = trap
    data["observation_space"][":serialized:"] = trap
    read(archive(tmp_path, data, actor_critic()))
    assert not trace.exists()
    with pytest.raises(InputError, match="state dict"):
        read(archive(tmp_path, data, {"weight": Trap()}))
    assert not trace.exists()


def _without(key: str) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in actor_critic().items() if name != key}


@pytest.mark.parametrize(
    ("data", "weights", "text"),
    [
        ("{", {}, "JSON"),
        ("[]", {}, "object"),
        (settings("sb3_contrib.crossq.policies"), {}, "crossq"),
        (settings("user.policies"), {}, "user.policies"),
        (settings(policy_class={"__module__": {}}), {}, "policy_class"),
        (settings(policy_kwargs="tanh"), {}, "policy_kwargs"),
        (settings(policy_kwargs={"features_extractor_class": "x"}), {}, "features_extractor_class"),
        (settings(policy_kwargs={":type:": "d", ":serialized:": "x"}), {}, "pickled"),
        (settings(policy_kwargs={"activation_fn": "<class 'user.Swish'>"}), {}, "Swish"),
        (settings(observation_space={":type:": "<class 'gym.spaces.dict.Dict'>"}), {}, "Box"),
        (
            settings(observation_space={":type:": "<class 'gym.spaces.box.Box'>", "shape": [8, 8]}),
            {},
            "shape",
        ),
        (settings(use_sde=True), actor_critic(), "use_sde"),
        (settings(), [1, 2], "tensor"),
        (settings(), {"a": 3}, "'a'"),
        (settings(), {"a": torch.zeros(2, dtype=torch.float16)}, "'a'"),
        (settings(), _without("action_net.weight"), "action_net.weight"),
        (settings(), _without("mlp_extractor.policy_net.0.weight"), "policy_net.0.weight"),
        (settings(), {**actor_critic(), "extra.weight": torch.zeros(2)}, "extra.weight"),
        (
            settings(),
            {**actor_critic(), "mlp_extractor.policy_net.3.weight": torch.zeros(5)},
            "by turns",
        ),
        (settings(), {**actor_critic(), "action_net.weight": torch.zeros(2, 9)}, "fit"),
        (settings(), {**actor_critic(), "action_net.bias": torch.full((2,), torch.nan)}, "NaN"),
        (settings("sb3_contrib.ars.policies", action_space={}), {}, "Discrete"),
        (settings(QRDQN, action_space=DISCRETE | {"n": "two"}), {}, "n is 'two'"),
        (settings(SAC), {"actor.mu.weight": torch.zeros(1, 4)}, "no critic"),
        (settings(RECURRENT), {"action_net.weight": torch.zeros(2, 4)}, "lstm_actor"),
        (settings(RECURRENT), {**lstm(), "lstm_actor.bias_hh_l0": torch.zeros(3)}, "bias"),
        (settings(RECURRENT, use_sde=True), lstm(), "use_sde"),
    ],
)
def test_archives_that_are_not_understood_are_refused(
    data: Any, weights: Any, text: str, tmp_path: Path
):
    with pytest.raises(InputError, match=text) as caught:
        read(archive(tmp_path, data, weights))
    assert "agent.zip" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_archives_that_are_none_are_refused(tmp_path: Path):
    path = tmp_path / "agent.zip"
    path.write_bytes(b"no archive")
    with pytest.raises(InputError, match="zip"):
        read(path)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("hello", "world")
    with pytest.raises(InputError, match="'data'"):
        inspect(path)
