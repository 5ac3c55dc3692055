"""Sessions, fingerprints, keys and tokens."""

from __future__ import annotations

import io
import json
import re
import sys
from typing import TYPE_CHECKING

import pytest

from tripwire_async.testing import DeliveryOutcome, Fault, seal_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]

PAYLOAD = {
    "object": "session_verification",
    "session_id": "sid_1",
    "decision": {"verdict": "bot", "risk_score": 97},
    "request": {"url": "https://example.com/"},
}


@pytest.mark.parametrize(("group", "prefix"), [("sessions", "sid_"), ("fingerprints", "vid_")])
def test_a_list_says_how_to_go_on(cli: Cli, elsewhere: Elsewhere, group: str, prefix: str) -> None:
    """The cursor is printed on stderr, and passing it prints the next page."""
    first = cli(group, "list", "--limit", "2")
    cursor = re.fullmatch(r"tripwire-async: there are more items: pass --cursor (\S+), or --all\n", first.err)
    assert cursor
    second = cli(group, "list", "--limit", "2", "--cursor", cursor[1])
    ids = re.findall(rf"{prefix}\w{{26}}", first.out + second.out) if group == "fingerprints" else None
    assert 3 == len(first.out.splitlines())
    assert ids is None or 4 == len(set(ids))
    document = json.loads(cli(group, "list", "--limit", "2", "--json").out)
    assert (2, True, cursor[1]) == (
        document["pagination"]["limit"],
        document["pagination"]["has_more"],
        document["pagination"]["next_cursor"],
    )


@pytest.mark.parametrize("group", ["sessions", "fingerprints", "keys"])
def test_a_list_can_be_read_to_its_end(cli: Cli, elsewhere: Elsewhere, group: str) -> None:
    """Every page with ``--all``, in one document, in one table, or with one line per item."""
    for _ in range(2):
        elsewhere.ask(lambda server: server.add_key())
    page = json.loads(cli(group, "list", "--json", "--limit", "200").out)
    whole = json.loads(cli(group, "list", "--all", "--json").out)
    ids = [item["id"] for item in whole["data"]]
    assert len(ids) >= 3
    assert page["pagination"]["has_more"] is (len(ids) > 200)
    assert [item["id"] for item in page["data"]] == ids[:200]
    assert {"limit": len(ids), "has_more": False, "next_cursor": None} == whole["pagination"]
    table = cli(group, "list", "--all")
    assert (len(ids) + 1, "") == (len(table.out.splitlines()), table.err)
    for arguments, expected in ((("--all",), ids), (("--limit", "2"), ids[:2])):
        lines = cli(group, "list", *arguments, "--jsonl").out.splitlines()
        assert expected == [json.loads(line)["id"] for line in lines]


@pytest.mark.parametrize("group", ["sessions", "fingerprints", "keys"])
def test_the_limit_bounds_all_pages_together(cli: Cli, elsewhere: Elsewhere, group: str) -> None:
    """Also when it is more than a page can hold."""
    for _ in range(2):
        elsewhere.ask(lambda server: server.add_key())
    ids = [item["id"] for item in cli(group, "list", "--json", "--all").data]
    for limit in (2, 250):
        some = json.loads(cli(group, "list", "--all", "--limit", str(limit), "--json").out)
        has_more = len(ids) > limit
        assert (ids[:limit], {"limit": limit, "has_more": has_more, "next_cursor": None}) == (
            [item["id"] for item in some["data"]],
            some["pagination"],
        )
        lines = cli(group, "list", "--all", "--limit", str(limit), "--jsonl").out.splitlines()
        assert ids[:limit] == [json.loads(line)["id"] for line in lines]


@pytest.mark.parametrize("group", ["endpoints", "events"])
def test_a_list_without_pages_has_the_same_options(cli: Cli, elsewhere: Elsewhere, group: str) -> None:
    """The number of items is bounded here; a document for each, or one with all of them."""
    for _ in range(3):
        elsewhere.set_outcome(DeliveryOutcome("succeeded", 200))
        cli("test", elsewhere.add_endpoint().id, "--until", "sent")
    ids = [item["id"] for item in cli(group, "list", "--json").data]
    assert 3 == len(ids)
    for limit in ((), ("--all",), ("--limit", "2"), ("--all", "--limit", "2")):
        expected = ids[:2] if "--limit" in limit else ids
        assert expected == [item["id"] for item in cli(group, "list", "--json", *limit).data]
        lines = cli(group, "list", "--jsonl", *limit).out.splitlines()
        assert expected == [json.loads(line)["id"] for line in lines]
        assert len(expected) + 1 == len(cli(group, "list", *limit).out.splitlines())


