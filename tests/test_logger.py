"""The library's logger says nothing in a program that has set up no logging."""

from __future__ import annotations

import subprocess
import sys

WARN = """
import logging
import tripwire_async.client
import tripwire_async.receiver
logging.getLogger("tripwire_async").warning("told")
logging.getLogger("tripwire_async.receiver").warning("told")
"""


def test_a_program_without_logging_stays_quiet() -> None:
    """In a process of its own, as pytest sets up logging in this one."""
    ended = subprocess.run([sys.executable, "-c", WARN], capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    assert ("", "") == (ended.stdout, ended.stderr)


def test_a_program_with_logging_is_told() -> None:
    """One handler at the root is enough."""
    program = "import logging; logging.basicConfig()" + WARN
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    assert ["WARNING:tripwire_async:told", "WARNING:tripwire_async.receiver:told"] == ended.stderr.splitlines()
