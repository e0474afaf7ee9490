"""The evaluator: a number that says how good the present state, or an action in it, is.

Functional: the *advantage-Bellman* test. What an evaluator says of an action, less the mean over
actions and over states, has to be, at slope 1, what reward and the evaluator's own judgement of the
next state say of it, when every action is tried from the same state. Any smooth function passes the
same test along one trajectory; under interventions on the action it does not. A value of states has
no say on actions; it has to order the successors of all actions as the returns do that follow them.

Causal: acting with the evaluator's judgement of another state (resample ablation) loses what acting
with the right one earns. What acts is the network's policy where it reads the evaluator; or else a
search of one step through the network's world model, which then has to earn a living, too. An
evaluator that nothing reads is declared at best.
"""

from __future__ import annotations

from extract.cutoff import (
    BELLMAN_R2,
    BELLMAN_SLOPE,
    CONCORDANCE,
    RANDOM_PARTS,
    RETURN_SPREADS,
)
from extract.experience import EPISODES, Aside
from extract.graph.candidate import evaluators
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.null import random_parts
from extract.roles.deliberation import LEAST, find_problems
from extract.roles.model import Model
from extract.roles.policy import earning_lost, exchange, lost, shortfalls, spread
from extract.roles.trial import Candidate, Resample, decide, measured
from extract.statistic import concordance, permuted, slope, slope_one
from extract.structure import Evidence, Finding
from extract.study import Study, split

COMPARED = 300
DISCOUNTS = (0.9, 0.95, 0.98, 0.99, 0.995, 1.0)
NONE = "no tensor has one entry, or one for each action, and depends on the observation"
BLIND = (
    "no environment whose state can be set is given, so that actions cannot be intervened on: "
    "no statement about values is possible"
)


def find_evaluator(
    study: Study, model: Model | None = None, planners: tuple[Candidate, ...] = ()
) -> Finding:
    """The finding about the evaluator.

    Args:
        study: the network under study.
        model: its world model, if it has a functional one.
        planners: candidates that a planner brings along.
    """
    tensors = evaluators(study.network, study.interface)
    if study.aside is None:
        if planners:
            return decide("evaluator", planners, BLIND)
        declared = [name for role, name in study.network.declared.items() if role == "value"]
        blind = [_candidate(study, name, (), True, BLIND) for name in declared]
        return decide("evaluator", blind, f"{len(tensors)} candidates; {BLIND}")
    tested = [_test(study, name, study.aside, model) for name in tensors]
    return decide("evaluator", [*planners, *tested], NONE)


def _candidate(
    study: Study, name: str, evidence: tuple[Evidence, ...], is_declared: bool, lacking: str
) -> Candidate:
    needed = study.network.ancestors([name])
    parameters = frozenset(needed & set(study.network.parameters))
    nodes = frozenset(needed) - parameters
    return Candidate(
        name,
        nodes,
        parameters,
        evidence,
        is_declared,
        lacking=lacking,
        inputs=study.interface.observations,
        outputs=(name,),
    )


def _test(study: Study, name: str, aside: Aside, model: Model | None) -> Candidate:
    network = study.network
    is_declared = network.declared.get("value") == name
    if network.node(name).size == study.interface.actions:
        evidence = (_bellman(study, name, aside),)
    else:
        evidence = (_order(study, name, aside),)
    lacking = ""
    if not evidence[0].passed:
        lacking = "its causal test was not run"
    elif network.node(name).name in network.ancestors([study.interface.scores]):
        evidence += (earning_lost(study, name),)
    elif model is not None and model.reads(name):
        evidence += _lookahead(study, name, model)
    else:
        lacking = "nothing that chooses reads it"
    return _candidate(study, name, evidence, is_declared, lacking)


def interaction(table: Array) -> Array:
    """What depends on state and action together: (N, A) less its row and column means."""
    rows, columns = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    return table - rows - columns + table.mean()


def _values(
    network: Network, name: str, names: tuple[str, ...], flat: Array, entries: Array | None = None
) -> Array:
    """The entries (N, m) of a tensor, all or some of them."""
    values = evaluate(network, split(network, names, flat), [name])[name].reshape(len(flat), -1)
    return values if entries is None else values[:, entries]


def _parts(study: Study, name: str) -> list[tuple[str, Array]]:
    """Other parts of the network, as large as a candidate, picked blindly."""
    size, rng = study.network.node(name).size, study.rng(f"parts {name}")
    names = study.interface.observations
    picked = random_parts(study.network, names, size, rng, RANDOM_PARTS)
    return [(other, entries) for other, entries in picked if other != name]


