"""What the import costs beside aiohttp's own: ``python -m tests.benchmarks.bench_import``.

Each import is timed in a new Python, in turn with the others, so that whatever else the machine does meets all of them
alike. Before the first round each runs once, so that all byte code is there: in a directory of its own, as the
environment may keep Python from writing any. With ``--without-byte-code`` there is none, and each start compiles
whatever it imports, Python's own modules as well. Shown are the median of the rounds and the least, which a busy
machine disturbs less, each also as the difference to `import aiohttp`, without which this library cannot be had.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

BASE = "import aiohttp"
LIMIT = 50
"""What the client may cost above *BASE*, in milliseconds."""

IMPORTS = {
    BASE: BASE,
    "import tripwire_async": "import tripwire_async",
    "from tripwire_async import AsyncTripwire": "from tripwire_async import AsyncTripwire",
    "and client.webhooks, used first": (
        "from tripwire_async import AsyncTripwire; AsyncTripwire('sk_test_benchmark').webhooks.send_test"
    ),
}

TIMED = """
import time
began = time.perf_counter()
{}
print((time.perf_counter() - began) * 1000)
"""


def milliseconds(statement: str, byte_code: str, *, written: bool) -> float:
    """Return how long *statement* takes in a new Python that has its byte code in *byte_code*, if it is *written*."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": byte_code, "PYTHONDONTWRITEBYTECODE": "" if written else "1"}
    ran = subprocess.run(  # noqa: S603 - this Python, and a statement written above
        [sys.executable, "-c", TIMED.format(statement)], capture_output=True, text=True, check=True, env=environment
    )
    return float(ran.stdout)


def rounds(count: int, *, written: bool) -> dict[str, list[float]]:
    """Return the milliseconds of each import in each of *count* rounds."""
    taken: dict[str, list[float]] = {name: [] for name in IMPORTS}
    with tempfile.TemporaryDirectory() as byte_code:
        for statement in IMPORTS.values():
            milliseconds(statement, byte_code, written=written)
        for _ in range(count):
            for name, statement in IMPORTS.items():
                taken[name].append(milliseconds(statement, byte_code, written=written))
    return taken


def main() -> None:
    """Time them all, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--without-byte-code", action="store_true", help="compile everything at each start")
    options = parser.parse_args()
    taken = rounds(options.rounds, written=not options.without_byte_code)
    print(f"{options.rounds} rounds, each import in a new Python; milliseconds, and beside aiohttp")
    print(f"  {'':<42}{'median':>8}{'':>8}{'least':>8}")
    for name, times in taken.items():
        beside = statistics.median(own - base for own, base in zip(times, taken[BASE], strict=True))
        least, least_beside = min(times), min(times) - min(taken[BASE])
        print(f"  {name:<42}{statistics.median(times):>8.0f}{beside:>+8.0f}{least:>8.0f}{least_beside:>+8.0f}")
    print(f"The client may cost {LIMIT} ms more than aiohttp does.")


if __name__ == "__main__":
    main()
