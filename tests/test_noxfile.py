"""Messages of noxfile.py on machines where it cannot run, and the tests that its sessions run."""

from __future__ import annotations

import ast
import importlib.util
import itertools
import re
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[1]
NOXFILE = ROOT / "noxfile.py"


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


def sessions() -> set[str]:
    """Return the names of the sessions in noxfile.py, apart from those with the version of a Python."""
    text = NOXFILE.read_text(encoding="utf-8")
    return {
        *re.findall(r"^def (\w+)\(session", text, flags=re.MULTILINE),
        *re.findall(r'^    "(\w+)": "', text, flags=re.MULTILINE),
    }


def test_every_session_that_is_named_elsewhere_exists() -> None:
    """In the script that runs all checks, and in the table for contributors."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    lists = re.findall(r"^(?:tests|beside)\+?=\(([^$)]+)\)", script, flags=re.MULTILINE)
    named = {*" ".join(lists).replace('"', " ").split()}
    table = re.findall(r"^\| `(\w+)` \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {"tests", "lowest", "soak", "docs", "browser", "lint", "types", "layers", "generated", "build"} == named
    assert {"mutation", "types"} <= set(table)
    assert not {*named, *table} - sessions()


def test_the_session_tests_runs_every_test_whatever_its_marks() -> None:
    """Each one in exactly one of its runs of pytest."""
    text = NOXFILE.read_text(encoding="utf-8")
    [runs] = re.findall(r"^TEST_RUNS = \((.*)\)$", text, flags=re.MULTILINE)
    expressions = re.findall(r'\("([^"]+)"', runs)
    markers = [line.partition("(")[0].partition(":")[0] for line in pytest_settings()["markers"]]
    assert {"one_python", "serial"} <= set(markers)
    for values in itertools.product([False, True], repeat=len(markers)):
        marks = dict(zip(markers, values, strict=True))
        selecting = [each for each in expressions if eval(each, {}, marks)]  # noqa: S307 - of this project's file
        assert 1 == len(selecting), marks


def test_a_folder_that_the_session_tests_leaves_out_has_its_own_session() -> None:
    """Of the same name."""
    left_out = [name for name in pytest_settings()["norecursedirs"] if name.startswith("tests/")]
    assert left_out
    assert {name.removeprefix("tests/") for name in left_out} <= sessions()


def test_every_module_with_tests_is_collected() -> None:
    """Pytest finds only files that begin with test_."""
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if not path.name.startswith("test_")
        if re.search(r"^(?:async )?def test_|^class Test", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]
    assert [] == found


def pytest_settings() -> dict[str, list[str]]:
    """Return the settings of pytest."""
    settings: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "pytest"
    ]["ini_options"]
    return settings


def test_bytecode_is_kept_apart_where_it_must_not_be_beside_the_sources(noxfile: Any) -> None:
    """An environment that does not forbid it stays as it is."""
    assert {"A": "b"} == noxfile.with_bytecode({"A": "b"})
    kept = noxfile.with_bytecode({"A": "b", "PYTHONDONTWRITEBYTECODE": "1"})
    assert {"A": "b", "PYTHONPYCACHEPREFIX": str(ROOT / ".nox" / "bytecode")} == kept


def test_the_file_of_each_serial_test_is_found_by_its_text(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    """The session collects only files that contain the mark, so a test that gets it elsewhere would not be run."""
    conftest = pytestconfig.pluginmanager.get_plugin(str(ROOT / "tests" / "conftest.py"))
    item = SimpleNamespace(path=ROOT / "tests" / "test_lazy.py", nodeid="test_it", get_closest_marker=lambda name: name)
    with pytest.raises(pytest.UsageError, match="test_it would be run by no session"):
        conftest.pytest_collection_modifyitems([item])
