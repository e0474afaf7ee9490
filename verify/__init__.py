"""Does the structure satisfy the statement? Verdicts with witnesses, guarantees and reports."""

from verify.check import check
from verify.verdict import Report

__all__ = ["Report", "check"]
