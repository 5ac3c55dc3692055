"""Search of all state machines with random examples: ``python -m tests.machines 5000 [OPTIONS OF PYTEST]``.

The tests run a small sample of each. A failure prints the steps that lead to it.
"""

from __future__ import annotations

import os
import subprocess
import sys


def main(arguments: list[str]) -> int:
    """Run the tests marked *machine*; the first argument is the number of examples, the others are for pytest."""
    examples, *options = arguments or ["1000"]
    command = (sys.executable, "-m", "pytest", "-m", "machine", "-n", "auto", *options)
    return subprocess.call(command, env=os.environ | {"MACHINE_EXAMPLES": examples})  # noqa: S603 - runs this Python


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
