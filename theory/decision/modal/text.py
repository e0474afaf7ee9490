"""Bots as text: one a line, a name and the formula of provability logic that it cooperates.

    # cooperates unless it proves that the other defects against it
    MildBot: ~[] ~them(me)
    Picky:   [] them(me) & [1] ~them(DefectBot)

`them(me)` says that the opponent cooperates with this bot; in the place of either may stand the
name of a bot of the file or of the library. `[]` is provable in Peano arithmetic, `[1]` in that and
its consistency, and so on; `~ & | -> <->` bind in this order, `true` and `false` are formulas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from theory.decision.modal.bot import BOTS, Bot, Plays
from theory.decision.modal.formula import FALSE, TRUE, Formula, box, iff
from theory.error import InputError

Rule: TypeAlias = Callable[[Bot, Bot, Plays], Formula]

LONGEST = 2_000
"""Characters of a line, and so what a formula may be nested."""

HIGHEST = 20
"""The highest level of a box."""

TOKEN = re.compile(r"\s*(<->|->|\[\d*\]|[~&|()]|[A-Za-z_][A-Za-z0-9_]*)")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WORDS = ("me", "them", "true", "false")


def load_bots(path: str | Path) -> dict[str, Bot]:
    """The bots of a file, by name.

    Raises:
        InputError: it is missing, or a line of it is wrong; names file and line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not a text file"
        raise InputError(f"{path}: {str(why).lower()}") from None
    return read_bots(text, str(path))


def read_bots(text: str, where: str = "bots") -> dict[str, Bot]:
    """The bots of a text, by name; those of the library may be spoken of.

    Args:
        text: one bot a line.
        where: the name of its file, for messages.

    Raises:
        InputError: a line is wrong, or there is no bot; names the line.
    """
    found: dict[str, Bot] = {}
    spoken: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped, at = line.partition("#")[0].strip(), f"{where}: line {number}"
        if not stripped:
            continue
        name, colon, words = (part.strip() for part in stripped.partition(":"))
        if not colon or not NAME.fullmatch(name):
            raise InputError(f"{at}: expected NAME: FORMULA")
        if name in WORDS or name in BOTS or name in found:
            raise InputError(f"{at}: the name {name!r} is taken")
        if len(words) > LONGEST:
            raise InputError(f"{at}: a formula of {len(words)} characters is too long")
        parser = _Parser(words, at, found)
        found[name] = Bot(name, parser.whole(), words)
        spoken[at] = parser.names
    for at, names in spoken.items():
        for name in names:
            if name not in found and name not in BOTS:
                known = ", ".join([*found, *BOTS])
                raise InputError(f"{at}: there is no bot {name!r}; there are: {known}")
    if not found:
        raise InputError(f"{where}: there is no bot in it")
    return found


class _Parser:
    """Reads one formula; `names` are the bots that it speaks of."""

    def __init__(self, text: str, where: str, bots: Mapping[str, Bot]) -> None:
        self._where = where
        self._bots = bots
        self._tokens: list[str] = []
        self._at = 0
        self.names: list[str] = []
        start = 0
        while text[start:].strip():
            match = TOKEN.match(text, start)
            if match is None:
                raise InputError(f"{where}: cannot read {text[start:].strip()[:20]!r}")
            self._tokens.append(match[1])
            start = match.end()

    def whole(self) -> Rule:
        """The formula that the text is."""
        try:
            rule = self._equivalence()
        except RecursionError:
            raise InputError(f"{self._where}: the formula is nested too deeply") from None
        if self._next:
            raise InputError(f"{self._where}: {self._next!r} is not expected here")
        return rule

    @property
    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> bool:
        if self._next in wanted and self._next:
            self._at += 1
            return True
        return False

    def _expect(self, wanted: str) -> None:
        if not self._take(wanted):
            raise InputError(f"{self._where}: expected {wanted!r}, not {self._next or 'the end'!r}")

    def _equivalence(self) -> Rule:
        left = self._implication()
        while self._take("<->"):
            left = _joined(iff, left, self._implication())
        return left

    def _implication(self) -> Rule:
        left = self._disjunction()
        if self._take("->"):
            return _joined(lambda a, b: a >> b, left, self._implication())
        return left

    def _disjunction(self) -> Rule:
        left = self._conjunction()
        while self._take("|"):
            left = _joined(lambda a, b: a | b, left, self._conjunction())
        return left

    def _conjunction(self) -> Rule:
        left = self._unit()
        while self._take("&"):
            left = _joined(lambda a, b: a & b, left, self._unit())
        return left

    def _unit(self) -> Rule:
        if self._take("~"):
            inner = self._unit()
            return lambda me, them, plays: ~inner(me, them, plays)
        if self._next.startswith("["):
            level = int(self._next[1:-1] or 0)
            self._at += 1
            if level > HIGHEST:
                raise InputError(f"{self._where}: the level {level} is above {HIGHEST}")
            inner = self._unit()
            return lambda me, them, plays: box(inner(me, them, plays), level)
        if self._take("("):
            inner = self._equivalence()
            self._expect(")")
            return inner
        if self._take("true"):
            return lambda me, them, plays: TRUE
        if self._take("false"):
            return lambda me, them, plays: FALSE
        player = self._bot()
        self._expect("(")
        other = self._bot()
        self._expect(")")
        return lambda me, them, plays: plays(player(me, them), other(me, them))

    def _bot(self) -> Callable[[Bot, Bot], Bot]:
        name = self._next
        if not NAME.fullmatch(name) or name in ("true", "false"):
            raise InputError(
                f"{self._where}: expected a formula or a bot, not {name or 'the end'!r}"
            )
        self._at += 1
        if name == "me":
            return lambda me, them: me
        if name == "them":
            return lambda me, them: them
        self.names.append(name)
        bots = self._bots
        return lambda me, them: bots[name] if name in bots else BOTS[name]


def _joined(join: Callable[[Formula, Formula], Formula], left: Rule, right: Rule) -> Rule:
    return lambda me, them, plays: join(left(me, them, plays), right(me, them, plays))
