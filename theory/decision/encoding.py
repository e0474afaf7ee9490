"""How decision problems are put to a network: which features say what, and what its actions mean.

A file that the command line takes defines `encoding = Encoding(...)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

from theory.agent import Agent
from theory.decision.dilemma.entry import Dilemma
from theory.decision.problem import Problem
from theory.error import InputError
from theory.partition import Box
from theory.rational import Exact, exact

Values: TypeAlias = Mapping[str, Exact]


@dataclass(frozen=True)
class Case:
    """One problem whose numbers vary: some features are its parameters, the others say which it is.

    Attributes:
        build: the problem, from its parameters by keyword; each is a feature of the agent.
        fixed: the other features' values, by name.
        acts: action of the network to act of the problem; those that it lacks are of one name.
    """

    build: Callable[..., Problem] = field(hash=False)
    fixed: Values = field(hash=False)
    acts: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False)

    def act(self, action: str) -> Any:
        """The act of the problem that an action is."""
        return self.acts.get(action, action)


@dataclass(frozen=True)
class Sample:
    """How one dilemma is put to the network.

    Attributes:
        case: as which case of the encoding.
        values: from the dilemma's parameters by keyword, the case's parameters.
        acts: action of the network to act of the dilemma.
        dilemma: which; None stands for the library's of this name.
    """

    case: str
    values: Callable[..., Values] = field(hash=False)
    acts: Mapping[str, Any] = field(hash=False)
    dilemma: Dilemma | None = None


class Encoding:
    """A family of decision problems as the input of a network.

    Args:
        agent: the network's features and actions; ranges are those of the problems' parameters.
        cases: by name, the problems that there are.
        dilemmas: by name, the dilemmas that are among them.
        left_out: by name, why a dilemma of the library is not.

    Raises:
        InputError: a case leaves a feature open or names one that there is not, an action has no
            act, or a dilemma is put as a case that there is not.
    """

    def __init__(
        self,
        *,
        agent: Agent,
        cases: Mapping[str, Case],
        dilemmas: Mapping[str, Sample] | None = None,
        left_out: Mapping[str, str] | None = None,
    ) -> None:
        self.agent = agent
        self.cases = dict(cases)
        self.dilemmas = dict(dilemmas or {})
        self.left_out = dict(left_out or {})
        if not self.cases:
            raise InputError("encoding: there is no case")
        for name, case in self.cases.items():
            for feature, value in case.fixed.items():
                if not _takes(agent, feature, exact(value, f"case {name!r}, {feature}")):
                    raise InputError(f"case {name!r}: {feature} cannot be {value}")
            problem = case.build(**{n: low for n, (low, _) in self.box(name).items()})
            for action in agent.actions:
                if case.act(action) not in problem.acts:
                    raise InputError(f"case {name!r}: {case.act(action)!r} is not one of its acts")
            if len(agent.actions) != len(problem.acts):
                raise InputError(f"case {name!r}: its acts are {', '.join(map(str, problem.acts))}")
        for name, sample in self.dilemmas.items():
            if sample.case not in self.cases:
                raise InputError(f"dilemma {name!r}: there is no case {sample.case!r}")

    def case(self, name: str) -> Case:
        """The case of a name; InputError where there is none."""
        if name not in self.cases:
            raise InputError(f"unknown case {name!r}; it is one of: {', '.join(self.cases)}")
        return self.cases[name]

    def box(self, name: str) -> Box:
        """The ranges of a case's parameters, in the order of the features."""
        fixed = self.case(name).fixed
        return {f.name: (f.lower, f.upper) for f in self.agent.features if f.name not in fixed}

    def observation(self, name: str, values: Values) -> dict[str, Fraction]:
        """All features at one point of a case.

        Raises:
            InputError: a parameter is missing, is not one, or is out of its range.
        """
        case, box = self.case(name), self.box(name)
        if set(values) != set(box):
            raise InputError(f"case {name!r}: its parameters are {', '.join(box)}")
        point = {**case.fixed, **values}
        read = {f.name: exact(point[f.name], f.name) for f in self.agent.features}
        for feature, (low, high) in box.items():
            if not low <= read[feature] <= high:
                raise InputError(
                    f"case {name!r}: {feature} is {read[feature]}, outside {low} to {high}"
                )
        return read


def _takes(agent: Agent, name: str, value: Fraction) -> bool:
    feature = agent.feature(name)
    if feature.values is not None:
        return value in feature.values
    return feature.lower <= value <= feature.upper
