"""Runs mutants, one after the other, in a copy of the project."""

from __future__ import annotations

import ast
import json
import shutil
import sys
from collections import Counter
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from .forks import Recorder, Selection, in_fork, preload
from .mutants import MORE_TESTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .forks import Ending
    from .mutants import Mutant

_OPTIONS: Final = ("-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not serial", "--hypothesis-seed=0")
_COPIED: Final = ("tripwire_async", "tests", "docs", "pyproject.toml", "noxfile.py", "README.md", "CHANGELOG.md")
_FIRST_SECONDS: Final = 8.0
_FIRST_FILES: Final = 3


@attrs.frozen(kw_only=True)
class Result:
    """Result of one mutant.

    Attributes:
        state: ``killed``, ``timeout`` (killed because a test did not end) or ``survived``.
        tests: Number of tests that could notice it.
        by: The test that failed; empty if the module could not be imported, or none failed.
    """

    key: str
    operator: str
    line: int
    state: str
    tests: int
    by: str
    seconds: float


class MutantRunner:
    """Copy of the project in which mutants run.

    Args:
        root: The project.
        folder: Where the copy, the logs and the recorded lines are.
        known: The test that failed for a mutant in an earlier run, by the key of the mutant.
    """

    def __init__(self, root: Path, folder: Path, known: Mapping[str, str]) -> None:
        self._root = root
        self._folder = folder
        self._known = known
        self._copy = folder / "copy"
        self._baselines: dict[str, Mapping[str, Any]] = {}
        preload()

    def copy(self) -> Path:
        """Copy the project as it is now; return the copy."""
        shutil.rmtree(self._copy, ignore_errors=True)
        self._copy.mkdir(parents=True)
        for name in _COPIED:
            source = self._root / name
            if source.is_dir():
                shutil.copytree(source, self._copy / name, ignore=shutil.ignore_patterns("__pycache__", "_build"))
            else:
                shutil.copy(source, self._copy / name)
        return self._copy

    def record(self, package: str) -> None:
        """Run all tests of *package* once, and record which lines each of them executes.

        Raises:
            RuntimeError: A test failed.
        """
        target = self._folder / f"{package}.json"
        if not target.exists():
            copy, log = self._copy, self._folder / f"{package}.log"

            def work() -> int:
                import coverage
                import pytest

                # So the runs with mutants do not compile the tests and the plugins of pytest again.
                sys.dont_write_bytecode = False
                measured = coverage.Coverage(
                    data_file=None, config_file=False, source=[str(copy / "tripwire_async" / package)]
                )
                measured.start()
                recorder = Recorder(measured)
                tests = (f"tests/{package}", *MORE_TESTS.get(package, ()))
                status = pytest.main([*_OPTIONS, *tests], plugins=[recorder])
                measured.stop()
                recorder.save(target, copy)
                return status

            ending = in_fork(copy, log, work, wall=1800.0)
            if ending.status != 0:
                target.unlink(missing_ok=True)
                msg = f"the tests of {package} fail without a mutant, see {log}"
                raise RuntimeError(msg)
        self._baselines[package] = json.loads(target.read_text(encoding="utf-8"))

    def try_known(self, mutant: Mutant) -> Result | None:
        """Run the test that noticed *mutant* in an earlier run; None if no test did, or it does no more."""
        test = self._known.get(mutant.key, "")
        if test not in self._baselines[mutant.package]["seconds"]:
            return None
        result = self._run(mutant, [test])
        return None if result.state == "survived" else result

    def try_first(self, mutant: Mutant) -> Result | None:
        """Run the tests that are the most likely to notice *mutant*; None if there are others and none of these do."""
        tests = self._tests(mutant)
        seconds = self._baselines[mutant.package]["seconds"]
        sizes = Counter(_file(test) for test in tests)
        stem = Path(mutant.path).stem.strip("_")
        files = sorted(sizes, key=lambda file: (stem not in file, -sizes[file]))[:_FIRST_FILES]
        first: list[str] = []
        for test in tests:
            if _file(test) in files and sum(map(seconds.__getitem__, first)) < _FIRST_SECONDS:
                first.append(test)
        result = self._run(mutant, first)
        return result if result.state != "survived" or len(first) == len(tests) else None

    def run(self, mutant: Mutant) -> Result:
        """Run all tests that execute the mutated line until one fails."""
        return self._run(mutant, self._tests(mutant))

    def _run(self, mutant: Mutant, tests: list[str]) -> Result:
        module = self._copy / mutant.path
        original = module.read_text(encoding="utf-8")
        seconds: Mapping[str, float] = self._baselines[mutant.package]["seconds"]
        log = self._folder / "last.log"

        def work() -> int:
            import pytest

            sys.dont_write_bytecode = True
            files = sorted({_file(test) for test in tests})
            return pytest.main([*_OPTIONS, *files], plugins=[Selection({test: seconds[test] for test in tests})])

        # A compiled module is recognized by size and time, which the mutant may share with it.
        for compiled in Path(cache_from_source(str(module))).parent.glob(f"{module.stem}.*"):
            compiled.unlink()
        try:
            module.write_text(mutant.source, encoding="utf-8")
            ending = in_fork(self._copy, log, work, wall=120.0 + 10.0 * sum(seconds[test] for test in tests))
        finally:
            module.write_text(original, encoding="utf-8")
        return _result(mutant, ending, log, len(tests))

    def _tests(self, mutant: Mutant) -> list[str]:
        """Return the tests that execute the line of *mutant*, the fastest first.

        If it runs on import, these are the tests that execute a function of the module; all if there are none.
        """
        source = (self._copy / mutant.path).read_text(encoding="utf-8")
        baseline = self._baselines[mutant.package]
        seconds, lines = baseline["seconds"], baseline["lines"].get(mutant.path, {})
        names = list(seconds)
        found = {names[number] for line in _lines(source, mutant.line) for number in lines.get(str(line), [])}
        inside = _inside_functions(source)
        near = {names[number] for line, tests in lines.items() if int(line) in inside for number in tests}
        return sorted(found or near or set(names), key=seconds.__getitem__)


def _file(test: str) -> str:
    return test.partition("::")[0]


def _lines(source: str, line: int) -> set[int]:
    """Return the lines of the smallest statement around *line*, without the statements inside of it.

    There are none outside of functions: these lines run on import, in whichever test happens to be the first.
    """
    if line not in _inside_functions(source):
        return set()
    around = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    best = max(reversed(around), key=lambda node: node.lineno)
    body: list[ast.stmt] = getattr(best, "body", [])
    if isinstance(best, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return set()
    return set(range(best.lineno, body[0].lineno if body else (best.end_lineno or best.lineno) + 1))


def _inside_functions(source: str) -> set[int]:
    """Return the lines of the bodies of functions, which do not run on import."""
    return {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for line in range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
    }


def _result(mutant: Mutant, ending: Ending, log: Path, tests: int) -> Result:
    state = {None: "timeout", 0: "survived"}.get(ending.status, "killed")
    output = log.read_text(encoding="utf-8", errors="replace")
    failed = [line.split(" ")[1] for line in output.splitlines() if line.startswith("FAILED ")]
    # After the tests, pytest itself can end with an exception, for a connection that was not closed.
    if ending.status in {5, 99} and not failed and " passed" not in output:
        msg = f"no test ran for {mutant.key}: {output[-2000:]}"
        raise RuntimeError(msg)
    return Result(
        key=mutant.key,
        operator=mutant.operator,
        line=mutant.line,
        state=state,
        tests=tests,
        by=failed[0] if failed else "",
        seconds=round(ending.seconds, 2),
    )
