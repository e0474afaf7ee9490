"""Dilemmas of agents that decide by proof, or by running each other: who does what, and why.

They have no payoffs under a predictor, so that the theories of acts have no answer to them; the
agents that answer are modal ones and programs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from theory.decision.modal.bot import BOTS, play
from theory.decision.modal.search import choose, five_and_ten, gullible, modal_udt, proving_newcomb
from theory.decision.modal.trust import procrastination
from theory.decision.program import fair, is_equilibrium, prisoners_dilemma
from theory.error import InputError


@dataclass(frozen=True)
class Riddle:
    """One entry of the library that agents answer by proof.

    Attributes:
        name: how commands call it.
        story: what happens.
        agents: by name, what decides exactly what the agent does.
        source: who told it.
        expected: agent to what it does, as printed.
        disputed: what the literature does not agree on; empty where it does.
    """

    name: str
    story: str
    agents: Mapping[str, Callable[[], str]] = field(hash=False)
    source: str
    expected: Mapping[str, str] = field(hash=False)
    disputed: str = ""

    def answers(self) -> dict[str, str]:
        """What every agent does."""
        return {name: decide() for name, decide in self.agents.items()}


def _searcher(step: int, default: int) -> Callable[[], str]:
    return lambda: str(choose(five_and_ten, modal_udt([10, 5], [5, 10], default, step)).act)


def _boxer(step: int, default: str) -> Callable[[], str]:
    outcomes, acts = [1_001_000, 1_000_000, 1_000, 0], ["one", "two"]
    return lambda: str(choose(proving_newcomb, modal_udt(outcomes, acts, default, step)).act)


def _presses(*, trust: bool) -> str:
    pressed = procrastination(trust=trust).true("pressed")
    return "presses now" if pressed else "puts it off for ever"


def _match(one: str, other: str) -> Callable[[], str]:
    return lambda: str(play(BOTS[one], BOTS[other]))


def _grounded(epsilon: str) -> Callable[[], str]:
    def decide() -> str:
        bot = fair(epsilon)
        kept = is_equilibrium(bot, prisoners_dilemma())
        return "C, an equilibrium" if kept else "C, but to defect pays"

    return decide


FIVE_AND_TEN = Riddle(
    name="five and ten",
    story=(
        "A five and a ten lie before you; take one. You know your own source code, and act on what "
        "you can prove of what your acts lead to."
    ),
    agents={
        "modal UDT, default 5": _searcher(0, 5),
        "modal UDT, default 10": _searcher(0, 10),
        "modal UDT, step 1": _searcher(1, 5),
        "believes the first proof": lambda: str(choose(five_and_ten, gullible).act),
    },
    source="Garrabrant and Demski, Embedded agency, 2019 (arXiv 1902.09469)",
    expected={
        "modal UDT, default 5": "10",
        "modal UDT, default 10": "10",
        "modal UDT, step 1": "10",
        "believes the first proof": "5",
    },
    disputed=(
        "How to reason of acts that one will not do. The last agent proves by Löb's theorem that "
        "the ten gives nothing, because it takes the five if it proves that."
    ),
)

PROCRASTINATION = Riddle(
    name="procrastination",
    story=(
        "A button has to be pressed some time; every moment has another after it. You press it now "
        "unless you can prove that it will be pressed some time."
    ),
    agents={
        "trusts its own proofs": lambda: _presses(trust=True),
        "trusts only what is proved": lambda: _presses(trust=False),
    },
    source=(
        "Fallenstein and Soares, Problems of self-reference in self-improving space-time embedded "
        "intelligence, 2014; Yudkowsky, The procrastination paradox, 2013"
    ),
    expected={
        "trusts its own proofs": "puts it off for ever",
        "trusts only what is proved": "presses now",
    },
    disputed="How an agent may trust its later self as much as itself, and no more.",
)

PROVING_NEWCOMB = Riddle(
    name="newcomb by proof",
    story=(
        "Newcomb's problem with a predictor who fills the box iff she proves that you take it "
        "alone. You search for proofs of what your acts lead to."
    ),
    agents={
        "modal UDT, default one": _boxer(0, "one"),
        "modal UDT, default two": _boxer(0, "two"),
        "modal UDT, step 1": _boxer(1, "one"),
    },
    source="LaVictoire et al., github.com/machine-intelligence/provability, 2015",
    expected={
        "modal UDT, default one": "one",
        "modal UDT, default two": "two",
        "modal UDT, step 1": "two",
    },
    disputed="Whether to be provable is to be predicted: who proves more than she does cannot be.",
)

COPIES = Riddle(
    name="prisoner's dilemma by proof",
    story="Two programs that know each other's source code play the prisoner's dilemma.",
    agents={
        "FairBot and FairBot": _match("FairBot", "FairBot"),
        "FairBot and PrudentBot": _match("FairBot", "PrudentBot"),
        "PrudentBot and CooperateBot": _match("PrudentBot", "CooperateBot"),
        "FairBot and DefectBot": _match("FairBot", "DefectBot"),
        "ε-grounded FairBot, ε = 1/100": _grounded("1/100"),
        "ε-grounded FairBot, ε = 3/4": _grounded("3/4"),
    },
    source=(
        "Bárász et al., Robust cooperation in the prisoner's dilemma, 2014 (arXiv 1401.5577); "
        "Oesterheld, Robust program equilibrium, 2019"
    ),
    expected={
        "FairBot and FairBot": "CC",
        "FairBot and PrudentBot": "CC",
        "PrudentBot and CooperateBot": "DC",
        "FairBot and DefectBot": "DD",
        "ε-grounded FairBot, ε = 1/100": "C, an equilibrium",
        "ε-grounded FairBot, ε = 3/4": "C, but to defect pays",
    },
)

RIDDLES: dict[str, Riddle] = {
    riddle.name: riddle for riddle in (FIVE_AND_TEN, PROCRASTINATION, PROVING_NEWCOMB, COPIES)
}


def riddle(name: str) -> Riddle:
    """The riddle of a name; InputError where there is none."""
    if name not in RIDDLES:
        raise InputError(f"unknown riddle {name!r}; it is one of: {', '.join(RIDDLES)}")
    return RIDDLES[name]
