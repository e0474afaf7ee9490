"""Replaying a witness: does the property fail there, exactly and in the deployed arithmetic?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from extract.network import Network
from theory.enclosure import Undecided
from theory.error import InputError
from theory.fold import fold
from theory.node import build
from theory.operator import FunctionSymbol
from theory.scope import QUANTIFIERS, TEMPORAL
from theory.semantics import Interpretation, evaluate
from theory.sort import EnumSort, ObservationSort, RealSort, VectorSort
from theory.substitution import rebuilt
from theory.term import Term
from theory.world import World
from verify.bind import (
    BoundProperty,
    Evaluate,
    as_floats,
    as_rationals,
    exactly,
    flatten,
    in_float32,
    meaning,
)
from verify.problem.problem import NOTHING, Variable
from verify.problem.truth import sides
from verify.quantified import NUMBER, base, chosen, quantified
from verify.verdict import Run, Witness

Values = Mapping[str, Mapping[str, Fraction]]


def values_at(
    variables: Sequence[Variable], point: Sequence[Fraction]
) -> dict[str, dict[str, Fraction]]:
    """A point of a problem by quantified variable and component."""
    values: dict[str, dict[str, Fraction]] = {}
    for variable, value in zip(variables, point, strict=True):
        if variable != NOTHING:
            values.setdefault(variable.owner, {})[variable.component or NUMBER] = value
    return values


def replay_values(bound: BoundProperty, values: Values) -> dict[str, bool]:
    """For each way of replaying, whether the property is violated at these values.

    `exact` is the reference semantics on exact rationals, `float32` torch on the CPU, `onnxruntime`
    the source file, where it is ONNX, the policy is the whole of it, and the library is installed.
    """
    return {way: violated(bound, values, run) is True for way, run in ways(bound).items()}


def ways(bound: BoundProperty) -> dict[str, Evaluate]:
    """The ways of replaying (see `replay_values`), each with how it runs a network."""
    found: dict[str, Evaluate] = {"exact": exactly, "float32": in_float32}
    onnx = _onnx_runtime(bound)
    if onnx is not None:
        found["onnxruntime"] = onnx
    return found


def witness_at(bound: BoundProperty, values: Values) -> Witness:
    """The witness with its replays, and every evaluation of a network that the formula asks for."""
    return Witness(
        values=values, runs=tuple(_runs(bound, values)), replays=replay_values(bound, values)
    )


def violated(bound: BoundProperty, values: Values, run: Evaluate) -> bool | None:
    """Whether the property is false at these values; None where `run` leaves it open."""
    formula = bound.property.formula
    meant = _interpretation(bound, values, run)
    # A name that an inner quantifier also ranges over has to keep its whole domain.
    shared = expanded(formula) & set(meant.points)
    points = {name: listed for name, listed in meant.points.items() if name not in shared}
    meant = replace(meant, points=points)
    try:
        return not evaluate(formula, meant)
    except Undecided:
        return None
    except InputError:
        parts = _conjuncts(formula)
        if len(parts) > 1:  # a witness against one of them may say nothing of another
            return True if any(_is_false(part, meant) for part in parts) else None
        if shared:
            return None  # of two quantifiers over one name, one has no finite domain
        if _goes_on(formula):
            return None  # the trajectory goes on where the witness says nothing any more
        raise


def _goes_on(formula: Term) -> bool:
    """Whether a formula speaks of trajectories without end."""

    def step(node: Term, parts: Sequence[bool]) -> bool:
        return any(parts) or (node.operator in TEMPORAL and node.payload.steps is None)

    return fold(formula, step)


def _conjuncts(formula: Term) -> list[Term]:
    """The claims of which a formula is the conjunction, each under its quantifiers."""
    match formula.operator:
        case "and":
            return [one for part in formula.arguments for one in _conjuncts(part)]
        case "forall" | "implies":
            *before, body = formula.arguments
            return [rebuilt(formula, (*before, one)) for one in _conjuncts(body)]
        case _:
            return [formula]


def _is_false(formula: Term, meant: Interpretation) -> bool:
    try:
        return not evaluate(formula, meant)
    except (Undecided, InputError):
        return False


def with_last_step(formula: Term, steps: int) -> Term:
    """The formula with every `always` without end that it claims cut off after some steps: where
    that is violated, the formula is. In conditions nothing is cut off.
    """
    match formula.operator:
        case "always" if formula.payload.steps is None:
            return build("always", formula.arguments, replace(formula.payload, steps=steps))
        case "forall" | "and":
            parts = [with_last_step(part, steps) for part in formula.arguments]
        case "implies":
            parts = [formula.arguments[0], with_last_step(formula.arguments[1], steps)]
        case _:
            return formula
    return rebuilt(formula, parts)


def expanded(formula: Term) -> set[str]:
    """Names of variables that stand for all their values where a formula is refuted, as in an
    inner `exists` or the choices along a trajectory that is said to go well, and not for values
    that a witness chooses.
    """
    names: set[str] = set()
    stack = [(formula, False)]
    while stack:
        for node, side in sides(*stack.pop()):
            if node.operator in QUANTIFIERS:
                stack.append((node.arguments[0], side))
                if (node.operator == "exists") != side:
                    names.update(name for name, _ in node.payload)
            elif node.operator in TEMPORAL:
                stack.extend((part, side) for part in node.arguments[1:])
                if side:
                    names.update(variable.payload[0] for variable in chosen(node))
    return names


def _interpretation(bound: BoundProperty, values: Values, run: Evaluate) -> Interpretation:
    formula = bound.property.formula
    functions = meaning(bound.functions, symbols_of(formula), run)
    names = {name for name, _ in quantified(formula)}
    points: dict[str, list[Any]] = {}
    for owner, components in values.items():
        name = base(owner, names)
        number = set(components) == {NUMBER} and _is_number(formula, name)
        points.setdefault(name, []).append(components[NUMBER] if number else dict(components))
    return Interpretation(functions, points=points)


def symbols_of(formula: Term) -> list[FunctionSymbol]:
    """The function symbols of a formula, each once."""
    found: dict[FunctionSymbol, None] = {}

    def step(node: Term, _: Sequence[None]) -> None:
        if node.operator == "apply":
            found[node.payload] = None
        elif node.operator in TEMPORAL:
            found.update(dict.fromkeys(world_symbols(node.payload.world)))

    fold(formula, step)
    return list(found)


def world_symbols(world: World) -> list[FunctionSymbol]:
    """The function symbols that a world asks for: the policy's, and those of its steps."""
    terms = list(world.moves.values())
    if world.observation is not None:
        terms.append(world.agent.score(world.observation))
    return [symbol for term in terms for symbol in symbols_of(term)]


