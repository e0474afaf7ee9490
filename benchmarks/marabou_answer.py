"""What Marabou answers to one VNN-LIB instance, as a line of JSON; run by `benchmarks.peer` with
Marabou's own Python: NETWORK PROPERTY SECONDS.

It imports nothing of Mesascope and knows nothing of its answers.
"""

import json
import sys
import time

from maraboupy import Marabou, MarabouCore


def main() -> None:
    """Read, solve, print; the seconds are of both, without the loading of libraries."""
    network, statement, limit_s = sys.argv[1:]
    started = time.perf_counter()
    net = Marabou.read_onnx(network)
    query = net.getInputQuery()
    MarabouCore.loadProperty(query, statement)
    options = Marabou.createOptions(timeoutInSeconds=round(float(limit_s)), verbosity=0)
    verdict, values, _ = MarabouCore.solve(query, options, "")
    seconds = time.perf_counter() - started
    point = [values[int(i)] for i in net.inputVars[0].flatten()] if verdict == "sat" else []
    print(json.dumps({"verdict": verdict, "point": point, "seconds": seconds}))


if __name__ == "__main__":
    main()
