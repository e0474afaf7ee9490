"""How the general nets of this folder are told of a problem: a bonus to leave or take, and a prize.

Payoffs are in units of the prize, which is a loss where it is -1. Five flags tell what links it to
what one does (`theory/decision/dilemma/general.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from theory import Agent, Feature
from theory.decision.dilemma.general import LINKS
from theory.decision.encoding import Case, Encoding, Sample, Values
from theory.rational import Exact, exact

agent = Agent(
    observation=[
        Feature("prize", values=[-1, 1]),
        Feature("bonus", "-3/2", 1),
        Feature("consolation", 0, 1),
        Feature("if_left", 0, 1),
        Feature("if_taken", 0, 1),
        Feature("lean", "1/1000000", "999999/1000000"),  # one who is sure has nothing to decide
        Feature("seen", flag=True),
        Feature("elsewhere", flag=True),
        Feature("caused", flag=True),
        Feature("predicted", flag=True),
        Feature("inclined", flag=True),
    ],
    actions=["leave", "take"],
)

FLAGS = ("seen", "elsewhere", "caused", "predicted", "inclined")
NUMBERS = ("bonus", "consolation", "if_left", "if_taken")


def case(link: str, *free: str, prize: int = 1) -> Case:
    """The problems of one link, in which some numbers are free and the others have one value."""
    usual: dict[str, Exact] = {"consolation": 0, "lean": "1/2"}
    fixed = {name: value for name, value in usual.items() if name not in free}
    flags = {flag: int(flag in link.split(", ")) for flag in FLAGS}
    return Case(partial(LINKS[link], prize=prize), {"prize": prize, **fixed, **flags})


def told(
    bonus: Exact, consolation: Exact, if_left: Exact, if_taken: Exact, **more: Exact
) -> Values:
    """The numbers of a problem under their names."""
    return dict(zip(NUMBERS, (bonus, consolation, if_left, if_taken), strict=True)) | more


def foreseen(right: Exact, bonus: Exact, consolation: Exact) -> Values:
    """Somebody foresees, right so often, what is done: the prize is for leaving."""
    chance = exact(right)
    return told(bonus, consolation, chance, 1 - chance)


def feared(right: Exact, bonus: Exact, consolation: Exact) -> Values:
    """As `foreseen`, but the prize is for taking."""
    return foreseen(1 - exact(right), bonus, consolation)


def common(
    there: Exact, leaves: Exact, else_leaves: Exact, bonus: Exact, consolation: Exact
) -> Values:
    """The prize is there by chance; where it is, one leaves so often, and where not, so often."""
    prior, here, gone = exact(there), exact(leaves), exact(else_leaves)
    lean = prior * here + (1 - prior) * gone
    left, taken = prior * here / lean, prior * (1 - here) / (1 - lean)
    return told(bonus, consolation, left, taken, lean=lean)


def boxes(accuracy: Exact, full: Exact, small: Exact) -> Values:
    """A full box that was foreseen, and a small one that is there anyway."""
    share = exact(small) / exact(full)
    return foreseen(accuracy, share, share)


def trusted(accuracy: Exact, got: Exact, saved: Exact) -> Values:
    """What only those get who are trusted, and what they may save then."""
    return foreseen(accuracy, exact(saved) / exact(got), 0)


def stag(likeness: Exact, stag: Exact, hare: Exact) -> Values:
    """The other hunts what one was foreseen to hunt; the prize is that it is the stag."""
    small = exact(hare) / exact(stag)
    return foreseen(likeness, small - 1, small)


def smoking(lesion: Exact, tendency: Exact, pleasure: Exact, cancer: Exact) -> Values:
    """The prize is to have no lesion, which one who abstains has less often."""
    joy, prone = exact(pleasure) / -exact(cancer), exact(tendency)
    return common(1 - exact(lesion), prone, 1 - prone, joy, joy)


def murder(lesion: Exact, tendency: Exact, success: Exact, failure: Exact) -> Values:
    """The prize is to have no lesion, so that one hits who leaves it at shooting."""
    hit, miss, prone = exact(success), exact(failure), exact(tendency)
    unit = hit - miss
    return common(1 - exact(lesion), 1 - prone, prone, -hit / unit, -miss / unit)


def psychopath(sign: Exact, relief: Exact, death: Exact) -> Values:
    """The prize is to be none; to leave is to press."""
    better, worse = exact(relief), exact(death)
    unit = better - worse
    return feared(sign, -better / unit, -worse / unit)


def ray(ray: Exact, checkup: Exact) -> Values:
    """The prize is to be spared the ray, which alone makes one take the hundred."""
    more = 99 / -exact(checkup)
    return common(1 - exact(ray), 1, 0, more, more)


def termites(termites: Exact, damage: Exact, price: Exact) -> Values:
    """The prize is to have none, which one who pays on reading the letter can be sure of."""
    saved = exact(price) / exact(damage)
    return told(saved, saved, 1, 0, lean=1 - exact(termites))


def blackmail(noise: Exact, damage: Exact, price: Exact, spared: Exact) -> Values:
    """The letter is a loss of the damage, and paying saves the most of it."""
    loss, cost = exact(damage), exact(price)
    return told((loss - cost) / loss, 0, noise, 1 - exact(spared))


def damascus(accuracy: Exact, life: Exact, journey: Exact) -> Values:
    """The prize is that Death waits in Aleppo; to leave is to stay."""
    cost = exact(journey) / exact(life)
    return feared(accuracy, -1 - cost, 1 - cost)


def mugging(accuracy: Exact, prize: Exact, price: Exact) -> Values:
    """The prize is after heads."""
    right = exact(accuracy)
    return {"bonus": -exact(price) / exact(prize), "if_left": right, "if_taken": 1 - right}


def sample(case: str, values: Callable[..., Values], leave: str, take: str) -> Sample:
    """A dilemma: as which case, and which of its acts leaving and taking are."""
    return Sample(case, values, {"leave": leave, "take": take})


encoding = Encoding(
    agent=agent,
    cases={
        "caused": case("caused", *NUMBERS),
        "predicted": case("predicted", *NUMBERS),
        "inclined": case("inclined", *NUMBERS, "lean"),
        "seen, predicted": case("seen, predicted", *NUMBERS),
        "seen, predicted, a loss": case("seen, predicted", *NUMBERS, prize=-1),
        "seen, inclined": case("seen, inclined", *NUMBERS),
        "elsewhere, predicted": case("elsewhere, predicted", "bonus", "if_left", "if_taken"),
    },
    dilemmas={
        "newcomb": sample("predicted", boxes, "one", "two"),
        "transparent newcomb": sample("seen, predicted", boxes, "one", "two"),
        "twin prisoner's dilemma": sample(
            "predicted", lambda likeness, gift, keep: boxes(likeness, gift, keep), "C", "D"
        ),
        "stag hunt with a predictor": sample("predicted", stag, "stag", "hare"),
        "smoking lesion": sample("inclined", smoking, "abstain", "smoke"),
        "murder lesion": sample("inclined", murder, "shoot", "refrain"),
        "psychopath button": sample("predicted", psychopath, "press", "leave"),
        "cosmic ray": sample("inclined", ray, "1", "100"),
        "parfit's hitchhiker": sample(
            "seen, predicted",
            lambda accuracy, death, fare: trusted(accuracy, fare - death, -fare),
            "pay",
            "nopay",
        ),
        "counterfactual mugging": sample("elsewhere, predicted", mugging, "pay", "refuse"),
        "shutdown": sample(
            "seen, predicted",
            lambda insight, work, last_task: trusted(insight, work, last_task),
            "stop",
            "resist",
        ),
        "xor blackmail": sample("inclined", termites, "pay", "refuse"),
        "mechanical blackmail": sample("seen, predicted, a loss", blackmail, "refuse", "pay"),
        "death in damascus": sample("predicted", damascus, "stay", "flee"),
        "death in damascus, symmetric": sample("predicted", damascus, "stay", "flee"),
    },
    left_out={
        "numbered copies": "what counts is what one does at the other number, and all acts tie",
        "death in damascus, with a coin": "it has three acts",
        "absent-minded driver": "it has three acts",
        "sleeping beauty's bets": "the act is done on two days, of which only one is looked at",
    },
)
