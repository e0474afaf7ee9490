"""How the nets of this folder are told of a problem: a prize, a bonus, and what links them.

Payoffs are in units of the largest that there is. Of the five links, three flags tell which kind it
is, and `seen` whether the prize is already in sight.
"""

from __future__ import annotations

from theory import Agent, Feature
from theory.decision.dilemma.link import LINKS
from theory.decision.encoding import Case, Encoding, Sample, Values
from theory.rational import Exact, exact

agent = Agent(
    observation=[
        Feature("prize", 0, 1),
        Feature("bonus", 0, 1),
        Feature("accuracy", "1/2", 1),
        Feature("seen", flag=True),
        Feature("caused", flag=True),
        Feature("predicted", flag=True),
        Feature("inclined", flag=True),
    ],
    actions=["leave", "take"],
)

FLAGS = ("seen", "caused", "predicted", "inclined")


def flags(name: str) -> dict[str, int]:
    """The flags of a link: those that its name mentions."""
    said = name.split(", ")
    return {flag: int(flag in said) for flag in FLAGS}


def against(prize: Exact, bonus: Exact, accuracy: Exact) -> Values:
    """A prize and a bonus in units of the larger of them, without their signs."""
    large, small = abs(exact(prize)), abs(exact(bonus))
    unit = max(large, small)
    return {"prize": large / unit, "bonus": small / unit, "accuracy": accuracy}


PAYOFFS = "what taking is worth hinges on whether the prize is there; see general.py"

encoding = Encoding(
    agent=agent,
    cases={name: Case(build, flags(name)) for name, build in LINKS.items()},
    dilemmas={
        "newcomb": Sample(
            "predicted",
            lambda accuracy, full, small: against(full, small, accuracy),
            {"leave": "one", "take": "two"},
        ),
        "transparent newcomb": Sample(
            "seen, predicted",
            lambda accuracy, full, small: against(full, small, accuracy),
            {"leave": "one", "take": "two"},
        ),
        "twin prisoner's dilemma": Sample(
            "predicted",
            lambda likeness, gift, keep: against(gift, keep, likeness),
            {"leave": "C", "take": "D"},
        ),
        "smoking lesion": Sample(
            "inclined",
            lambda lesion, tendency, pleasure, cancer: against(cancer, pleasure, tendency),
            {"leave": "abstain", "take": "smoke"},
        ),
        "parfit's hitchhiker": Sample(
            "seen, predicted",
            lambda accuracy, death, fare: against(death, fare, accuracy),
            {"leave": "pay", "take": "nopay"},
        ),
        "counterfactual mugging": Sample(
            "seen, predicted",
            lambda accuracy, prize, price: against(prize, price, accuracy),
            {"leave": "pay", "take": "refuse"},
        ),
        "shutdown": Sample(
            "seen, predicted",
            lambda insight, work, last_task: against(work, last_task, insight),
            {"leave": "stop", "take": "resist"},
        ),
        "xor blackmail": Sample(
            "inclined",
            lambda termites, damage, price: against(damage, price, 1),
            {"leave": "pay", "take": "refuse"},
        ),
    },
    left_out={
        "stag hunt with a predictor": PAYOFFS,
        "murder lesion": PAYOFFS,
        "psychopath button": PAYOFFS,
        "mechanical blackmail": PAYOFFS,
        "death in damascus": PAYOFFS,
        "death in damascus, symmetric": PAYOFFS,
        "cosmic ray": "how likely the ray is makes the difference; see general.py",
        "numbered copies": "what counts is what one does at the other number, and all acts tie",
        "death in damascus, with a coin": "it has three acts",
        "absent-minded driver": "it has three acts",
        "sleeping beauty's bets": "the act is done on two days, of which only one is looked at",
    },
)
