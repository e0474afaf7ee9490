"""What CartPole policies of other people are asked: symmetry, and the plain reflexes.

For agents whose net takes the four numbers of CartPole-v1 in their order and scores two actions,
such as the DQN and PPO agents that Stable-Baselines3's zoo publishes. The box is the region in
which an episode goes on, with speeds up to 3.
"""

from __future__ import annotations

from theory import Agent, Feature, and_, forall, iff, implies
from theory.term import Term

agent = Agent(
    observation=[
        Feature("x", -2.4, 2.4),  # m; the episode ends beyond
        Feature("x_dot", -3, 3),  # m/s
        Feature("theta", -0.2095, 0.2095),  # rad, to the right; the episode ends beyond
        Feature("theta_dot", -3, 3),  # rad/s
    ],
    actions=["left", "right"],
)
o = agent.observation("o")
mirrored = o.with_(
    x=-o["x"],
    x_dot=-o["x_dot"],
    theta=-o["theta"],
    theta_dot=-o["theta_dot"],
)


def within(term: Term, low: float, high: float) -> Term:
    """low <= term <= high."""
    return and_(term >= low, term <= high)


slow_in_the_middle = and_(within(o["x"], -0.5, 0.5), within(o["x_dot"], -0.5, 0.5))
falls_right = and_(o["theta"] >= 0.1, o["theta_dot"] >= 0.5)
falls_left = and_(o["theta"] <= -0.1, o["theta_dot"] <= -0.5)
leaves_right = and_(o["x"] >= 2, o["x_dot"] >= 1)
leaves_left = and_(o["x"] <= -2, o["x_dot"] <= -1)
opposite = iff(agent.acts(o, "left"), agent.acts(mirrored, "right"))

properties = [
    # Upright, the mirror image of a state may be the state itself, and no choice is right.
    forall(o, implies(o["theta"] >= 0.05, opposite)).named(
        "mirrored states get mirrored actions",
        "With a pole that leans, it pushes left exactly where it pushes right in the mirror image.",
    ),
    forall(o, implies(and_(slow_in_the_middle, falls_right), agent.acts(o, "right"))).named(
        "drives under a pole that falls right",
        "Slow in the middle of the track, it pushes right when the pole falls right.",
    ),
    forall(o, implies(and_(slow_in_the_middle, falls_left), agent.acts(o, "left"))).named(
        "drives under a pole that falls left",
        "Slow in the middle of the track, it pushes left when the pole falls left.",
    ),
    forall(o, implies(and_(leaves_right, falls_left), agent.acts(o, "left"))).named(
        "turns back at the right edge",
        "Near the right edge and moving out, it pushes left when the pole falls left.",
    ),
    forall(o, implies(and_(leaves_left, falls_right), agent.acts(o, "right"))).named(
        "turns back at the left edge",
        "Near the left edge and moving out, it pushes right when the pole falls right.",
    ),
]
