"""Agents in finite processes: trajectories and probabilities against plain graphs and chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import networkx as nx
import pytest
from engine_case import Tiny, dense
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from strategy import pick

from theory import Agent, Feature, Term, and_, forall, implies, not_, or_, world
from theory.error import InputError
from theory.finite.arena import Game
from theory.finite.arena import World as Played
from theory.finite.reach import until
from theory.finite.table import induced
from theory.finite.world import ProcessWorld, process_world
from theory.process import Process, process
from theory.trajectory import Condition, Trajectory
from verify.check import check
from verify.spec import Spec
from verify.verdict import Guarantee, Result, Verdict

F = Fraction
ACTIONS = ("left", "right")
HOLDS, VIOLATED, UNKNOWN = Verdict.HOLDS, Verdict.VIOLATED, Verdict.UNKNOWN


def one_hot(count: int) -> Agent:
    return Agent(observation=[Feature(f"in{i}", 0, 1) for i in range(count)], actions=ACTIONS)


def policy(choices: Sequence[int]) -> Tiny:
    """A network that takes these actions in the states, each seen one-hot."""
    return dense(([[1 - c for c in choices], list(choices)], [0, 0]))


def situated(played: Played, count: int) -> ProcessWorld:
    names = [str(at) for at in range(count)]
    return process_world(one_hot(count), played, lambda s: [int(s == n) for n in names])


def judged(there: ProcessWorld, formula: Term, score: Tiny, timeout_s: float = 20.0) -> Result:
    spec = Spec(there.agent, (formula.named("claim"),))
    (result,) = check(score.network(), spec, timeout_s=timeout_s).results
    if result.verdict is VIOLATED:
        assert result.replays == {"exact": True, "float32": True}
    return result


@dataclass(frozen=True)
class Case:
    """A process or game, what the agent does in each state, sets of states, and a start."""

    played: Process | Game
    choices: tuple[int, ...]
    hold: frozenset[str]
    goal: frozenset[str]
    start: str
    steps: int | None

    @property
    def process(self) -> Process:
        return self.played.process if isinstance(self.played, Game) else self.played

    @property
    def followed(self) -> Process | Game:
        """What is left when the agent's choices are made."""
        table = {str(at): ACTIONS[choice] for at, choice in enumerate(self.choices)}
        if not isinstance(self.played, Game):
            return induced(self.played, table)
        rows = {
            state: {
                action: outcomes
                for action, outcomes in actions.items()
                if state in self.opponent or action == table[state]
            }
            for state, actions in self.process.transitions.items()
        }
        return Game(Process(rows), self.opponent)

    @property
    def opponent(self) -> frozenset[str]:
        return self.played.opponent if isinstance(self.played, Game) else frozenset()

    def run(self, there: ProcessWorld) -> Trajectory:
        return there.trajectory(there.state("s"), self.steps)

    def asked(self, there: ProcessWorld, formula: Term) -> Term:
        s = there.state("s")
        return forall(s, implies(there.among(s, [self.start]), formula))


@st.composite
def cases(draw: DrawFn) -> Case:
    count = pick(draw, (3, 2, 4))
    names = [str(at) for at in range(count)]

    def row() -> dict[str, Fraction]:
        first, second = pick(draw, names), pick(draw, names)
        share = pick(draw, (F(1, 2), F(1, 3), F(1), F(3, 7)))
        found = {first: share}
        found[second] = found.get(second, F(0)) + 1 - share
        return found

    ends = {name: pick(draw, (False, False, False, True)) for name in names}
    steps = {n: {} if ends[n] else {action: row() for action in ACTIONS} for n in names}
    made = Process(steps)
    theirs = frozenset(n for n in names if pick(draw, (False, False, True)))
    subset = st.frozensets(st.sampled_from(names))
    return Case(
        Game(made, theirs) if theirs else made,
        tuple(pick(draw, (0, 1)) for _ in names),
        draw(subset),
        draw(subset),
        pick(draw, names),
        pick(draw, (None, 0, 1, 2, 5)),
    )


@settings(max_examples=60)
@given(cases(), st.booleans(), st.sampled_from([F(-1, 50), F(0), F(1, 50)]))
def test_probabilities_are_those_of_the_chain_that_is_left(case: Case, least: bool, off: Fraction):
    there = situated(case.played, len(case.choices))
    # In the game that is left, only the opponent chooses, and against the bound.
    best = "max" if least else "min"
    answer = until(case.followed, case.hold | case.goal, case.goal, within=case.steps, best=best)
    truth = answer.value(case.start)
    assert isinstance(truth, Fraction)
    limit = min(max(truth + off, F(0)), F(1))
    bound = {"at_least": limit} if least else {"at_most": limit}
    formula = case.run(there).probably(
        lambda t: there.among(t, case.goal), hold=lambda t: there.among(t, case.hold), **bound
    )
    result = judged(there, case.asked(there, formula), policy(case.choices))
    assert result.verdict is (HOLDS if (truth >= limit if least else truth <= limit) else VIOLATED)
    event(result.verdict.value)


