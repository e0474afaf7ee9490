"""What the settings of a Stable-Baselines3 archive say in clear."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extract.reader.sb3.tower import ACTIVATIONS
from theory.error import InputError


def read_settings(path: Path, content: bytes) -> Mapping[str, Any]:
    """The plain JSON of an archive's settings."""
    try:
        settings = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: data is not JSON ({error})") from None
    if not isinstance(settings, dict):
        raise InputError(f"{path}: data is not a JSON object")
    return settings


def module_of(path: Path, settings: Mapping[str, Any]) -> str:
    """The module of the policy's class, which says what algorithm it is of."""
    policy = settings.get("policy_class")
    module = policy.get("__module__") if isinstance(policy, dict) else None
    if not isinstance(module, str):
        raise InputError(f"{path}: data: policy_class is of no module that is written in clear")
    return module


def type_name(entry: Any) -> str:
    """The class name written in clear, as in "<class 'gym.spaces.box.Box'>"."""
    text = str(entry.get(":type:", "")) if isinstance(entry, dict) else ""
    match = re.fullmatch(r"<class '(?:\w+\.)*(\w+)'>", text)
    return match[1] if match else ""


def observation_size(path: Path, settings: Mapping[str, Any]) -> int:
    """The number of entries of an observation, which has to be a plain vector."""
    space = settings.get("observation_space")
    if type_name(space) != "Box" or not isinstance(space, dict):
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
    "n_critics",
    "n_quantiles",
    "use_sde",
    "lstm_hidden_size",
    "n_lstm_layers",
    "shared_lstm",
    "enable_critic_lstm",
    "share_features_extractor",
    ":type:",
    ":serialized:",
}
"""Keys of `policy_kwargs` whose effect shows in the weights, or that have none on decisions."""


def action_count(path: Path, settings: Mapping[str, Any]) -> int:
    """The number of actions, where they are a finite set."""
    space = settings.get("action_space")
    if type_name(space) != "Discrete" or not isinstance(space, dict):
        raise InputError(f"{path}: data: action_space is not Discrete, not read")
    count = str(space.get("n"))
    if not count.isdecimal() or int(count) < 1:
        raise InputError(f"{path}: data: action_space: n is {space.get('n')!r}")
    return int(count)


def activation_of(path: Path, settings: Mapping[str, Any], default: str) -> str:
    """The activation between layers, by name; the library's default where none is given."""
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
    if match is None or match[1] not in ACTIVATIONS:
        raise InputError(f"{path}: data: activation_fn {text!r} is not read")
    return match[1]
