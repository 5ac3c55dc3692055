"""``test``: a row for each endpoint, and a status that scripts can rely on."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from tripwire_async.testing import DeliveryOutcome, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]

HELP = " (see tripwire-async test --help)"
UNKNOWN = "we_" + "0" * 32


def test_all_active_endpoints_are_tested(cli: Cli, elsewhere: Elsewhere) -> None:
    """Disabled ones are left alone; when all succeed the status is 0."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    ids = {elsewhere.add_endpoint().id for _ in range(3)}
    cli("endpoints", "disable", elsewhere.add_endpoint().id, "--yes")
    ended = cli("test", "--all", "--in-flight", "2")
    assert 0 == ended.status
    rows = [line for line in ended.out.splitlines() if line.startswith("we_")]
    assert ids == {row.split()[0] for row in rows}
    assert all(re.search(r"  succeeded +1 +200 +\d+  req_", row) for row in rows)
    assert "3 of 3 succeeded" == ended.out.splitlines()[-1]


def test_one_failure_ends_none_of_the_others(cli: Cli, elsewhere: Elsewhere) -> None:
    """Each has a row, a failure has a line on stderr, and the status is 1."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    good, bad = elsewhere.add_endpoint(), elsewhere.add_endpoint()
    page = "<p>No\nhandler</p>" + "x" * 300
    elsewhere.set_outcome(DeliveryOutcome("failed", 500, page, error="It answered 500."), bad.id)
    ended = cli("test", good.id, bad.id, UNKNOWN, "we_bad")
    assert 1 == ended.status
    assert ["succeeded", "failed", "refused", "refused"] == [
        line.split()[1] for line in ended.out.splitlines() if line.startswith("we_")
    ]
    first, second, third = ended.err.splitlines()
    assert f"tripwire-async: {bad.id}: failed: It answered 500. Response: <p>No handler</p>{'x' * 182}…" == first
    assert "404" in second
    assert "we_bad" in third


def test_the_status_names_a_reason_only_if_all_share_it(cli: Cli, elsewhere: Elsewhere) -> None:
    """If others succeeded, or failed otherwise, the status is that of a bad outcome."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
    assert 3 == cli("test", UNKNOWN).status
    assert 2 == cli("test", "we_bad").status
    assert 1 == cli("test", UNKNOWN, "we_bad").status
    assert 1 == cli("test", UNKNOWN, elsewhere.add_endpoint().id).status


def test_machines_get_every_outcome(cli: Cli, elsewhere: Elsewhere) -> None:
    """One document, with the delivery and the error as far as there is any."""
    elsewhere.set_outcome(DeliveryOutcome("skipped"))
    endpoint = elsewhere.add_endpoint()
    ended = cli("test", endpoint.id, UNKNOWN, "--json")
    skipped, refused = ended.data
    assert ("skipped", "skipped", None) == (skipped["state"], skipped["delivery"]["status"], skipped["error"])
    assert ("refused", None, "NotFoundError") == (refused["state"], refused["delivery"], refused["error"]["type"])
    assert [True] == [one.startswith("req_") for one in refused["request_ids"]]
    assert f"tripwire-async: {endpoint.id}: skipped: The service did not send the webhook." in ended.err.splitlines()


def test_an_endpoint_that_is_named_twice_is_tested_once(cli: Cli, elsewhere: Elsewhere) -> None:
    """Once is enough to know."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded"))
    endpoint = elsewhere.add_endpoint()
    assert 1 == len(cli("test", endpoint.id, endpoint.id, "--json").data)


def test_a_delivery_that_does_not_end_in_time_is_reported(cli: Cli, elsewhere: Elsewhere) -> None:
    """The run has its own limit, and the row says that it ran out."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", after=1000))
    ended = cli("test", elsewhere.add_endpoint().id, "--timeout", "0.3")
    assert 1 == ended.status
    assert "timed out" in ended.out
    assert "had not settled after 0." in ended.err


