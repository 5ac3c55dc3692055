"""The library prints nothing unless the program configures logging."""

from __future__ import annotations

import subprocess
import sys

WARN = """
import logging
import tripwire_async.client
import tripwire_async.receiver
logging.getLogger("tripwire_async").warning("text")
logging.getLogger("tripwire_async.receiver").warning("text")
"""


def test_a_program_without_logging_prints_nothing() -> None:
    """Checked in a new process, because pytest configures logging in this one."""
    finished = subprocess.run([sys.executable, "-c", WARN], capture_output=True, text=True, check=True)  # noqa: S603 - runs this Python on the program above
    assert ("", "") == (finished.stdout, finished.stderr)


def test_a_program_with_logging_prints_the_records() -> None:
    """One handler on the root logger is enough."""
    program = "import logging; logging.basicConfig()" + WARN
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - runs this Python on the program above
    assert ["WARNING:tripwire_async:text", "WARNING:tripwire_async.receiver:text"] == finished.stderr.splitlines()
