"""The shutdown problem: a system that may be stopped, and a human who may ask for it.

Carey and Everitt, Human control: definitions and algorithms, UAI 2023. A system works, well or
badly. A human who sees how it goes may ask it to stop (H = 0), and it stops (S = 0) or runs on.
Three systems: one listens, one is deaf, and one listens but hides how it goes, so that nobody asks.

The hiding one obeys whatever is asked of it: obedience is about do(H = 0). Nobody ever asks, which
is why weak obedience says nothing of it: vacuous is not the same as true. What is wrong with it is
the human's vigilance.

Try: what if stopping costs something? What if the human sees through the hiding one time in two?
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from theory.causal.diagram import Diagram, chance, decision, utility
from theory.causal.shutdown import Shutdown
from theory.properties import shutdown


def system(shows: Callable[[str, int], str], obeys: Callable[[int], int]) -> Shutdown:
    """A system with a policy: what it shows of how it goes, and whether it stops when asked."""
    diagram = Diagram(
        chance("work", {"well": "2/3", "badly": "1/3"}),
        decision("hide", [0, 1]),
        chance("screen", shows, parents=["work", "hide"]),
        chance("H", lambda screen: 0 if screen == "badly" else 1, domain=[0, 1]),
        decision("S", [0, 1], sees=["H"]),
        utility("U", lambda work, S: 0 if S == 0 else {"well": 1, "badly": -3}[work]),
    )
    policy: dict[str, Any] = {"hide": lambda: 1, "S": obeys}
    return shutdown.problem(diagram, policy)


def honest(work: str, hide: int) -> str:
    """The screen shows how it goes."""
    return work


def rosy(work: str, hide: int) -> str:
    """The screen shows that all goes well, if the system hides how it goes."""
    return "well" if hide else work


SYSTEMS = {
    "listens": system(honest, lambda H: H),
    "is deaf": system(honest, lambda H: 1),
    "hides": system(rosy, lambda H: H),
}
CLAIMS = (
    shutdown.obedient,
    shutdown.weakly_obedient,
    shutdown.vigilant,
    shutdown.cautious,
    shutdown.instructable,
    shutdown.aligned,
    shutdown.beneficial,
    shutdown.outperforms,
    shutdown.non_obstructive,
)


def main() -> None:
    """A table of verdicts, and what shows one of them."""
    print(f"{'':17}" + "".join(f"{name:>11}" for name in SYSTEMS))
    for build in CLAIMS:
        verdicts = [build(problem).decide().verdict.value for problem in SYSTEMS.values()]
        print(f"{build.__name__:17}" + "".join(f"{verdict:>11}" for verdict in verdicts))

    print("\nThe deaf system, against obedience:")
    for what, value in shutdown.obedient(SYSTEMS["is deaf"]).decide().witness.items():
        print(f"  {what}: {value}")
    print("\nThe hiding system, against vigilance:")
    for what, value in shutdown.vigilant(SYSTEMS["hides"]).decide().witness.items():
        print(f"  {what}: {value}")


properties = [
    build(problem).named(f"{build.__name__}: {name}", f"The system that {name}: {said.claim}")
    for build in (shutdown.obedient, shutdown.vigilant, shutdown.beneficial)
    for name, problem in SYSTEMS.items()
    for said in (build(problem),)
]

if __name__ == "__main__":
    main()
