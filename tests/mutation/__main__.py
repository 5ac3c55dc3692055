"""Command that runs mutants and prints the survivors: ``python -m tests.mutation --count 620``.

Results are kept in ``.mutation``, and a run that was interrupted continues there. ``--fresh`` begins again, which is
necessary after a change of the code or the tests. It uses no earlier result, but runs each mutant first against the
test that failed for it before, which is far quicker. The exit status is 1 if a mutant survived that `survivors.md`
does not explain, or if less than the given share was killed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

import attrs

from .mutants import PACKAGES, draw
from .runner import MutantRunner, Result

ROOT = Path(__file__).resolve().parents[2]
EXPLAINED = Path(__file__).with_name("survivors.md")


def main() -> int:
    """Run the mutants; return the exit status."""
    arguments = _parse()
    folder: Path = arguments.folder
    record, earlier = folder / "results.jsonl", folder / "earlier.jsonl"
    if arguments.fresh:
        before = [*_read(earlier), *_read(record)]
        shutil.rmtree(folder, ignore_errors=True)
        for result in before:
            _append(earlier, result)
    folder.mkdir(parents=True, exist_ok=True)
    done = {result.key: result for result in _read(record)}
    runner = MutantRunner(ROOT, folder, {result.key: result.by for result in _read(earlier)})
    copy = folder / "copy"
    if arguments.only or not copy.exists():
        runner.copy()
    packages = arguments.package or PACKAGES
    mutants = [
        each
        for each in draw(copy, arguments.count, arguments.seed)
        if each.package in packages and (arguments.only or "") in each.key
    ]
    for package in PACKAGES:
        if any(mutant.package == package for mutant in mutants):
            runner.record(package)
    started = time.monotonic()
    # The mutants that their own tests do not notice come last, since all other tests of the package take long.
    left = [mutant for mutant in mutants if arguments.only or mutant.key not in done]
    for attempt in (runner.try_known, runner.try_first, runner.run):
        remaining, left = left, []
        for number, mutant in enumerate(remaining, 1):
            result = attempt(mutant)
            if result is None:
                left.append(mutant)
                continue
            done[mutant.key] = result
            _append(record, result)
            print(f"{number:4}/{len(remaining)} {result.state:8} {result.seconds:6.1f} s  {mutant.key}", flush=True)
        print(f"{len(left)} left", flush=True)
    print(f"{time.monotonic() - started:.0f} s")
    return _summarize([done[mutant.key] for mutant in mutants], arguments.least)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=620, help="number of mutants (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the selection (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=ROOT / ".mutation", help="folder of the copy and the results")
    parser.add_argument("--fresh", action="store_true", help="copy the project again and forget earlier results")
    parser.add_argument("--only", help="run only mutants whose description contains this text, in a new copy")
    parser.add_argument("--package", action="append", choices=PACKAGES, help="run only mutants of it; may be repeated")
    parser.add_argument("--least", type=float, default=95.0, help="percentage that must be killed")
    return parser.parse_args()


def _read(record: Path) -> list[Result]:
    if not record.exists():
        return []
    return [Result(**json.loads(line)) for line in record.read_text(encoding="utf-8").splitlines()]


def _append(record: Path, result: Result) -> None:
    record.parent.mkdir(parents=True, exist_ok=True)
    with record.open("a", encoding="utf-8") as file:
        file.write(json.dumps(attrs.asdict(result), ensure_ascii=False) + "\n")


def _summarize(results: list[Result], least: float) -> int:
    explained = EXPLAINED.read_text(encoding="utf-8")
    survivors = [result for result in results if result.state == "survived"]
    for package in PACKAGES:
        states = Counter(result.state for result in results if result.key.split("/")[1] == package)
        print(f"{package:14} {dict(states)}")
    modules = len({result.key.partition(":")[0] for result in results})
    killed = 100.0 * (1 - len(survivors) / max(1, len(results)))
    print(f"{len(results)} mutants of {modules} modules: {killed:.1f} % killed, {len(survivors)} survived")
    unexplained = [result.key for result in survivors if result.key not in explained]
    if unexplained:
        print("not explained in survivors.md:", *unexplained, sep="\n  ")
    return int(bool(unexplained) or killed < least)


if __name__ == "__main__":
    sys.exit(main())
