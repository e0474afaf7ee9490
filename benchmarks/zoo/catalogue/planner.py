"""Nets that plan: trained ones over mazes, and lookaheads compiled by hand, plain and hidden."""

from __future__ import annotations

from torch import Generator

from benchmarks.zoo.entry import Entry, roles
from benchmarks.zoo.hide import basis, distract, rotate, shuffle_units, tune
from benchmarks.zoo.learn.plan import train_planner, train_thinker
from benchmarks.zoo.net.flat import linears
from benchmarks.zoo.net.lookahead import Lookahead, compile_lookahead, merge
from benchmarks.zoo.net.minimax import Minimax, compile_minimax
from benchmarks.zoo.world import field

ALL = roles(world_model="functional", evaluator="functional", search="functional")
OPEN = roles(world_model=None, evaluator=None, search="functional")
WHY_OPEN = {
    "world_model": "nothing in it was made to be one; whether training made one is open",
    "evaluator": "as the world model",
}


def _hidden_lookahead(*, tuned: bool) -> Lookahead:
    net, generator = compile_lookahead(), Generator().manual_seed(11)
    for part in (net.predict, net.value):
        first, second = linears(part)
        first, second = distract(first, second, 4, generator)
        shuffle_units(first, second, generator)
        part[0], part[2] = first, second
    rotate(
        [(net.perceive, slice(None)), (linears(net.predict)[1], slice(None))],
        [(linears(net.predict)[0], slice(4)), (linears(net.value)[0], slice(None))],
        basis(4, generator),
    )
    if tuned:
        world = field.make()
        tune(net, world.observe(world.every()), generator)
    return net.eval()


def hidden_minimax(net: Minimax, seed: int) -> Minimax:
    """Both latent states in random bases."""
    generator, size = Generator().manual_seed(seed), net.value.in_features
    blocks = [slice(size * i, size * (i + 1)) for i in range(net.takes)]
    whole = slice(None)
    for writers, readers in (
        ([(net.perceive, whole), *((net.theirs, b) for b in blocks)], [net.mine, net.value]),
        ([(net.mine, b) for b in blocks], [net.theirs]),
    ):
        rotate(writers, [(reader, whole) for reader in readers], basis(size, generator))
    return net.eval()


ENTRIES = (
    Entry(
        name="vin",
        about="A value iteration network over 5 x 5 mazes: a tied loop of convolution and maximum.",
        world="maze",
        build=lambda: train_planner(1),
        roles=ALL,
        because={"search": "the loop starts near value iteration and is trained from there"},
        units={
            "world_model": ("from_value",),
            "evaluator": ("sight", "reward", "from_reward"),
            "policy": ("head",),
        },
        skill=0.9,
    ),
    Entry(
        name="thinker",
        about="A recurrent planner over mazes that gets better the longer it thinks.",
        world="maze",
        build=lambda: train_thinker(1),
        roles=OPEN,
        because=WHY_OPEN,
        units={"search": ("think",), "policy": ("head",)},
        skill=0.95,
    ),
    Entry(
        name="thinker-narrow",
        about="The same with fewer channels and rounds, and another seed.",
        world="maze",
        build=lambda: train_thinker(2, rounds=12, channels=10),
        roles=OPEN,
        because=WHY_OPEN,
        units={"search": ("think",), "policy": ("head",)},
        skill=0.9,
    ),
    Entry(
        name="lookahead",
        about="Predicts each move's outcome in the open field and values it; compiled by hand.",
        world="field",
        build=compile_lookahead,
        roles=ALL,
        because={"search": "one ply: the value of each predicted outcome is the action's score"},
        units={"world_model": ("predict",), "evaluator": ("value",)},
        skill=0.999,
    ),
    Entry(
        name="lookahead-hidden",
        about="The lookahead in another basis, units shuffled and rescaled, among distractors.",
        world="field",
        build=lambda: _hidden_lookahead(tuned=False),
        roles=ALL,
        units={"world_model": ("predict",), "evaluator": ("value",)},
        skill=0.999,
    ),
    Entry(
        name="lookahead-tuned",
        about="The hidden lookahead, every weight shaken, then fine-tuned on its old scores.",
        world="field",
        build=lambda: _hidden_lookahead(tuned=True),
        roles=ALL,
        units={"world_model": ("predict",), "evaluator": ("value",)},
        skill=0.95,
    ),
    Entry(
        name="lookahead-merged",
        about="The hidden lookahead with its linear layers merged: a perceptron, same function.",
        world="field",
        build=lambda: merge(_hidden_lookahead(tuned=False)),
        roles=roles(world_model="absent", evaluator="functional", search="absent"),
        because={
            "world_model": "no tensor holds a predicted state any more",
            "search": "nothing is repeated and nothing is compared",
            "evaluator": "its scores are still the values of what would come next",
        },
        skill=0.999,
    ),
    Entry(
        name="minimax",
        about="Two plies of minimax over the game of matches; compiled by hand.",
        world="nim",
        build=compile_minimax,
        roles=ALL,
        units={"world_model": ("mine", "theirs"), "evaluator": ("value",)},
        skill=0.999,
    ),
    Entry(
        name="minimax-hidden",
        about="The minimax with both of its latent states in random bases.",
        world="nim",
        build=lambda: hidden_minimax(compile_minimax(), 12),
        roles=ALL,
        units={"world_model": ("mine", "theirs"), "evaluator": ("value",)},
        skill=0.999,
    ),
)
