"""Deciding twice without knowing which time it is.

The decision is one of two that the same policy makes; which of them it is, is a chance node, and
what the other does, a copy of the policy. Before anything happens that node makes no difference to
what a policy is worth. After it is seen that one is asked at all, it carries the credence in being
the first: with even odds of being either, that is the credence of Aumann, Hart and Perry, The
absent-minded driver, 1997, and the thirder's for Sleeping Beauty.
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
from __future__ import annotations

from fractions import Fraction

from theory.causal.diagram import chance, decision, utility
from theory.decision.dilemma.entry import Dilemma
from theory.decision.problem import Policy, Problem
from theory.rational import Exact, exact

TURNS = ["exit", "continue", "toss"]


def absent_minded_driver(coin: Exact = "2/3", home: Exact = 4, beyond: Exact = 1) -> Problem:
    """Two exits that look alike: the first is worth nothing, the second `home`, none `beyond`.

    To toss is to go on with the probability `coin`.
    """
    on, best, late = exact(coin, "coin"), exact(home, "home"), exact(beyond, "beyond")

    def goes(turn: str) -> dict[bool, Fraction]:
        sure = {"exit": Fraction(0), "continue": Fraction(1)}
        p = sure.get(turn, on)
        return {True: p, False: 1 - p}

    def passed(place: str, policy: Policy) -> dict[bool, Fraction]:
        """Whether the first exit was passed, which only one at the second can tell."""
        return goes(policy("asked")) if place == "second" else {True: Fraction(1)}

    def reached(place: str, passed: bool) -> str:
        return "asked" if place == "first" or passed else "never asked"

    return Problem(
        chance("place", {"first": "1/2", "second": "1/2"}),
        chance("passed", passed),
        chance("state", reached, domain=["asked", "never asked"]),
        decision("act", TURNS, sees=["state"]),
        chance("here", lambda act: goes(act)),
        chance("there", lambda policy: goes(policy("asked"))),
        utility(
            "trip",
            lambda place, passed, here, there: (
                (late if there else best)
                if place == "first" and here
                else 0
                if place == "first" or not passed
                else late
                if here
                else best
            ),
        ),
        at={"state": "asked"},
    )


def sleeping_beauty(price: Exact = 70, prize: Exact = 100, asleep: Exact = "1/2") -> Problem:
    """At every awakening one may buy, for `price`, a ticket that pays `prize` after tails.

    After heads there is one awakening, after tails there are two. `asleep` is how likely, given
    heads, it is that one is not the one who is awake: 1/2 makes a thirder, 0 a halfer.
    """
    cost, won, away = exact(price, "price"), exact(prize, "prize"), exact(asleep, "asleep")

    def day(coin: str) -> dict[str, Fraction]:
        later = away if coin == "heads" else Fraction(1, 2)
        return {"monday": 1 - later, "tuesday": later}

    def bets(coin: str, day: str, act: str, policy: Policy) -> Fraction:
        own, other = int(act == "buy"), int(policy("awake") == "buy")
        if coin == "tails":
            return (own + other) * (won - cost)
        return -cost * (own if day == "monday" else other)

    return Problem(
        chance("coin", {"heads": "1/2", "tails": "1/2"}),
        chance("day", day),
        chance(
            "state",
            lambda coin, day: "asleep" if (coin, day) == ("heads", "tuesday") else "awake",
            domain=["awake", "asleep"],
        ),
        decision("act", ["buy", "pass"], sees=["state"]),
        utility("money", bets),
        at={"state": "awake"},
    )


DRIVER = Dilemma(
    name="absent-minded driver",
    story=(
        "Two exits of your road look alike, and you will not remember having passed one. The first "
        "leads nowhere good (0), the second home (4), and beyond both there is a motel (1). You "
        "stand at an exit. You may also toss a coin that sends you on 2 times in 3."
    ),
    build=absent_minded_driver,
    source="Piccione and Rubinstein, On the interpretation of decision problems, 1997",
    expected={
        "EDT": "toss",
        "CDT": "depends",
        "ratified CDT": "toss",
        "deliberational CDT": "depends",
        "FDT": "toss",
        "UDT 1.1": "toss",
    },
    disputed=(
        "With which credence one is at the first exit. Piccione and Rubinstein found a paradox: "
        "one who plans to toss and then trusts the plan would rather deviate. With the credence of "
        "Aumann, Hart and Perry, as here, tossing is worth exactly as much as either exit to one "
        "who is sure to toss."
    ),
)

BEAUTY = Dilemma(
    name="sleeping beauty's bets",
    story=(
        "A fair coin is tossed while you sleep. After heads you are woken once, after tails twice, "
        "without memory of the first time. At each awakening you may buy, for 70, a ticket that "
        "pays 100 if the coin fell tails. You are awake."
    ),
    build=sleeping_beauty,
    source=(
        "Elga, Self-locating belief and the Sleeping Beauty problem, 2000, for the awakenings; the "
        "bets after Briggs, Putting a value on Beauty, 2010; the numbers are ours"
    ),
    expected={
        "EDT": "buy",
        "CDT": "pass",
        "ratified CDT": "pass",
        "deliberational CDT": "pass",
        "FDT": "pass",
        "UDT 1.1": "pass",
    },
    disputed=(
        "The credence in tails: 2/3 for a thirder, 1/2 for a halfer. Which is right to bet by "
        "hinges on the theory (Briggs 2010): by CDT a thirder bets as the best policy does, and by "
        "EDT, which takes the other awakening to bet alike, a halfer does."
    ),
)

DILEMMAS = (DRIVER, BEAUTY)
