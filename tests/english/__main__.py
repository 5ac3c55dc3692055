"""Command that prints the phrases and names to avoid: ``python -m tests.english [PATHS]``.

Without paths it reads all files of the project. It ends with status 1 if the text exceeds the bound or a name is
coined.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .check import check
from .files import prose_files
from .names import check_names

BOUND = 1.0  # phrases per 1,000 words


def main(arguments: list[str]) -> int:
    """Print all findings, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.english", description="Print phrases and names to avoid.")
    parser.add_argument("paths", nargs="*", type=Path, help="files and folders; the whole project if left out")
    options = parser.parse_args(arguments)
    files = prose_files(options.paths)
    prose, names = check(files), check_names(files)
    for finding in (*prose.findings, *names):
        print(finding)
    print(
        f"{len(prose.findings)} phrases in {prose.words} words: {prose.rate:.2f} per 1,000 (bound {BOUND});",
        f"{len(names)} coined names",
    )
    return 0 if prose.rate <= BOUND and not names else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
