"""`mesascope supports`: what of a network can be decided exactly."""

from __future__ import annotations

import click

from verify.cli.option import debug_option


@click.command(short_help="List a network's operators and what stops a verdict.")
@click.argument("net")
@debug_option
def supports(net: str) -> int:
    """List the operators of NET, and say which node, if any, stops an exact verdict."""
    raise NotImplementedError(net)
