"""Run benchmarks and show the previous results: ``python -m tests.benchmarks [NAME...]``, by default all of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
RESULTS = FOLDER.parents[1] / ".benchmarks"


def main() -> None:
    describe = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(describe, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - a fixed command
    RESULTS.mkdir(exist_ok=True)
    for name in sys.argv[1:] or sorted(script.stem for script in FOLDER.glob("bench_*.py")):
        results = sorted(RESULTS.glob(f"{name}-*.txt"), key=lambda path: path.stat().st_mtime)
        latest = RESULTS / f"{name}-{commit}.txt"
        for before in [path for path in results if path != latest][-1:]:
            print(f"\n== before: {before.stem}", before.read_text(encoding="utf-8"), sep="\n")
        command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - a module of ours
        latest.write_text(output, encoding="utf-8")
        print(f"\n== now: {latest.stem}", output, sep="\n", flush=True)


if __name__ == "__main__":
    main()