def _is_number(formula: Term, name: str) -> bool:
    kinds: list[bool] = []

    def step(node: Term, _: Sequence[None]) -> None:
        if node.operator in {"forall", "exists"}:
            kinds.extend(
                isinstance(sort, RealSort) for bound, sort in node.payload if bound == name
            )

    fold(formula, step)
    return any(kinds)


def _runs(bound: BoundProperty, values: Values) -> list[Run]:
    """Every application in the formula that has a value at the witness, in float32."""
    interpretation = _interpretation(bound, values, in_float32)
    runs: list[Run] = []
    for term, binding in _applications(bound.property.formula, values, interpretation):
        try:
            runs.append(_run(term, interpretation.bind(binding)))
        except Undecided:
            continue  # float32 does not hold a number that occurs
    return runs


def _run(term: Term, interpretation: Interpretation) -> Run:
    symbol: FunctionSymbol = term.payload
    inputs: dict[str, float] = {}
    for sort, argument in zip(symbol.domain, term.arguments, strict=True):
        flat = flatten(sort, evaluate(argument, interpretation))
        labels = _labels(sort, len(flat))
        prefix = f"{argument}." if len(symbol.domain) > 1 else ""
        floats = as_floats(flat, np.float64).tolist()
        inputs |= {f"{prefix}{label}": x for label, x in zip(labels, floats, strict=True)}
    result = evaluate(term, interpretation)
    single = isinstance(symbol.codomain, RealSort)
    outputs = [float(result)] if single else [float(x) for x in result.entries]
    labels = _labels(symbol.codomain, len(outputs))
    return Run(str(term), inputs, dict(zip(labels, outputs, strict=True)), _best(symbol, outputs))


def _applications(
    formula: Term, values: Values, interpretation: Interpretation
) -> list[tuple[Term, dict[str, Any]]]:
    """Applications whose variables the witness fixes, with those variables' values."""
    binding = {name: points[0] for name, points in interpretation.points.items()}
    found: dict[Term, None] = {}

    def step(node: Term, parts: Sequence[bool]) -> bool:
        fixed = all(parts) and (node.operator != "var" or node.payload[0] in binding)
        if fixed and node.operator == "apply":
            found[node] = None
        return fixed

    fold(formula, step)
    return [(term, binding) for term in found]


def _labels(sort: Any, count: int) -> list[str]:
    if isinstance(sort, ObservationSort):
        return [f.name for f in sort.features]
    if isinstance(sort, EnumSort):
        return list(sort.members)
    if isinstance(sort, VectorSort) and sort.index is not None:
        return list(sort.index.members)
    return ["value"] if count == 1 else [str(i) for i in range(count)]


def _best(symbol: FunctionSymbol, outputs: Sequence[float]) -> str | None:
    index = symbol.codomain.index if isinstance(symbol.codomain, VectorSort) else None
    if index is None:
        return None
    top = max(outputs)
    best = [name for name, score in zip(index.members, outputs, strict=True) if score == top]
    return best[0] if len(best) == 1 else None


def _onnx_runtime(bound: BoundProperty) -> Evaluate | None:
    used = {s.name for s in symbols_of(bound.property.formula)}
    if bound.onnx is None or not used <= bound.whole or find_spec("onnxruntime") is None:
        return None
    onnxruntime: Any = import_module("onnxruntime")
    options: Any = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session: Any = onnxruntime.InferenceSession(
        str(Path(bound.onnx)), options, providers=["CPUExecutionProvider"]
    )

    def run(network: Network, flat: Sequence[Any]) -> Sequence[Any]:
        feeds: dict[str, Any] = {}
        start = 0
        for given, name in zip(session.get_inputs(), network.inputs, strict=True):
            node = network.node(name)
            kind = np.float64 if given.type == "tensor(double)" else np.float32
            piece = as_floats(flat[start : start + node.size], kind)
            feeds[given.name] = piece.reshape(node.shape)
            start += node.size
        outputs = session.run(None, feeds)
        return as_rationals([float(y) for output in outputs for y in np.ravel(output)])

    return run
