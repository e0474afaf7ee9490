"""Read agents saved by Stable-Baselines3, without opening a pickle.

An archive keeps the weights in `policy.pth`, a torch state dict, and the settings in `data`, a JSON
text in which values that JSON cannot hold are pickled under the key ":serialized:". The weights are
loaded by torch's weights-only unpickler; of `data` only the plain JSON is read.

What decides:

- algorithm: the module of `policy_class`: "stable_baselines3.dqn.policies",
  "stable_baselines3.common.policies" (PPO and A2C), "sb3_contrib.ars.policies"; others are refused.
- activation: `policy_kwargs`, where Stable-Baselines3 writes the name of `activation_fn` in clear
  beside the pickle. Without one, the library's default: tanh for PPO and A2C, ReLU for DQN and ARS.
- layers: the names and shapes of the weights. Every weight has to be accounted for; one that is not
  understood (a feature extractor, say) stops the reader.

Outputs: PPO and A2C give the action logits (for continuous actions the mean) as tensor "logits";
the value is the tensor "value" of the same graph, no output, and declared as the part "value". DQN
gives the Q-values, "q_values", ARS its scores, "logits". A DQN's target network is left out.
Observations have to be plain vectors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from extract.network import Array
from extract.reader import idiom
from extract.reader.build import Builder, Value
from extract.reader.reading import Reading
from extract.reader.source import digest, load_state, open_archive, read_bytes, read_member
from theory.error import InputError

_ACTOR_CRITIC = "stable_baselines3.common.policies"
_DQN = "stable_baselines3.dqn.policies"
_ARS = "sb3_contrib.ars.policies"
_DEFAULT = {_ACTOR_CRITIC: "Tanh", _DQN: "ReLU", _ARS: "ReLU"}
_ACTIVATIONS = {
    "Tanh": "tanh",
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "Sigmoid": "sigmoid",
}


def read(path: Path) -> Reading:
    """Read a Stable-Baselines3 archive.

    Raises:
        InputError: the archive is missing, damaged, none of Stable-Baselines3, or its policy is of
            a kind that is not read.
    """
    content = read_bytes(path)
    archive = open_archive(path, content)
    settings = _settings(path, read_member(path, archive, "data"))
    weights = load_state(f"{path}: policy.pth", read_member(path, archive, "policy.pth"))
    odd = [key for key, array in weights.items() if array.dtype != np.float32]
    if odd:
        raise InputError(f"{path}: policy.pth: {odd[0]!r} is not float32")
    kind = _kind(path, settings)
    size = _observation_size(path, settings)
    activation = _activation(path, settings, _DEFAULT[kind])
    builder = Builder(path.name)
    builder.weights = sum(int(array.size) for array in weights.values())
    tower = _Towers(path, builder, weights, activation)
    x = builder.input("observation", (1, size), "float32")
    if kind == _DQN:
        output = tower.scores(x, "q_net.q_net", "q_values")
        tower.skip("q_net_target.")
        declared = {"policy": "q_values"}
    elif kind == _ARS:
        if _type(settings.get("action_space")) != "Discrete":
            raise InputError(f"{path}: data: action_space of ARS is not Discrete, not read")
        output = tower.scores(x, "action_net", "logits")
        declared = {"policy": "logits"}
    else:
        if settings.get("use_sde"):
            raise InputError(f"{path}: data: use_sde (state-dependent exploration) is not read")
        tower.skip("log_std")
        shared = tower.features(x, "mlp_extractor.shared_net")
        output = tower.scores(
            tower.features(shared, "mlp_extractor.policy_net"), "action_net", "logits"
        )
        tower.scores(tower.features(shared, "mlp_extractor.value_net"), "value_net", "value")
        declared = {"policy": "logits", "value": "value"}
    tower.refuse_rest()
    return builder.finish(
        [(output.name, output)],
        sha256=digest(content),
        declared=declared,
        notes=[
            f"Activation: {activation}.",
            "If the agent was trained with VecNormalize, its scaling of observations is kept in "
            "another file and is not part of this network.",
        ],
    )


class _Towers:
    """Builds stacks of linear layers from a state dict, and keeps count of the weights used."""

    def __init__(
        self, path: Path, builder: Builder, weights: Mapping[str, Array], activation: str
    ) -> None:
        self.path, self.builder, self.weights = path, builder, weights
        self.activation = activation
        self.used: set[str] = set()

    def features(self, x: Value, prefix: str) -> Value:
        """Linear layers with an activation after each; `x` itself where there are none."""
        return self._stack(x, prefix, self._numbers(prefix), bent=True, name="")

    def scores(self, x: Value, prefix: str, name: str) -> Value:
        """Linear layers with activations between them; the last gives the tensor `name`."""
        numbers = self._numbers(prefix)
        if numbers:
            return self._stack(x, prefix, numbers, bent=False, name=name)
        return self._layer(x, prefix, name)

    def skip(self, prefix: str) -> None:
        """Leave out weights that take no part in the decision."""
        self.used |= {key for key in self.weights if key.startswith(prefix)}

    def refuse_rest(self) -> None:
        """Refuse weights that nothing used.

        Raises:
            InputError: there are some.
        """
        rest = sorted(set(self.weights) - self.used)
        if rest:
            raise InputError(f"{self.path}: policy.pth: the weight {rest[0]!r} is not understood")

    def _numbers(self, prefix: str) -> list[int]:
        pattern = re.compile(re.escape(prefix) + r"\.(\d+)\.(?:weight|bias)")
        found = {int(m[1]) for key in self.weights if (m := pattern.fullmatch(key))}
        numbers = sorted(found)
        if numbers != list(range(0, 2 * len(numbers), 2)):
            raise InputError(
                f"{self.path}: policy.pth: {prefix} has weights at {numbers}; "
                "linear layers and activations by turns are read"
            )
        return numbers

    def _stack(self, x: Value, prefix: str, numbers: list[int], *, bent: bool, name: str) -> Value:
        value = x
        for number in numbers:
            last = number == numbers[-1]
            title = name if last and not bent else f"{prefix}.{number}"
            value = self._layer(value, f"{prefix}.{number}", title)
            if bent or not last:
                value = self._bend(value, f"{prefix}.{number + 1}")
        return value

    def _layer(self, x: Value, key: str, name: str) -> Value:
        self.builder.at("Linear", key, _stack_of(key))
        weight = self._constant(f"{key}.weight")
        bias = self._constant(f"{key}.bias") if f"{key}.bias" in self.weights else None
        if weight.rank != 2:
            raise InputError(f"{self.path}: policy.pth: {key}.weight is no matrix: {weight.shape}")
        return idiom.linear(self.builder, x, weight, bias, name)

    def _bend(self, x: Value, name: str) -> Value:
        self.builder.at(self.activation, name, _stack_of(name))
        op = _ACTIVATIONS[self.activation]
        alpha = {"leaky_relu": 0.01, "elu": 1.0}.get(op)
        extra = {} if alpha is None else {"alpha": self.builder.rounded(alpha, x)}
        return self.builder.emit(op, [x], name, **extra)

    def _constant(self, key: str) -> Value:
        if key not in self.weights:
            raise InputError(f"{self.path}: policy.pth: the weight {key!r} is missing")
        self.used.add(key)
        return self.builder.constant(key, self.weights[key])


def _stack_of(key: str) -> str:
    """The modules around a layer: "a.b.0" -> "a/a.b/a.b.0"."""
    words = key.split(".")
    return "/".join(".".join(words[:n]) for n in range(1, len(words) + 1))


def _settings(path: Path, content: bytes) -> Mapping[str, Any]:
    try:
        settings = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: data is not JSON ({error})") from None
    if not isinstance(settings, dict):
        raise InputError(f"{path}: data is not a JSON object")
    return settings


def _kind(path: Path, settings: Mapping[str, Any]) -> str:
    policy = settings.get("policy_class")
    module = policy.get("__module__") if isinstance(policy, dict) else None
    if not isinstance(module, str) or module not in _DEFAULT:
        raise InputError(
            f"{path}: data: policy_class of module {module!r} is not read; "
            "DQN, PPO, A2C and ARS with vector observations are"
        )
    return module


def _type(entry: Any) -> str:
    """The class name written in clear, as in "<class 'gym.spaces.box.Box'>"."""
    text = str(entry.get(":type:", "")) if isinstance(entry, dict) else ""
    match = re.fullmatch(r"<class '(?:\w+\.)*(\w+)'>", text)
    return match[1] if match else ""


def _observation_size(path: Path, settings: Mapping[str, Any]) -> int:
    space = settings.get("observation_space")
    if _type(space) != "Box" or not isinstance(space, dict):
        raise InputError(f"{path}: data: observation_space is no Box, not read")
    shape = space.get("shape", space.get("_shape"))
    if not isinstance(shape, list) or len(shape) != 1 or type(shape[0]) is not int or shape[0] < 1:
        raise InputError(f"{path}: data: observation_space of shape {shape} is not read")
    return shape[0]


_HARMLESS = {
    "net_arch",
    "activation_fn",
    "ortho_init",
    "log_std_init",
    "optimizer_class",
    "optimizer_kwargs",
    "with_bias",
    "share_features_extractor",
    ":type:",
    ":serialized:",
}
"""Keys of `policy_kwargs` whose effect shows in the weights, or that have none on decisions."""


def _activation(path: Path, settings: Mapping[str, Any], default: str) -> str:
    given = settings.get("policy_kwargs")
    if not isinstance(given, dict):
        raise InputError(f"{path}: data: policy_kwargs is {given!r}, not an object")
    odd = sorted(set(given) - _HARMLESS)
    if odd:
        raise InputError(f"{path}: data: policy_kwargs: {odd[0]!r} is not understood")
    if ":serialized:" in given and set(given) <= {":type:", ":serialized:"}:
        raise InputError(f"{path}: data: policy_kwargs is pickled and shows nothing in clear")
    text = given.get("activation_fn")
    if text is None:
        return default
    match = re.fullmatch(r"<class 'torch\.nn\.modules\.activation\.(\w+)'>", str(text))
    if match is None or match[1] not in _ACTIVATIONS:
        raise InputError(f"{path}: data: activation_fn {text!r} is not read")
    return match[1]
