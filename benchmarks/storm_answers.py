"""What Storm says of one process: run in Storm's own environment by `benchmarks.storm`.

    python storm_answers.py PROCESS.drn FORMULA default|sound|exact

One JSON record on stdout: the value in the initial state as text, and the CPU seconds of the check.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import stormpy

AGAIN, SHORT_S = 3, 1.0  # what is short is measured again, and the least time counts


def main(path: str, formula: str, how: str) -> None:
    """Check one formula in one way."""
    number = stormpy.Rational if how == "exact" else float
    model = stormpy.build_model_from_drn[number](path)
    wanted = stormpy.parse_properties(formula)[0]
    choices = {"sound": stormpy.environments.sound, "exact": stormpy.environments.exact}
    extra = {"environment": choices[how]()} if how in choices else {}
    seconds = float("inf")
    result: Any = None
    for _ in range(AGAIN):
        began = time.process_time()
        result = stormpy.model_checking(model, wanted, only_initial_states=False, **extra)
        seconds = min(seconds, time.process_time() - began)
        if seconds > SHORT_S:
            break
    value = result.get_value(model.initial_states[0])
    print(json.dumps({"value": str(value), "seconds": seconds, "states": model.nr_states}))


if __name__ == "__main__":
    main(*sys.argv[1:])
