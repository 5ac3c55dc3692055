"""Command ``python -m tripwire_async.testing``: the same as ``tripwire-async serve --json``."""

from __future__ import annotations

import sys

from tripwire_async.cli import main

if __name__ == "__main__":  # pragma: no cover - a test runs it in a separate process
    sys.exit(main(["serve", "--json", *sys.argv[1:]]))
