"""What PyCID 0.8.2 answers, as JSON lines; run by `benchmarks.incentive` with PyCID's own Python.

It imports nothing of Mesascope and knows nothing of its answers. What PyCID gives has no types.
"""

# ruff: noqa: ANN001, ANN002, ANN201, BLE001, D103

import json
import signal
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import pycid  # noqa: E402
from pycid.examples import simple_cids, simple_macids, story_cids, story_macids  # noqa: E402

LIMIT_S = 60  # for one question about a game


def timed(question):
    begun = time.perf_counter()
    try:
        answer = question()
    except Exception as error:  # what a peer cannot answer is shown, whatever it raises
        return {"error": f"{type(error).__name__}: {error}"[:200]}
    return {"answer": answer, "seconds": time.perf_counter() - begun}


def graph(cid):
    return {
        "edges": [list(edge) for edge in cid.edges],
        "decisions": sorted(cid.decisions),
        "utilities": sorted(cid.utilities),
    }


def tables(cid):
    """Domains and conditional probabilities as PyCID computed them."""
    found = {}
    for node in cid.nodes:
        cpd = cid.get_cpds(node)
        parents = list(cid.get_parents(node))
        found[node] = {
            "parents": parents,
            "domain": [plain(value) for value in cid.model.domain[node]],
            "columns": cpd.get_values().T.tolist(),
        }
        if list(cpd.variables[1:]) != parents:
            raise ValueError(f"{node}: the table's parents are in another order")
    return found


def plain(value):
    return value if isinstance(value, str) else float(value)


def questions(cid):
    decision = sorted(cid.decisions)[0]
    asked = {
        "VoI": lambda: sorted(pycid.admits_voi_list(cid, decision)),
        "VoC": lambda: sorted(pycid.admits_voc_list(cid)),
        "RI": lambda: sorted(pycid.admits_ri_list(cid, decision)),
        "ICI": lambda: sorted(pycid.admits_ici_list(cid, decision)),
    }
    return {name: timed(question) for name, question in asked.items()}


def quantities(make):
    """Greatest expected utility, and how much each node is worth to see and to set."""
    cid = make()
    if len(cid.decisions) != 1:
        return {"max EU": timed(lambda: greatest(make()))}
    decision = next(iter(cid.decisions))
    found = {"max EU": timed(lambda: greatest(make()))}
    for node in sorted(cid.nodes):
        if node != decision:
            found[f"VoC {node}"] = timed(lambda n=node: float(pycid.quantitative_voc(make(), n)))
            if node not in below(cid, decision):
                found[f"VoI {node}"] = timed(
                    lambda n=node: float(pycid.quantitative_voi(make(), decision, n))
                )
    return found


def below(cid, decision):
    found, left = set(), [decision]
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            left += list(cid.successors(node))
    return found


def greatest(cid):
    cid.impute_optimal_policy()
    return float(cid.expected_utility({}))


def many(n):
    """A guess at a hidden bit from n noisy copies of it."""
    seen = [f"X{i}" for i in range(n)]
    cid = pycid.CID(
        [("S", x) for x in seen] + [(x, "D") for x in seen] + [("S", "U"), ("D", "U")],
        decisions=["D"],
        utilities=["U"],
    )
    cid.add_cpds(S={0: 0.5, 1: 0.5}, D=[0, 1], U=lambda S, D: int(S == D))
    cid.add_cpds(**{x: lambda S: {S: 0.75, 1 - S: 0.25} for x in seen})
    return cid


def shipped():
    for module in (simple_cids, story_cids):
        for name in sorted(dir(module)):
            if name.startswith("get_"):
                yield name[4:], getattr(module, name)


def games():
    for module in (simple_macids, story_macids):
        for name in sorted(dir(module)):
            make = getattr(module, name)
            if getattr(make, "__module__", "") == module.__name__:
                yield name.removeprefix("get_"), make


def game(name, make):
    """The deterministic Nash equilibria, as texts; None where the game has no tables."""
    macid = make()
    if not all(node in macid.model for node in macid.nodes):
        return None
    try:
        found = tables(make())
    except (KeyError, ValueError, AttributeError):
        return None
    owners = {d: str(agent) for agent, ds in macid.agent_decisions.items() for d in ds}
    owners |= {u: str(agent) for agent, us in macid.agent_utilities.items() for u in us}
    signal.alarm(LIMIT_S)
    answer = timed(lambda: sorted(rule_text(ne) for ne in macid.get_ne(solver="enumpure")))
    signal.alarm(0)
    drawn = {**graph(macid), "owners": owners}
    return {"name": name, "graph": drawn, "tables": found, "quantities": {"pure NE": answer}}


def rule_text(policy):
    """One joint policy: each decision with what is done in each context."""
    parts = []
    for cpd in policy:
        picks = [plain(cpd.domain[column.argmax()]) for column in cpd.get_values().T]
        parts.append(f"{cpd.variable}: {' '.join(map(str, picks))}")
    return "; ".join(sorted(parts))


def out_of_time(*_):
    raise TimeoutError(f"more than {LIMIT_S} s")


def say(record):
    print(json.dumps(record), flush=True)


def main():
    if sys.argv[1] == "shipped":
        for name, make in shipped():
            cid = make()
            record = {"name": name, "graph": graph(cid), "questions": questions(cid)}
            if all(node in cid.model for node in cid.nodes):
                record["tables"] = tables(make())
                record["quantities"] = quantities(make)
            say(record)
        signal.signal(signal.SIGALRM, out_of_time)
        for name, make in games():
            record = game(name, make)
            if record:
                say(record)
    else:
        cid = many(int(sys.argv[2]))
        say({"name": f"n={sys.argv[2]}", "quantities": {"max EU": timed(lambda: greatest(cid))}})


main()
