"""The command line: `mesascope`.

Every command answers with an exit status: 0 all hold, 1 some violated, 2 usage or input error or
nothing checked, 3 none violated but some unknown or vacuous, 4 internal fault.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence

import click

from theory.error import InputError, MesascopeError
from verify.cli import (
    audit,
    check,
    demo,
    dilemma,
    extract,
    property,
    replay,
    simplify,
    support,
    vnnlib,
)
from verify.cli.option import Session, debug_option
from verify.cli.output import complain, flush
from verify.provenance import versions

WRONG_INPUT, FAULT, INTERRUPTED, PIPE_CLOSED = 2, 4, 130, 141


class _Group(click.Group):
    """A group in which a spec or network file that leaves the interpreter is an input error."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SystemExit as leaving:
            raise InputError(f"a file that was loaded calls sys.exit({leaving.code!r})") from None


def _version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"mesascope {versions().get('mesascope', '(not installed)')}")
        context.exit()


@click.group(
    "mesascope",
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=(
        "Exit status: 0 all hold, 1 some violated, 2 usage or input error or nothing checked, "
        "3 none violated but some unknown or vacuous, 4 internal fault."
    ),
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and leave.",
)
@debug_option
def mesascope() -> None:
    """Look inside a trained network for an agent, and prove or refute statements about it.

    NET is an .onnx, .pt2 (torch.export), .nnet or Stable-Baselines3 .zip file, or FILE.py:callable.
    """


for _command in (
    check.check,
    extract.extract,
    simplify.simplify,
    vnnlib.vnnlib,
    audit.audit,
    property.properties,
    dilemma.dilemmas,
    support.supports,
    replay.replay,
    demo.demo,
):
    mesascope.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (by default this process's) and return its exit status."""
    session = Session()
    try:
        status = mesascope.main(
            args=None if arguments is None else list(arguments),
            prog_name="mesascope",
            standalone_mode=False,
            obj=session,
        )
        flush()
    except click.exceptions.Abort:
        complain("interrupted")
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return WRONG_INPUT
    except MesascopeError as error:
        return _refused(error, session)
    except SystemExit:  # click leaves so where nobody reads what it prints
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 -- the last resort: one line instead of a traceback
        return _broken(error, session)
    return status if isinstance(status, int) else 0


def _refused(error: MesascopeError, session: Session) -> int:
    from verify.verdict import EngineFault

    if session.debug:
        traceback.print_exc()
    if isinstance(error, EngineFault):
        complain(f"internal fault: {error}")
        return FAULT
    complain(f"error: {error}")
    return WRONG_INPUT


def _broken(error: Exception, session: Session) -> int:
    if session.debug:
        traceback.print_exc()
    complain(f"internal fault: {type(error).__name__}: {error}".rstrip(": "))
    if not session.debug:
        complain("this is a bug; the same command with --debug shows where it happened")
    return FAULT
