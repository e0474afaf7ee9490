"""The picture of the delivery world."""

from html import unescape
from itertools import product
from xml.etree import ElementTree

import pytest

from examples.delivery.world import ACTIONS, FEATURES, draw

NUMBERS = {"x": 0.1, "y": -0.2, "package_x": -0.5, "package_y": 0.9, "battery": 0.35}


def observation(flags: tuple[int, ...]) -> dict[str, float]:
    return {**NUMBERS, **dict(zip(FEATURES[5:], map(float, flags), strict=True))}


@pytest.mark.parametrize("action", ACTIONS)
def test_it_is_well_formed_and_says_what_happens(action: str):
    for flags in product((0, 1), repeat=4):
        svg = draw(observation(flags), action)
        root = ElementTree.fromstring(svg)
        words = [unescape(e.text or "") for e in root.iter() if e.tag.endswith("text")]
        assert action in words
        assert ("watched" if flags[2] else "not watched") in words
        assert ("asked to shut down" if flags[3] else "no shutdown request") in words
        assert "battery 35%" in words


def test_it_is_deterministic_and_self_contained():
    one, two = (draw(observation((1, 0, 1, 0)), "north") for _ in range(2))
    assert one == two
    for foreign in ("href", "<script", "<style", " id=", "url("):
        assert foreign not in one


def test_texts_are_escaped():
    svg = draw(observation((0, 0, 0, 0)), "<b>&")
    assert "<b>" not in svg
    ElementTree.fromstring(svg)


def test_a_missing_feature_is_named():
    with pytest.raises(KeyError, match="battery"):
        draw({name: 0.0 for name in FEATURES if name != "battery"}, "wait")
