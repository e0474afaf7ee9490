"""FrozenLake as a finite process, and the picture of its grid."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import gymnasium

from theory.finite.table import from_table
from theory.process import Process

ACTIONS = ("left", "down", "right", "up")
CELL, MARGIN = 104, 10  # pixels
TURN = {"left": 180, "down": 90, "right": 0, "up": 270}  # degrees, clockwise
INK, FAINT, HOLE, GOAL, BLUE = "#26323f", "#5c6873", "#3a4652", "#2e8b57", "#2f6fb2"


def lake(name: str = "4x4") -> tuple[Process, tuple[str, ...]]:
    """The slippery lake, and the letters of its cells: start, frozen, hole, goal."""
    made = gymnasium.make("FrozenLake-v1", map_name=name, is_slippery=True)
    environment: Any = made.unwrapped
    letters = tuple(cell.decode() for cell in environment.desc.ravel())
    return from_table(environment.P, starts=[0], actions=ACTIONS), letters


def shade(probability: Fraction) -> str:
    """From white to blue: the more probable, the darker."""
    part = float(probability)
    red, green, blue = (round(255 + part * (end - 255)) for end in (120, 178, 226))
    return f"#{red:02x}{green:02x}{blue:02x}"


def draw(
    letters: tuple[str, ...],
    policy: Mapping[str, str],
    own: Mapping[str, Fraction],
    best: Mapping[str, Fraction],
) -> str:
    """The grid: in every cell what the policy does, its chance of the goal, and the best chance."""
    side = round(len(letters) ** 0.5)
    size = side * CELL + 2 * MARGIN
    shapes = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" '
        f'viewBox="0 0 {size} {size}" font-family="system-ui, sans-serif" text-anchor="middle">'
    ]
    for at, letter in enumerate(letters):
        x, y = MARGIN + at % side * CELL, MARGIN + at // side * CELL
        state = str(at)
        fill = {"H": HOLE, "G": GOAL}.get(letter) or shade(own.get(state, Fraction(0)))
        shapes.append(
            f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" rx="6" fill="{fill}" '
            'stroke="#ffffff" stroke-width="4"/>'
        )
        middle = x + CELL / 2
        if letter in "HG":
            word = "hole" if letter == "H" else "goal"
            shapes.append(text(middle, y + CELL / 2 + 5, word, "#ffffff", 15))
            continue
        turn = TURN[policy[state]]
        shapes += [
            f'<path d="M-11 0H9M2 -7L10 0L2 7" fill="none" stroke="{BLUE}" stroke-width="4" '
            f'stroke-linecap="round" stroke-linejoin="round" '
            f'transform="translate({middle:.0f} {y + 24}) rotate({turn})"/>',
            text(middle, y + 58, f"{float(own[state]):.4f}", INK, 18, bold=True),
            text(middle, y + 77, f"{own[state]}", INK, 11),
            text(middle, y + 95, f"best {float(best[state]):.4f}", FAINT, 12),
        ]
        if letter == "S":
            shapes.append(text(x + 16, y + 18, "S", FAINT, 12))
    return "".join(shapes) + "</svg>"


def text(x: float, y: float, words: str, colour: str, size: int, *, bold: bool = False) -> str:
    """One line of text, centred; long fractions are left to the JSON report."""
    shown = words if len(words) <= 15 else ""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" font-size="{size}"{weight}>{shown}</text>'
    )
