"""A family of problems: leave a bonus or take it, where a prize is linked to that in five ways.

The prize is there or not. To take the bonus is worth `bonus` more, whatever else happens; to leave
it goes along with the prize's being there, `accuracy` of the time. What the theories disagree about
is why it goes along:

- `caused`: because the act brings it about;
- `predicted`: because somebody foresaw what the agent would do (Newcomb's problem, the twins);
- `inclined`: because what makes one leave the bonus also puts the prize there (the smoking lesion);
- `seen, predicted`: as predicted, and the prize is seen to be there (transparent boxes, Parfit);
- `seen, inclined`: as inclined, and the prize is seen to be there.

The last two are asked after the prize was seen; what is foreseen in the first of them is what the
agent would do on seeing it.
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from theory.causal.diagram import Node, chance, decision, utility
from theory.decision.problem import Policy, Problem, noisy
from theory.rational import Exact, exact

ACTS = ["leave", "take"]
THERE = ["there", "gone"]


def caused(prize: Exact, bonus: Exact, accuracy: Exact) -> Problem:
    """The act brings the prize about, or does away with it."""
    return Problem(
        decision("act", ACTS),
        chance("prize", lambda act: _there(noisy(act, accuracy, ACTS)), domain=THERE),
        _gain(prize, bonus),
    )


def predicted(prize: Exact, bonus: Exact, accuracy: Exact) -> Problem:
    """The prize was put there because it was foreseen that the bonus would be left."""
    return Problem(
        decision("act", ACTS),
        chance("prize", lambda policy: _there(noisy(policy(), accuracy, ACTS)), domain=THERE),
        _gain(prize, bonus),
    )


def inclined(prize: Exact, bonus: Exact, accuracy: Exact) -> Problem:
    """Where the prize is there by chance, one is inclined to leave the bonus."""
    return Problem(
        chance("prize", dict.fromkeys(THERE, "1/2")),
        decision("act", ACTS),
        _gain(prize, bonus),
        inclination=lambda prize: noisy("leave" if prize == "there" else "take", accuracy, ACTS),
    )


def seen_predicted(prize: Exact, bonus: Exact, accuracy: Exact) -> Problem:
    """The prize is seen to be there; it is, because it was foreseen that one who sees it leaves
    the bonus.
    """

    def put(policy: Policy) -> Mapping[str, Fraction]:
        return _there(noisy(policy("there"), accuracy, ACTS))

    return Problem(
        chance("prize", put, domain=THERE),
        decision("act", ACTS, sees=["prize"]),
        _gain(prize, bonus),
        at={"prize": "there"},
    )


def seen_inclined(prize: Exact, bonus: Exact, accuracy: Exact) -> Problem:
    """As `inclined`, and the prize is seen to be there."""
    return Problem(
        chance("prize", dict.fromkeys(THERE, "1/2")),
        decision("act", ACTS, sees=["prize"]),
        _gain(prize, bonus),
        inclination=lambda prize: noisy("leave" if prize == "there" else "take", accuracy, ACTS),
        at={"prize": "there"},
    )


LINKS: Mapping[str, Callable[..., Problem]] = {
    "caused": caused,
    "predicted": predicted,
    "inclined": inclined,
    "seen, predicted": seen_predicted,
    "seen, inclined": seen_inclined,
}


def _there(chances: Mapping[str, Fraction]) -> Mapping[str, Fraction]:
    return {"there": chances["leave"], "gone": chances["take"]}


def _gain(prize: Exact, bonus: Exact) -> Node:
    won, more = exact(prize, "prize"), exact(bonus, "bonus")
    return utility(
        "gain",
        lambda act, prize: (won if prize == "there" else 0) + (more if act == "take" else 0),
    )
