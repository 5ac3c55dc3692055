"""Program that fuzzes one parser with atheris: ``python -m tests.fuzz.guided NAME OPTION...``."""

from __future__ import annotations

import sys

import atheris

# The modules of the library are instrumented when they are imported.
with atheris.instrument_imports(include=["tripwire_async"]):
    from .targets import TARGETS


def main() -> None:
    """Run until the time is up or a parser raises an exception that it does not document."""
    name, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


main()
