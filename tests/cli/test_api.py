"""``api``: any request, with the key, to the API and to no other host."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

from tripwire_async.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]


def test_the_response_is_printed(cli: Cli, elsewhere: Elsewhere) -> None:
    """The whole document of the API, for a method in any case; the query is sent, and so is the key."""
    ended = cli("api", "get", "/v1/sessions?limit=2&search=")
    assert (0, "") == (ended.status, ended.err)
    assert 2 == len(ended.data)
    assert ended.data == cli("api", "GET", "/v1/sessions?limit=2", "--json").data
    [first, _] = elsewhere.server.requests
    assert "listSessions" == first.operation


@pytest.mark.parametrize("source", ["argument", "file", "stdin"])
def test_a_body_is_sent(
    cli: Cli, elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """As it is, from an argument, from a file or from stdin."""
    text = json.dumps({"name": "caf\xe9", "slug": "cafe"})
    (tmp_path / "body.json").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    data = {"argument": text, "file": f"@{tmp_path}/body.json", "stdin": "-"}[source]
    assert "caf\xe9" == cli("api", "POST", "/v1/organizations", "--data", data).data["name"]


def test_a_request_is_retried(cli: Cli, elsewhere: Elsewhere) -> None:
    """Like every other; an operation is recognized, so that the log does not show ids."""
    elsewhere.ask(lambda server: server.fail(None, Fault.status(503), times=1))
    ended = cli("api", "GET", f"/v1/organizations/{elsewhere.server.organization_id}", "-v")
    assert (0, 2) == (ended.status, len(elsewhere.server.requests))
    assert "GET /v1/organizations/{organizationId}: 200" in ended.err


def test_an_unknown_path_is_an_error_of_the_api(cli: Cli, elsewhere: Elsewhere) -> None:
    """A path that this version does not know may exist; quoted characters arrive as they are."""
    ended = cli("api", "GET", "/v9/a%20b")
    assert 3 == ended.status
    assert "GET /v9/a%20b: 404" in ended.err
    assert "/v9/a%20b" == elsewhere.server.requests[0].path.replace(" ", "%20")


def test_a_response_that_is_not_json_is_printed_as_text(cli: Cli, elsewhere: Elsewhere) -> None:
    """And a response without a body prints nothing, or null with ``--json``."""
    elsewhere.ask(lambda server: server.fail(None, Fault.html(200), times=1))
    assert cli("api", "GET", "/v1/sessions").out.startswith("<")
    elsewhere.ask(lambda server: server.fail(None, Fault.body(b""), times=2))
    assert "" == cli("api", "GET", "/v1/sessions").out
    assert "null\n" == cli("api", "GET", "/v1/sessions", "--json").out


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/v1/sessions",
        "//evil.example/v1",
        "v1/sessions",
        "/v1/../x",
        "/v1/..",
        "/./x",
        "/v1/%2e%2e/x",
        "/v1/a%2Fb",
        "/v1/a b",
        "/v1/x#y",
        "/v1\\evil.example",
        "/@evil.example:80//x",
        "/v1/\n",
        "",
        "/",
    ],
)
def test_a_path_cannot_lead_elsewhere(cli: Cli, elsewhere: Elsewhere, path: str) -> None:
    """Nothing is sent."""
    ended = cli("api", "GET", path)
    assert 2 == ended.status
    assert "is not a path of the API, such as /v1/sessions?limit=5" in ended.err
    assert [] == list(elsewhere.server.requests)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("GTE", "/v1/sessions"), 'METHOD: unknown value "GTE". Did you mean "GET"?'),
        (("POST", "/v1/x", "--data", "{"), "--data: not valid JSON: Expecting property name"),
        (("POST", "/v1/x", "--data", "[]"), "--data: the body must be a JSON object"),
        (("POST", "/v1/x", "--data", "@nowhere.json"), "--data nowhere.json: No such file or directory"),
        (("POST", "/v1/x", "--data", "-", "--secret-key-file", "-"), "the data or the secret key, but not both"),
        (("GET", "/v1/organizations/we_1"), "is not a valid id: it is an endpoint id"),
    ],
)
def test_a_mistake_is_named_before_anything_is_sent(
    cli: Cli, elsewhere: Elsewhere, arguments: tuple[str, ...], message: str
) -> None:
    """In one line, with the status of a usage error."""
    ended = cli("api", *arguments)
    assert (2, True) == (ended.status, message in ended.err)
    assert 1 == len(ended.err.splitlines())
    assert [] == list(elsewhere.server.requests)
