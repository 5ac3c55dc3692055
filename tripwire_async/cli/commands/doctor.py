"""``doctor``: a check of everything that a command needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import add_connection_options, set_command

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser


def build(parser: Parser) -> None:
    """Add the arguments of the command."""
    set_command(parser, check)
    add_connection_options(parser)


async def check(arguments: argparse.Namespace, output: Output) -> int:
    """Print one line per check, and the advice for each that found a problem."""
    from tripwire_async.cli.diagnosis import diagnose
    from tripwire_async.cli.output import warn
    from tripwire_async.cli.tables import Table

    findings = await diagnose(arguments)
    output.emit(
        {"data": [finding.document() for finding in findings]},
        Table(
            ("check", "result", "details"), [(finding.check, finding.result, finding.details) for finding in findings]
        ),
    )
    for finding in findings:
        if finding.advice is not None and not output.as_json:
            warn(f"{finding.check}: {finding.advice}")
    return ExitCode.BAD_OUTCOME if any(finding.result == "failed" for finding in findings) else ExitCode.OK
