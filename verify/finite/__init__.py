"""Large finite processes, still exact: floats guess, rationals confirm."""

from verify.finite.engine import FAST

__all__ = ["FAST"]
