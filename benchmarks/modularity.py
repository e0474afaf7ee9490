"""Are trained nets more modular than their own weights shuffled? Filan et al.'s table, in kind.

    python -m benchmarks.modularity [--seeds N] [--nulls N] [--steps N]

Perceptrons on scikit-learn's digits, trained plainly, pruned, with dropout and with an L1 penalty;
each is cut into groups by its weights, and so are its weights shuffled and weights drawn anew. In
the published table (arXiv 2103.03386 and 2110.08058; MNIST, 4 x 256 units) the z-scores are about
-4.5 unpruned, -9.7 pruned, -24 with dropout, and +22 with L1: the sign is wrong for L1.
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

HIDDEN, LAYERS, PIXELS, CLASSES = 128, 3, 64, 10
GROUPS = 10
BATCH, RATE = 128, 1e-3
KEPT = 0.1
"""Share of the weights that pruning leaves."""

L1 = 3e-5
PUBLISHED = {"plain": "-4.5", "pruned": "-9.7", "dropout": "-24", "L1": "+22"}


def train(kind: str, seed: int, steps: int) -> tuple[nn.Sequential, float]:
    """A perceptron on the digits, and its accuracy on those it did not see."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    pictures, labels = digits()
    net = _perceptron(0.5 if kind == "dropout" else 0.0)
    matrices = [layer.weight for layer in net if isinstance(layer, nn.Linear)]
    keep: list[Tensor] = [torch.ones_like(w) for w in matrices]
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    for step in range(steps):
        pick = torch.randint(1200, (BATCH,), generator=generator)
        loss = cross_entropy(net(pictures[pick]), labels[pick])
        if kind == "L1":
            loss = loss + L1 * sum(w.abs().sum() for w in matrices)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if kind == "pruned":
            if step % 50 == 0 and step >= steps // 4:
                share = KEPT ** min(1.0, (step - steps // 4) / (steps / 2))
                keep = [_largest(w, share) for w in matrices]
            with torch.no_grad():
                for weight, mask in zip(matrices, keep, strict=True):
                    weight *= mask
    net.eval()
    with torch.no_grad():
        right = net(pictures[1200:]).argmax(dim=1) == labels[1200:]
    return net, float(right.float().mean())


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


def _largest(weight: Tensor, share: float) -> Tensor:
    bar = weight.abs().flatten().quantile(1 - share)
    return (weight.abs() >= bar).float()


def network_of(net: nn.Module, name: str) -> Network:
    """The net as a graph."""
    program = export(name, net, (torch.zeros(1, PIXELS),), {})
    return translate(name, program, sha256="").require()


def _asked(kind: str) -> list[tuple[str, bool]]:
    """Procedures, and whether shuffled weights keep the pattern of their zeros."""
    asked = [(procedure, True) for procedure in PROCEDURES]
    return [*asked, ("spectrum", False)] if kind == "pruned" else asked


@click.command()
@click.option("--seeds", default=2, help="Nets of each kind.")
@click.option("--nulls", default=20, help="Shuffled nets, and random ones, for each net.")
@click.option("--steps", default=3000, help="Gradient steps of training.")
def main(seeds: int, nulls: int, steps: int) -> None:
    """Train, segment, and print the table."""
    torch.set_num_threads(1)
    table = Table("net", "accuracy", "procedure", "score", "shuffled", "z", "z random", "published",
                  "coherence", "by topology", "ARI shuffled")  # fmt: skip
    pictures = {"x": digits()[0][1200:1500].numpy()}
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(
            "segmenting", total=seeds * sum(len(_asked(kind)) for kind in PUBLISHED)
        )
        for kind in PUBLISHED:
            for seed in range(seeds):
                net, accuracy = train(kind, seed, steps)
                network = network_of(net, f"{kind} {seed}")
                seen = {network.inputs[0]: pictures["x"][:, None]}
                for procedure, keep in _asked(kind):
                    few = nulls if procedure in ("spectrum", "community") else max(3, nulls // 4)
                    title = procedure if keep else f"{procedure}, zeros moved"
                    found = segment(
                        network,
                        procedure,
                        groups=GROUPS,
                        nulls=few,
                        observations=seen,
                        keep_zeros=keep,
                    )
                    published = PUBLISHED[kind] if procedure == "spectrum" else ""
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
