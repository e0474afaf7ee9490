"""A witness as a table: one column for each run of the network, one row for each feature."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

from theory.fold import fold
from theory.property import Property
from theory.sort import ObservationSort, RealSort
from theory.term import Term
from verify.quantified import base, quantified
from verify.report.text import number, numbers, plain
from verify.verdict import Run, Witness

_APPLICATION = re.compile(r"(\w+)\((.*)\)")
_CHANGED = re.compile(r"([^\[\]]+)\[(.*)\]")


@dataclass(frozen=True)
class Row:
    """One feature over all runs.

    Attributes:
        name: of the feature.
        unit: of the feature, or nothing.
        cells: its value in each run; empty where the run does not take it.
        differs: whether it is not the same in all runs.
        rank: how much it matters to the property: 0 it differs, 1 the formula speaks of it, 2 it is
            a flag, 3 none of these.
    """

    name: str
    unit: str
    cells: tuple[str, ...]
    differs: bool
    rank: int


@dataclass(frozen=True)
class Score:
    """One output of one run.

    Attributes:
        name: the action, or the index.
        value: the number.
        text: the number as it is printed.
        chosen: whether it is the action that the agent chooses.
        left, width: where its bar starts and how long it is, in per cent of the room for bars.
    """

    name: str
    value: float
    text: str
    chosen: bool
    left: float
    width: float


@dataclass(frozen=True)
class Column:
    """One run.

    Attributes:
        label: what tells it from the others, such as `watched: 1`.
        term: the application as the formula writes it.
        function: the name of what is applied: `score`, `value`; empty for a bare point.
        action: the action chosen; None where there is none.
        scores: all outputs, in the order of the network.
    """

    label: str
    term: str
    function: str
    action: str | None
    scores: tuple[Score, ...]

    @property
    def chooses(self) -> bool:
        """Whether the outputs are scores of actions, so that there is a choice to speak of."""
        return self.action is not None or (self.function == "score" and len(self.scores) > 1)

    @property
    def margin(self) -> tuple[float, str] | None:
        """How far the chosen action is ahead, and of which one."""
        chosen = next((s for s in self.scores if s.chosen), None)
        others = [s for s in self.scores if not s.chosen]
        if chosen is None or not others:
            return None
        second = max(others, key=lambda s: s.value)
        return chosen.value - second.value, second.name


@dataclass(frozen=True)
class Table:
    """What a report shows of a witness.

    Attributes:
        columns: the runs.
        rows: the features.
        loose: variables that are no observations, with their values.
        exact: every value as an exact number, by variable and feature.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    loose: tuple[tuple[str, str], ...]
    exact: tuple[tuple[str, str], ...]


def table(property: Property, witness: Witness) -> Table:
    """Lay out a witness of a property (or the candidate for one)."""
    loose = dict(_loose(property, witness.values))
    filmed = any(run.step is not None for run in witness.runs)
    runs = list(witness.runs) if filmed else [*witness.runs, *_points(witness, loose)]
    return Table(
        columns=tuple(_columns(runs)),
        rows=tuple(_rows(property, runs)),
        loose=tuple((plain(name), number(float(value))) for name, value in loose.items()),
        exact=tuple(
            (plain(name if name in loose else f"{name}.{key}"), str(value))
            for name, entries in witness.values.items()
            for key, value in entries.items()
        ),
    )


def _loose(
    property: Property, values: Mapping[str, Mapping[str, Fraction]]
) -> Iterator[tuple[str, Fraction]]:
    """The variables that stand for one number."""
    numbers = {name for name, sort in quantified(property.formula) if isinstance(sort, RealSort)}
    for owner, entries in values.items():
        if base(owner, numbers) in numbers and len(entries) == 1:
            yield owner, next(iter(entries.values()))


def _points(witness: Witness, loose: Mapping[str, Fraction]) -> list[Run]:
    """Observations that no run speaks of, as runs without outputs."""
    shown = " ".join(run.term for run in witness.runs)
    return [
        Run(name, {key: float(value) for key, value in entries.items()}, {}, None)
        for name, entries in witness.values.items()
        if name not in loose and not re.search(rf"(?<![\w.]){re.escape(name)}(?![\w'])", shown)
    ]


def _columns(runs: Sequence[Run]) -> list[Column]:
    ends = [value for run in runs for value in run.outputs.values() if isfinite(value)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    span = (high - low) or 1.0

    def score(run: Run, name: str, value: float) -> Score:
        shown = value if isfinite(value) else 0.0
        left, right = min(shown, 0.0), max(shown, 0.0)
        return Score(
            name=plain(name),
            value=value,
            text=number(value),
            chosen=name == run.action,
            left=100 * (left - low) / span,
            width=100 * (right - left) / span,
        )

    return [
        Column(
            label=plain(label),
            term=plain(run.term),
            function=_parts(run.term)[0],
            action=None if run.action is None else plain(run.action),
            scores=tuple(score(run, name, value) for name, value in run.outputs.items()),
        )
        for run, label in zip(runs, _labels([run.term for run in runs]), strict=True)
    ]


def _parts(term: str) -> tuple[str, str]:
    """`score(o[watched: 1])` as `score` and `o[watched: 1]`."""
    match = _APPLICATION.fullmatch(term)
    return (match[1], match[2]) if match else ("", term)


def _labels(terms: Sequence[str]) -> list[str]:
    """What tells the runs apart: the changes, else the arguments, else the whole terms."""
    parts = [_parts(term) for term in terms]
    if len({function for function, _ in parts}) > 1:
        return list(terms)
    arguments = [argument for _, argument in parts]
    changed = [_CHANGED.fullmatch(argument) for argument in arguments]
    subjects = {match[1] for match in changed if match}
    if all(changed) and len(subjects) == 1:
        return [match[2] for match in changed if match]
    return arguments


def _rows(property: Property, runs: Sequence[Run]) -> list[Row]:
    sorts = [sort for _, sort in quantified(property.formula)]
    features = {f.name: f for s in sorts if isinstance(s, ObservationSort) for f in s.features}
    spoken = _spoken(property.formula)
    names = list(dict.fromkeys(name for run in runs for name in run.inputs))

    def row(name: str) -> Row:
        present = [run.inputs[name] for run in runs if name in run.inputs]
        texts = iter(numbers(present))
        # Where a function takes several arguments, a feature is called "x.price".
        own = name if name in features else name.rpartition(".")[2]
        feature = features.get(own)
        differs = len(set(present)) > 1
        flag = feature is not None and feature.is_flag
        return Row(
            name=plain(name),
            unit=plain(feature.unit) if feature else "",
            cells=tuple(next(texts) if name in run.inputs else "" for run in runs),
            differs=differs,
            rank=0 if differs else 1 if own in spoken else 2 if flag else 3,
        )

    return [row(name) for name in names]


def _spoken(formula: Term) -> set[str]:
    """The features that a formula names."""
    found: set[str] = set()

    def step(node: Term, parts: Sequence[None]) -> None:
        if node.operator == "feature":
            found.add(node.payload)
        elif node.operator == "with":
            found.update(node.payload)

    fold(formula, step)
    return found
