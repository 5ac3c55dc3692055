"""``serve`` and ``listen``: they run until they are stopped, and then leave nothing open."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tripwire_async.cli.output import Output
from tripwire_async.receiver import sign_webhook

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]
    WhileListening = Callable[[Callable[[str], object]], None]

SECRET = "whsec_listen"
EVENT = json.dumps(
    {
        "id": "wevt_1",
        "object": "webhook_event",
        "type": "something.new",
        "created": "2026-03-24T20:00:00.000Z",
        "data": {"answer": 42},
    }
).encode()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)])
def test_the_server_prints_its_url_and_ends_on_a_signal(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, status: int
) -> None:
    """SIGTERM is how a server ends, or SIGHUP with its terminal; Ctrl-C is how a person interrupts."""
    original = Output.line

    def print_and_stop(output: Output, text: str = "") -> None:
        original(output, text)
        if text.startswith("export TRIPWIRE_ORGANIZATION"):
            signal.raise_signal(number)

    monkeypatch.setattr(Output, "line", print_and_stop)
    ended = cli("serve")
    assert (status, "") == (ended.status, ended.err)
    page, _, base_url, key, organization = ended.out.splitlines()
    assert page.endswith(base_url.partition("=")[2])
    assert base_url.startswith("export TRIPWIRE_BASE_URL=http://127.0.0.1:")
    assert key.startswith("export TRIPWIRE_SECRET_KEY=sk_test_")
    assert organization.startswith("export TRIPWIRE_ORGANIZATION=org_")


@pytest.fixture
def stopped_when_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """End a command with SIGTERM when it has printed a line of JSON."""
    original = Output.json_line

    def print_and_stop(document: object) -> None:
        original(document)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Output, "json_line", staticmethod(print_and_stop))


@pytest.mark.usefixtures("stopped_when_printed")
def test_the_url_of_the_server_is_available_as_json(cli: Cli) -> None:
    """In one line, before it begins to wait, with the endpoints that there are to try."""
    [printed] = [json.loads(line) for line in cli("serve", "--json").out.splitlines()]
    assert ["base_url", "secret_key", "organization_id", "endpoint_ids"] == list(printed)
    assert 3 == len(printed["endpoint_ids"])
    assert [] == json.loads(cli("serve", "--json", "--endpoints", "0").out)["endpoint_ids"]


@pytest.mark.usefixtures("stopped_when_printed")
def test_the_key_and_the_organization_can_be_chosen(cli: Cli) -> None:
    """So that the variables of a project stay the same; an id that clients reject has a warning."""
    valid = f"org_{'0' * 26}"
    arguments = ("serve", "--json", "--secret-key", "sk_test_mine", "--organization-id")
    ended = cli(*arguments, valid)
    printed = json.loads(ended.out)
    assert ("sk_test_mine", valid, "") == (printed["secret_key"], printed["organization_id"], ended.err)
    assert "clients reject this id" in cli(*arguments, "org_mine").err
    assert 0 == cli("serve", "--json", "--secret-key=sk_test_mine").status


@pytest.mark.parametrize("key", ["pk_test_mine", "mine", "sk_test_mine!"])
def test_the_key_of_the_server_must_be_a_secret_key(cli: Cli, key: str) -> None:
    """It is not printed, because it may be another key."""
    ended = cli("serve", "--secret-key", key)
    assert 2 == ended.status
    assert "--secret-key: a secret key begins with sk_test_ or sk_live_" in ended.err
    assert "mine" not in ended.err


@pytest.fixture
def while_listening(monkeypatch: pytest.MonkeyPatch) -> WhileListening:
    """Return a function that runs its argument in a thread once ``listen`` listens, and then stops ``listen``."""
    monkeypatch.setenv("TRIPWIRE_SIGNING_SECRET", SECRET)

    def prepare(act: Callable[[str], object]) -> None:
        original = Output.line

        def run(url: str) -> None:
            try:
                act(url)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        def print_and_act(output: Output, text: str = "") -> None:
            original(output, text)
            if text.startswith("Listening on "):
                threading.Thread(target=run, args=(text.split()[2],)).start()

        monkeypatch.setattr(Output, "line", print_and_act)

    return prepare


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Post *body*; return the status and the text that came back."""
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - a loopback URL
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - a loopback URL
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_genuine_webhook_is_printed_and_taken(cli: Cli, while_listening: WhileListening) -> None:
    """The time, the type, the id, and the data."""
    answers: list[tuple[int, str]] = []
    while_listening(lambda url: answers.append(post(f"{url}/any/path", EVENT, sign_webhook(EVENT, SECRET))))
    ended = cli("listen", "--port", "0")
    assert ((0, ""), [(200, "")]) == ((ended.status, ended.err), answers)
    assert ["2026-03-24 20:00:00Z  something.new  wevt_1", "  {", '    "answer": 42', "  }"] == ended.out.splitlines()[
        1:
    ]


