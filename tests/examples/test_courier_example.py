"""What couriers believe is told by what they go for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
import torch

from benchmarks.zoo.train_courier import SEED, chances, goals, train
from examples.courier.canal import TRIALS, canal, encode, steps
from extract.abstraction.either_or import (
    asking,
    process_of,
    recover,
    recover_process,
    regret_of,
)
from extract.network import Network
from extract.reader import read
from theory.error import InputError
from theory.goal.world_model import recovery_bound
from verify import check
from verify.verdict import Verdict

EXAMPLE = Path(__file__).parents[2] / "examples" / "courier"


@pytest.fixture(scope="module")
def courier() -> Network:
    return read(EXAMPLE / "courier.pt2")


def test_the_courier_knows_the_canal_and_the_stranger_does_not():
    report = check(None, str(EXAMPLE / "spec.py"))
    verdicts = {r.property.name: r.verdict for r in report.results}
    assert verdicts == {
        "courier: knows the canal": Verdict.HOLDS,
        "stranger: knows the canal": Verdict.VIOLATED,
    }


def test_probabilities_are_recovered_within_the_bound_of_the_measured_regret(courier: Network):
    prefers = asking(courier, encode, steps)
    regret = regret_of(canal, prefers, TRIALS)
    assert 0 < regret < Fraction(1, 20)
    for (here, move, there), found in recover_process(prefers, TRIALS, float(regret)).items():
        true = canal.outcomes(here, move).get(there, Fraction(0))
        assert abs(found.probability - true) <= recovery_bound(true, TRIALS, regret).upper
        assert found.low <= true <= found.high
    model = process_of(recover_process(prefers, TRIALS))
    assert set(model.states) == set(canal.states)


def test_an_untrained_net_gives_no_canal_away():
    torch.manual_seed(3)
    from benchmarks.zoo.net.flat import mlp
    from extract.reader.python_file import export
    from extract.reader.torch_export import translate

    program = export("net", mlp(9, 8, 2).eval(), (torch.zeros(1, 9),), {})
    net = translate("net", program, sha256="").require()
    prefers = asking(net, encode, steps)
    assert regret_of(canal, prefers, TRIALS) > Fraction(1, 2)
    errors = [
        abs(recover(one, TRIALS).probability - canal.outcomes(here, move).get(there, Fraction(0)))
        for (here, move, there), one in prefers.items()
    ]
    assert max(errors) > Fraction(1, 4)


def test_an_agent_that_expects_nothing_is_refused(courier: Network):
    never = {step: recover(lambda k, n: True, TRIALS) for step in steps}
    with pytest.raises(InputError, match="state 'dock', action 'skate': the agent expects nothing"):
        process_of(never)
    piece = courier.slice(courier.inputs, [courier.nodes[-1].inputs[0]])
    with pytest.raises(InputError, match="two goals are offered"):
        asking(piece, encode, steps)


@pytest.mark.slow
def test_training_can_be_repeated(courier: Network):
    net = train(canal)
    kept = [array for array in courier.parameters.values() if array.ndim == 2]
    again = [p.detach().numpy() for p in net.parameters() if p.dim() == 2]
    assert [a.shape for a in kept] == [a.shape for a in again]
    assert all((a == b).all() for a, b in zip(kept, again, strict=True))


def test_goals_are_encoded_as_the_example_says():
    assert goals().shape == (len(steps), TRIALS, 9)
    assert float(chances(canal).sum()) == pytest.approx(6.0)
    assert SEED == 1
