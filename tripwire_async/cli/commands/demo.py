"""``demo``: test webhooks between processes on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import set_command

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tripwire_async.cli.demo_receiver import DemoReceiver
    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser
    from tripwire_async.cli.tables import Table
    from tripwire_async.reports import Report

_INTRODUCTION: Final = """\
A test server of the Tripwire API and three receivers run on this machine for a
moment. Each receiver is an endpoint and gets a signed test: quick responds with
200, broken always with 500, slow with 200 after {slow:g} seconds."""


def build(parser: Parser) -> None:
    """Add the arguments of the command."""
    set_command(parser, demo)


async def demo(_: argparse.Namespace, output: Output) -> int:
    """Send a test to each of three receivers, and compare the results with the expected ones."""
    import functools
    from datetime import UTC, datetime

    from tripwire_async import AsyncTripwire
    from tripwire_async.cli.demo_receiver import SLOW, demo_receivers
    from tripwire_async.reports import make_report
    from tripwire_async.testing import TripwireServer, WebhookSettings

    for line in _INTRODUCTION.format(slow=SLOW).splitlines():
        output.line(line)
    output.line()
    async with (
        TripwireServer(webhooks=WebhookSettings(backoff=0.2, max_attempts=3)) as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
        demo_receivers(server) as receivers,
    ):
        ids = [receiver.endpoint_id for receiver in receivers]
        report = functools.partial(
            make_report, organization_id=server.organization_id, started_at=datetime.now(UTC), endpoint_ids=ids
        )
        async with tripwire.webhooks.send_tests(server.organization_id, ids, timeout=20) as run:
            with output.live_table(lambda: _table(receivers, report(run.results.values(), seconds=0.0))):
                outcomes = await run
        return _print_result(output, receivers, report(outcomes, seconds=run.progress().seconds))


def _table(receivers: Sequence[DemoReceiver], report: Report) -> Table:
    from tripwire_async.cli.outcome_rows import NUMBERS, TITLES, progress_cells
    from tripwire_async.cli.tables import Table

    rows = [
        (receiver.name, *progress_cells(test)[:-1], receiver.verdict, progress_cells(test)[-1])
        for receiver, test in zip(receivers, report.tests, strict=True)
    ]
    return Table(("endpoint", *TITLES[:-1], "signature", TITLES[-1]), rows, NUMBERS)


def _print_result(output: Output, receivers: Sequence[DemoReceiver], report: Report) -> int:
    """Print whether all results and signatures are as expected, and return the exit status."""
    from tripwire_async.reports import report_document

    surprises: list[str] = []
    for receiver, test in zip(receivers, report.tests, strict=True):
        if test.state != receiver.expected:
            result = test.state if test.delivery is not None else test.reason
            surprises.append(f"{receiver.name}: expected {receiver.expected}, got {result}")
        if receiver.verdict != "verified":
            surprises.append(f"{receiver.name}: signatures: {receiver.verdict}")
    requests = sum(receiver.received for receiver in receivers)
    output.emit(
        {
            "data": [
                {**test, "name": receiver.name, "received": receiver.received, "verified": receiver.verified}
                for receiver, test in zip(receivers, report_document(report)["data"], strict=True)
            ],
            "as_expected": not surprises,
        }
    )
    output.line()
    if surprises:
        output.line(f"Not as expected: {'; '.join(surprises)}.")
        return ExitCode.BAD_OUTCOME
    output.line("As expected: quick and slow accepted their webhook, and broken rejected it until")
    output.line(f"the server gave up. The receivers verified the signature of all {requests} requests.")
    return ExitCode.OK
