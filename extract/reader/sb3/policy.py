"""The policies of Stable-Baselines3 as graphs: one function an algorithm, one table.

Each gets the towers, the observation and the settings, and gives the outputs, the first of which
the policy's, and what parts the architecture declares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from extract.reader import idiom
from extract.reader.build import Value
from extract.reader.sb3.setting import action_count
from extract.reader.sb3.tower import Towers
from theory.error import InputError


@dataclass(frozen=True)
class Built:
    """The outputs of a policy, role -> tensor as declared, and facts for the report."""

    outputs: list[Value]
    declared: Mapping[str, str]
    notes: list[str] = field(default_factory=list[str])


Build = Callable[[Towers, Value, Mapping[str, Any]], Built]

SQUASHED = "Actions lie between -1 and 1; the library stretches them to the action space."


def _no_exploration(t: Towers, settings: Mapping[str, Any]) -> None:
    if settings.get("use_sde"):
        raise InputError(f"{t.path}: data: use_sde (state-dependent exploration) is not read")


def actor_critic(t: Towers, x: Value, settings: Mapping[str, Any]) -> Built:
    """PPO, A2C, TRPO: action logits, or the mean of continuous actions, and a value."""
    _no_exploration(t, settings)
    t.skip("log_std")
    shared = t.features(x, "mlp_extractor.shared_net")
    output = t.scores(t.features(shared, "mlp_extractor.policy_net"), "action_net", "logits")
    t.scores(t.features(shared, "mlp_extractor.value_net"), "value_net", "value")
    return Built([output], {"policy": "logits", "value": "value"})


def masked(t: Towers, x: Value, settings: Mapping[str, Any]) -> Built:
    """PPO with action masks, which lie outside the network."""
    built = actor_critic(t, x, settings)
    return Built(built.outputs, built.declared, ["Masks of actions are not part of this network."])


def recurrent(t: Towers, x: Value, settings: Mapping[str, Any]) -> Built:
    """Recurrent PPO: one step of its LSTM. A critic with an LSTM of its own is left out."""
    _no_exploration(t, settings)
    t.skip("log_std")
    shown, _, after = t.memory(x, "lstm_actor")
    output = t.scores(t.features(shown, "mlp_extractor.policy_net"), "action_net", "logits")
    declared = {"policy": "logits"}
    if "lstm_critic" in t:
        t.skip("lstm_critic.")
        t.skip("mlp_extractor.value_net.")
        t.skip("value_net.")
        notes = ["The critic has a memory of its own and is left out."]
        return Built([output, *after], declared, notes)
    seen = t.scores(x, "critic", "critic.features") if "critic" in t else shown
    t.scores(t.features(seen, "mlp_extractor.value_net"), "value_net", "value")
    return Built([output, *after], {**declared, "value": "value"})


def q_values(t: Towers, x: Value, settings: Mapping[str, Any]) -> Built:
    """DQN: its values of the actions."""
    del settings
    output = t.scores(x, "q_net.q_net", "q_values")
    t.skip("q_net_target.")
    return Built([output], {"policy": "q_values"})


def quantiles(t: Towers, x: Value, settings: Mapping[str, Any]) -> Built:
    """QR-DQN: for each action the mean of its quantiles."""
    b, actions = t.builder, action_count(t.path, settings)
    every = t.scores(x, "quantile_net.quantile_net", "quantiles")
    t.skip("quantile_net_target.")
    rows = idiom.reshape(b, every, (1, -1, actions), "quantiles.rows")
    return Built(
        [idiom.reduce(b, "reduce_mean", rows, [1], False, "q_values")], {"policy": "q_values"}
    )


def scores(t: Towers, x: Value, settings: Mapping[str, Any]) -> Built:
    """ARS: a score for each action."""
    action_count(t.path, settings)
    return Built([t.scores(x, "action_net", "logits")], {"policy": "logits"})


def soft(t: Towers, x: Value, settings: Mapping[str, Any]) -> Built:
    """SAC and TQC: tanh of the mean, and the critics' least value of that action."""
    _no_exploration(t, settings)
    mean = t.scores(t.features(x, "actor.latent_pi"), "actor.mu", "mean")
    t.skip("actor.log_std")
    return _judged(t, x, mean)


def deterministic(t: Towers, x: Value, settings: Mapping[str, Any]) -> Built:
    """TD3 and DDPG: an action, and the critics' least value of it."""
    del settings
    mean = t.scores(x, "actor.mu", "mean")
    t.skip("actor_target.")
    return _judged(t, x, mean)


def _judged(t: Towers, x: Value, mean: Value) -> Built:
    b = t.builder
    b.at("Tanh", "actor", "actor")
    action = b.emit("tanh", [mean], "action")
    b.at("concat", "critic", "critic")
    both = b.emit("concat", [x, action], "critic.features", axis=1)
    values: list[Value] = []
    while f"critic.qf{len(values)}" in t:
        at = len(values)
        every = t.scores(both, f"critic.qf{at}", f"critic.{at}")
        title = f"critic.{at}.mean"
        wide = every.shape[-1] > 1
        values.append(idiom.reduce(b, "reduce_mean", every, [1], True, title) if wide else every)
    t.skip("critic_target.")
    if not values:
        raise InputError(f"{t.path}: policy.pth: there is no critic")
    b.at("minimum", "critic", "critic")
    least = idiom.fold_left(b, "minimum", values, "value")
    return Built([action], {"policy": "action", "value": least.name}, [SQUASHED])


POLICIES: Mapping[str, tuple[str, Build]] = {
    "stable_baselines3.common.policies": ("Tanh", actor_critic),
    "stable_baselines3.dqn.policies": ("ReLU", q_values),
    "stable_baselines3.sac.policies": ("ReLU", soft),
    "stable_baselines3.td3.policies": ("ReLU", deterministic),
    "sb3_contrib.ars.policies": ("ReLU", scores),
    "sb3_contrib.common.maskable.policies": ("Tanh", masked),
    "sb3_contrib.common.recurrent.policies": ("Tanh", recurrent),
    "sb3_contrib.qrdqn.policies": ("ReLU", quantiles),
    "sb3_contrib.tqc.policies": ("ReLU", soft),
}
"""Module of the policy's class -> the library's default activation, and what builds the graph."""
