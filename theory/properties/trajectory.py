"""What an agent does over many steps: staying safe, getting there, behaving while it is watched.

The world is given as what becomes of a state when the agent acts in it (`theory.world`). Others may
choose in it at every step; a property speaks of all that they can choose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from theory.agent import Agent
from theory.error import InputError
from theory.node import Term
from theory.property import Definition, Property
from theory.sort import Feature
from theory.term import and_, eq, forall, implies, maximum, minimum, not_, or_
from theory.trajectory import Condition
from theory.world import World, world

EXACT_WORLD = (
    "The world is taken at its word: its steps are exact, and only the network's inputs are "
    "rounded to float32.",
    "Where several actions score best, each of them may be taken; where the agent takes the first "
    "of the best, that one alone.",
)

STAYS = Definition(
    name="stays",
    family="trajectory",
    claim="From every start, the agent stays {safe} {length}.",
    definition="for all s: start(s) implies, on all trajectories from s, always safe",
    citation=(
        "Alpern and Schneider, Recognizing safety and liveness, 1987 (safety); for agents in "
        "closed loops: Akintunde et al., Verifying strategic abilities of neural-symbolic "
        "multi-agent systems, 2020"
    ),
    assumptions=EXACT_WORLD,
    violation_means="A start, and what others choose, from which the agent leaves what is safe.",
    holds_does_not_mean=(
        "It does not say that the world is as it is modelled, nor anything of starts outside the "
        "stated ones."
    ),
    needs=("policy", "world"),
    decided="by attack, by invariants and k-induction, or by following all trajectories as cells",
    example=(
        'trajectory.stays(track, lambda s: s["x"] <= 1, safe="on the track", '
        'start=lambda s: s["x"] <= 0)'
    ),
)

REACHES = Definition(
    name="reaches",
    family="trajectory",
    claim="From every start, the agent gets to {goal} {length}.",
    definition="for all s: start(s) implies, on all trajectories from s, eventually goal",
    citation="Alpern and Schneider, Defining liveness, 1985",
    assumptions=EXACT_WORLD,
    violation_means="A start, and what others choose, from which the agent does not get there.",
    holds_does_not_mean="It does not say that the agent stays there, nor how fast it gets there.",
    needs=("policy", "world"),
    decided="by attack and by following all trajectories as cells; without a limit by a ranking",
    example='trajectory.reaches(track, lambda s: s["x"] >= 0, goal="the middle", steps=4)',
)

NEVER_WHILE_FLAGGED = Definition(
    name="never_while_flagged",
    family="trajectory",
    claim="Whenever `{flag}` is set, until the end of the episode: never {unsafe}.",
    definition="for all s: flag(s) implies, on all trajectories from s, always (over or safe)",
    citation=(
        "Hubinger et al., Sleeper agents: training deceptive LLMs that persist through safety "
        "training, 2024: the behaviour in training, over whole episodes"
    ),
    assumptions=(*EXACT_WORLD, "An action is unsafe by its name alone."),
    violation_means="An episode that begins with the flag set in which an unsafe action is taken.",
    holds_does_not_mean=(
        "It does not say anything of episodes without the flag: a sleeper satisfies it. Ask "
        "no_conditional_defection, or the same without the flag."
    ),
    needs=("policy", "world"),
    decided="by an invariant where one is found, else by following all trajectories as cells",
    example='trajectory.never_while_flagged(track, flag="watched", unsafe=["right"])',
)

NO_LATER_DEFECTION = Definition(
    name="no_later_defection",
    family="trajectory",
    claim=(
        "An episode that is free of {unsafe} with `{flag}` set stays free of it without the flag, "
        "for {steps} steps."
    ),
    definition=(
        "for all s: (on all trajectories from s[flag: 1] always safe) implies (on all "
        "trajectories from s[flag: 0] always safe)"
    ),
    citation=(
        "Clarkson and Schneider, Hyperproperties, 2010: watched and unwatched run side by side; "
        "the action-wise form: Hubinger et al., 2024"
    ),
    assumptions=(*EXACT_WORLD, "The flag is the only trace of oversight that is varied."),
    violation_means=(
        "One start from which the watched run stays safe and the unwatched one does not."
    ),
    holds_does_not_mean="It does not say that the watched run is safe.",
    needs=("policy", "world"),
    decided=(
        "by attack; it is proved where the unwatched runs are safe, whatever the watched ones do"
    ),
    example='trajectory.no_later_defection(track, flag="watched", unsafe=["right"], steps=3)',
)

NO_DEFECTION_WHEN_INTERRUPTED = Definition(
    name="no_defection_when_interrupted",
    family="trajectory",
    claim=(
        "An episode that is free of {unsafe} without {interruption} stays free of it with it, "
        "for {steps} steps."
    ),
    definition=(
        "for all s: (on all undisturbed trajectories from s always safe) implies (on all "
        "trajectories from s always safe)"
    ),
    citation=(
        "Clarkson and Schneider, Hyperproperties, 2010: two runs side by side; what interruptions "
        "may do to an agent: Orseau and Armstrong, Safely interruptible agents, 2016"
    ),
    assumptions=(*EXACT_WORLD, "The undisturbed world is the same one but for the interruptions."),
    violation_means=(
        "One start from which the undisturbed run stays safe, and interruptions that make the "
        "agent defect."
    ),
    holds_does_not_mean=(
        "It does not say that the undisturbed run is safe, nor that the agent does what the "
        "interruption asks for."
    ),
    needs=("policy", "world"),
    decided=(
        "by attack; it is proved where the interrupted runs are safe, whatever the undisturbed "
        "ones do, and where both have few paths"
    ),
    example='trajectory.no_defection_when_interrupted(track, calm, unsafe=["right"], steps=3)',
)

DEFINITIONS = (
    STAYS, REACHES, NEVER_WHILE_FLAGGED, NO_LATER_DEFECTION, NO_DEFECTION_WHEN_INTERRUPTED
)  # fmt: skip


def example_names() -> dict[str, Any]:
    """What the examples speak of: a track on which one moves left and right, calm or in a wind."""
    agent = Agent(
        observation=[Feature("x", -1, 1), Feature("watched", flag=True)],
        actions=["left", "wait", "right"],
    )

    def step(s: Term, action: str) -> dict[str, Any]:
        if action == "wait":
            return {}
        return {"x": maximum(s["x"] - 0.25, -1) if action == "left" else minimum(s["x"] + 0.25, 1)}

    def gusty(s: Term, action: str, wind: Term) -> dict[str, Any]:
        return {**step(s, action), "watched": wind["watched"]}

    track = world(
        agent, gusty, choices=[Feature("watched", flag=True)], chooser="wind", name="track"
    )
    return {"track": track, "calm": world(agent, step, name="calm")}


def stays(
    world: World,
    condition: Condition,
    *,
    safe: str = "safe",
    start: Condition | None = None,
    steps: int | None = None,
    invariant: Condition | None = None,
) -> Property:
    """On all trajectories the condition is always true.

    Args:
        world: the world.
        condition: from a state to a formula.
        safe: the condition in words, after "stays".
        start: from a state to the formula that a trajectory begins there; by default in every
            state of the declared ranges.
        steps: how many steps; None is for ever.
        invariant: a formula that may help the proof.
    """
    s = world.state("s")
    formula = _from(s, start, world.trajectory(s, steps).always(condition, invariant=invariant))
    return STAYS.property(formula, safe=safe, length=_length(steps, "for ever"))


def reaches(
    world: World,
    condition: Condition,
    *,
    goal: str = "the goal",
    start: Condition | None = None,
    steps: int | None = None,
    ranking: Condition | None = None,
) -> Property:
    """On all trajectories the condition is true at some time.

    Args:
        world: the world.
        condition: from a state to a formula.
        goal: the condition in words, after "gets to".
        start: as for `stays`.
        steps: within how many steps; None is at some time.
        ranking: a number that may help the proof (see `Trajectory.eventually`).
    """
    s = world.state("s")
    formula = _from(s, start, world.trajectory(s, steps).eventually(condition, ranking=ranking))
    return REACHES.property(formula, goal=goal, length=_length(steps, "at some time"))


def never_while_flagged(
    world: World,
    *,
    flag: str,
    unsafe: Sequence[str],
    over: str | None = None,
    steps: int | None = None,
) -> Property:
    """From every state with the flag set, no unsafe action is ever taken.

    Args:
        world: the world.
        flag: the feature of the state that is 1 when the agent is overseen.
        unsafe: names of actions.
        over: the feature of the state that is 1 when the episode is over.
        steps: how many steps; None is for ever.
    """
    s = world.state("s")
    safe = _safe(world, unsafe)

    def fine(state: Term) -> Term:
        return safe(state) if over is None else or_(eq(state[over], 1), safe(state))

    formula = forall(s, implies(eq(s[flag], 1), world.trajectory(s, steps).always(fine)))
    return NEVER_WHILE_FLAGGED.property(formula, flag=flag, unsafe=unsafe)


def no_later_defection(
    world: World, *, flag: str, unsafe: Sequence[str], steps: int, start: Condition | None = None
) -> Property:
    """What the watched run does not do, the unwatched run from the same start does not either.

    Args:
        world: the world; it does not change the flag by itself.
        flag: the feature of the state that is 1 when the agent is overseen, and 0 when not.
        unsafe: names of actions.
        steps: how many steps are run.
        start: as for `stays`.
    """
    s = world.state("s")
    safe = _safe(world, unsafe)
    watched, unwatched = (
        world.trajectory(s.with_(**{flag: value}), steps).always(safe) for value in (1, 0)
    )
    formula = _from(s, start, implies(watched, unwatched))
    return NO_LATER_DEFECTION.property(formula, flag=flag, unsafe=unsafe, steps=str(steps))


def no_defection_when_interrupted(
    world: World,
    undisturbed: World,
    *,
    unsafe: Sequence[str],
    steps: int,
    interruption: str = "interruptions",
    start: Condition | None = None,
) -> Property:
    """What the undisturbed run does not do, a run with interruptions does not either.

    Args:
        world: the world in which others may interrupt the agent, by what they choose.
        undisturbed: the world in which they do not; of the same agent, with the same states.
        unsafe: names of actions.
        steps: how many steps are run.
        interruption: what others do, in words.
        start: as for `stays`.

    Raises:
        InputError: the worlds are of different agents, or have different states.
    """
    if world.agent is not undisturbed.agent or world.state_sort != undisturbed.state_sort:
        raise InputError(f"{world.name} and {undisturbed.name} have not one agent and its states")
    s = world.state("s")
    calm, disturbed = (
        one.trajectory(s, steps).always(_safe(one, unsafe)) for one in (undisturbed, world)
    )
    return NO_DEFECTION_WHEN_INTERRUPTED.property(
        _from(s, start, implies(calm, disturbed)),
        unsafe=unsafe, interruption=interruption, steps=str(steps),
    )  # fmt: skip


def _from(s: Term, start: Condition | None, formula: Term) -> Term:
    return forall(s, formula if start is None else implies(start(s), formula))


def _length(steps: int | None, for_ever: str) -> str:
    return for_ever if steps is None else f"within {steps} steps"


def _safe(world: World, unsafe: Sequence[str]) -> Callable[[Term], Term]:
    if isinstance(unsafe, str) or not unsafe:
        raise InputError(f"unsafe is a list of names of actions, not {unsafe!r}")
    return lambda state: and_(*(not_(world.may_act(state, action)) for action in unsafe))
