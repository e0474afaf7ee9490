"""Are trained nets more modular than their own weights shuffled? Filan et al.'s table, in kind.

    python -m benchmarks.modularity [KIND]... [--seeds N] [--nulls N] [--steps N]

Perceptrons on scikit-learn's digits, trained plainly, with dropout, with an L1 penalty, and pruned
with and without dropout; each is cut into groups by its weights, and so are its weights shuffled
and weights drawn anew. It is done as Filan, Casper, Hod, Wild, Critch and Russell did it on MNIST
(arXiv 2103.03386): four hidden layers, batches of 128, 12 groups, isolated units dropped first,
weights shuffled within each layer, and pruning of a trained net from half to a tenth of its
weights by a cubic schedule over as many steps again. Their layers have 256 units, for 784 pixels;
these have 128, for 64.

With the penalty everything is as the code that they released sets it: Glorot's initial weights,
5e-5 on all weights, 9,380 steps (20 epochs of theirs). Without it so many steps on few pictures are
too many, and it is 3,000. "L1, cut" is the net of "L1" with its weights below 0.01 set to zero.

What is published beside it is the mean z of five nets, computed from the n-cuts that the authors
released with their code. Their figures for pruned nets come in two kinds: weights shuffled with
their zeros, which is what their papers report, and among the places that are not zero.
"""

from __future__ import annotations

import click
import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from extract.network import Network
from extract.reader.python_file import export
from extract.reader.torch_export import translate
from extract.segment import PROCEDURES, segment

HIDDEN, LAYERS, PIXELS, CLASSES = 128, 4, 64, 10
GROUPS = 12
BATCH, RATE = 128, 1e-3
SPARSITY = (0.5, 0.9)
"""Share of the weights of a layer that is zero at the first and at the last step of pruning."""

STEPS, STEPS_L1 = 3000, 9380
L1, SMALL = 5e-5, 0.01
PUBLISHED: dict[str, dict[bool, str]] = {
    "plain": {True: "-5.4", False: "-4.9"},
    "dropout": {True: "-6.3", False: "-4.6"},
    "L1": {False: "+18.0"},
    "L1, cut": {},
    "pruned": {True: "-1.3", False: "-5.6"},
    "pruned, dropout": {True: "-10.8", False: "-26.1"},
}
"""For each kind of net the published z with the zeros kept, and with the zeros moved."""

SEEN = 100
"""Pictures on which units are watched and silenced."""


def train(kind: str, seed: int, steps: int) -> tuple[nn.Sequential, float]:
    """A perceptron on the digits, and its accuracy on those it did not see."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    pictures, labels = digits()
    net = _perceptron(0.5 if "dropout" in kind else 0.0)
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    for layer in linear if "L1" in kind else ():
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    matrices = [layer.weight for layer in linear]
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    pruning = steps if "pruned" in kind else 0
    for step in range(steps + pruning):
        pick = torch.randint(1200, (BATCH,), generator=generator)
        loss = cross_entropy(net(pictures[pick]), labels[pick])
        if "L1" in kind:
            loss = loss + L1 * sum(w.abs().sum() for w in matrices)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step >= steps:
            _prune(matrices, (step - steps + 1) / pruning)
    net.eval()
    with torch.no_grad():
        for weight in matrices if "cut" in kind else ():
            weight *= weight.abs() > SMALL
        right = net(pictures[1200:]).argmax(dim=1) == labels[1200:]
    return net, float(right.float().mean())


def _prune(matrices: list[Tensor], progress: float) -> None:
    """Set the smallest weights of each layer to zero, so many as the cubic schedule says."""
    first, last = SPARSITY
    share = last + (first - last) * (1 - progress) ** 3
    with torch.no_grad():
        for weight in matrices:
            weight *= weight.abs() > weight.abs().flatten().quantile(share)


def digits() -> tuple[Tensor, Tensor]:
    """Pictures (1797, 64) in [0, 1] and labels, in a fixed random order."""
    data, target = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(target))
    pictures = torch.tensor(data[order] / 16, dtype=torch.float32)
    return pictures, torch.tensor(target[order], dtype=torch.long)


def _perceptron(dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    size = PIXELS
    for _ in range(LAYERS):
        layers += [nn.Linear(size, HIDDEN), nn.ReLU(), nn.Dropout(dropout)]
        size = HIDDEN
    return nn.Sequential(*layers, nn.Linear(size, CLASSES))


def network_of(net: nn.Module, name: str) -> Network:
    """The net as a graph."""
    program = export(name, net, (torch.zeros(1, PIXELS),), {})
    return translate(name, program, sha256="").require()


def _asked(kind: str) -> list[tuple[str, bool]]:
    """Procedures, and whether shuffled weights keep the pattern of their zeros."""
    asked = [(procedure, True) for procedure in PROCEDURES]
    sparse = "pruned" in kind or "cut" in kind
    return [*asked, ("spectrum", False)] if sparse else asked


@click.command()
@click.argument("kinds", nargs=-1, type=click.Choice(list(PUBLISHED)))
@click.option("--seeds", default=2, help="Nets of each kind.")
@click.option("--nulls", default=20, help="Shuffled nets, and random ones, for each net.")
@click.option("--steps", type=int, help=f"Gradient steps of training; {STEPS}, with L1 {STEPS_L1}.")
def main(kinds: tuple[str, ...], seeds: int, nulls: int, steps: int | None) -> None:
    """Train nets of some KINDs, or of all, segment them, and print the table."""
    kinds = kinds or tuple(PUBLISHED)
    torch.set_num_threads(1)
    table = Table("net", "accuracy", "procedure", "score", "shuffled", "z", "z random", "published",
                  "coherence", "by topology", "ARI shuffled")  # fmt: skip
    pictures = digits()[0][1200 : 1200 + SEEN].numpy()
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(
            "segmenting", total=seeds * sum(len(_asked(kind)) for kind in kinds)
        )
        for kind in kinds:
            for seed in range(seeds):
                length = steps or (STEPS_L1 if "L1" in kind else STEPS)
                net, accuracy = train(kind, seed, length)
                network = network_of(net, f"{kind} {seed}")
                seen = {network.inputs[0]: pictures[:, None]}
                for procedure, keep in _asked(kind):
                    few = nulls if procedure == "spectrum" else max(3, nulls // 4)
                    title = procedure if keep else f"{procedure}, zeros moved"
                    found = segment(
                        network,
                        procedure,
                        groups=GROUPS,
                        nulls=few,
                        observations=seen,
                        keep_zeros=keep,
                    )
                    known = PUBLISHED[kind] if procedure == "spectrum" else {}
                    published = known.get(keep) or known.get(False, "")
                    table.add_row(
                        network.name, f"{accuracy:.3f}", title, f"{found.score:.3f}",
                        f"{found.shuffled.mean():.3f}", f"{found.z:+.1f}",
                        f"{found.z_random:+.1f}", published, f"{found.coherence:.3f}",
                        f"{found.topology_coherence:.3f}", f"{found.topology_agreement:.2f}",
                    )  # fmt: skip
                    progress.advance(task)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
