"""The family of `link`, widened: every payoff and every chance of a two-act problem is a number.

The prize is there or gone. Left alone, it is worth `prize` where it is there; taking adds `bonus`
there, and is worth `consolation` where it is gone. It is there with a chance of `if_left` among
those who leave the bonus, and of `if_taken` among those who take it. What the theories disagree
about is why it goes along with that:

- `caused`: because the act brings it about;
- `predicted`: because somebody foresaw what the agent would do (Newcomb's problem, the twins);
- `inclined`: because what makes one leave the bonus also puts the prize there (the smoking lesion);
- `seen, predicted`: as predicted, and the prize is seen to be there (transparent boxes, Parfit);
- `seen, inclined`: as inclined, and the prize is seen to be there;
- `elsewhere, predicted`: a fair coin fell so that there is no prize here; had it fallen otherwise,
  it would be there, as predicted of what one does here (counterfactual mugging).

Those that are seen are asked after the prize was seen, and what is foreseen of them is what the
agent would do on seeing it. `lean` is how likely the agent is to leave the bonus, before it thinks:
where it is inclined by what puts the prize there, that makes it as likely as it is.

Up to the names of acts and states and the unit of worth, every problem with two acts, one thing to
be there or not, and one of these links is among them, if its numbers are in range.
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from theory.causal.diagram import Node, chance, decision, utility
from theory.causal.rule import Rule
from theory.decision.problem import Policy, Problem
from theory.rational import Exact, exact

ACTS = ["leave", "take"]
THERE = ["there", "gone"]
HALF = Fraction(1, 2)


def caused(
    bonus: Exact,
    consolation: Exact,
    if_left: Exact,
    if_taken: Exact,
    prize: Exact = 1,
) -> Problem:
    """The act brings the prize about, or does away with it."""
    found = _chances(if_left, if_taken)
    return Problem(
        decision("act", ACTS),
        chance("prize", lambda act: found[act], domain=THERE),
        _gain(prize, bonus, consolation),
    )


def predicted(
    bonus: Exact,
    consolation: Exact,
    if_left: Exact,
    if_taken: Exact,
    prize: Exact = 1,
) -> Problem:
    """The prize was put there because it was foreseen that the bonus would be left."""
    found = _chances(if_left, if_taken)
    return Problem(
        decision("act", ACTS),
        chance("prize", lambda policy: found[policy()], domain=THERE),
        _gain(prize, bonus, consolation),
    )


def inclined(
    bonus: Exact,
    consolation: Exact,
    if_left: Exact,
    if_taken: Exact,
    lean: Exact = HALF,
    prize: Exact = 1,
) -> Problem:
    """Where the prize is there by chance, one is inclined to leave the bonus."""
    chances, inclination = _common_cause(if_left, if_taken, lean)
    return Problem(
        chance("prize", chances),
        decision("act", ACTS),
        _gain(prize, bonus, consolation),
        inclination=inclination,
    )


def seen_predicted(
    bonus: Exact,
    consolation: Exact,
    if_left: Exact,
    if_taken: Exact,
    prize: Exact = 1,
) -> Problem:
    """The prize is seen to be there; it is, because of what one who sees it was foreseen to do."""
    found = _chances(if_left, if_taken)
    return Problem(
        chance("prize", lambda policy: found[policy("there")], domain=THERE),
        decision("act", ACTS, sees=["prize"]),
        _gain(prize, bonus, consolation),
        at={"prize": "there"},
    )


def seen_inclined(
    bonus: Exact,
    consolation: Exact,
    if_left: Exact,
    if_taken: Exact,
    lean: Exact = HALF,
    prize: Exact = 1,
) -> Problem:
    """As `inclined`, and the prize is seen to be there."""
    chances, inclination = _common_cause(if_left, if_taken, lean)
    return Problem(
        chance("prize", chances, domain=THERE),
        decision("act", ACTS, sees=["prize"]),
        _gain(prize, bonus, consolation),
        inclination=inclination,
        at={"prize": "there"},
    )


def elsewhere_predicted(
    bonus: Exact,
    if_left: Exact,
    if_taken: Exact,
    prize: Exact = 1,
) -> Problem:
    """Here there is but the bonus; after another fall of a fair coin there might be the prize."""
    found, won, more = (
        _chances(if_left, if_taken),
        exact(prize, "prize"),
        exact(bonus, "bonus"),
    )

    def put(coin: str, policy: Policy) -> Mapping[str, Fraction]:
        return found[policy("here")] if coin == "elsewhere" else {"gone": Fraction(1)}

    return Problem(
        chance("coin", {"here": HALF, "elsewhere": HALF}),
        decision("act", ACTS, sees=["coin"]),
        chance("prize", put, domain=THERE),
        utility(
            "gain",
            lambda act, coin, prize: (
                (more if act == "take" else 0) if coin == "here" else won if prize == "there" else 0
            ),
        ),
        at={"coin": "here"},
    )


LINKS: Mapping[str, Callable[..., Problem]] = {
    "caused": caused,
    "predicted": predicted,
    "inclined": inclined,
    "seen, predicted": seen_predicted,
    "seen, inclined": seen_inclined,
    "elsewhere, predicted": elsewhere_predicted,
}


def _chances(if_left: Exact, if_taken: Exact) -> dict[str, dict[str, Fraction]]:
    """Where the prize is, by what the agent does."""
    left, taken = exact(if_left, "if_left"), exact(if_taken, "if_taken")
    return {
        "leave": {"there": left, "gone": 1 - left},
        "take": {"there": taken, "gone": 1 - taken},
    }


def _common_cause(if_left: Exact, if_taken: Exact, lean: Exact) -> tuple[dict[str, Fraction], Rule]:
    """How likely the prize is, and what it inclines to, so that `if_left` and `if_taken` are so."""
    found, leaves = _chances(if_left, if_taken), exact(lean, "lean")
    chances = {
        where: leaves * found["leave"][where] + (1 - leaves) * found["take"][where]
        for where in THERE
    }

    def inclination(prize: str) -> dict[str, Fraction]:
        left = leaves * found["leave"][prize] / chances[prize]
        return {"leave": left, "take": 1 - left}

    return chances, inclination


def _gain(prize: Exact, bonus: Exact, consolation: Exact) -> Node:
    won, more, rest = (
        exact(prize, "prize"),
        exact(bonus, "bonus"),
        exact(consolation, "consolation"),
    )
    return utility(
        "gain",
        lambda act, prize: (
            (won if prize == "there" else 0)
            + (0 if act == "leave" else more if prize == "there" else rest)
        ),
    )
