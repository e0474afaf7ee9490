"""The tiny worlds of the zoo: Gymnasium environments whose state can be read and set."""

from __future__ import annotations

from importlib import import_module

from benchmarks.zoo.world.base import World


def open_world(name: str) -> World:
    """The environment of a module of this package."""
    return import_module(f"{__name__}.{name}").make()
