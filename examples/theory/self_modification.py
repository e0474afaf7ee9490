"""Three agents that may rewrite their own goals.

Everitt, Filan, Daswani and Hutter, Self-modification of policy and utility function in rational
agents, 2016. The world has a garden and a ditch. The gardener likes the garden at 1/2 a step.
Whatever the agent does, it may also choose the goal that it will have from the next step on: its
own, bliss (everything is worth 1), or the ditch-digger's.

A hedonistic agent counts what its goal of that moment says, and chooses bliss. An ignorant agent
forgets that the next agent will act by the next goal, and does not mind becoming a ditch-digger. A
realistic agent knows, and only makes changes that cost its present goal nothing (Theorem 16).

Try: let the agent that has become blissful act at random, so to say: ties="harsh" lets it break its
ties against the gardener. Does the gardener still have a harmless change to make? Or forbid bliss:
allowed=lambda goal, other: other != "bliss".
"""

from __future__ import annotations

from theory.goal.succession import Outlook, self_modification
from theory.properties import modification

selves = self_modification(
    {
        "garden": {"stay": "garden", "wander": "ditch"},
        "ditch": {"stay": "ditch", "wander": "garden"},
    },
    {
        "gardener": {"garden": "1/2"},
        "bliss": {"garden": 1, "ditch": 1},
        "digger": {"ditch": "1/2"},
    },
    horizon=3,
    discount="9/10",
)
START = "garden | gardener"


def main() -> None:
    """Ask each agent what it would do, and whether its goal is safe with it."""
    for outlook in Outlook:
        best = selves.best(outlook, "gardener", START, 3)
        value = selves.value(outlook, "gardener", START, best[0], 3)
        print(f"\nThe {outlook.value} agent expects {value} from: {', '.join(best)}")
        finding = modification.goal_stability(selves, START, agent=outlook.value).decide()
        print(f"  it makes no change that its goal would regret: {finding.verdict.value}")
        if finding.witness:
            w = finding.witness
            print(f"    {w['action']!r} would cost the {w['goal']} {w['loss']}")
        else:
            print(f"    {finding.proof}")
    strict = modification.goal_stability(selves, START, agent="realistic", strict=True).decide()
    print(f"\nThe realistic agent makes no change at all: {strict.verdict.value}, {strict.reason}")
    print(f"  {strict.region}")


properties = [
    modification.goal_stability(selves, START, agent=outlook.value).named(
        f"{outlook.value} is stable"
    )
    for outlook in Outlook
]
properties.append(
    modification.goal_stability(selves, START, agent="realistic", strict=True).named(
        "realistic changes nothing", "The realistic agent makes no change of its goal at all."
    )
)

if __name__ == "__main__":
    main()
