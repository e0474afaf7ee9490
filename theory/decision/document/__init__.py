"""Dilemmas as JSON: `load` reads a file, `dumps` writes a text; numbers may be expressions.

    {"schema": {"name": "mesascope.dilemma", "version": 1},
     "name": "newcomb",
     "parameters": {"accuracy": "0.99", "full": 1000000},
     "nodes": [
       {"name": "act", "kind": "decision", "values": ["one", "two"]},
       {"name": "guess", "kind": "chance", "parents": ["policy"], "values": ["one", "two"],
        "rows": [{"given": {"policy": "one"},
                  "odds": [["one", "accuracy"], ["two", "1 - accuracy"]]},
                 {"odds": [["one", "1 - accuracy"], ["two", "accuracy"]]}]},
       {"name": "money", "kind": "utility", "parents": ["act", "guess"], "rows": [...]}]}

The first row whose `given` fits is taken; what it does not name may have any value. Where the
decision sees something, `policy(full)` is what the policy does on seeing `full`. A row of a utility
has a `value`; a row of a chance node a `value` that is certain, or `odds`. Optional are `story`,
`source`, `disputed`, `expected` (theory to answer), `inclination` ({"parents", "rows"}, with odds
of acts or of lists of acts, one for each observation) and `at`, the observation that is asked
about.
"""

from theory.decision.document.reader import load, loads
from theory.decision.document.writer import dumps

__all__ = ["dumps", "load", "loads"]
