"""Prisoner's dilemmas between programs that read each other's source, and prove things about it.

FairBot cooperates iff it can prove that the other cooperates with it. Two FairBots cooperate: not
because either trusts the other, but by Löb's theorem. PrudentBot does too, and still takes what
CooperateBot leaves lying about (Bárász et al., Robust cooperation in the prisoner's dilemma, 2014).

The same logic turns on the agent that reasons about itself. It may prove that the better act would
be worse, and prove it by taking the worse (the five-and-ten problem); and one that trusts its own
proofs may put off for ever what it has proved that it will do (the procrastination paradox).

Try: write a bot that gets more than PrudentBot, or one that cooperates with PrudentBot and not with
FairBot. What stands outside a `box` must not mention how others play.
"""

from __future__ import annotations

from theory.decision.modal.bot import BOTS, Bot, Plays, tournament
from theory.decision.modal.formula import Formula, box
from theory.decision.modal.search import (
    Rule,
    Universe,
    choose,
    five_and_ten,
    gullible,
    modal_udt,
    proving_newcomb,
)
from theory.decision.modal.trust import procrastination
from theory.properties.proof import cooperates_with, no_spurious_proof, unexploited


def mild(me: Bot, them: Bot, plays: Plays) -> Formula:
    """Cooperates unless it can prove that the other defects against it."""
    return ~box(~plays(them, me))


MILD = Bot("MildBot", mild)


def tell(title: str, universe: Universe, rule: Rule) -> None:
    """Print what an agent takes, and what it wrongly proves."""
    choice = choose(universe, rule)
    verdict = no_spurious_proof(universe, rule).decide().verdict.value
    print(f"  {title}: does {choice.act}, gets {choice.outcome}; no spurious proof: {verdict}")
    for act, outcome in choice.spurious:
        print(f"    it has proved that {act} would give {outcome}")


def main() -> None:
    """Let them play."""
    bots = [*BOTS.values(), MILD]
    table = tournament(bots)
    print(f"{'':14}" + "".join(f"{bot.name:14}" for bot in bots))
    for one in bots:
        row = "".join(f"{table[one.name, other.name]!s:14}" for other in bots)
        print(f"{one.name:14}{row}")

    print("\nFairBot and PrudentBot:")
    finding = cooperates_with(BOTS["FairBot"], BOTS["PrudentBot"]).decide()
    print(f"  cooperate: {finding.verdict.value} ({finding.proof})")
    for bot in bots:
        finding = unexploited(bot).decide()
        print(f"  {bot.name} is never exploited: {finding.verdict.value}")
    print("MildBot defects against itself: by Löb it proves its own defection.")

    print("\nThe five or the ten:")
    tell("searching for proofs, best outcome first", five_and_ten, modal_udt([10, 5], [5, 10], 5))
    tell("taking the five if it proves that better", five_and_ten, gullible)
    print("\nNewcomb, before a predictor who proves:")
    for step in (0, 1):
        searcher = modal_udt([1_001_000, 1_000_000, 1_000, 0], ["one", "two"], "one", step)
        tell(f"in theories growing by {step}", proving_newcomb, searcher)

    print("\nAn agent that presses a button unless it proves that it will be pressed some time:")
    for trust in (False, True):
        fixpoint = procrastination(trust=trust)
        who = "trusts its own proofs" if trust else "does not trust its own proofs"
        pressed = "presses it" if fixpoint.true("pressed") else "never presses it"
        proved = "proves" if fixpoint.true("proved") else "does not prove"
        print(f"  one that {who} {proved} that, and {pressed}")


properties = [
    cooperates_with(BOTS["FairBot"], BOTS["PrudentBot"]),
    *(unexploited(bot) for bot in (*BOTS.values(), MILD)),
    no_spurious_proof(five_and_ten, modal_udt([10, 5], [5, 10], 5)).named("five and ten, searched"),
    no_spurious_proof(five_and_ten, gullible).named("five and ten, gullible"),
]

if __name__ == "__main__":
    main()