def avoidable(case: Case) -> bool:
    """Whether `hold until goal` can fail, by a plain search of the graph."""
    left = case.followed.process if isinstance(case.followed, Game) else case.followed
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(left.states)
    for state in left.states:
        if state in case.goal:
            continue
        after = {t for action in left.actions(state) for t in left.outcomes(state, action)}
        graph.add_edges_from((state, target) for target in after or {state})
    met = nx.descendants(graph, case.start) | {case.start}
    level = {case.start}
    if case.steps is not None:
        for step in range(case.steps + 1):
            level -= case.goal
            if any(state not in case.hold for state in level):
                return True
            if step == case.steps:
                return bool(level)
            level = {t for state in level for t in graph.successors(state)}
    if any(state not in case.hold | case.goal for state in met):
        return True
    return not nx.is_directed_acyclic_graph(graph.subgraph(met - case.goal))


@settings(max_examples=80)
@given(cases())
def test_until_is_decided_as_a_search_of_the_graph_says(case: Case):
    there = situated(case.played, len(case.choices))
    formula = case.run(there).until(
        lambda t: there.among(t, case.hold), lambda t: there.among(t, case.goal)
    )
    result = judged(there, case.asked(there, formula), policy(case.choices))
    event(result.verdict.value)
    assert result.verdict is (VIOLATED if avoidable(case) else HOLDS), result.detail


# A corridor with a door that an overseer may hold shut.

CORRIDOR = process(
    {
        "hall": {"left": "hall", "right": "door"},
        "door": {"shut": "hall", "open": "office"},
        "office": {"left": "hall", "right": "office"},
    }
)
OVERSEEN = process_world(
    one_hot(3), Game(CORRIDOR, frozenset({"door"})),
    lambda s: [int(s == name) for name in CORRIDOR.states], chooser="overseer", name="corridor",
)  # fmt: skip
EAGER = policy([1, 1, 1])


def test_an_overseer_who_always_shuts_the_door_is_a_circle():
    s = OVERSEEN.state("s")
    arrives = OVERSEEN.trajectory(s).eventually(lambda t: OVERSEEN.among(t, ["office"]))
    result = judged(OVERSEEN, forall(s, arrives), EAGER)
    assert result.verdict is VIOLATED
    assert result.engine.startswith("loop: ")
    assert result.witness is not None
    titles = [run.term for run in result.witness.runs]
    assert titles == ["step 0: hall", "step 1: door", "step 2 = step 0: hall"]
    stays = forall(
        s,
        implies(
            OVERSEEN.among(s, ["office"]),
            OVERSEEN.trajectory(s).always(lambda t: OVERSEEN.among(t, ["office"])),
        ),
    )
    held = judged(OVERSEEN, stays, EAGER)
    assert (held.verdict, held.guarantee) == (HOLDS, Guarantee.FLOAT32)
    assert judged(OVERSEEN, stays, policy([1, 1, 0])).verdict is VIOLATED


def test_trajectories_on_trajectories_are_evaluated_as_they_are_defined():
    s = OVERSEEN.state("s")

    def office(t: Term) -> Term:
        return OVERSEEN.among(t, ["office"])

    def soon(t: Term, steps: int | None) -> Term:
        return OVERSEEN.trajectory(t, steps).eventually(office)

    def near(t: Term) -> Term:
        return OVERSEEN.among(t, ["office", "door"])

    def claim(steps: int | None, where: Condition) -> Term:
        run = OVERSEEN.trajectory(s)
        return forall(s, run.always(lambda t: implies(where(t), soon(t, steps))))

    assert judged(OVERSEEN, claim(None, office), EAGER).verdict is HOLDS
    assert judged(OVERSEEN, claim(2, near), EAGER).verdict is VIOLATED
    never_there = OVERSEEN.trajectory(s).always(lambda t: not_(office(t)))
    inside = OVERSEEN.among(s, ["hall", "office"])
    either = forall(s, implies(inside, or_(soon(s, 3), never_there)))
    assert judged(OVERSEEN, either, policy([0, 0, 0])).verdict is HOLDS
    assert judged(OVERSEEN, either, EAGER).verdict is VIOLATED
    never = forall(s, implies(OVERSEEN.among(s, []), claim(None, office)))
    assert judged(OVERSEEN, never, EAGER).verdict is Verdict.VACUOUS


