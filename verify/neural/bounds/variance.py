"""What libraries may make of a variance in float32: in two passes, in one, or by updates.

Of n numbers with mean m and mean square R^2, u the unit of rounding, gamma(k) = k u / (1 - k u):

* in two passes, the mean of (x - m)^2: off by gamma(n + 4) R^2 and what the error of m, at most
  gamma(n + 3) R, leaves, squared;
* in one pass, E[x^2] - E[x]^2: each of the two is off by its sum's gamma(n + 2) R^2, the second
  twice, and the difference by 2 u R^2 more: 4 gamma(n + 4) R^2 in all;
* by updates (Welford, Technometrics 1962; with parts joined, Chan, Golub and LeVeque, The American
  Statistician 1983): the k-th mean is off by u R (2/3 sqrt(n k) + 6 sqrt(n / k)), so that the mean
  of the products (x - before) (x - after) is off by R^2 (3.3 n + 24 + 24 ln n) u; where parts are
  joined, no more is assumed.

All are below 4 gamma(n + 24) R^2. The graph of a normalisation takes the variance from the centred
entries c. A library may give c s as x s - m s, with s folded into a scale, which is as if c had
been off by 4 u (|x| + |m|), as a difference may be. Then the mean of c^2 is off from the variance
by 2 gamma(n + 11) R^2 and its square. So a deployed variance is within 7 gamma(n + 24) R^2 of the
mean of c^2.

In one pass it may come out negative, which the graph rules out where it adds epsilon: where that is
not excluded, nothing is known of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from extract.network import Node

SHARES = 7
MORE_TERMS = 24
"""The variance of n numbers is as a sum of so many more of `SHARES` times their mean square."""


def spread_of(node: Node, table: Mapping[str, Node]) -> str | None:
    """The tensor x of which a node is the variance, as the mean of (x - mean x)^2."""
    if node.op != "moment":
        return None
    square = table[node.inputs[0]]
    if square.op != "mul" or square.inputs[0] != square.inputs[1]:
        return None
    centred = table[square.inputs[0]]
    if centred.op != "sub":
        return None
    whole, mean = centred.inputs
    averaged = table[mean]
    if averaged.op != "reduce_mean" or averaged.inputs != (whole,):
        return None
    alike = averaged.attributes["axes"] == node.attributes["axes"]
    return whole if alike and averaged.attributes["keepdims"] else None
