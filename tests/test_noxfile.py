"""Messages of noxfile.py on machines where it cannot run."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

NOXFILE = Path(__file__).parents[1] / "noxfile.py"


@pytest.fixture
def noxfile() -> ModuleType:
    """Return the part of noxfile.py that installs nox, loaded without nox."""
    source = NOXFILE.read_text(encoding="utf-8")
    bootstrap, separator, _ = source.partition('if __name__ == "__main__":')
    assert separator
    spec = importlib.util.spec_from_loader("bootstrap", loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    module.__dict__["__file__"] = str(NOXFILE)
    exec(compile(bootstrap, str(NOXFILE), "exec"), module.__dict__)  # noqa: S102 - this project's file, up to its main part
    return module


def test_python_3_8_can_parse_the_noxfile() -> None:
    """An old Python can run the file far enough to print that it is too old."""
    assert ast.parse(NOXFILE.read_text(encoding="utf-8"), feature_version=(3, 8)).body


def test_an_old_python_prints_the_required_version(
    noxfile: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the current version and the required one."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert noxfile.run_itself(["-s", "tests"]) == 1
    assert "Python 3.11 or later is required; this is 3.9." in capsys.readouterr().err


def test_a_python_without_venv_prints_the_package_to_install(
    noxfile: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Debian packages venv separately; the message names the package."""
    monkeypatch.setattr(noxfile, "OWN_ENVIRONMENT", tmp_path / "nox-itself")
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert noxfile.run_itself(["-s", "tests"]) == 1
    assert "apt-get install python3-venv" in capsys.readouterr().err
    assert not (tmp_path / "nox-itself").exists()


def test_every_session_that_is_named_elsewhere_exists() -> None:
    """In the script that runs all checks, and in the table for contributors."""
    text = NOXFILE.read_text(encoding="utf-8")
    defined = {
        *re.findall(r"^def (\w+)\(session", text, flags=re.MULTILINE),
        *re.findall(r'^    "(\w+)": "', text, flags=re.MULTILINE),
    }
    script = (NOXFILE.parent / ".ci" / "run").read_text(encoding="utf-8")
    [named] = re.findall(r"^sessions\+=\((\w+(?: \w+)+)\)", script, flags=re.MULTILINE)
    table = re.findall(
        r"^\| `(\w+)` \|", (NOXFILE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert {"soak", "lint"} <= set(named.split())
    assert {"mutation", "types"} <= set(table)
    assert not {*named.split(), *table} - defined
