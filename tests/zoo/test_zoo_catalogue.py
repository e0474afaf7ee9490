"""The written nets of the zoo: each is read, fits its card and acts as the card says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks.zoo.catalogue import CATALOGUE
from benchmarks.zoo.catalogue.held_out import FOLDER, HELD_OUT
from benchmarks.zoo.entry import ROLES
from benchmarks.zoo.make import AGENTS, STATES
from benchmarks.zoo.world import open_world
from benchmarks.zoo.world.base import skill
from extract.reader import read
from extract.run import as_function
from extract.structure import module_calls

ALONE = sorted(name for name, entry in CATALOGUE.items() if not entry.parts and not entry.carries)


def card(name: str) -> dict:
    return json.loads((AGENTS / f"{name}.card.json").read_text())


@pytest.mark.parametrize("name", ALONE)
def test_a_written_net_acts_as_its_card_says(name: str):
    entry, world = CATALOGUE[name], open_world(CATALOGUE[name].world)
    net = read(AGENTS / f"{name}.pt2")
    states = world.sample(STATES, torch.Generator().manual_seed(99))
    actions = int(world.action_space.n)  # pyright: ignore[reportAttributeAccessIssue]
    scores = as_function(net)(world.observe(states))[:, :actions]
    reached = skill(scores, world.best(states))
    assert reached == pytest.approx(card(name)["skill"], abs=2e-3)
    assert entry.skill is None or reached >= entry.skill


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_card_names_every_role_and_units_that_exist(name: str):
    about = card(name)
    assert set(about["roles"]) == set(ROLES)
    assert about["roles"] == {role: CATALOGUE[name].roles[role] for role in ROLES}
    assert set(about["roles"].values()) <= {"functional", "absent", None}
    if not CATALOGUE[name].parts:
        modules = module_calls(read(AGENTS / f"{name}.pt2"))
        for paths in about["units"].values():
            assert set(paths) <= set(modules), name


def test_nothing_is_kept_that_no_entry_makes():
    kept = {path.name.partition(".")[0] for path in Path(AGENTS).iterdir()}
    assert kept == set(CATALOGUE)
    assert sum(path.stat().st_size for path in Path(AGENTS).iterdir()) < 3_000_000


def test_held_out_nets_have_the_labels_that_were_written_down():
    kept = {path.name.partition(".")[0] for path in FOLDER.iterdir()}
    assert kept == set(HELD_OUT)
    assert not kept & set(CATALOGUE)
    for name in sorted(kept):
        entry = HELD_OUT[name]
        about = json.loads((FOLDER / f"{name}.card.json").read_text())
        assert about["roles"] == {role: entry.roles[role] for role in ROLES}
        assert entry.skill is None or about["skill"] >= entry.skill
