"""`mesascope audit`: check a certificate with code that shares no bounds with the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from verify.cli.option import debug_option, found_option
from verify.cli.output import colour, complain, emit, stdout_kept, target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from verify.certificate.audit import Finding
    from verify.cli.output import Target
    from verify.verdict import Result

ACCEPTED, REJECTED, UNCHECKED = 0, 1, 3


@click.command(short_help="Check the certificate of a proof with separate code.")
@click.argument("certificate", metavar="CERTIFICATE")
@click.argument("net")
@click.argument("property_path", metavar="PROPERTY")
@click.option(
    "--property",
    "names",
    multiple=True,
    metavar="NAME",
    help="Audit only this property; may be given more than once.",
)
@found_option
@debug_option
def audit(
    certificate: str, net: str, property_path: str, names: tuple[str, ...], found: str | None
) -> int:
    """Check that CERTIFICATE proves PROPERTY (SPEC.py or a .vnnlib file) of NET.

    The certificate divides the domain into boxes. The audit sees that none is missing, and refutes
    a violation on each of them with bounds of its own, in outward-rounded float64 arithmetic. It
    shares with the search the readers of files, the compiled statement and the exact semantics.

    Exit status: 0 all properties are proved, 1 a proof is rejected (altered, incomplete, or of
    another network or statement), 2 usage or input error, 3 none is rejected but some property has
    no proof in CERTIFICATE or the audit has no bounds for NET, 4 internal fault.
    """
    from theory.error import UnsupportedOperator
    from verify.certificate.audit import Finding, Opinion
    from verify.certificate.audit import audit as examine
    from verify.certificate.file import Rejected, read
    from verify.report.terminal import print_lines
    from verify.review import bound_properties

    with stdout_kept():
        try:
            entries = read(certificate).entries
            bound = bound_properties(net, property_path, names, found)
            findings = examine([e for e in entries if not names or e.property in names], bound)
        except Rejected as error:
            findings = [Finding(certificate, Opinion.REJECTED, str(error))]
        except UnsupportedOperator as error:
            findings = [Finding(net, Opinion.UNCHECKED, str(error))]
    emit(print_lines([_line(one) for one in findings], width=None, colour=colour()))
    opinions = {one.opinion for one in findings}
    if Opinion.REJECTED in opinions:
        return REJECTED
    return UNCHECKED if Opinion.UNCHECKED in opinions else ACCEPTED


def _line(finding: Finding) -> Text:
    from rich.text import Text

    from verify.certificate.audit import Opinion
    from verify.report.text import plain

    styles = {
        Opinion.ACCEPTED: "bold green",
        Opinion.REJECTED: "bold red",
        Opinion.UNCHECKED: "bold yellow",
    }
    word = f"{finding.opinion.value:<9}"
    return Text.assemble(
        (word, styles[finding.opinion]), f"  {plain(finding.property)}  {plain(finding.detail)}"
    )


def certificate_target(given: str | None, inputs: Sequence[str]) -> Target | None:
    """Where `--certificate` writes.

    Raises:
        InputError: the file could not be written, or is stdout or an input.
    """
    from theory.error import InputError

    if given == "-":
        raise InputError("--certificate: give a file; only --json takes -")
    return target("--certificate", given, inputs=inputs)


def write_certificate(file: Target, results: Sequence[Result], net: str, spec: str) -> None:
    """Write the proofs of all results that have one, and say on stderr which have none."""
    from verify.certificate.file import Certificate, encode
    from verify.provenance import versions
    from verify.verdict import Verdict

    entries = tuple(r.certificate for r in results if r.certificate is not None)
    tool = f"mesascope {versions().get('mesascope', '')}".strip()
    file.write(encode(Certificate(tool, net, spec, entries)))
    for result in results:
        if result.uncertified:
            complain(f"not certified: {result.property.name}: {result.uncertified}")
    held = sum(result.verdict is Verdict.HOLDS for result in results)
    complain(f"certificate of {len(entries)} of {held} properties that hold: {file.path}")
