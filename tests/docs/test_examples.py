"""The examples of the documentation, run as a reader would run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

# The output of each program; "…" stands for any text.
PRINTED = {
    "test_with_server.py": """\
        failed
        2 faults, then a response
        no response
        0 requests were rate limited
    """,
    "test_scenarios_and_time.py": """\
        failed after an hour: True, True
        expected at least one request to createWebhookEndpoint, but 0 came
        1 delivery in the file
        1 exchange recorded
    """,
    "both_profiles.py": """\
        Tripwire: …
        updateSession: Tripwire has no such operation; this operation exists under the Foil profile only
        Foil: …
        attached user_7
        verified X-Tripwire-Timestamp, X-Tripwire-Signature
        verified X-Foil-Timestamp, X-Foil-Signature
    """,
    "record_metrics.py": """\
        http.client.request.duration: 1
        tripwire.client.attempts: 2
        tripwire.rate_limit.limit: 600
    """,
    "retries.py": """\
        listWebhookEndpoints: attempt 1 failed with 503
        listWebhookEndpoints: attempt 2 failed with 503
        failed with 503 after 1 attempt
        created: True
    """,
    "timeouts.py": """\
        no response in 4 attempts
        still pending
        succeeded
    """,
    "custom_middleware.py": """\
        1 request for the tenant acme
    """,
    "diagnose.py": """\
        log: GET …: 401 in …
        error: listWebhookEndpoints: 401 auth.invalid_api_key: …
        status: 401
        code: auth.invalid_api_key
        request_id: req_…
        client_request_id: creq_…
        attempts: 1
        retry_after: None
    """,
    "migrated.py": """\
        one was sent
        two was sent
    """,
    "json_logging.py": """\
        {"level": "INFO", "logger": "tripwire_async", …"operation": "listWebhookEndpoints", "status": 200, …}
        {"level": "WARNING", "logger": "tripwire_async", …"status": 503, "error": null, "attempts": 4, …}
        {"raised": "ServerError", "client_request_id": "creq_…"}
    """,
    "proxy_and_tls.py": """\
        proxy: CONNECT api.test:443
        1 services through the proxy
        1 services with own certificates
    """,
    "rotate_key.py": """\
        store the new key: Secret('sk_test_…')
        the client uses the new key
        the receiver accepts both secrets
    """,
    "synchronous.py": """\
        runner: 1
        thread: 1
    """,
    "trace_calls.py": """\
          attempt 503 0
          attempt 200 0
        call 200 1
    """,
    "report_of_tests.py": """\
        b.example: 9 of 10 succeeded
        19 of 20
    """,
    "share_a_limit.py": """\
        120 calls succeeded
        at most one was rate limited: True
    """,
    "many_workers.py": """\
        300 tests succeeded
        webhooks per endpoint: 1
    """,
    "loopback.py": """\
        webhook.test: succeeded
        in less than a second
    """,
    "durable_run.py": """\
        finished: False
        failed: The endpoint answered 500.
        finished: True
        webhooks: 200
        fail again: 0
        webhooks: 201
    """,
    "many_endpoints.py": """\
        300 tests, about 307 requests
        failed: The endpoint answered 500.
        {'failed': 1, 'succeeded': 299}
    """,
    "gate_session.py": """\
        approve in your browser
        ACME_API_KEY ACME_PROD_GATE_AGENT_TOKEN
    """,
    "pages.py": """\
        20 bots, the worst at 99
        320 sessions
        3 pages
        200 after 1 attempt, 591 requests left
    """,
    "first_delivery.py": """\
        sent
        received, and the signature is valid
        succeeded: thank you
    """,
    "handle_errors.py": """\
        the endpoint does not exist
        rejected with auth.forbidden;
        no response: the test may have been sent
        try again in 60.0 seconds
    """,
}

COUNTED = {"share_a_limit.py", "many_endpoints.py", "closed_loop.py"}
"""Examples that print how many requests or how much time they took."""


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    """Run a Redis server, for the example that needs one, and return its address."""
    with RedisServer() as server:
        yield server.url


def test_every_program_among_the_examples_is_run() -> None:
    """A program that is missing from this list would not be run; the other examples have their own tests."""
    programs = [path.name for path in EXAMPLES.glob("*.py") if "def main(" in path.read_text(encoding="utf-8")]
    assert sorted(PRINTED) == sorted(programs)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.serial) if name in COUNTED else name for name in PRINTED]
)
def test_an_example_prints_what_the_documentation_says(name: str, redis: str, tmp_path: Path) -> None:
    """It runs in an empty folder, without a warning, and prints the output that its page shows."""
    ran = subprocess.run(  # noqa: S603 - this Python, and a file of ours
        [sys.executable, "-W", "error", str(EXAMPLES / name)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "REDIS_URL": redis},
        check=False,
    )
    expected = [line.strip() for line in PRINTED[name].splitlines() if line.strip()]
    printed = [line.strip() for line in ran.stdout.splitlines()]
    assert (len(expected), 0) == (len(printed), ran.returncode), ran.stderr
    for pattern, line in zip(expected, printed, strict=True):
        assert re.fullmatch(re.escape(pattern).replace("…", ".*"), line), line
    assert [] == [line for line in ran.stderr.splitlines() if "Warning" in line or "Traceback" in line]
