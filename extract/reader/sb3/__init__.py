"""Read agents saved by Stable-Baselines3, without opening a pickle.

An archive keeps the weights in `policy.pth`, a torch state dict, and the settings in `data`, a JSON
text in which values that JSON cannot hold are pickled under the key ":serialized:". The weights are
loaded by torch's weights-only unpickler; of `data` only the plain JSON is read.

What decides:

- algorithm: the module of `policy_class` (`extract.reader.sb3.policy`); others are refused.
- activation: `policy_kwargs`, where Stable-Baselines3 writes the name of `activation_fn` in clear
  beside the pickle. Without one, the library's default.
- layers: the names and shapes of the weights. Every weight has to be accounted for; one that is not
  understood (a feature extractor, say) stops the reader.

Outputs: PPO, A2C and TRPO give the action logits (for continuous actions the mean) as tensor
"logits"; the value is the tensor "value" of the same graph, no output, and declared as the part
"value". Recurrent PPO has its states as further inputs and outputs. DQN and QR-DQN give the
Q-values, "q_values", ARS its scores, "logits". SAC, TQC, TD3 and DDPG give "action", between -1 and
1, and declare the least of their critics' values of that action. Target networks are left out.
Observations have to be plain vectors.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from extract.reader.build import Builder
from extract.reader.reading import Reading
from extract.reader.sb3.policy import POLICIES
from extract.reader.sb3.setting import (
    activation_of,
    module_of,
    observation_size,
    read_settings,
)
from extract.reader.sb3.tower import Towers
from extract.reader.source import digest, load_state, open_archive, read_bytes, read_member
from theory.error import InputError


def read(path: Path) -> Reading:
    """Read a Stable-Baselines3 archive.

    Raises:
        InputError: the archive is missing, damaged, none of Stable-Baselines3, or its policy is of
            a kind that is not read.
    """
    content = read_bytes(path)
    archive = open_archive(path, content)
    settings = read_settings(path, read_member(path, archive, "data"))
    weights = load_state(f"{path}: policy.pth", read_member(path, archive, "policy.pth"))
    odd = [key for key, array in weights.items() if array.dtype != np.float32]
    if odd:
        raise InputError(f"{path}: policy.pth: {odd[0]!r} is not float32")
    module = module_of(path, settings)
    if module not in POLICIES:
        raise InputError(
            f"{path}: data: policy_class of module {module!r} is not read; DQN, QR-DQN, PPO "
            "(recurrent and masked too), A2C, TRPO, SAC, TQC, TD3, DDPG and ARS with vector "
            "observations are"
        )
    default, build = POLICIES[module]
    size = observation_size(path, settings)
    activation = activation_of(path, settings, default)
    builder = Builder(path.name)
    builder.weights = sum(int(array.size) for array in weights.values())
    towers = Towers(path, builder, weights, activation)
    built = build(towers, builder.input("observation", (1, size), "float32"), settings)
    towers.refuse_rest()
    return builder.finish(
        [(output.name, output) for output in built.outputs],
        sha256=digest(content),
        declared=built.declared,
        notes=[
            f"Activation: {activation}.",
            *built.notes,
            "If the agent was trained with VecNormalize, its scaling of observations is kept in "
            "another file and is not part of this network.",
        ],
    )
