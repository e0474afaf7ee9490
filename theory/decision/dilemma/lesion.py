"""What makes one act also makes one suffer: common causes of inclination and outcome."""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
from __future__ import annotations

from theory.causal.diagram import chance, decision, utility
from theory.decision.dilemma.entry import Dilemma
from theory.decision.problem import Policy, Problem, noisy
from theory.rational import Exact, exact


def smoking_lesion(
    lesion: Exact = "1/2",
    tendency: Exact = "0.9",
    pleasure: Exact = 1_000,
    cancer: Exact = -1_000_000,
) -> Problem:
    """A lesion inclines to smoking and brings cancer; smoking itself does no harm."""
    rate, joy, harm = exact(lesion, "lesion"), exact(pleasure, "pleasure"), exact(cancer, "cancer")
    acts = ["smoke", "abstain"]
    return Problem(
        chance("lesion", {True: rate, False: 1 - rate}),
        decision("act", acts),
        utility(
            "welfare", lambda act, lesion: (joy if act == "smoke" else 0) + (harm if lesion else 0)
        ),
        inclination=lambda lesion: noisy("smoke" if lesion else "abstain", tendency, acts),
    )


def murder_lesion(
    lesion: Exact = "1/10", tendency: Exact = "0.9", success: Exact = 10, failure: Exact = -100
) -> Problem:
    """A lesion inclines to shooting and makes one miss."""
    rate, hit, miss = exact(lesion, "lesion"), exact(success, "success"), exact(failure, "failure")
    acts = ["shoot", "refrain"]
    return Problem(
        chance("lesion", {True: rate, False: 1 - rate}),
        decision("act", acts),
        utility("outcome", lambda act, lesion: 0 if act == "refrain" else miss if lesion else hit),
        inclination=lambda lesion: noisy("shoot" if lesion else "refrain", tendency, acts),
    )


def psychopath_button(sign: Exact = "0.95", relief: Exact = 10, death: Exact = -100) -> Problem:
    """A button kills all psychopaths; to be one who presses it is, mostly, to be one."""
    better, worse = exact(relief, "relief"), exact(death, "death")
    acts = ["press", "leave"]

    def kind(policy: Policy) -> object:
        chances = noisy(policy(), sign, acts)
        return {True: chances["press"], False: chances["leave"]}

    return Problem(
        decision("act", acts),
        chance("psychopath", kind, ["policy"]),
        utility(
            "outcome",
            lambda act, psychopath: 0 if act == "leave" else worse if psychopath else better,
        ),
    )


def cosmic_ray(ray: Exact = "1/1000000", checkup: Exact = -1_000) -> Problem:
    """One who always takes a dollar; only a cosmic ray makes one take the hundred."""
    rate, cost = exact(ray, "ray"), exact(checkup, "checkup")
    return Problem(
        chance("ray", {True: rate, False: 1 - rate}),
        decision("act", ["1", "100"]),
        utility("money", lambda act, ray: int(act) + (cost if ray else 0)),
        inclination=lambda ray: {"100" if ray else "1": 1},
    )


SMOKING_LESION = Dilemma(
    name="smoking lesion",
    story=(
        "A lesion that half of the people have makes them want to smoke, and gives them cancer "
        "later. Smoking is harmless, and you would enjoy it."
    ),
    build=smoking_lesion,
    source=(
        "After Fisher; Gibbard and Harper 1978; payoffs: Yudkowsky and Soares 2017; the "
        "rates 1/2 and 9/10 are ours"
    ),
    expected={
        "EDT": "abstain",
        "CDT": "smoke",
        "ratified CDT": "smoke",
        "deliberational CDT": "smoke",
        "FDT": "smoke",
        "UDT 1.1": "smoke",
    },
    disputed=(
        "Whether EDT abstains: one who feels the urge knows it already, and the act is no further "
        "news (the tickle defence; Eells 1982). Let the decision see the urge to state it."
    ),
)

MURDER_LESION = Dilemma(
    name="murder lesion",
    story=(
        "You can shoot a tyrant, which is worth 10 if you hit and -100 if you miss. A lesion that "
        "one in ten has makes people shoot and miss."
    ),
    build=murder_lesion,
    source="Egan, Some counterexamples to causal decision theory, 2007; the numbers are ours",
    expected={
        "EDT": "refrain",
        "CDT": "unstable",
        "ratified CDT": "unstable",
        "deliberational CDT": "mixed",
        "FDT": "refrain",
        "UDT 1.1": "refrain",
    },
    disputed="",
)

PSYCHOPATH_BUTTON = Dilemma(
    name="psychopath button",
    story=(
        "A button kills all psychopaths. You would like that (10), unless you are one (-100). "
        "You think that 95 in 100 of those who would press it are, and 5 in 100 of the others."
    ),
    build=psychopath_button,
    source="Egan, Some counterexamples to causal decision theory, 2007; the numbers are ours",
    expected={
        "EDT": "leave",
        "CDT": "unstable",
        "ratified CDT": "unstable",
        "deliberational CDT": "mixed",
        "FDT": "leave",
        "UDT 1.1": "leave",
    },
    disputed=(
        "What CDT says: it presses while it is sure enough that it will not, and then no more; "
        "Arntzenius 2008 and Joyce 2012 let it rest at a mixed credence. Whether being a "
        "psychopath is part of the policy, as here, or a cause of it, as in the murder lesion."
    ),
)

COSMIC_RAY = Dilemma(
    name="cosmic ray",
    story=(
        "Take 1 or 100. You know yourself to be one who takes the 1, unless hit by a cosmic ray, "
        "which would cost you a check-up of 1,000."
    ),
    build=cosmic_ray,
    source="Soares and Levinstein, Cheating death in Damascus, 2020",
    expected={
        "EDT": "1",
        "CDT": "100",
        "ratified CDT": "100",
        "deliberational CDT": "100",
        "FDT": "100",
        "UDT 1.1": "100",
    },
    disputed="The credence is bad luck for EDT: one that expects to take the 100 takes it.",
)

DILEMMAS = (SMOKING_LESION, MURDER_LESION, PSYCHOPATH_BUTTON, COSMIC_RAY)
