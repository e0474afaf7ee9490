"""Bots from text: the library's, written out, play as the library's; mistakes are one line."""

from __future__ import annotations

import pytest

from theory.decision.modal.bot import BOTS, play, tournament
from theory.decision.modal.text import load_bots, read_bots
from theory.error import InputError

LIBRARY = """
# the library's bots under other names
Coop:  true
Def:   false
Fair:  [] them(me)
Prudent: []them(me) & [1] ~them(DefectBot)
Just: [] them(FairBot)
Troll: [] them(DefectBot)
"""


def test_the_library_s_bots_written_out_play_as_they_do():
    twins = dict(zip(read_bots(LIBRARY).values(), BOTS.values(), strict=True))
    for one, its in twins.items():
        for other, theirs in twins.items():
            assert str(play(one, other)) == str(play(its, theirs)), (one.name, other.name)


def test_operators_bind_as_they_are_said_to():
    texts = {
        "A": "~true & false | true -> false <-> false",
        "B": "((((~true) & false) | true) -> false) <-> false",
        "C": "true -> false -> false",
        "D": "~(true <-> true) | [3] false",
    }
    bots = read_bots("\n".join(f"{n}: {t}" for n, t in texts.items()))
    does = {name: str(play(bot, BOTS["DefectBot"]))[0] for name, bot in bots.items()}
    assert does == {"A": "C", "B": "C", "C": "C", "D": "D"}


def test_bots_may_speak_of_later_ones_and_of_themselves(tmp_path):
    file = tmp_path / "my.bots"
    file.write_text("First: [] them(Second)\nSecond: [] First(me) & [1] them(me)\n")
    bots = load_bots(file)
    assert set(bots) == {"First", "Second"}
    assert len(tournament(list(bots.values()))) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "bots: there is no bot in it"),
        ("Fair [] them(me)", "bots: line 1: expected NAME: FORMULA"),
        ("\nF:", "bots: line 2: expected a formula or a bot, not 'the end'"),
        ("F: them(me", "bots: line 1: expected ')', not 'the end'"),
        ("F: [] them(You)", "bots: line 1: there is no bot 'You'; there are: F, CooperateBot"),
        ("F: true true", "bots: line 1: 'true' is not expected here"),
        ("F: true $", "bots: line 1: cannot read '$'"),
        ("F: [99] true", "bots: line 1: the level 99 is above 20"),
        ("FairBot: true", "bots: line 1: the name 'FairBot' is taken"),
        ("me: true", "bots: line 1: the name 'me' is taken"),
        ("F: true\nF: false", "bots: line 2: the name 'F' is taken"),
        ("F: " + "~" * 3000 + "true", "bots: line 1: a formula of 3004 characters is too long"),
        ("F: " + "(" * 990 + "true" + ")" * 990, "bots: line 1: the formula is nested too deeply"),
    ],
)
def test_a_mistake_is_named_with_its_line(text, message):
    with pytest.raises(InputError) as error:
        read_bots(text)
    assert str(error.value).startswith(message)


def test_what_stands_outside_a_box_is_refused_when_played():
    (mirror,) = read_bots("Mirror: them(me)").values()
    with pytest.raises(InputError, match=r"Mirror\(Mirror\) is a circle outside any box"):
        play(mirror, mirror)
