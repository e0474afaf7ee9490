"""Search: a computation that looks at what several actions would lead to, and compares.

It shows by its structure: a loop of tied steps with a maximum in it. A search outside the network
(as an agent that calls its own world model has it) leaves no trace in the graph.
"""

from __future__ import annotations

from extract.graph.candidate import REDUCERS
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
        if loop.nodes & taken:
            continue
        reducers = [n for n in loop.nodes if study.network.node(n).op in REDUCERS]
        if reducers:
            candidates.append(
                Candidate(
                    f"the loop of {len(loop.steps)} steps through {loop.uses[0]}",
                    loop.nodes,
                    loop.parameters,
                    (),
                    is_declared=True,
                    lacking="its states are no map that could be read, or there are no samples",
                )
            )
    loops = len(study.loops)
    none = (
        "no loop of tied steps lies above the scores"
        if not loops
        else f"{loops} loop(s) of tied steps, none with a maximum over alternatives"
    )
    return decide(
        "search",
        candidates,
        f"{none}; repeated blocks were looked for by their weights, so that a search spread over "
        "untied layers would be missed",
    )