def test_machines_get_a_line_for_each_webhook(cli: Cli, while_listening: WhileListening) -> None:
    """The whole event, unchanged."""
    while_listening(lambda url: post(url, EVENT, sign_webhook(EVENT, SECRET)))
    assert json.loads(EVENT) == json.loads(cli("listen", "--port", "0", "--json").out)


def test_what_is_no_genuine_webhook_is_refused(cli: Cli, while_listening: WhileListening) -> None:
    """401 for an invalid signature, 400 for an invalid event, 413 for a large body; each has a line on stderr."""
    answers: list[int] = []

    def act(url: str) -> None:
        answers.append(post(url, EVENT, sign_webhook(EVENT, "whsec_another"))[0])
        answers.append(post(url, b"[]", sign_webhook(b"[]", SECRET))[0])
        answers.append(post(url, b" " * (2**20 + 1), {})[0])

    while_listening(act)
    ended = cli("listen", "--port", "0")
    assert [401, 400, 413] == answers
    assert ["rejected with 401", "rejected with 400"] == [line.split(": ")[1] for line in ended.err.splitlines()]


def test_a_webhook_is_handed_on_and_answered_alike(
    cli: Cli, elsewhere: Elsewhere, while_listening: WhileListening
) -> None:
    """The target receives the bytes and the signature headers, and its response is returned."""
    answers: list[tuple[int, str]] = []
    headers = sign_webhook(EVENT, SECRET)
    while_listening(lambda url: answers.append(post(url, EVENT, headers)))
    ended = cli("listen", "--port", "0", "--forward", f"{elsewhere.server.base_url}/behind")
    [(status, text)] = answers
    assert (404, "error") == (status, *json.loads(text))
    [request] = elsewhere.server.requests
    assert (EVENT, "/behind", headers["X-Tripwire-Signature"]) == (
        request.body,
        request.path,
        request.headers["x-tripwire-signature"],
    )
    assert f"  forwarded to {elsewhere.server.base_url}/behind: 404" in ended.out.splitlines()


def test_a_webhook_that_cannot_be_handed_on_is_not_taken(cli: Cli, while_listening: WhileListening) -> None:
    """The service is to send it again."""
    answers: list[tuple[int, str]] = []
    while_listening(lambda url: answers.append(post(url, EVENT, sign_webhook(EVENT, SECRET))))
    ended = cli("listen", "--port", "0", "--forward", "http://127.0.0.1:1/")
    assert 502 == answers[0][0]
    assert ended.err.startswith("tripwire-async: cannot forward to http://127.0.0.1:1/: ")


def test_a_listener_whose_reader_is_gone_ends(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with ``| head -1``: the webhook is rejected, so that the service sends it again, and the status is 141."""
    monkeypatch.setenv("TRIPWIRE_SIGNING_SECRET", SECRET)
    responses: list[tuple[int, str]] = []
    senders: list[threading.Thread] = []
    reading, writing = os.pipe()
    original = Output.line

    def send(url: str) -> None:
        responses.append(post(url, EVENT, sign_webhook(EVENT, SECRET)))

    def close_and_send(output: Output, text: str = "") -> None:
        original(output, text)
        if text.startswith("Listening on "):
            os.close(reading)
            senders.append(threading.Thread(target=send, args=(text.split()[2],)))
            senders[0].start()

    monkeypatch.setattr(Output, "line", close_and_send)
    with os.fdopen(writing, "w", encoding="utf-8") as broken:
        monkeypatch.setattr(sys, "stdout", broken)
        ended = cli("listen", "--port", "0")
    senders[0].join(10)
    assert (141, "") == (ended.status, ended.err)
    assert [(503, "the listener has ended")] == responses


def test_an_address_to_hand_on_to_must_be_one(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before anything listens."""
    monkeypatch.setenv("TRIPWIRE_SIGNING_SECRET", SECRET)
    ended = cli("listen", "--forward", "localhost:1")
    assert 2 == ended.status
    assert 'tripwire-async: --forward: "localhost:1" must begin with http:// or https://' in ended.err
