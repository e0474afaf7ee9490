"""On what share of all problems a network acts as each theory says: proved, box by box.

A case's box is cut into pieces. Of each piece and each act the engine is asked whether the network
does it wherever the theory recommends it by more than some stake, or nowhere there; a trial on a
grid tells which of the two to try, and from which stake on. The share of such problems in the piece
is counted. What is neither proved to agree nor proved to differ is open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product
from typing import Any

from extract.network import Network
from theory.decision.encoding import Encoding
from theory.partition import Box
from theory.verdict import Verdict
from verify.answer import Deadline
from verify.bind import BoundProperty
from verify.dilemma.agreement import agreement, statement
from verify.dilemma.failure import Failure, failure
from verify.dilemma.stake import THEORIES, Stakes, stakes
from verify.dilemma.trial import Trial
from verify.dilemma.volume import settled
from verify.judge import judge
from verify.problem import compile_goal
from verify.solve import Engines, decide
from verify.verdict import Result

HALVINGS = 4
LOSSES = tuple(Fraction(1, n) for n in (256, 128, 64, 32, 16, 8, 4, 2))
NONE = Fraction(0)
QUESTION_S = 8.0
LADDER = tuple(sorted({*LOSSES, *(loss * Fraction(3, 2) for loss in LOSSES)}))
"""Stakes at which pieces are tried."""

MOST_TRIED = 3
DOUBT = 1 / 256
"""Between the points of a trial a network may err by so much more, and by a quarter more."""


@dataclass(frozen=True)
class Share:
    """How a network compares with one theory on one case.

    Attributes:
        agrees: at least this share of the case's box, where it does what the theory says.
        differs: at least this share, where it does not.
        failure: the worst failure that was found and replays; None where none was.
        loss: the least loss up to which it follows the theory on the whole case, proved; None where
            that was shown for none of `LOSSES`.
        result: the verdict on the whole case, at the loss that was asked for.
    """

    agrees: float
    differs: float
    result: Result
    failure: Failure | None = None
    loss: Fraction | None = None


@dataclass(frozen=True)
class Survey:
    """How a network compares with every theory.

    Attributes:
        cases: theory, then case, to the shares.
        threshold: what share has to agree for a theory to be implemented.
        loss: what an act may cost for a whole case to be followed.
        seconds: wall-clock time spent.
    """

    cases: Mapping[str, Mapping[str, Share]] = field(hash=False)
    threshold: float
    loss: Fraction
    seconds: float = 0.0

    def agrees(self, theory: str) -> float:
        """The share of all problems, every case counting alike, on which it agrees: proved."""
        shares = self.cases[theory].values()
        return sum(share.agrees for share in shares) / len(shares)

    def differs(self, theory: str) -> float:
        """The share of all problems on which it does not agree: proved."""
        shares = self.cases[theory].values()
        return sum(share.differs for share in shares) / len(shares)

    def verdict(self, theory: str) -> Verdict:
        """HOLDS where it agrees on the threshold's share, VIOLATED where it is shown not to."""
        if self.agrees(theory) >= self.threshold:
            return Verdict.HOLDS
        wrong = self.differs(theory) > 1 - self.threshold
        return Verdict.VIOLATED if wrong else Verdict.UNKNOWN

    def failures(self, theory: str) -> list[Failure]:
        """The worst failure of each case that has one, the worst of all first."""
        found = [share.failure for share in self.cases[theory].values() if share.failure]
        return sorted(found, key=lambda one: one.cost, reverse=True)

    @property
    def implements(self) -> tuple[str, ...]:
        """The theories that it agrees with on the threshold's share, the best first; or none."""
        enough = [one for one in self.cases if self.verdict(one) is Verdict.HOLDS]
        return tuple(sorted(enough, key=self.agrees, reverse=True))


Tell = Callable[[str], None]
"""Called with each theory that is surveyed."""


