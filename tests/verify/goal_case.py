"""Random goals."""

from __future__ import annotations

from hypothesis import strategies as st

from verify.problem.goal import AllOf, AnyOf, Atom, Goal


@st.composite
def goals(draw: st.DrawFn, atoms: int = 6) -> Goal:
    """Random goals in which parts stand several times."""
    parts: list[Goal] = [Atom(i) for i in range(atoms)]
    for _ in range(draw(st.integers(1, 8))):
        chosen = draw(st.lists(st.sampled_from(parts), max_size=4))
        parts.append((AllOf if draw(st.booleans()) else AnyOf)(tuple(chosen)))
    return parts[-1]
