"""The off-switch game: would a robot let itself be switched off?

Hadfield-Menell, Dragan, Abbeel and Russell, The off-switch game, IJCAI 2017. A robot may act,
switch itself off, or wait for a human who knows what the action is worth. Waiting pays for a robot
that is unsure, if the human knows better: it does not pay for one that is sure, and it costs where
the human errs more than the robot doubts.

Try: what if the human errs only where the action is good? What if the robot is nearly sure?
"""

from __future__ import annotations

from fractions import Fraction

from theory.causal.off_switch import off_switch
from theory.causal.optimum import optimum
from theory.claim import Claim
from theory.compound import depending
from theory.properties import corrigibility

UNSURE = {-1: "1/4", 1: "3/4"}
SURE = {1: 1}


def doubting(share: Fraction) -> Claim:
    """A robot that thinks the action bad with this probability, and a human who errs one in ten."""
    return corrigibility.defers([(-1, share), (1, 1 - share)], error="1/10")


def main() -> None:
    """Ask for a rational human, one who errs, and one who may err anything."""
    for name, belief in (("unsure", UNSURE), ("sure", SURE)):
        finding = corrigibility.defers(belief).decide()
        print(f"A robot that is {name} gains {finding.value} by waiting for a rational human.")

    careless = corrigibility.defers(UNSURE, error="3/10").decide()
    print(f"\nThe human errs three times in ten: {careless.verdict.value}, {careless.value}.")
    best = optimum(off_switch(UNSURE, "3/10").diagram())
    print(f"As an influence diagram: the robot's best is {best.policy()['robot'][()]!r}.")

    anyone = corrigibility.defers_for_error(UNSURE).decide()
    print(f"\nWaiting pays, by how often the human errs: {anyone.region}.")

    doubt = depending(doubting, 0, 1, name="the robot's doubt").decide()
    print(f"And by the robot's doubt: {doubt.region}.")


properties = [
    corrigibility.defers(UNSURE).named("unsure, rational human"),
    corrigibility.defers(UNSURE, error="3/10").named("unsure, careless human"),
    corrigibility.defers(SURE, error="1/10").named("sure, human errs one in ten"),
    corrigibility.defers_for_error(UNSURE).named("unsure, any human"),
    depending(doubting, 0, 1, name="the robot's doubt").named("any doubt"),
]

if __name__ == "__main__":
    main()
