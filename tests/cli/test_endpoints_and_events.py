"""Endpoints and events, for people and for machines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tripwire_async.testing import DeliveryOutcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]

CREATE = (
    "endpoints",
    "create",
    "https://example.com/hook",
    "--name",
    "shop",
    "--event-type",
    "session.result.persisted",
)


def test_endpoints_are_listed_in_aligned_columns(cli: Cli, elsewhere: Elsewhere) -> None:
    """Titles first, then a line an endpoint."""
    first, second = elsewhere.add_endpoint(name="first"), elsewhere.add_endpoint(name="the second")
    wanted = [
        "endpoint                             name        status  url                  event types",
        f"{first.id}  first       active  http://127.0.0.1:9/  session.result.persisted",
        f"{second.id}  the second  active  http://127.0.0.1:9/  session.result.persisted",
    ]
    assert wanted == cli("endpoints", "list").out.splitlines()


def test_an_empty_list_is_reported_on_stderr(cli: Cli, elsewhere: Elsewhere) -> None:
    """The output is empty, so a count of its lines is zero."""
    ended = cli("endpoints", "list")
    assert (0, "", "tripwire-async: the organization has no endpoints\n") == (ended.status, ended.out, ended.err)


def test_an_empty_list_is_a_document_for_machines(cli: Cli, elsewhere: Elsewhere) -> None:
    """The fields are present and empty."""
    ended = cli("endpoints", "list", "--json")
    assert ([], "") == (ended.data, ended.err)


def test_a_new_endpoint_shows_its_signing_secret_once(cli: Cli, elsewhere: Elsewhere) -> None:
    """It is lost otherwise; no later command shows it."""
    ended = cli(*CREATE)
    [endpoint] = elsewhere.server.state.endpoints.values()
    assert 0 == ended.status
    assert f"signing secret: {endpoint.signing_secret}" in ended.out.splitlines()
    assert f"endpoint     {endpoint.id}" in ended.out.splitlines()
    assert "whsec_" not in cli("endpoints", "list").out + cli("endpoints", "list", "--json").out


def test_a_new_endpoint_is_a_whole_document_for_machines(cli: Cli, elsewhere: Elsewhere) -> None:
    """The names are the API's, and the secret is in plain text."""
    endpoint = cli(*CREATE, "--json").data
    assert ("shop", "active", ["session.result.persisted"]) == (
        endpoint["name"],
        endpoint["status"],
        endpoint["event_types"],
    )
    assert re.fullmatch(r"whsec_[0-9a-f]{48}", endpoint["signing_secret"])


def test_rotating_shows_the_new_secret(cli: Cli, elsewhere: Elsewhere) -> None:
    """The new one, not the one before."""
    endpoint = elsewhere.add_endpoint()
    before = endpoint.signing_secret
    ended = cli("endpoints", "rotate", endpoint.id, "--yes")
    assert f"signing secret: {endpoint.signing_secret}" in ended.out.splitlines()
    assert before not in ended.out


def test_disabling_shows_the_endpoint_without_a_secret(cli: Cli, elsewhere: Elsewhere) -> None:
    """The response contains no secret to store."""
    endpoint = elsewhere.add_endpoint()
    ended = cli("endpoints", "disable", endpoint.id, "--yes")
    assert "status       disabled" in ended.out.splitlines()
    assert "secret" not in ended.out


def test_events_show_how_their_deliveries_stand(cli: Cli, elsewhere: Elsewhere) -> None:
    """A single status as it is, several counted, and a dash without deliveries."""
    assert "no events found" in cli("events", "list").err
    elsewhere.ask(lambda server: server.emit("gate.session.approved", {}))
    one, two = elsewhere.add_endpoint(), elsewhere.add_endpoint()
    elsewhere.set_outcome(DeliveryOutcome("succeeded"), one.id)
    elsewhere.set_outcome(DeliveryOutcome("failed"), two.id)
    elsewhere.ask(lambda server: server.emit("session.result.persisted", {}))
    cli("test", one.id)
    lines = cli("events", "list").out.splitlines()[1:]
    statuses = ["succeeded", "1 succeeded, 1 failed", "-"]
    assert statuses == [re.split(r"  +", line)[3] for line in lines]


def test_events_can_be_narrowed(cli: Cli, elsewhere: Elsewhere) -> None:
    """By endpoint, by type and by number."""
    one, two = elsewhere.add_endpoint(), elsewhere.add_endpoint()
    elsewhere.set_outcome(DeliveryOutcome("succeeded"))
    for _ in range(2):
        elsewhere.ask(lambda server: server.emit("session.result.persisted", {}))
    cli("test", two.id)
    assert 1 == len(cli("events", "list", "--json", "--type", "webhook.test").data)
    assert 2 == len(cli("events", "list", "--json", "--endpoint", one.id).data)
    assert 1 == len(cli("events", "list", "--json", "--limit", "1").data)


def test_an_event_shows_each_delivery(cli: Cli, elsewhere: Elsewhere) -> None:
    """With the error, and the endpoint's response as escaped text."""
    endpoint = elsewhere.add_endpoint()
    elsewhere.set_outcome(DeliveryOutcome("failed", 500, None, "bell \x07 and\nline", attempts=3))
    event = elsewhere.ask(lambda server: server.emit("session.result.persisted", {}))
    ended = cli("events", "show", event.id)
    assert ended.out.splitlines()[0] == f"event    {event.id}"
    assert [f"{endpoint.id}  failed         3       500  bell \\x07 and line"] == [
        line for line in ended.out.splitlines() if endpoint.id in line
    ]
    assert event.id == cli("events", "show", event.id, "--json").data["id"]


def test_an_event_without_deliveries_shows_no_table(cli: Cli, elsewhere: Elsewhere) -> None:
    """Only what there is."""
    event = elsewhere.ask(lambda server: server.emit("session.result.persisted", {}))
    assert "attempts" not in cli("events", "show", event.id).out
