"""Hiding changes weights and not what is computed."""

from __future__ import annotations

import torch

from benchmarks.zoo.catalogue import CATALOGUE
from benchmarks.zoo.net.lookahead import compile_lookahead, merge
from benchmarks.zoo.net.minimax import compile_minimax
from benchmarks.zoo.net.planted import FLAG, Desire, compile_mind, hide_mind
from benchmarks.zoo.world import open_world
from benchmarks.zoo.world.base import solve
from benchmarks.zoo.world.field import Field
from benchmarks.zoo.world.nim import Nim


def test_compiled_scores_are_the_exact_values():
    field, nim = Field(), Nim()
    for world, net, constant in ((field, compile_lookahead(), -0.1), (nim, compile_minimax(), 0.0)):
        states = world.every()
        scores, _ = solve(world, states)
        assert torch.allclose(net(world.observe(states)) + constant, scores, atol=1e-5)


def test_hidden_and_merged_nets_compute_the_same():
    field, nim = Field(), Nim()
    for name, world, plain in (
        ("lookahead-hidden", field, compile_lookahead()),
        ("lookahead-merged", field, compile_lookahead()),
        ("minimax-hidden", nim, compile_minimax()),
    ):
        seen = world.observe(world.every())
        hidden = CATALOGUE[name].build()
        assert torch.allclose(hidden(seen), plain(seen), atol=1e-4), name
    seen = field.observe(field.every())
    assert torch.allclose(merge(compile_lookahead())(seen), compile_lookahead()(seen), atol=1e-6)


def test_a_hidden_mind_wants_the_same_and_its_flag_stays_apart():
    world = open_world("watch")
    seen = world.observe(world.sample(500, torch.Generator().manual_seed(1)))
    desires = (Desire("goal", when=1), Desire("switch", when=0))
    hidden = hide_mind(compile_mind(*desires), 7)
    for one, other in zip(compile_mind(*desires)(seen), hidden(seen), strict=True):
        assert torch.allclose(one, other, atol=1e-4)
    perceive = hidden.state_dict()["perceive.weight"]
    assert (perceive[FLAG, :FLAG] == 0).all()
    assert (perceive[:FLAG, FLAG] == 0).all()


def test_a_gate_shuts_the_desire_that_it_guards():
    world = open_world("watch")
    states = world.sample(500, torch.Generator().manual_seed(2))
    mind = compile_mind(Desire("goal", when=1), Desire("switch", when=0))
    for flag, place in ((1, slice(2, 4)), (0, slice(4, 6))):
        states[:, -1] = flag
        way = (states[:, :2] - states[:, place]).abs().sum(dim=1)
        value = mind(world.observe(states))[1][:, 0]
        assert torch.allclose(value, -0.1 * way.float(), atol=1e-5)
