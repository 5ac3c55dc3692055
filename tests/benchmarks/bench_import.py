"""Cost of the import, compared with aiohttp's: ``python -m tests.benchmarks.bench_import``.

Each import is timed in a new Python process. The imports take turns, so that other load on the machine affects all of
them. Each runs once before the first round to write the byte code, into a separate directory because the environment
may prevent Python from writing any. With ``--without-byte-code``, each start compiles all modules, including the
standard library. The table shows the median and the minimum of the rounds, each also as the difference to
`import aiohttp`, which is a required dependency. The minimum is less sensitive to other load.
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
"""Highest acceptable cost of the client above *BASE*, in milliseconds."""

IMPORTS = {
    BASE: BASE,
    "import tripwire_async": "import tripwire_async",
    "from tripwire_async import AsyncTripwire": "from tripwire_async import AsyncTripwire",
    "first use of client.webhooks": (
        "from tripwire_async import AsyncTripwire; AsyncTripwire('sk_test_benchmark').webhooks.send_test"
    ),
}

TIMED = """
import time
started = time.perf_counter()
{}
print((time.perf_counter() - started) * 1000)
"""


def milliseconds(statement: str, byte_code: str, *, written: bool) -> float:
    """Return the time of *statement* in a new Python process; byte code is kept in *byte_code* if it is *written*."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": byte_code, "PYTHONDONTWRITEBYTECODE": "" if written else "1"}
    ran = subprocess.run(  # noqa: S603 - runs this Python on the statement above
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
    """Time all imports and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--without-byte-code", action="store_true", help="compile all modules at each start")
    options = parser.parse_args()
    taken = rounds(options.rounds, written=not options.without_byte_code)
    print(f"{options.rounds} rounds, each import in a new Python process; milliseconds, and the difference to aiohttp")
    print(f"  {'':<42}{'median':>8}{'':>8}{'minimum':>8}")
    for name, times in taken.items():
        difference = statistics.median(own - base for own, base in zip(times, taken[BASE], strict=True))
        least, least_difference = min(times), min(times) - min(taken[BASE])
        print(f"  {name:<42}{statistics.median(times):>8.0f}{difference:>+8.0f}{least:>8.0f}{least_difference:>+8.0f}")
    print(f"Limit for the client: {LIMIT} ms above aiohttp.")


if __name__ == "__main__":
    main()