@pytest.mark.parametrize("group", ["sessions", "fingerprints"])
def test_each_of_a_list_can_be_shown(cli: Cli, elsewhere: Elsewhere, group: str) -> None:
    """Whatever it lacks, the most important first; with everything for machines."""
    for found in cli(group, "list", "--json", "--limit", "40").data:
        shown = cli(group, "show", found["id"])
        assert (0, "") == (shown.status, shown.err)
        assert re.match(rf"(session|visitor) +{found['id']}\n", shown.out)
    whole = cli(group, "show", found["id"], "--json").data
    assert found["id"] == whole["id"]


def test_sessions_can_be_narrowed_by_verdict(cli: Cli, elsewhere: Elsewhere) -> None:
    """Only matching items are printed."""
    found = cli("sessions", "list", "--verdict", "bot", "--json").data
    assert {"bot"} == {one["latest_decision"]["verdict"] for one in found}


def test_a_session_without_findings_shows_no_table(
    cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what there is."""
    [found] = cli("sessions", "list", "--json", "--limit", "1").data
    assert "importance" in cli("sessions", "show", found["id"]).out
    elsewhere.ask(lambda server: server.fail("getSession", Fault.malformed("data.highlights", [])))
    assert "importance" not in cli("sessions", "show", found["id"]).out


def test_a_visitor_without_sessions_shows_no_table(cli: Cli, elsewhere: Elsewhere) -> None:
    """Only what there is."""
    [found] = cli("fingerprints", "list", "--json", "--limit", "1").data
    assert "evaluated" in cli("fingerprints", "show", found["id"]).out
    elsewhere.ask(lambda server: server.fail("getVisitorFingerprint", Fault.malformed("data.activity.sessions", [])))
    assert "evaluated" not in cli("fingerprints", "show", found["id"]).out


def test_a_new_key_is_shown_once(cli: Cli, elsewhere: Elsewhere) -> None:
    """Issued and rotated, then never shown again."""
    created = cli("keys", "create", "--name", "ci", "--scope", "webhooks:read", "--environment", "test")
    assert 0 == created.status
    key_id, text = re.search(r"key_\w+", created.out), re.search(r"(?m)^secret key: (sk_test_\w+)$", created.out)
    assert key_id
    assert text
    rotated = cli("keys", "rotate", key_id[0], "--json", "--yes").data
    assert (rotated["id"], "rotating") == (key_id[0], rotated["status"])
    assert rotated["revealed_key"] not in {None, text[1]}
    revoked = cli("keys", "revoke", key_id[0], "--yes")
    assert re.search(r"(?m)^status +revoked$", revoked.out)
    listed = cli("keys", "list").out + cli("keys", "list", "--json").out + revoked.out
    assert key_id[0] in listed
    assert [] == [secret for secret in (text[1], rotated["revealed_key"]) if secret in listed]


def test_a_publishable_key_takes_origins_and_no_scopes(cli: Cli, elsewhere: Elsewhere) -> None:
    """As the API has it."""
    key = cli(
        *("keys", "create", "--name", "web", "--type", "publishable", "--allowed-origin", "https://example.com"),
        "--json",
    ).data
    assert (None, ["https://example.com"]) == (key["scopes"], key["allowed_origins"])
    assert re.search(r"(?m)^scopes +-$", cli("keys", "revoke", key["id"], "--yes").out)


def test_a_token_is_opened_here(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the key only: a summary for people, and all data as JSON."""
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", "sk_test_1")
    token = seal_token(PAYLOAD, "sk_test_1")
    assert re.search(r"(?m)^verdict +bot$", cli("token", "verify", token).out)
    assert PAYLOAD == cli("token", "verify", token, "--json").data
    monkeypatch.setattr(sys, "stdin", io.StringIO(token + "\n"))
    assert PAYLOAD == cli("token", "verify", "-", "--json").data


def test_a_token_for_another_key_is_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the words that every bad token gets."""
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", "sk_test_2")
    ended = cli("token", "verify", seal_token(PAYLOAD, "sk_test_1"))
    assert (1, "tripwire-async: the sealed token could not be verified\n") == (ended.status, ended.err)


def test_the_visitor_of_a_token_is_shown(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it was recognized."""
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", "sk_test_1")
    token = seal_token(PAYLOAD | {"visitor_fingerprint": {"object": "visitor_fingerprint", "id": "vid_1"}}, "sk_test_1")
    assert re.search(r"(?m)^visitor +vid_1$", cli("token", "verify", token).out)
