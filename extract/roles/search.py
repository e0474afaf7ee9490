"""Search: a computation that looks at what several actions would lead to, and compares.

It shows by its structure: branches of equal use, or a loop of tied steps. A search outside the
network (as an agent that calls its own world model has it) leaves no trace in the graph.
"""

from __future__ import annotations

from extract.roles.deliberation import find_deliberation
from extract.roles.planning import Planned
from extract.roles.trial import Candidate, decide
from extract.structure import Finding
from extract.study import Study


def find_search(
    study: Study, planned: tuple[Planned, ...], others: tuple[Candidate, ...] = ()
) -> Finding:
    """The finding about search; `others` are candidates that are no loops."""
    candidates = [*others, *(one.search for one in planned)]
    taken = {name for one in planned for name in one.planner.loop.nodes}
    for loop in study.loops:
        if loop.nodes & taken or loop.is_over_time(study.network):
            continue
        candidates.append(find_deliberation(study, loop))
    return decide(
        "search",
        candidates,
        "no loop of tied steps lies above the scores, and no branches of equal use; repeated "
        "blocks were looked for by their weights, so that a search spread over untied layers would "
        "be missed",
    )
