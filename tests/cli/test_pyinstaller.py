"""Hook for PyInstaller."""

from __future__ import annotations

import runpy
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

MODULES = ("tripwire_async.cli.commands.test", "tripwire_async._codegen.names", "tripwire_async.reports.html_page")


def test_the_hook_collects_assets_and_modules_imported_on_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyInstaller finds the hook by an entry point; the generator of the code is left out."""

    def collect_submodules(package: str, filter: Callable[[str], bool]) -> list[str]:  # noqa: A002 - PyInstaller's name
        return [package, *(name for name in MODULES if filter(name))]

    hooks: Any = ModuleType("PyInstaller.utils.hooks")
    hooks.collect_submodules = collect_submodules
    hooks.collect_data_files = lambda package: [(f"{package}/reports/page.css", "reports")]
    hooks.copy_metadata = lambda distribution: [(distribution, "metadata")]
    for name in ("PyInstaller", "PyInstaller.utils"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, hooks.__name__, hooks)

    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    value = project["entry-points"]["pyinstaller40"]["hook-dirs"]
    [directory] = EntryPoint("hook-dirs", value, "pyinstaller40").load()()
    [hook] = Path(directory).glob("hook-*.py")
    collected = runpy.run_path(str(hook))
    assert "hook-tripwire_async.py" == hook.name
    assert [("tripwire_async/reports/page.css", "reports"), ("tripwire-async", "metadata")] == collected["datas"]
    assert ["tripwire_async", MODULES[0], MODULES[2]] == collected["hiddenimports"]
