"""Linear readouts: what a tensor says of something, by an affine function of its entries.

That something can be read out says little: a large enough layer lets a probe read anything. So the
readout comes with what it is worth beside: *control tasks* (Hewitt and Liang, Designing and
interpreting probes with control tasks, EMNLP 2019), in which observations of one kind have one
target, drawn at random, so that only memory can serve; the difference is the selectivity. And the
same probe on the observation itself, and on networks that learned nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from extract.intervene import Tensors, evaluate
from extract.network import Array, Network, Node
from extract.null import fresh
from theory.error import InputError

HELD_OUT = 0.3
"""Share of the samples that a probe is judged by, and not fitted to."""

FEWEST = 20
"""Samples that a readout needs at least."""

KINDS = 64
"""Of observations in a control task, at most."""

PENALTIES = tuple(10.0**k for k in range(-6, 4))


@dataclass(frozen=True, eq=False)
class Readout:
    """An affine function of a tensor's entries, and what it is worth.

    Attributes:
        tensor: the tensor.
        target: what is read out, in words.
        weight, bias: (entries,) and a number, as float32 numbers: weight @ tensor + bias.
        r2: on samples that were held out.
        control_r2: the same on control tasks, one each.
        input_r2: of the same probe on the observation itself.
        null_r2: on networks with weights drawn anew, one each.
        mean_error, max_error: on the held-out samples, in the units of the target.
        samples: how many those were.
    """

    tensor: str
    target: str
    weight: Array
    bias: float
    r2: float
    control_r2: tuple[float, ...]
    input_r2: float
    null_r2: tuple[float, ...]
    mean_error: float
    max_error: float
    samples: int

    @property
    def selectivity(self) -> float:
        """By how much the target is read out better than control tasks."""
        return self.r2 - float(np.mean(self.control_r2))

    @property
    def beyond_input(self) -> float:
        """By how much the tensor says it better than the observation itself."""
        return self.r2 - self.input_r2

    def network(self, whole: Network) -> Network:
        """The readout as a network of one output, from the inputs that its tensor depends on."""
        needed = whole.ancestors([self.tensor])
        piece = whole.slice([name for name in whole.inputs if name in needed], [self.tensor])
        end = piece.outputs[0]
        size = piece.node(end).size
        names = ("readout.flat", "readout.weight", "readout.bias", "readout")
        flat, weight, bias, out = names
        nodes = (
            *piece.nodes,
            Node(flat, "reshape", (end,), (1, size), {"shape": (1, size)}),
            Node(weight, "parameter", (), (1, size)),
            Node(bias, "parameter", (), (1,)),
            Node(out, "linear", (flat, weight, bias), (1, 1)),
        )
        arrays = {
            weight: self.weight.astype(np.float32)[None],
            bias: np.array([self.bias], dtype=np.float32),
        }
        return replace(
            piece, nodes=nodes, outputs=(out,), parameters={**piece.parameters, **arrays},
            name=f"{whole.name}: {self.target} from {self.tensor}",
        )  # fmt: skip


def read_out(
    network: Network,
    tensor: str,
    observations: Tensors,
    target: Array,
    name: str,
    *,
    controls: int = 10,
    nulls: int = 10,
    seed: int = 0,
) -> Readout:
    """Fit a linear readout, and all that it has to be compared with.

    Args:
        network: the network.
        tensor: whose entries are read.
        observations: input name -> array (N, *shape).
        target: what is to be read out of each, (N,).
        name: of the target.
        controls: control tasks.
        nulls: networks with weights drawn anew.
        seed: of every pseudo-random choice.

    Raises:
        InputError: too few samples, a target that does not fit, is not finite or is constant.
    """
    rng = np.random.default_rng(seed)
    wanted = np.asarray(target, dtype=float)
    _fit_together(observations, wanted, name)
    order = rng.permutation(len(wanted))
    held = round(HELD_OUT * len(wanted))
    split = (order[held:], order[:held])
    inputs = np.concatenate([v.reshape(len(wanted), -1) for v in observations.values()], axis=1)
    values = _entries(network, tensor, observations)
    weight, bias = _probe(values[split[0]], wanted[split[0]])
    weight, bias = weight.astype(np.float32).astype(float), float(np.float32(bias))
    error = np.abs(values[split[1]] @ weight + bias - wanted[split[1]])
    kinds = _kinds(inputs, seed)
    drawn = [fresh(network, rng) for _ in range(nulls)]
    return Readout(
        tensor,
        name,
        weight,
        bias,
        r2=_r2(values[split[1]] @ weight + bias, wanted, split),
        control_r2=tuple(
            _score(values, _shuffled_by(kinds, wanted, rng), split) for _ in range(controls)
        ),
        input_r2=_score(inputs, wanted, split),
        null_r2=tuple(_score(_entries(one, tensor, observations), wanted, split) for one in drawn),
        mean_error=float(error.mean()),
        max_error=float(error.max()),
        samples=len(error),
    )


Split = tuple[Array, Array]
"""Positions of the samples to fit to, and of those held out."""


def _fit_together(observations: Tensors, target: Array, name: str) -> None:
    counts = {len(array) for array in observations.values()}
    if target.ndim != 1 or counts != {len(target)}:
        raise InputError(f"readout of {name!r}: one target is needed for each observation")
    if len(target) < FEWEST:
        raise InputError(f"readout of {name!r}: {len(target)} samples are fewer than {FEWEST}")
    if not np.isfinite(target).all():
        raise InputError(f"readout of {name!r}: a target is not finite")
    if float(target.min()) == float(target.max()):
        raise InputError(f"readout of {name!r}: the target is the same everywhere")


def _entries(network: Network, tensor: str, observations: Tensors) -> Array:
    values = evaluate(network, observations, [tensor])[tensor]
    return values.reshape(len(values), -1)


def _probe(values: Array, target: Array) -> tuple[Array, float]:
    """Ridge regression on standardised entries, as an affine function of the entries."""
    mean, spread = values.mean(axis=0), values.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    model = RidgeCV(PENALTIES).fit((values - mean) / spread, target)
    weight = model.coef_ / spread
    return weight, float(model.intercept_ - weight @ mean)


def _score(values: Array, target: Array, split: Split) -> float:
    weight, bias = _probe(values[split[0]], target[split[0]])
    return _r2(values[split[1]] @ weight + bias, target, split)


def _r2(guess: Array, target: Array, split: Split) -> float:
    """Against the mean of the samples that were fitted to; 0 where nothing varies."""
    train, test = target[split[0]], target[split[1]]
    spread = float(((test - train.mean()) ** 2).sum())
    return 1 - float(((guess - test) ** 2).sum()) / spread if spread > 0 else 0.0


def _kinds(inputs: Array, seed: int) -> Array:
    """A number for each observation (N,), the same for those that are much alike."""
    scaled = StandardScaler().fit_transform(inputs)
    count = min(KINDS, len(np.unique(scaled, axis=0)), max(2, len(inputs) // 10))
    return KMeans(count, n_init="auto", random_state=seed).fit_predict(scaled)


def _shuffled_by(kinds: Array, target: Array, rng: np.random.Generator) -> Array:
    """For every kind of observation one target, drawn from all."""
    return rng.choice(target, size=int(kinds.max()) + 1)[kinds]
