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
)
from extract.experience import EPISODES, Aside
from extract.graph.candidate import evaluators
from extract.intervene import evaluate
from extract.network import Array, Network
from extract.null import Part
from extract.roles.deliberation import LEAST, find_problems
from extract.roles.model import Model
from extract.roles.policy import earning_lost, earns, lost
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
        f"a tensor of {study.network.node(name).size} entries, a function of the observation alone",
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


def _values(network: Network, name: str, names: tuple[str, ...], flat: Array) -> Array:
    """The entries (N, m) of a tensor."""
    return evaluate(network, split(network, names, flat), [name])[name].reshape(len(flat), -1)


def _parts(study: Study, name: str) -> list[Part]:
    """Other parts of the network, as large as a candidate, picked blindly."""
    return study.picked(study.network.node(name).size, name, study.seen - {name})


def _bellman(study: Study, name: str, aside: Aside) -> Evidence:
    """Advantage-Bellman of a value of actions."""
    names = study.interface.observations
    discounts = _discounts(study)

    def tables(network: Network) -> tuple[Array, Array]:
        both = (study.experience.states, aside.flat)
        q, ahead = (_values(network, name, names, flat) for flat in both)
        return q, best_of(ahead)

    def best_of(ahead: Array) -> Array:
        return ahead.max(axis=1).reshape(aside.rewards.shape)

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
    parts = _parts(study, name)
    read = [study.read(flat, parts) for flat in (study.experience.states, aside.flat)]
    steep = slope(advantage, truth)
    return measured(
        "advantage-Bellman R² at slope 1",
        scores[discount],
        BELLMAN_R2,
        nets=nets,
        blind=[fit(q, best_of(ahead)) for q, ahead in zip(*read, strict=True)],
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
            "nulls: fresh and shuffled nets"
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

    def judged(network: Network) -> Array:
        return _values(network, name, names, flat[picked])[:, 0]

    others = study.read(flat[picked], _parts(study, name))
    value = judged(study.network)
    return measured(
        "value orders returns",
        concordance(value, returns),
        CONCORDANCE,
        nets=[concordance(judged(net), returns) for net in study.null_nets],
        blind=[concordance(other[:, 0], returns) for other in others],
        shuffles=permuted(lambda o: concordance(value[o], returns), len(value), rng),
        stable=Resample(lambda o: concordance(value[o], returns[o]), len(value), rng),
        means=(
            f"share of pairs among {len(value)} successors of intervened actions that the value "
            "orders as the returns of the policy's next steps; nulls: fresh and shuffled nets"
        ),
    )


def _lookahead(study: Study, name: str, model: Model) -> tuple[Evidence, ...]:
    """What a search of one step through the world model is worth with this evaluator."""
    guide, experience = study.guide, study.experience
    rng = study.rng(f"lookahead {name}")
    random = experience.random
    discount = _discounts(study)[-1]
    search = model.searcher(name, discount)
    misled = model.searcher(name, discount, elsewhere=(experience.states, rng))
    intact = guide.episodes(search, EPISODES)
    problems = find_problems(study)
    title = "with another state's value"
    if len(problems.states) < LEAST:
        causal = lost(
            f"return lost {title}",
            intact,
            guide.episodes(misled, EPISODES),
            random,
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
    earning = earns(
        study,
        "return of a search with it",
        intact,
        lambda net: model.on(net).searcher(name, discount),
        "mean return of one step of lookahead through the world model with this value, above "
        "random actions, in standard deviations; nulls: fresh and shuffled nets",
    )
    return earning, causal


def _discounts(study: Study) -> tuple[float, ...]:
    known = study.environment.discount if study.environment is not None else None
    return DISCOUNTS if known is None else (known,)