def test_a_test_can_be_good_as_soon_as_it_is_accepted(cli: Cli, elsewhere: Elsewhere) -> None:
    """The run does not wait for the delivery, and reads nothing."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", after=1000))
    ended = cli("test", elsewhere.add_endpoint().id, "--until", "sent", "--json")
    assert (0, "sent") == (ended.status, ended.data[0]["state"])
    assert {"listWebhookEndpoints", "sendTestWebhook"} == {one.operation for one in elsewhere.server.requests}


def test_a_delivery_that_cannot_be_read_is_unknown(cli: Cli, elsewhere: Elsewhere) -> None:
    """It was sent, and a rejected read has its own exit status."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", after=1000))
    elsewhere.ask(lambda server: server.fail("retrieveEvent", Fault.status(403)))
    ended = cli("test", elsewhere.add_endpoint().id, "--json")
    assert (3, "unknown") == (ended.status, ended.data[0]["state"])


def test_a_delivery_that_is_recorded_late_is_pending_until_then(cli: Cli, elsewhere: Elsewhere) -> None:
    """The response to the send may contain no delivery."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", after=1000))
    elsewhere.ask(lambda server: server.fail("sendTestWebhook", Fault.null_latest_delivery()))
    elsewhere.ask(lambda server: server.fail("retrieveEvent", Fault.status(404)))
    ended = cli("test", elsewhere.add_endpoint().id, "--json", "--timeout", "0.3")
    assert ("timed_out", None) == (ended.data[0]["state"], ended.data[0]["delivery"])


@pytest.mark.parametrize("form", ["--json", "-v"])
def test_interrupting_shows_what_is_known(cli: Cli, elsewhere: Elsewhere, form: str) -> None:
    """Ctrl-C ends it with 130, after the outcomes so far."""
    elsewhere.set_outcome(DeliveryOutcome("succeeded", after=1000))
    endpoint = elsewhere.add_endpoint()
    interrupting = threading.Thread(target=lambda: _interrupt(elsewhere))
    interrupting.start()
    ended = cli("test", endpoint.id, form)
    interrupting.join()
    assert 130 == ended.status
    assert "Traceback" not in ended.err
    if form == "--json":
        document = json.loads(ended.out)
        assert (True, "unknown", "pending") == (
            document["interrupted"],
            document["data"][0]["state"],
            document["data"][0]["delivery"]["status"],
        )
    else:
        assert f"{endpoint.id}  unknown" in ended.out
    assert ended.err.endswith("interrupted: 1 unknown, 0 not started\n")


def _interrupt(elsewhere: Elsewhere) -> None:
    elsewhere.wait(lambda server: any(request.operation == "retrieveEvent" for request in server.requests))
    os.kill(os.getpid(), signal.SIGINT)


def test_there_may_be_nothing_to_test(cli: Cli, elsewhere: Elsewhere) -> None:
    """No endpoint has failed then."""
    ended = cli("test", "--all")
    assert (0, "0 of 0 succeeded") == (ended.status, ended.out.splitlines()[-1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "pass either ENDPOINT ids, --endpoints-from FILE or --all; or continue a run with --resume JOURNAL"),
        (
            ("--all", UNKNOWN),
            "pass either ENDPOINT ids, --endpoints-from FILE or --all; or continue a run with --resume JOURNAL",
        ),
        (("--all", "--in-flight", "0"), '--in-flight: "0" is not a whole number of 1 or more' + HELP),
        (
            ("--all", "--timeout", "nan"),
            '--timeout: "nan" is not a duration above zero, such as 30, 30s, 5m or 1h' + HELP,
        ),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    cli: Cli, elsewhere: Elsewhere, arguments: tuple[str, ...], message: str
) -> None:
    """With the status for wrong usage."""
    ended = cli("test", *arguments)
    assert (2, "", f"tripwire-async: {message}\n") == (ended.status, ended.out, ended.err)
    assert [] == list(elsewhere.server.requests)
