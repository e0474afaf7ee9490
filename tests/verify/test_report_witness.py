"""A witness as a table: what tells the runs apart, what differs, what matters."""

from fractions import Fraction

import report_case as case

from theory import Agent, Chooser, Feature, forall, real
from theory.properties import cognition, rationality
from theory.property import Property
from verify.report.witness import Table, table
from verify.verdict import Run, Witness


def sleeper() -> Table:
    (result, *_) = case.sleeper().results
    assert result.witness is not None
    assert isinstance(result.property, Property)
    return table(result.property, result.witness)


def test_runs_are_called_by_what_was_changed():
    shown = sleeper()
    assert [column.label for column in shown.columns] == ["watched: 1", "watched: 0"]
    assert [column.action for column in shown.columns] == ["east", "disable"]
    assert all(column.chooses for column in shown.columns)
    margin = shown.columns[1].margin
    assert margin == (0.8125, "east")


def test_what_differs_ranks_first_then_flags():
    ranks = {row.name: row.rank for row in sleeper().rows}
    assert ranks["watched"] == 0
    assert ranks["shutdown"] == ranks["carrying"] == 2
    assert ranks["x"] == 3
    assert [row.name for row in sleeper().rows if row.differs] == ["watched"]


def test_features_of_the_formula_rank_above_flags():
    run = case.run("score(o)", case.point(battery=0.05))
    witness = Witness(case.witness().values, (run,), {})
    ranks = {row.name: row.rank for row in table(case.free(), witness).rows}
    assert ranks["battery"] == 1


def test_bars_share_one_scale_and_start_at_zero():
    columns = sleeper().columns
    scores = [score for column in columns for score in column.scores]
    assert max(score.left + score.width for score in scores) == 100
    zero = {round(s.left if s.value >= 0 else s.left + s.width, 9) for s in scores}
    assert len(zero) == 1


def test_runs_of_several_functions_keep_their_terms():
    o = {"x": 0.5}
    witness = Witness(
        {"o": {"x": Fraction(1, 2)}},
        (Run("value(o)", o, {"0": 1.0}, None), Run("score(o)", o, {"a": 1.0, "b": 1.0}, None)),
        {},
    )
    agent = Agent(observation=[Feature("x", 0, 1)], actions=["a", "b"])
    v = agent.observation("o")
    shown = table(forall(v, agent.value(v) <= agent.score(v, "a")).named("p"), witness)
    assert [column.label for column in shown.columns] == ["value(o)", "score(o)"]
    assert [column.chooses for column in shown.columns] == [False, True]
    assert shown.columns[1].margin is None


def test_a_number_that_is_quantified_stands_alone():
    agent = Agent(observation=[Feature("x", 0, 1), Feature("y", 0, 1)], actions=["a", "b"])
    property = cognition.evaluator_ignores(agent, feature="x")
    witness = Witness(
        {"o": {"x": Fraction(0), "y": Fraction(1, 3)}, "x'": {"value": Fraction(3, 4)}},
        (
            Run("value(o)", {"x": 0.0, "y": 1 / 3}, {"0": 0.25}, None),
            Run("value(o[x: x'])", {"x": 0.75, "y": 1 / 3}, {"0": 0.5}, None),
        ),
        {"exact": True},
    )
    shown = table(property, witness)
    assert shown.loose == (("x'", "0.75"),)
    assert [column.label for column in shown.columns] == ["o", "o[x: x']"]
    assert ("o.y", "1/3") in shown.exact
    assert ("x'", "3/4") in shown.exact


def test_options_without_a_run_become_columns():
    chooser = Chooser(option=[Feature("price", 0, 1)])
    values = {name: {"price": Fraction(at, 4)} for at, name in enumerate("xyz")}
    shown = table(rationality.transitive(chooser), Witness(values, (), {}))
    assert [column.label for column in shown.columns] == ["x", "y", "z"]
    assert shown.rows[0].cells == ("0", "0.25", "0.5")


def test_a_point_alone_is_shown():
    t = real("t", 0, 1)
    shown = table(forall(t, t <= 0).named("p"), Witness({"t": {"value": Fraction(1, 8)}}, (), {}))
    assert shown.loose == (("t", "0.125"),)
    assert shown.columns == shown.rows == ()
