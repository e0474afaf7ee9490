"""Does the structure satisfy the statement? Verdicts with witnesses, guarantees and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verify.check import check as check
    from verify.verdict import Report as Report

__all__ = ["Report", "check"]


def __getattr__(name: str) -> Any:
    """Load the heavy parts on first use, so that `import verify` and `--help` stay quick."""
    if name == "check":
        from verify.check import check

        return check
    if name == "Report":
        from verify.verdict import Report

        return Report
    raise AttributeError(f"module 'verify' has no attribute {name!r}")
