"""``doctor``: each check, and the advice for each problem."""

from __future__ import annotations

import http.server
import importlib.metadata
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tripwire_async.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Elsewhere, Ended

    Cli = Callable[..., Ended]


@pytest.fixture(autouse=True)
def without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the proxy of this machine."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def findings(ended: Ended) -> dict[str, dict[str, Any]]:
    """Return the findings by check."""
    return {finding["check"]: finding for finding in json.loads(ended.out)["data"]}


def test_all_is_well(cli: Cli, elsewhere: Elsewhere) -> None:
    """Every check has a line, and there is no advice."""
    ended = cli("doctor")
    assert (0, "") == (ended.status, ended.err)
    checks = ["versions", "key", "proxy", "connection", "organization", "scopes", "clock", "rate limit"]
    assert checks == list(findings(cli("doctor", "--json")))
    for check in checks:
        assert f"\n{check}  " in ended.out
    assert elsewhere.server.secret_key not in ended.out
    assert "of 600 requests left" in ended.out


def test_missing_scopes_are_named(cli: Cli, elsewhere: Elsewhere, tmp_path: Path) -> None:
    """A key with fewer scopes is not a failure."""
    key = elsewhere.ask(lambda server: server.add_key(["webhooks:read"]))
    (tmp_path / "key").write_text(key.secret, encoding="utf-8")
    ended = cli("doctor", "--secret-key-file", str(tmp_path / "key"))
    assert 0 == ended.status
    assert "denied: sessions:list, fingerprints:list, organizations:read, api_keys:read" in ended.out
    assert "from --secret-key-file" in ended.out
    assert "scopes: if a command needs it, create a key with this scope" in ended.err


def test_without_an_organization_the_rest_is_checked(
    cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sessions and fingerprints need none."""
    monkeypatch.delenv("TRIPWIRE_ORGANIZATION")
    found = findings(cli("doctor", "--json"))
    assert ("warning", "allowed: sessions:list, fingerprints:list") == (
        found["organization"]["result"],
        found["scopes"]["details"],
    )


@pytest.mark.parametrize(
    ("variable", "value", "check", "words"),
    [
        ("TRIPWIRE_SECRET_KEY", "", "configuration", "set TRIPWIRE_SECRET_KEY"),
        ("TRIPWIRE_SECRET_KEY", "pk_test_1", "configuration", "publishable"),
        ("TRIPWIRE_SECRET_KEY", "sk_test_unknown", "authentication", "401 auth.invalid_api_key"),
        ("TRIPWIRE_ORGANIZATION", "org_" + "0" * 26, "organization", "does not exist for this key"),
        ("TRIPWIRE_BASE_URL", "http://127.0.0.1:1", "connection", "cannot connect"),
        ("TRIPWIRE_BASE_URL", "http://127.0.0.1:1", "connection", "check TRIPWIRE_BASE_URL"),
        ("TRIPWIRE_BASE_URL", "http://[::1", "configuration", "TRIPWIRE_BASE_URL 'http://[::1' is not a valid URL"),
        ("TRIPWIRE_BASE_URL", "https://user:hunter2@example.com", "configuration", "must not have a user"),
        ("TRIPWIRE_BASE_URL", "http://example.com", "configuration", "must begin with https://"),
    ],
)
def test_a_failed_check_has_advice(
    cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, check: str, words: str
) -> None:
    """The status is 1, and the checks that depend on it are left out."""
    monkeypatch.setenv(variable, value)
    ended = cli("doctor", "--json")
    assert 1 == ended.status
    *_, last = findings(ended).values()
    assert (check, "failed") == (last["check"], last["result"])
    assert words in last["details"]
    assert last["advice"]
    assert "sk_test_unknown" not in ended.out
    assert "hunter2" not in ended.out


def test_an_unknown_kind_of_key_is_a_warning(cli: Cli, elsewhere: Elsewhere, tmp_path: Path) -> None:
    """The service decides whether it is valid."""
    (tmp_path / "key").write_text("sk_other", encoding="utf-8")
    found = findings(cli("doctor", "--json", "--secret-key-file", str(tmp_path / "key")))
    assert ("warning", "failed") == (found["key"]["result"], found["authentication"]["result"])


@pytest.mark.parametrize(
    ("fault", "advice"),
    [(Fault.html(200), "check the URL, the network and the proxy"), (Fault.status(503), "try again later")],
)
def test_a_server_that_is_not_the_api_is_a_failed_connection(
    cli: Cli, elsewhere: Elsewhere, fault: Fault, advice: str
) -> None:
    """One request is enough to know."""
    elsewhere.ask(lambda server: server.fail(None, fault))
    found = findings(cli("doctor", "--json"))
    assert ("failed", advice) == (found["connection"]["result"], found["connection"]["advice"])
    assert 1 == len(elsewhere.server.requests)


def test_a_proxy_is_named_without_its_password(cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its variable; a host in NO_PROXY has none."""
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hunter2@proxy.example:3128")
    monkeypatch.setenv("TRIPWIRE_BASE_URL", "https://127.0.0.1:1")
    ended = cli("doctor", "--json")
    assert "proxy.example:3128 for https://127.0.0.1:1, from HTTPS_PROXY" == findings(ended)["proxy"]["details"]
    assert "hunter2" not in ended.out
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert "because NO_PROXY names its host" in findings(cli("doctor", "--json"))["proxy"]["details"]


@pytest.mark.parametrize(
    ("date", "result", "details"),
    [
        ("Sat, 01 Jan 2000 00:00:00 GMT", "failed", "ahead of the service"),
        ("Sat, 01 Jan 2099 00:00:00 GMT", "failed", "behind the service"),
        ("nonsense", "warning", "no valid date"),
    ],
)
def test_a_wrong_clock_is_reported(
    cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, date: str, result: str, details: str
) -> None:
    """By the date of a response; webhooks with an old timestamp are rejected."""
    clock = findings_of_headers(cli, monkeypatch, {"Date": date})["clock"]
    assert result == clock["result"]
    assert details in clock["details"]


@pytest.mark.parametrize(
    ("headers", "result", "details"),
    [
        ({}, "ok", "the response has no limit"),
        ({"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "0"}, "warning", "0 of 600 requests left"),
    ],
)
def test_the_rate_limit_is_reported(
    cli: Cli,
    elsewhere: Elsewhere,
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
    result: str,
    details: str,
) -> None:
    """As the headers of a response state it."""
    found = findings_of_headers(cli, monkeypatch, headers)["rate limit"]
    assert (result, details) == (found["result"], found["details"])


def findings_of_headers(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """Return the findings if the responses of the service have these *headers* alone."""

    class Service(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"data":[],"pagination":{"limit":1,"has_more":false},"meta":{"request_id":"req_1"}}'
            self.send_response_only(200)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv("TRIPWIRE_BASE_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.delenv("TRIPWIRE_ORGANIZATION")
        try:
            return findings(cli("doctor", "--json"))
        finally:
            server.shutdown()
            thread.join(10)


def test_extras_that_are_not_installed_are_named(
    cli: Cli, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are optional."""
    installed = importlib.metadata.version

    def version(package: str) -> str:
        if package == "redis":
            raise importlib.metadata.PackageNotFoundError
        return installed("aiohttp")

    monkeypatch.setattr("tripwire_async.cli.diagnosis.version", version)
    found = findings(cli("doctor", "--json"))["versions"]
    assert ("ok", True) == (found["result"], found["details"].endswith("extras that are not installed: redis"))
