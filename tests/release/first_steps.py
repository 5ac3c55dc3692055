"""First steps of a new user, as the documentation prints them: ``python -m tests.release.first_steps``.

A copy of the repository in an empty folder is installed with the commands of the README, in a virtual environment of
its own. There the programs of the README run against ``tripwire-async serve``, and the programs of the guides run in an
empty folder. Programs that need more than the package are left to the tests of the documentation.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = Path("docs", "examples")
PACKAGE: Final = frozenset({"tripwire_async", "aiohttp", "attrs", "cattrs", "msgspec", "tenacity", "yarl"})
"""Modules that an installation without extras has."""

NEEDS_CRYPTO: Final = "gate_session.py"
MAIN: Final = re.compile(r"^async def main\(\).*?\n(?=\n\n)", re.DOTALL | re.MULTILINE)


class StepError(Exception):
    """A command or a program of the documentation does not work."""


def blocks(text: str, language: str) -> list[str]:
    """Return the code blocks of *text* in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def install_commands(readme: str) -> list[str]:
    """Return the commands of the first block under the heading *Installation*."""
    block = blocks(readme.partition("\n## Installation\n")[2], "console")[0]
    return [line.removeprefix("$ ") for line in block.splitlines()]


def readme_programs(readme: str) -> dict[str, str]:
    """Return the quick start, and the same program with the second ``main`` in place of the first."""
    quick_start, many = blocks(readme, "python")
    return {"quick_start.py": quick_start, "many.py": MAIN.sub(lambda _: many, quick_start)}


def needs_only_the_package(source: str) -> bool:
    """Return whether *source* is a program that ends by itself, and imports only the package and what comes with it."""
    known = PACKAGE | sys.stdlib_module_names
    nodes = list(ast.walk(ast.parse(source)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    needs_more = "run_app(" in source or "REDIS_URL" in source
    return "__main__" in source and not needs_more and {name.partition(".")[0] for name in names} <= known


def guide_programs(folder: Path) -> list[Path]:
    """Return the programs of the guides in *folder* that end by themselves and need nothing but the package."""
    return sorted(
        path
        for path in folder.glob("*.py")
        if path.name != NEEDS_CRYPTO and needs_only_the_package(path.read_text(encoding="utf-8"))
    )


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Return what *command* prints; raise StepError if it fails."""
    try:
        ran = subprocess.run(  # noqa: S603 - commands of the documentation
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
    except subprocess.TimeoutExpired as error:
        msg = f"{' '.join(command)} does not end"
        raise StepError(msg) from error
    if ran.returncode or "Traceback" in ran.stderr:
        msg = f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
        raise StepError(msg)
    return ran.stdout


@contextmanager
def serving(command: Path, folder: Path, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Run ``tripwire-async serve``, and yield the variables that it prints."""
    with subprocess.Popen(  # noqa: S603 - a command of the documentation
        [command, "serve"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            lines = iter(server.stdout.readline, "")
            exports = (line.removeprefix("export ").strip() for line in lines if line.startswith("export "))
            yield dict(next(exports).split("=", 1) for _ in range(3))
        finally:
            server.terminate()


def main() -> None:
    """Take the steps, and print how many programs ran."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TRIPWIRE_", "VIRTUAL_"))}
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607 - git is on the path
    with tempfile.TemporaryDirectory() as name:
        clone, empty = Path(name, "clone"), Path(name, "empty")
        empty.mkdir()
        for file in listed.stdout.split("\0")[:-1]:
            clone.joinpath(file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, clone / file)
        run(["bash", "-e", "-c", "\n".join(install_commands(readme))], clone, environment)
        binaries = clone / ".venv" / "bin"
        python = str(binaries / "python")
        with serving(binaries / "tripwire-async", empty, environment) as variables:
            for file, source in readme_programs(readme).items():
                (empty / file).write_text(source, encoding="utf-8")
                printed = run([python, file], empty, {**environment, **variables})
                if len(printed.splitlines()) != 3:
                    msg = f"{file} does not print a line for each of the three endpoints of serve:\n{printed}"
                    raise StepError(msg)
        programs = guide_programs(clone / EXAMPLES)
        for program in programs:
            shutil.copy2(program, empty)
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda program: run([python, program.name], empty, environment), programs))
    sys.stdout.write(f"the installation, 2 programs of the README and {len(programs)} of the guides work\n")


if __name__ == "__main__":
    try:
        main()
    except StepError as error:
        sys.exit(f"first steps: {error}")