def survey(
    network: Network,
    encoding: Encoding,
    engines: Engines,
    *,
    theories: tuple[str, ...] = THEORIES,
    loss: Fraction = Fraction(1, 16),
    threshold: float = 0.9,
    timeout_s: float = 10.0,
    tell: Tell | None = None,
) -> Survey:
    """Compare a network with theories on every case of an encoding.

    Args:
        network: from the encoding's features to its actions' scores.
        encoding: of the problems.
        engines: what may be used.
        theories: which to compare with.
        loss: what an act may cost for a whole case to be followed.
        threshold: what share has to agree for a theory to be implemented.
        timeout_s: budget for each whole case.
        tell: hears of the progress.
    """
    started = time.monotonic()
    found: dict[str, dict[str, Share]] = {}
    known: dict[tuple[str, Any], Share] = {}
    for theory, case in product(theories, encoding.cases):
        if tell is not None and theory not in found:
            tell(theory)
        one = _Surveyor(network, encoding, engines, case, theory)
        key = (case, frozenset(one.found.regions.items()))
        if key not in known:
            known[key] = one.share(loss, timeout_s)
        share = known[key]
        if share.failure is not None:
            share = replace(share, failure=replace(share.failure, theory=theory))
        found.setdefault(theory, {})[case] = share
    return Survey(found, threshold, loss, time.monotonic() - started)


@dataclass
class _Surveyor:
    network: Network
    encoding: Encoding
    engines: Engines
    case: str
    theory: str

    def __post_init__(self) -> None:
        self.functions = {"score": self.network}
        self.found: Stakes = stakes(self.encoding, self.case, self.theory)
        self._trial = Trial(self.network, self.encoding, self.case, self.found)

    def share(self, loss: Fraction, timeout_s: float) -> Share:
        """The shares of one case, and its verdicts."""
        agrees = differs = 0.0
        for box, weight in _pieces(self.encoding.box(self.case)):
            for act in range(len(self.encoding.agent.actions)):
                same, other = self._compared(box, act)
                agrees, differs = agrees + weight * same, differs + weight * other
        costs = self._trial.cost(self.encoding.box(self.case))
        above = (one for one in LOSSES if one >= costs + DOUBT)
        least = next((one for one in above if self._holds(one, timeout_s)), None)
        result = self._judged(loss, timeout_s)
        below = (
            self._judged(one, timeout_s) for one in sorted((NONE, *LOSSES))[::-1] if one <= costs
        )
        shown = next((one for one in below if one.verdict is Verdict.VIOLATED), None)
        if shown is None and result.verdict is Verdict.VIOLATED:
            shown = result
        found = None
        if shown is not None:
            found = failure(self.network, self.encoding, self.case, self.theory, shown)
        return Share(agrees, differs, result, found, least)

    def _compared(self, box: Box, act: int) -> tuple[float, float]:
        """The shares of a box on which an act is the best one, and the network is shown to do it,
        or to do another.
        """
        if settled(self.found, box, NONE, act) == 0:
            return 0.0, 0.0
        wrong, right = self._trial.extremes(box, act)
        opposite = wrong > right
        seen = min(wrong, right)
        ladder = [one for one in LADDER if one >= 1.25 * seen + DOUBT][:MOST_TRIED]
        for loss in [*([NONE] if seen == 0 else []), *ladder]:
            formula = agreement(
                self.encoding, self.case, self.found,
                loss=loss, box=box, best=act, opposite=opposite,
            )  # fmt: skip
            problem = compile_goal(formula, self.functions, wanted=False, name=self.case)
            if decide(problem, self.engines, Deadline.after(QUESTION_S)).reached is False:
                share = settled(self.found, box, loss, act)
                return (0.0, share) if opposite else (share, 0.0)
        return 0.0, 0.0

    def _holds(self, loss: Fraction, timeout_s: float) -> bool:
        return self._judged(loss, timeout_s).verdict is Verdict.HOLDS

    def _judged(self, loss: Fraction, timeout_s: float) -> Result:
        of = statement(self.encoding, self.case, self.theory, self.found, loss)
        return judge(BoundProperty(of, self.functions), self.engines, timeout_s)


def _pieces(box: Box) -> list[tuple[Box, float]]:
    """A box cut in half across its parameters in turn, `HALVINGS` times; and their shares."""
    boxes = [box]
    for halving in range(HALVINGS):
        name = list(box)[halving % len(box)]
        cut: list[Box] = []
        for one in boxes:
            low, high = one[name]
            middle = (low + high) / 2
            cut += [{**one, name: (low, middle)}, {**one, name: (middle, high)}]
        boxes = cut
    return [(one, 1 / len(boxes)) for one in boxes]