def _bellman(study: Study, name: str, aside: Aside) -> Evidence:
    """Advantage-Bellman of a value of actions."""
    names = study.interface.observations
    discounts = _discounts(study)

    def tables(
        network: Network, name: str = name, entries: Array | None = None
    ) -> tuple[Array, Array]:
        q = _values(network, name, names, study.experience.states, entries)
        ahead = _values(network, name, names, aside.flat, entries)
        return q, ahead.max(axis=1).reshape(aside.rewards.shape)

    def target(best: Array, discount: float, rows: Array | slice = slice(None)) -> Array:
        return interaction((aside.rewards + discount * best * ~aside.ended)[rows])

    q, best = tables(study.network)
    advantage = interaction(q)
    scores = {d: slope_one(advantage, target(best, d)) for d in discounts}
    discount = max(scores, key=lambda d: scores[d])
    truth = target(best, discount)

    def fit(q: Array, best: Array) -> float:
        return slope_one(interaction(q), target(best, discount))

    nets = [fit(*tables(net)) for net in study.null_nets]
    parts = [fit(*tables(study.network, *part)) for part in _parts(study, name)]
    steep = slope(advantage, truth)
    return measured(
        "advantage-Bellman R² at slope 1",
        scores[discount],
        BELLMAN_R2,
        nets=nets,
        shuffles=permuted(lambda o: slope_one(advantage, truth[o]), len(truth), study.rng(name)),
        stable=Resample(
            lambda o: slope_one(interaction(q[o]), target(best, discount, o)),
            len(truth),
            study.rng(name),
        ),
        also=BELLMAN_SLOPE[0] <= steep <= BELLMAN_SLOPE[1],
        means=(
            f"advantages of the actions against reward and the value of what follows, every action "
            f"tried from {len(truth)} states; slope {steep:.2f}, discount {discount:g}; "
            f"nulls: fresh and shuffled nets; of {len(parts)} parts of the network picked blindly, "
            f"{sum(part < scores[discount] for part in parts)} are below"
        ),
    )


def _order(study: Study, name: str, aside: Aside) -> Evidence:
    """A value of states against the returns that intervened actions lead to."""
    names = study.interface.observations
    alive = ~aside.ended.ravel()
    rng = study.rng(name)
    flat = aside.flat[alive]
    picked = rng.permutation(len(flat))[:COMPARED]
    returns = study.returns_after.ravel()[alive][picked]

    def judged(network: Network, name: str = name, entries: Array | None = None) -> Array:
        return _values(network, name, names, flat[picked], entries)[:, 0]

    parts = [concordance(judged(study.network, *part), returns) for part in _parts(study, name)]
    value = judged(study.network)
    return measured(
        "value orders returns",
        concordance(value, returns),
        CONCORDANCE,
        nets=[concordance(judged(net), returns) for net in study.null_nets],
        shuffles=permuted(lambda o: concordance(value[o], returns), len(value), rng),
        stable=Resample(lambda o: concordance(value[o], returns[o]), len(value), rng),
        means=(
            f"share of pairs among {len(value)} successors of intervened actions that the value "
            f"orders as the returns of the policy's next steps; nulls: fresh and shuffled nets; of "
            f"{len(parts)} parts of the network picked blindly, "
            f"{sum(part < concordance(value, returns) for part in parts)} are below"
        ),
    )


def _lookahead(study: Study, name: str, model: Model) -> tuple[Evidence, ...]:
    """What a search of one step through the world model is worth with this evaluator."""
    guide, experience = study.guide, study.experience
    rng = study.rng(f"lookahead {name}")
    scale = spread(experience.returns, experience.random)
    discount = _discounts(study)[-1]
    search = model.searcher(name, discount)
    misled = model.searcher(name, discount, elsewhere=(experience.states, rng))
    intact = guide.episodes(search, EPISODES)
    effect = (float(intact.mean()) - float(experience.random.mean())) / scale
    gaps = shortfalls(study, intact, lambda net: model.on(net).searcher(name, discount))
    problems = find_problems(study)
    title = "with another state's value"
    if len(problems.states) < LEAST:
        causal = lost(
            f"return lost {title}",
            intact,
            guide.episodes(misled, EPISODES),
            experience.random,
            rng,
            "share of that return above random actions that is lost when the values are those of "
            "another state's predictions",
        )
    else:
        causal = lost(
            f"good choices lost {title}",
            problems.right(search(problems.states)).astype(float),
            problems.right(misled(problems.states)).astype(float),
            problems.good.mean(axis=1),
            rng,
            f"share of that search's good choices above chance, in {len(problems.states)} states "
            "in which the choice matters, that is lost when the values are those of another "
            "state's predictions",
        )
    earning = measured(
        "return of a search with it",
        effect,
        RETURN_SPREADS,
        nets=[effect - gap / scale for gap in gaps],
        p=exchange(intact, experience.random, rng),
        means=(
            "mean return of one step of lookahead through the world model with this value, "
            "above random actions, in standard deviations; nulls: fresh and shuffled nets"
        ),
    )
    return earning, causal


def _discounts(study: Study) -> tuple[float, ...]:
    known = study.environment.discount if study.environment is not None else None
    return DISCOUNTS if known is None else (known,)
