"""Command ``python -m tripwire_async.migrate``."""

from __future__ import annotations

import argparse
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .check import changes_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_EPILOG: Final = "exit status: 0 if no change is needed, 1 if there are changes, 2 if a file cannot be read"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the changes that the files in *arguments* need; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tripwire_async.migrate",
        description="Report each use of tripwire-server with its replacement. No file is changed.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a Python file, or a directory with Python files")
    status = count = 0
    for path in _files(parser.parse_args(arguments).files):
        try:
            with tokenize.open(path) as file:
                changes = changes_in(file.read())
        except (OSError, SyntaxError, UnicodeDecodeError, ValueError) as error:
            sys.stderr.write(f"{path}: {_reason(error)}\n")
            status = 2
            continue
        count += len(changes)
        for change in changes:
            sys.stdout.write(f"{path}:{change.line}: {change.old} -> {change.new}\n")
    sys.stdout.write(f"{count} change{'' if count == 1 else 's'} needed\n")
    return status or min(count, 1)


def _files(names: Sequence[str]) -> Iterator[Path]:
    for name in names:
        path = Path(name)
        yield from sorted(path.rglob("*.py")) if path.is_dir() else (path,)


def _reason(error: Exception) -> str:
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return f"line {error.lineno} is not valid Python: {error.msg}"
    return getattr(error, "strerror", None) or str(error)


if __name__ == "__main__":  # pragma: no cover - a test runs it in a separate process
    sys.exit(main())
