"""How far a policy of boxes acts as a network does: proved, not sampled."""

from verify.fidelity.cover import Disagreement, Fidelity, prove_fidelity

__all__ = ["Disagreement", "Fidelity", "prove_fidelity"]
