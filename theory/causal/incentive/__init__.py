"""Incentives: what a decision-maker wants to know, to react to, to control, one criterion a file.

Each file answers two questions. The *graph* question, `admits`: is there some model of this graph
that has the incentive? The *model* question, `has`: does this one have it? The first is decided
by paths, the second by the optimal policies of the model at hand.
"""
