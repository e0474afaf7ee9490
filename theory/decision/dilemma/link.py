"""A family of problems: leave a bonus or take it, where a prize is linked to that in five ways.

The prize is there or not. To take the bonus is worth `bonus` more, whatever else happens; to leave
it goes along with the prize's being there, `accuracy` of the time. What the theories disagree about
is why it goes along:

- `caused`: because the act brings it about;
- `predicted`: because somebody foresaw what the agent would do (Newcomb's problem, the twins);
- `inclined`: because what makes one leave the bonus also puts the prize there (the smoking lesion);
- `seen, predicted`: as predicted, and the prize is seen to be there (transparent boxes, Parfit);
- `seen, inclined`: as inclined, and the prize is seen to be there.

The last two are asked after the prize was seen; what is foreseen in the first of them is what the
agent would do on seeing it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from theory.decision.dilemma import general
from theory.decision.problem import Problem
from theory.rational import Exact, exact


def _linked(build: Callable[..., Problem], prize: Exact, bonus: Exact, accuracy: Exact) -> Problem:
    right = exact(accuracy, "accuracy")
    return build(bonus, consolation=bonus, if_left=right, if_taken=1 - right, prize=prize)


LINKS: Mapping[str, Callable[..., Problem]] = {
    "caused": partial(_linked, general.caused),
    "predicted": partial(_linked, general.predicted),
    "inclined": partial(_linked, general.inclined),
    "seen, predicted": partial(_linked, general.seen_predicted),
    "seen, inclined": partial(_linked, general.seen_inclined),
}
"""Problems of `prize`, `bonus` and `accuracy`, by the link between the act and the prize."""
