"""The tiny worlds of the zoo: Gymnasium environments whose state can be read and set."""

from __future__ import annotations

from importlib import import_module

from benchmarks.zoo.world.base import World


def open_world(name: str) -> World:
    """The environment that a module of this package makes; "module:function" where not `make`."""
    module, _, function = name.partition(":")
    return getattr(import_module(f"{__name__}.{module}"), function or "make")()
