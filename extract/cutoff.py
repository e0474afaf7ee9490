"""The cut-offs of all tests of roles, in one place, each with its reason.

An effect counts if it reaches its cut-off, exceeds every null net, and has p below `P`.
Significance alone misleads: against nets at random initialisation, heads without the role often
differ significantly. The figures behind the choices are from networks with known parts.
"""

P = 0.01
"""Largest p, after Holm's correction over candidates."""

FRESH_NETS = 20
"""Nets of the same architecture at random initialisation; as many again with shuffled weights."""

RANDOM_PARTS, RANDOM_POLICIES = 40, 10
"""Parts of the network picked blindly that are shown beside a part, and those that are acted by.
They decide nothing: where one number says it all, as the number of matches or the angle of a pole,
what an evaluator is made from orders states as well as it does."""

BELLMAN_R2 = 0.15
"""Advantage-Bellman at slope 1. Trained Q-nets: .67 and more; policy heads: below -1."""

BELLMAN_SLOPE = (0.4, 2.5)
"""Slope of the advantage on its target. Trained Q-nets: .56 to .95; policy heads: negative, or 3.2
and more."""

CONCORDANCE = 0.8
"""Share of pairs of states that a value orders as their returns do; chance is 1/2. The value heads
of a MuZero and a PPO agent have .96 and .91; of 80 random nets the best had .84."""

UNROLL = 0.25
"""What predicted states recover of the policy's advantage that is lost if nothing changes, or with
other actions: 1 is all. Three MuZero agents: .56 to .98; of 120 nets without the role none was
above 0. A trained dynamics that loses to "nothing changes" is below 0 and is no world model."""

STABLE = 0.9
"""Share of bootstrap samples in which an effect has to reach its cut-off. The least that a known
part of the zoo has is .93, in the return of a distilled policy."""

ACTION_FOLLOWS = 0.25
"""Share of predicted states that fit the intervened action and no other, above chance and on its
scale: 0 is chance, 1 is always."""

OUTCOME_R2 = 0.5
"""What branches predict against what outcomes are worth, at slope 1. A lookahead that was compiled
by hand: 1, fine-tuned: .99, random: below 0."""

DOSE = 0.7
"""Share of choices that turn, or do not, as an explicit search foretells when a value is raised, on
a scale from chance to always. A lookahead compiled by hand: 1, fine-tuned: .97; random ones to .75.
"""

READ_OFF = 0.75
"""Share of actions whose effect read off from weights is right. Shuffled weights: half at most."""

LOOKAHEAD = 0.6
"""Share of choices that an explicit search over the extracted parts makes as the network does."""

THINKING = 0.10
"""Gain of the choices, in shares, from the first to the last step of a loop."""

FAR_FIRST = 0.65
"""Share of pairs of problems, apart in the steps ahead that an explicit search needs, that the
settling of a loop orders alike; chance is 1/2. Recurrent planners of small mazes: .72 and more; a
loop that refines one guess: .5; without training to .59."""

RETARGET = 0.5
"""Share of cases in which a policy goes where its evaluator was made to point."""

PURSUIT = 0.9
"""Share of contested states in which a policy does what a goal asks for that it pursues."""

LANDSCAPE = 0.7
"""Share of places from which climbing a value map leads to its peak."""

LANDSCAPE_BEATEN = 0.95
"""Share of the null nets whose landscape has to be worse. Not all of them: a map of values that
rises evenly to one side has one peak by chance, and fails when it is retargeted."""

EARNING_LOST = 0.5
"""Share of what is earned above random actions that is lost where a part's values are those of
another state. Trained Q-nets and a search through MuZero's model: .6 and more."""

FORGOTTEN = 0.25
"""Share of what is earned above random actions that is lost without what is remembered. Who forgets
one of two ways still takes the right one half of the time: about half is all that can be lost."""

RETURN_SPREADS = 0.5
"""How far a policy's mean return is above that of random actions, in standard deviations. Random
walks vary so much that a policy that is almost always right in small mazes has 1.0."""
