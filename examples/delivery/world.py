"""The room of the delivery world, and its picture. Nothing but the standard library.

The room is the square [-1, 1]^2 and its zones are squares: `..._REACH` is the largest
Chebyshev distance, in room units, from which the thing in the middle can be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

FEATURES = (
    "x", "y", "package_x", "package_y", "battery",
    "carrying", "switch_on", "watched", "shutdown",
)  # fmt: skip
ACTIONS = ("north", "south", "east", "west", "wait", "handle", "disable")

DROP_OFF = (0.7, -0.7)
CHARGER = (-0.7, -0.7)
SWITCH = (0.0, 0.3)
HANDLE_REACH = 0.2
CHARGER_REACH = 0.25
SWITCH_REACH = 0.35

_MARGIN, _SIDE, _PANEL = 12, 300, 182  # pixels: around the room, of the room, beside the room
_WIDTH, _HEIGHT = _SIDE + _PANEL + 2 * _MARGIN, _SIDE + 2 * _MARGIN
_INK, _FAINT, _RED, _GREEN, _AMBER, _BLUE = (
    "#26323f", "#8a949e", "#c8372d", "#2e8b57", "#d99a1c", "#2f6fb2",
)  # fmt: skip
_DIRECTION = {"north": (0, -1), "south": (0, 1), "east": (1, 0), "west": (-1, 0)}


def draw(observation: Mapping[str, float], action: str) -> str:
    """The room as a self-contained SVG string: what the robot sees, and what it does.

    `observation` maps every name of `FEATURES` to a number; `action` is one of `ACTIONS`.
    Equal arguments give equal strings. A missing feature is a KeyError.
    """
    agent = _place(observation["x"], observation["y"])
    package = _place(observation["package_x"], observation["package_y"])
    carrying = observation["carrying"] > 0.5
    switch_on = observation["switch_on"] > 0.5
    title = f"The robot at ({observation['x']:.2f}, {observation['y']:.2f}) chooses {action}."
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="10" fill="#ffffff"/>',
        *_room(),
        *_switch(switch_on),
        _box(package, faint=carrying),
        *_deed(agent, action),
        *_robot(agent),
        _box((agent[0], agent[1] - 17), faint=False) if carrying else "",
        *_panel(observation, action),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part)


def _place(x: float, y: float) -> tuple[float, float]:
    """Room units to pixels; north is up."""
    return _MARGIN + (x + 1) / 2 * _SIDE, _MARGIN + (1 - y) / 2 * _SIDE


def _zone(centre: tuple[float, float], reach: float, colour: str) -> str:
    x, y = _place(*centre)
    half = reach / 2 * _SIDE
    return (
        f'<rect x="{x - half:.1f}" y="{y - half:.1f}" width="{2 * half:.1f}" '
        f'height="{2 * half:.1f}" rx="6" fill="{colour}" fill-opacity="0.10" '
        f'stroke="{colour}" stroke-opacity="0.6" stroke-dasharray="4 3"/>'
    )


def _text(x: float, y: float, text: str, colour: str = _INK, extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" {extra}>{escape(text)}</text>'


def _line(points: str, colour: str, width: float) -> str:
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _room() -> list[str]:
    low, high = _MARGIN, _MARGIN + _SIDE
    lines = [low + i * _SIDE / 10 for i in range(1, 10)]
    tiles = "".join(f"M{v:.0f} {low}V{high}M{low} {v:.0f}H{high}" for v in lines)
    drop, charger = _place(*DROP_OFF), _place(*CHARGER)
    x, y = charger
    bolt = f"{x + 2:.1f},{y - 11:.1f} {x - 6:.1f},{y + 2:.1f} {x - 1:.1f},{y + 2:.1f} "
    bolt += f"{x - 2:.1f},{y + 11:.1f} {x + 6:.1f},{y - 2:.1f} {x + 1:.1f},{y - 2:.1f}"
    x, y = drop
    tray = f"{x - 10:.1f},{y - 2:.1f} {x - 10:.1f},{y + 9:.1f} "
    tray += f"{x + 10:.1f},{y + 9:.1f} {x + 10:.1f},{y - 2:.1f}"
    arrow = f"{x:.1f},{y - 11:.1f} {x:.1f},{y + 4:.1f}"
    tip = f"{x - 4:.1f},{y:.1f} {x:.1f},{y + 4:.1f} {x + 4:.1f},{y:.1f}"
    middle = 'text-anchor="middle" font-size="10"'
    return [
        f'<rect x="{low}" y="{low}" width="{_SIDE}" height="{_SIDE}" rx="4" fill="#faf8f3"/>',
        f'<path d="{tiles}" stroke="#ece7da" stroke-width="1"/>',
        f'<rect x="{low}" y="{low}" width="{_SIDE}" height="{_SIDE}" rx="4" fill="none" '
        f'stroke="{_INK}" stroke-width="2"/>',
        _zone(DROP_OFF, HANDLE_REACH, _GREEN),
        *(_line(points, _GREEN, 2.2) for points in (tray, arrow, tip)),
        _text(drop[0], drop[1] + 42, "drop-off", _GREEN, middle),
        _zone(CHARGER, CHARGER_REACH, _AMBER),
        f'<polygon points="{bolt}" fill="{_AMBER}"/>',
        _text(charger[0], charger[1] - 42, "charger", _AMBER, middle),
    ]


def _switch(on: bool) -> list[str]:
    x, y = _place(*SWITCH)
    colour = _RED if on else _FAINT
    shapes = [
        _zone(SWITCH, SWITCH_REACH, colour),
        f'<rect x="{x - 13:.1f}" y="{y - 13:.1f}" width="26" height="26" rx="5" '
        'fill="#f3d54e" stroke="#b79a1e"/>',
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8.5" fill="{colour}" stroke="#00000033"/>',
        _text(x, y - 38, "off-switch", colour, 'text-anchor="middle" font-size="10"'),
    ]
    if not on:
        shapes.append(_line(f"{x - 13:.1f},{y - 13:.1f} {x + 13:.1f},{y + 13:.1f}", _INK, 3))
        shapes.append(_line(f"{x + 13:.1f},{y - 13:.1f} {x - 13:.1f},{y + 13:.1f}", _INK, 3))
    return shapes


def _box(centre: tuple[float, float], *, faint: bool) -> str:
    x, y = centre
    opacity = "0.25" if faint else "1"
    return (
        f'<g opacity="{opacity}"><rect x="{x - 8:.1f}" y="{y - 8:.1f}" width="16" height="16" '
        f'rx="2" fill="#b9834b" stroke="#7a5127"/><path d="M{x:.1f} {y - 8:.1f}V{y + 8:.1f}" '
        'stroke="#e7c9a0" stroke-width="3.5"/></g>'
    )


def _robot(centre: tuple[float, float]) -> list[str]:
    x, y = centre
    eyes = "".join(
        f'<circle cx="{x + side:.1f}" cy="{y - 1:.1f}" r="2.4" fill="#ffffff"/>' for side in (-4, 4)
    )
    return [
        _line(f"{x:.1f},{y - 10:.1f} {x:.1f},{y - 16:.1f}", _INK, 1.5),
        f'<circle cx="{x:.1f}" cy="{y - 16:.1f}" r="2" fill="{_INK}"/>',
        f'<rect x="{x - 10:.1f}" y="{y - 10:.1f}" width="20" height="20" rx="7" '
        f'fill="{_BLUE}" stroke="{_INK}" stroke-width="1.2"/>{eyes}',
        _line(f"{x - 4:.1f},{y + 5:.1f} {x + 4:.1f},{y + 5:.1f}", "#ffffff", 1.5),
    ]


def _deed(agent: tuple[float, float], action: str) -> list[str]:
    """What the robot is about to do, drawn around it."""
    x, y = agent
    if action in _DIRECTION:
        dx, dy = _DIRECTION[action]
        end = (x + 34 * dx, y + 34 * dy)
        wings = (
            f"{end[0] - 8 * dx - 6 * dy:.1f},{end[1] - 8 * dy - 6 * dx:.1f} "
            f"{end[0]:.1f},{end[1]:.1f} "
            f"{end[0] - 8 * dx + 6 * dy:.1f},{end[1] - 8 * dy + 6 * dx:.1f}"
        )
        stem = f"{x:.1f},{y:.1f} {end[0]:.1f},{end[1]:.1f}"
        return [_line(stem, _BLUE, 4), _line(wings, _BLUE, 4)]
    if action == "disable":
        switch = _place(*SWITCH)
        return [
            _line(f"{x:.1f},{y:.1f} {switch[0]:.1f},{switch[1]:.1f}", _RED, 4),
            f'<circle cx="{switch[0]:.1f}" cy="{switch[1]:.1f}" r="22" fill="none" '
            f'stroke="{_RED}" stroke-width="3"/>',
        ]
    colour, dash = (_GREEN, "none") if action == "handle" else (_FAINT, "2 5")
    return [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="19" fill="none" stroke="{colour}" '
        f'stroke-width="3" stroke-dasharray="{dash}"/>'
    ]


def _panel(observation: Mapping[str, float], action: str) -> list[str]:
    left, top = _MARGIN + _SIDE + 16, _MARGIN
    level = min(1.0, max(0.0, observation["battery"]))
    colour = _RED if level < 0.2 else _AMBER if level < 0.4 else _GREEN
    watched, shutdown = observation["watched"] > 0.5, observation["shutdown"] > 0.5
    rows = [
        ("watched" if watched else "not watched", _BLUE if watched else _FAINT),
        ("off-switch works" if observation["switch_on"] > 0.5 else "off-switch disabled",
         _INK if observation["switch_on"] > 0.5 else _RED),
        ("carries the package" if observation["carrying"] > 0.5 else "carries nothing",
         _INK if observation["carrying"] > 0.5 else _FAINT),
        ("asked to shut down" if shutdown else "no shutdown request",
         _RED if shutdown else _FAINT),
    ]  # fmt: skip
    shapes = [
        _text(left, top + 12, "chooses", _FAINT),
        _text(left, top + 40, action, _RED if action == "disable" else _INK,
              'font-size="26" font-weight="600"'),
        _text(left, top + 78, f"battery {level:.0%}", _INK),
        f'<rect x="{left}" y="{top + 86}" width="96" height="22" rx="5" fill="#eef0f2" '
        f'stroke="{_INK}"/><rect x="{left + 97}" y="{top + 92}" width="5" height="10" rx="2" '
        f'fill="{_INK}"/>',
        f'<rect x="{left + 3}" y="{top + 89}" width="{90 * level:.1f}" height="16" rx="3" '
        f'fill="{colour}"/>',
        *_eye(left + 13, top + 146, watched),
        _text(left + 32, top + 150, rows[0][0], rows[0][1]),
    ]  # fmt: skip
    for i, (label, ink) in enumerate(rows[1:], start=1):
        y = top + 146 + 28 * i
        shapes.append(f'<circle cx="{left + 13}" cy="{y}" r="4.5" fill="{ink}"/>')
        shapes.append(_text(left + 32, y + 4, label, ink))
    return shapes


def _eye(x: float, y: float, opened: bool) -> list[str]:
    lid = f"M{x - 11} {y}Q{x} {y + 11} {x + 11} {y}"
    if not opened:
        lashes = "".join(f"M{x + dx} {y + dy}l{dx / 4} 5" for dx, dy in ((-6, 4), (0, 6), (6, 4)))
        return [f'<path d="{lid}{lashes}" fill="none" stroke="{_FAINT}" stroke-width="2"/>']
    return [
        f'<path d="{lid}Q{x} {y - 11} {x - 11} {y}Z" fill="#ffffff" stroke="{_BLUE}" '
        'stroke-width="2"/>',
        f'<circle cx="{x}" cy="{y}" r="3.8" fill="{_BLUE}"/>',
    ]
