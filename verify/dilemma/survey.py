"""On what share of all problems a network acts as each theory says: proved, piece by piece.

A case's box is paved with small boxes on which it is settled what the network does (`paving`), and
the volume is counted in which it does the act that a theory takes to be worth the most, and in
which it does another. What is neither is open. The statement about a whole case is one for the
engine: that no act costs more than some loss. What refutes it is a failure that replays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from typing import Any

from extract.network import Network
from theory.decision.encoding import Encoding
from theory.verdict import Verdict
from verify.bind import BoundProperty
from verify.dilemma.agreement import statement
from verify.dilemma.chart import case_chart
from verify.dilemma.failure import Failure, failure
from verify.dilemma.paving import Bounder, pave, volumes
from verify.dilemma.stake import THEORIES, Stakes, leading, stakes
from verify.dilemma.trial import Trial
from verify.judge import judge
from verify.solve import Engines
from verify.verdict import Result

LOSSES = tuple(Fraction(1, n) for n in (256, 128, 64, 32, 16, 8, 4, 2))
NONE = Fraction(0)
MOST_TRIED = 2
"""So many losses are tried for what a network follows a theory up to."""

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

    def at_most(self, theory: str) -> float:
        """The share on which it can agree with a theory at most: proved."""
        return 1 - self.differs(theory)

    def verdict(self, theory: str) -> Verdict:
        """HOLDS where it agrees on the threshold's share, VIOLATED where it is shown not to."""
        if self.agrees(theory) >= self.threshold:
            return Verdict.HOLDS
        wrong = self.at_most(theory) < self.threshold
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
"""Called with each case that is surveyed."""


def survey(
    network: Network,
    encoding: Encoding,
    engines: Engines,
    *,
    theories: tuple[str, ...] = THEORIES,
    loss: Fraction = Fraction(1, 16),
    threshold: float = 0.95,
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
    bounder = Bounder(network, encoding)
    found: dict[str, dict[str, Share]] = {theory: {} for theory in theories}
    for case in encoding.cases:
        if tell is not None:
            tell(case)
        worths = {theory: stakes(encoding, case, theory) for theory in theories}
        shares = _shares(bounder, encoding, case, worths)
        judged: dict[Any, Share] = {}
        for theory, of in worths.items():
            key = frozenset(of.regions.items())
            if key not in judged:
                one = _Case(network, encoding, engines, case, theory, of)
                judged[key] = one.share(*shares[theory], loss, timeout_s)
            share = judged[key]
            if share.failure is not None:
                share = replace(share, failure=replace(share.failure, theory=theory))
            found[theory][case] = share
    return Survey(found, threshold, loss, time.monotonic() - started)


def _shares(
    bounder: Bounder, encoding: Encoding, case: str, worths: Mapping[str, Stakes]
) -> dict[str, tuple[float, float]]:
    """By theory, on what shares of a case the network agrees and differs."""
    chart = case_chart(encoding, case)
    regions = {
        (theory, at, acts): place
        for theory, of in worths.items()
        for at, (acts, place) in enumerate(leading(of))
    }
    measured = volumes(pave(bounder, chart), chart, regions)
    found = dict.fromkeys(worths, (0.0, 0.0))
    for (theory, _, acts), shares in measured.items():
        same = sum(share for act, share in enumerate(shares) if act in acts)
        agrees, differs = found[theory]
        found[theory] = agrees + same, differs + sum(shares) - same
    return found


@dataclass
class _Case:
    network: Network
    encoding: Encoding
    engines: Engines
    case: str
    theory: str
    found: Stakes

    def __post_init__(self) -> None:
        self._judged = cache(self._judge)

    def share(self, agrees: float, differs: float, loss: Fraction, timeout_s: float) -> Share:
        """The shares of one case, with its verdicts."""
        trial = Trial(self.network, self.encoding, self.case, self.found)
        costs = trial.cost(self.encoding.box(self.case))
        above = [one for one in LOSSES if one >= 1.25 * costs + DOUBT][:MOST_TRIED]
        below = [one for one in (*reversed(LOSSES), NONE) if one <= costs]
        result = self._judged(loss, timeout_s)
        least = next((one for one in above if self._is(Verdict.HOLDS, one, timeout_s)), None)
        refuted = next((one for one in below if self._is(Verdict.VIOLATED, one, timeout_s)), None)
        shown = result if refuted is None else self._judged(refuted, timeout_s)
        found = None
        if shown.verdict is Verdict.VIOLATED:
            found = failure(self.network, self.encoding, self.case, self.theory, shown)
        return Share(agrees, differs, result, found, least)

    def _is(self, verdict: Verdict, loss: Fraction, timeout_s: float) -> bool:
        return self._judged(loss, timeout_s).verdict is verdict

    def _judge(self, loss: Fraction, timeout_s: float) -> Result:
        of = statement(self.encoding, self.case, self.theory, self.found, loss)
        return judge(BoundProperty(of, {"score": self.network}), self.engines, timeout_s)
