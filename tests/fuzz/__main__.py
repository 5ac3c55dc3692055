"""Command that fuzzes all parsers: ``python -m tests.fuzz --seconds 60``.

Each parser receives random bytes, and damaged copies of valid data. With atheris, which the session ``fuzz`` installs,
the bytes are guided by the branches that they reach; ``--plain`` uses random bytes without it. The exit status is 1
after an exception that a parser does not document. The bytes that lead to it are printed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time

from .targets import TARGETS


def main() -> int:
    """Fuzz the chosen parsers one after the other; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("name", nargs="?", default="", help="part of the names of the parsers")
    parser.add_argument("--seconds", type=float, default=30.0, help="time for each parser (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the bytes (default: %(default)s)")
    parser.add_argument("--plain", action="store_true", help="use random bytes, without atheris")
    arguments = parser.parse_args()
    names = [name for name in TARGETS if arguments.name in name]
    total = failures = 0
    for name in names:
        run = _plain if arguments.plain else _guided
        count, failed = run(name, arguments.seconds, arguments.seed)
        total, failures = total + count, failures + failed
        print(f"{name}: {count} examples{', FAILED' if failed else ''}", flush=True)
    print(f"{total} examples of {len(names)} parsers, {failures} failures")
    return int(bool(failures))


def _plain(name: str, seconds: float, seed: int) -> tuple[int, bool]:
    generator = random.Random(seed)  # noqa: S311 - a choice, not a secret
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        data = generator.randbytes(int(generator.expovariate(1 / 40)))
        count += 1
        try:
            TARGETS[name](data)
        except Exception as error:  # noqa: BLE001 - the failure to report
            print(f"{name}: {data!r} raises {type(error).__name__}: {error}")
            return count, True
    return count, False


def _guided(name: str, seconds: float, seed: int) -> tuple[int, bool]:
    """Run atheris in a separate process, which it ends; read the number of examples from its output."""
    with tempfile.TemporaryDirectory() as folder:
        options = [f"-max_total_time={seconds:.0f}", f"-seed={seed + 1}", f"-artifact_prefix={folder}/"]
        options += ["-print_final_stats=1", "-max_len=400", "-timeout=60"]
        command = [sys.executable, "-m", "tests.fuzz.guided", name, *options]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this program
    counts = [line.split()[-1] for line in finished.stderr.splitlines() if "number_of_executed_units" in line]
    if finished.returncode or not counts:
        print(finished.stdout[-3000:], finished.stderr[-3000:], sep="\n")
    return int(counts[0]) if counts else 0, bool(finished.returncode) or not counts


if __name__ == "__main__":
    sys.exit(main())