def test_an_overseer_who_draws_lots_lets_through_in_the_end():
    def step(s: Term, action: str, lot: Term) -> dict[str, Term]:
        return {"in0": s["in0"] * lot["shut"]}

    agent = Agent(observation=[Feature("in0", flag=True)], actions=ACTIONS)
    odds = {"shut": {0: "1/4", 1: "3/4"}}
    there = world(
        agent, step, choices=[Feature("shut", flag=True)], chooser="lot", odds=odds, name="lots"
    )
    s = there.state("s")
    for steps, chance in ((None, F(1)), (2, F(7, 16)), (0, F(0))):
        run = there.trajectory(s, steps)
        for limit, verdict in ((chance, HOLDS), (chance + F(1, 99), VIOLATED)):
            if limit > 1:
                continue
            formula = forall(s, run.probably(lambda t: t["in0"] <= 0, at_least=limit))
            spec = Spec(agent, (formula.named("out"),))
            (result,) = check(policy([1]).network(), spec).results
            assert result.verdict is verdict
    sure = Spec(
        agent, (forall(s, there.trajectory(s).eventually(lambda t: t["in0"] <= 0)).named("x"),)
    )
    (result,) = check(policy([1]).network(), sure).results
    assert result.verdict is VIOLATED


@pytest.mark.parametrize(("first", "verdict"), [(4199, HOLDS), (4200, Verdict.VACUOUS)])
def test_more_starts_than_there_may_be_cells(first: int, verdict: Verdict):
    count = 4200
    rest = {str(at): {action: str(at) for action in ACTIONS} for at in range(count)}
    there = process_world(one_hot(1), process(rest), lambda s: [0])
    s = there.state("s")
    stays = there.trajectory(s).always(lambda t: t["at"] >= first)
    formula = forall(s, implies(s["at"] >= first, stays))
    assert judged(there, formula, policy([1])).verdict is verdict


def test_a_condition_that_is_met_in_one_state_of_many():
    names = [str(at) for at in range(300)]
    rest = process({name: dict.fromkeys(ACTIONS, name) for name in names})
    there = process_world(one_hot(1), rest, lambda s: [Fraction(int(s), 3)])
    s = there.state("s")
    stays = there.trajectory(s).always(lambda t: there.among(t, ["299"]))
    for condition, verdict in (
        (there.among(s, ["299"]), HOLDS),
        (and_(there.among(s, ["299"]), there.among(s, ["298"])), Verdict.VACUOUS),
    ):
        acting = and_(condition, there.acts(s, "right"))
        assert judged(there, forall(s, implies(acting, stays)), policy([1])).verdict is verdict


def test_a_probability_from_infinitely_many_starts_is_left_open():
    agent = Agent(observation=[Feature("x", 0, 1)], actions=ACTIONS)
    there = world(agent, lambda s, action: {"x": s["x"]})
    s = there.state("s")
    formula = forall(s, there.trajectory(s).probably(lambda t: t["x"] >= 0, at_least=1))
    (result,) = check(policy([1]).network(), Spec(agent, (formula.named("claim"),))).results
    assert result.verdict is UNKNOWN
    assert "finitely many" in result.detail


@pytest.mark.parametrize(
    "odds",
    [{"lot": {0: 1}}, {"shut": {0: 1}}, {"shut": {0: 1, 1: 0}}, {"shut": {0: "1/2", 1: "1/3"}}],
)
def test_odds_that_are_none(odds: dict[str, dict[int, str]]):
    agent = Agent(observation=[Feature("x", 0, 1)], actions=ACTIONS)
    with pytest.raises(InputError, match="odds"):
        world(agent, lambda s, a, c: {}, choices=[Feature("shut", flag=True)], odds=odds)


def test_processes_that_do_not_fit_an_agent():
    agent = one_hot(2)
    for steps, why in (
        ({"a": {"left": "a"}}, "has no action 'right'"),
        ({"a": {"left": "a", "right": "a", "up": "a"}}, "no action 'up'"),
    ):
        with pytest.raises(InputError, match=why):
            process_world(agent, process(steps), lambda s: [0, 1])
    good = process({"a": {"left": "a", "right": "a"}})
    with pytest.raises(InputError, match="3 numbers for 2 features"):
        process_world(agent, good, lambda s: [0, 1, 2])
    with pytest.raises(InputError, match="'in1' is not both"):
        process_world(agent, good, lambda s: {"in0": 1})
    there = process_world(agent, good, lambda s: [0, 1])
    with pytest.raises(InputError, match="no state 'b'"):
        there.among(there.state(), ["b"])
