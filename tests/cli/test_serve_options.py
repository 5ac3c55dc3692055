"""Options of ``serve``: scenario, manual clock, state in a file, and the recording proxy."""

from __future__ import annotations

import json
import os
import signal
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tripwire_async.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]
    WhileServing = Callable[[Callable[[dict[str, Any]], object]], None]


@pytest.fixture
def while_serving(monkeypatch: pytest.MonkeyPatch) -> WhileServing:
    """Return a function that runs its argument in a thread once ``serve --json`` listens, and then stops ``serve``."""

    def prepare(act: Callable[[dict[str, Any]], object]) -> None:
        original = Output.json_line

        def run(settings: dict[str, Any]) -> None:
            try:
                act(settings)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        def print_and_act(document: Any) -> None:
            original(document)
            threading.Thread(target=run, args=(document,)).start()

        monkeypatch.setattr(Output, "json_line", staticmethod(print_and_act))

    return prepare


def request(settings: dict[str, Any], path: str, body: object = None) -> tuple[int, Any]:
    """Return the status and the JSON of one request."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {settings['secret_key']}"} if "secret_key" in settings else {}
    sent = urllib.request.Request(f"{settings['base_url']}{path}", data, headers)  # noqa: S310 - a loopback URL
    try:
        with urllib.request.urlopen(sent, timeout=10) as response:  # noqa: S310 - a loopback URL
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_scenario_and_a_manual_clock(cli: Cli, while_serving: WhileServing) -> None:
    """The API fails from the start, and the clock moves on request."""
    found: list[Any] = []

    def act(settings: dict[str, Any]) -> None:
        found.append(request(settings, "/v1/sessions")[0])
        found.append(request(settings, "/_test/clock", {"advance": 5}))

    while_serving(act)
    ended = cli("serve", "--json", "--scenario", "outage", "--manual-clock")
    assert (0, [503, (200, {"now": 5.0})]) == (ended.status, found)
    assert 'value "outtage". Did you mean "outage"?' in cli("serve", "--scenario", "outtage").err


def test_the_state_is_kept_in_a_file(cli: Cli, while_serving: WhileServing, tmp_path: Path) -> None:
    """The second start has the key, the endpoints and the deliveries of the first, and no further endpoints."""
    path = str(tmp_path / "state.json")
    found: list[dict[str, Any]] = []
    states: list[Any] = []

    def act(settings: dict[str, Any]) -> None:
        found.append(settings)
        if len(found) == 1:
            request(settings, "/_test/send", {"endpoint_id": settings["endpoint_ids"][0]})
        states.append(request(settings, "/_test/state")[1])

    while_serving(act)
    for _ in range(2):
        assert 0 == cli("serve", "--json", "--settle", "--state", path).status
    first, second = found
    assert [first[name] for name in ("secret_key", "organization_id", "endpoint_ids")] == [
        second[name] for name in ("secret_key", "organization_id", "endpoint_ids")
    ]
    assert [1, 1] == [len(state["deliveries"]) for state in states]
    (tmp_path / "other.json").write_text("{}")
    ended = cli("serve", "--state", str(tmp_path / "other.json"))
    assert ("is not a file of TripwireServer.save" in ended.err, ended.status) == (True, 2)


def test_exchanges_are_recorded(cli: Cli, elsewhere: Elsewhere, while_serving: WhileServing, tmp_path: Path) -> None:
    """Requests reach the API at the URL, and the file has them without the key."""
    path = tmp_path / "exchanges.jsonl"
    server = elsewhere.server
    found: list[int] = []

    def act(settings: dict[str, Any]) -> None:
        found.append(request({**settings, "secret_key": server.secret_key}, "/v1/sessions?limit=1")[0])

    while_serving(act)
    ended = cli("serve", "--json", "--record", server.base_url, "--record-to", str(path))
    assert (0, [200]) == (ended.status, found)
    text = path.read_text()
    assert ("/v1/sessions?limit=1", False) == (json.loads(text)["request"]["path"], server.secret_key in text)


def test_the_proxy_prints_the_variable_to_set(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And a file that cannot be written is one line."""
    original = Output.line

    def print_and_stop(output: Output, text: str = "") -> None:
        original(output, text)
        if text.startswith("export"):
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Output, "line", print_and_stop)
    monkeypatch.chdir(tmp_path)
    ended = cli("serve", "--record", "http://127.0.0.1:1")
    first, second = ended.out.splitlines()
    assert "# Requests are forwarded to http://127.0.0.1:1 and recorded in exchanges.jsonl." == first
    assert second.startswith("export TRIPWIRE_BASE_URL=http://127.0.0.1:")
    ended = cli("serve", "--record", "http://127.0.0.1:1", "--record-to", str(tmp_path))
    assert (2, True) == (ended.status, "cannot listen or write" in ended.err)
