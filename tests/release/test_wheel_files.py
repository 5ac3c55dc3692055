"""The check of the files in a wheel."""

from __future__ import annotations

from tests.release.wheel_files import problems
from tests.structure.source_files import ROOT

MAN_PAGE = "tripwire_async-1.0.data/data/share/man/man1/tripwire-async.1"


def test_a_wheel_with_all_files_has_no_problems() -> None:
    """The required files are those of the project; code generation stays out."""
    package = ROOT / "tripwire_async"
    files = [path.relative_to(ROOT).as_posix() for path in package.rglob("*") if "_codegen" not in path.parts]
    names = [name for name in files if not name.endswith(".pyc")]
    assert [] == problems([*names, "tripwire_async-1.0.dist-info/METADATA", MAN_PAGE])


def test_missing_and_unexpected_files_are_named() -> None:
    """A module outside of the package would be installed beside it."""
    found = problems(["tests/conftest.py", "tripwire_async/_codegen/openapi.yaml", "tripwire_async/py.typed"])
    assert "unexpected: tests/conftest.py" in found
    assert "unexpected: tripwire_async/_codegen/openapi.yaml" in found
    assert "missing: tripwire_async/journal/redis_journal.lua" in found
    assert "missing: tripwire_async/py.typed" not in found
