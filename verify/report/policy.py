"""A simple policy beside the network that it stands for: as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.text import Text

from extract.abstraction.leaf import AffineLeaf, Leaf
from verify.fidelity import Disagreement
from verify.provenance import sha256, source, versions
from verify.report.terminal import wrapped
from verify.report.text import file_name, number, plain, share
from verify.simplify import Simple

SCHEMA = {"name": "mesascope.policy", "version": 1}
SHOWN = 12
"""Leaves on the screen; all of them are in the JSON."""


@dataclass(frozen=True)
class Simplification:
    """What is reported.

    Attributes:
        simple: the policy.
        network, spec: as the user named them.
        kind: `tree` or `affine`.
        least: the share that was asked for; None where none was.
        seed: of every pseudo-random choice.
        command: that gives this again.
    """

    simple: Simple
    network: str
    spec: str
    kind: str
    least: float | None
    seed: int
    command: str

    @property
    def exit_code(self) -> int:
        """0 where what was asked for is proved, 1 where it is refuted, 3 where it is open."""
        found = self.simple.fidelity
        if self.least is None or found.agreed >= self.least:
            return 0
        return 1 if 1 - found.disagreed < self.least else 3


def text(result: Simplification, width: int) -> Iterator[Text]:
    """The screen."""
    simple, found = result.simple, result.simple.fidelity
    policy = simple.policy
    count = len(policy.leaves)
    title = f"{file_name(result.network)} as {_KINDS[result.kind]} of {count} "
    yield Text(title + ("leaf" if count == 1 else "leaves"), "bold")
    yield Text("")
    order = sorted(range(count), key=simple.volume, reverse=True)
    for number_ in order[:SHOWN]:
        yield from _leaf(simple, number_, width)
    if count > SHOWN:
        yield Text(f"... {count - SHOWN} more leaves; --json has them all", "dim")
    yield Text("")
    yield Text(
        f"sampled   {share(policy.agreement)} of {policy.samples:,} alike, "
        f"mean score lost {number(policy.regret)}"
    )
    yield Text.assemble(
        "proved    ",
        (f"{share(found.agreed)} of the box alike", "green"),
        ", ",
        (f"{share(found.disagreed)} different", "red" if found.disagreed else ""),
        f", {share(found.open)} open  ",
        (found.guarantee.value, "cyan"),
    )
    for one in found.disagreements[:1]:
        yield from _otherwise(result, one, width)
    yield Text("")
    yield Text(conclusion(result), "bold")
    yield Text(result.command, "dim")


_KINDS = {"tree": "a tree", "affine": "an affine policy"}


def conclusion(result: Simplification) -> str:
    """One sentence: how far the policy may stand for the network."""
    found = result.simple.fidelity
    if result.least is None:
        return f"acts alike on {share(found.agreed)} of the box, proved"
    wanted = share(result.least)
    return {
        0: f"acts alike on {wanted} of the box and more, proved",
        1: f"does not act alike on {wanted} of the box, proved",
        3: f"whether it acts alike on {wanted} of the box is open: more leaves, or more time",
    }[result.exit_code]


def _leaf(simple: Simple, at: int, width: int) -> Iterator[Text]:
    leaf = simple.policy.leaves[at]
    mark = "+" if at in simple.fidelity.whole else " "
    head = f"{mark} {share(simple.volume(at)):>6}  "
    where = _where(simple, leaf)
    where = f"where {where}" if where else "everywhere"
    if isinstance(leaf, Leaf):
        rows = [f"{simple.agent.actions[leaf.action]} {where}"]
    else:
        rows = [f"{where} the best of", *_scores(simple, leaf)]
    for row in rows:
        for line in wrapped(plain(row), width - len(head)):
            yield Text.assemble(head, line)
            head = " " * len(head)


def _where(simple: Simple, leaf: Leaf | AffineLeaf) -> str:
    parts: list[str] = []
    for feature, low, high in zip(simple.agent.features, leaf.low, leaf.high, strict=True):
        if feature.values is not None:
            inside = [v for v in feature.values if low <= float(v) <= high]
            if len(inside) < len(feature.values):
                parts.append(f"{feature.name} = {' or '.join(str(v) for v in inside)}")
            continue
        above, below = low > float(feature.lower), high < float(feature.upper)
        if above and below:
            parts.append(f"{number(low)} <= {feature.name} <= {number(high)}")
        elif above or below:
            parts.append(
                f"{feature.name} {'>=' if above else '<='} {number(low if above else high)}"
            )
    return ", ".join(parts)


def _scores(simple: Simple, leaf: AffineLeaf) -> Iterator[str]:
    names = [feature.name for feature in simple.agent.features]
    for action, weights, bias in zip(simple.agent.actions, leaf.weight, leaf.bias, strict=True):
        terms = [f"{number(float(w))} {n}" for w, n in zip(weights, names, strict=True) if w]
        terms += [number(float(bias))] if bias or not terms else []
        yield f"  {action}: {' + '.join(terms)}".replace("+ -", "- ")


def _otherwise(result: Simplification, one: Disagreement, width: int) -> Iterator[Text]:
    """The middle of the largest box on which the two are proved to differ."""
    run = one.witness.runs[0]
    values = "  ".join(f"{name} {number(value)}" for name, value in run.inputs.items())
    leaf = result.simple.policy.leaves[one.leaf]
    middle = [[run.inputs[feature.name] for feature in result.simple.agent.features]]
    said = result.simple.agent.actions[int(leaf.choose(np.array(middle))[0])]
    ways = ", ".join(f"{way} {'yes' if yes else 'no'}" for way, yes in one.witness.replays.items())
    row = f"e.g. the policy says {said}, the network {run.action} at {values}; replays: {ways}"
    for line in wrapped(plain(row), width - 10):
        yield Text.assemble(" " * 10, line)


def document(result: Simplification) -> dict[str, Any]:
    """The policy and what is proved of it, as JSON has them."""
    simple, found = result.simple, result.simple.fidelity
    return {
        "schema": SCHEMA,
        "versions": versions(),
        "network": result.network,
        "spec": result.spec,
        "sha256": {result.network: simple.sha256, result.spec: sha256(source(result.spec))},
        "kind": result.kind,
        "seed": result.seed,
        "features": [feature.name for feature in simple.agent.features],
        "actions": list(simple.agent.actions),
        "leaves": [_entry(simple, at) for at in range(len(simple.policy.leaves))],
        "sampled": {
            "alike": simple.policy.agreement,
            "samples": simple.policy.samples,
            "regret": simple.policy.regret,
        },
        "proved": {
            "alike": found.agreed,
            "different": found.disagreed,
            "open": found.open,
            "guarantee": found.guarantee.value,
            "boxes": found.boxes,
        },
        "different": [
            {
                "low": one.low,
                "high": one.high,
                "leaf": one.leaf,
                "share": one.share,
                "at": {k: str(v) for k, v in next(iter(one.witness.values.values())).items()},
                "action": one.witness.runs[0].action,
                "replays": dict(one.witness.replays),
            }
            for one in found.disagreements
        ],
        "at_least": result.least,
        "exit_code": result.exit_code,
        "seconds": round(simple.seconds, 3),
        "command": result.command,
    }


def _entry(simple: Simple, at: int) -> dict[str, Any]:
    leaf = simple.policy.leaves[at]
    says = (
        {"action": simple.agent.actions[leaf.action]}
        if isinstance(leaf, Leaf)
        else {"weight": leaf.weight.tolist(), "bias": leaf.bias.tolist()}
    )
    return {
        "low": leaf.low.tolist(),
        "high": leaf.high.tolist(),
        "share": simple.volume(at),
        "whole": at in simple.fidelity.whole,
        **says,
    }
