"""Modules that a statement loads in a new Python process."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys
{statement}
print(json.dumps(sorted(sys.modules)))
"""


def modules_loaded_by(statement: str) -> set[str]:
    """Return the names of all modules that *statement* loads in a new process."""
    finished = subprocess.run(  # noqa: S603 - runs this Python on the program above
        [sys.executable, "-W", "error", "-c", PROGRAM.format(statement=statement)], capture_output=True, check=True
    )
    return set(json.loads(finished.stdout))


def within(loaded: set[str], name: str) -> set[str]:
    """Return the modules of *loaded* that are *name* or its submodules."""
    return {module for module in loaded if module == name or module.startswith(f"{name}.")}
