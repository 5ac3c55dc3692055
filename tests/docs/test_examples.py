"""The examples of the documentation, run as a reader would run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

PRINTED = {
    "report_of_tests.py": """\
        b.example: 9 of 10 succeeded
        19 of 20
    """,
    "share_a_limit.py": """\
        120 calls succeeded
        at most one was rate limited: True
    """,
    "loopback.py": """\
        webhook.test: succeeded
        in less than a second
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
        rejected with auth.insufficient_scope;
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
    programs = [path.name for path in EXAMPLES.glob("*.py") if "asyncio.run(" in path.read_text(encoding="utf-8")]
    assert sorted(PRINTED) == sorted(programs)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.serial) if name in COUNTED else name for name in PRINTED]
)
def test_an_example_prints_what_the_documentation_says(name: str, redis: str) -> None:
    """It ends well, without a warning, and with the output that its page shows."""
    ran = subprocess.run(  # noqa: S603 - this Python, and a file of ours
        [sys.executable, "-W", "error", str(EXAMPLES / name)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "REDIS_URL": redis},
        check=False,
    )
    expected = [line.strip() for line in PRINTED[name].splitlines() if line.strip()]
    assert (expected, 0) == (ran.stdout.splitlines(), ran.returncode), ran.stderr
    assert [] == [line for line in ran.stderr.splitlines() if "Warning" in line or "Traceback" in line]
