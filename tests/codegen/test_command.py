"""Tests of the command `python -m tripwire_async._codegen`."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

import tripwire_async
from tripwire_async._codegen.__main__ import main, render

from .descriptions import description, with_property

if TYPE_CHECKING:
    import pytest

PACKAGE = Path(tripwire_async.__file__).parent


def test_the_committed_code_matches_the_description(capsys: pytest.CaptureFixture[str]) -> None:
    """Byte for byte, so a change of one without the other fails."""
    assert main(["--check"]) == 0
    assert capsys.readouterr().err == ""
    for name, text in render(PACKAGE / "_codegen" / "openapi.yaml").items():
        assert (PACKAGE / name).read_bytes() == text.encode(), name


def described(tmp_path: Path) -> list[str]:
    """Write a small description; return the arguments that select it."""
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(description()), encoding="utf-8")
    return ["--description", str(path)]


def test_the_command_writes_only_files_that_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second run has nothing to do."""
    arguments = described(tmp_path)
    assert main(arguments, package=tmp_path) == 0
    assert "wrote models.py\n" in capsys.readouterr().out
    assert main(arguments, package=tmp_path) == 0
    assert capsys.readouterr().out == ""
    assert main([*arguments, "--check"], package=tmp_path) == 0


def test_the_check_names_each_file_that_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Changed, missing and stale files get one line each; nothing is written."""
    arguments = described(tmp_path)
    main(arguments, package=tmp_path)
    (tmp_path / "models.py").write_text("changed", encoding="utf-8")
    (tmp_path / "_generated/models/things.py").unlink()
    (tmp_path / "_generated/models/old.py").write_text("old", encoding="utf-8")
    capsys.readouterr()
    assert main([*arguments, "--check"], package=tmp_path) == 1
    assert capsys.readouterr().err.splitlines() == [
        "models.py: does not match openapi.yaml",
        "_generated/models/things.py: is missing",
        "_generated/models/old.py: is no longer generated",
    ]
    assert main(arguments, package=tmp_path) == 0
    assert capsys.readouterr().out.splitlines() == [
        "removed _generated/models/old.py",
        "wrote models.py",
        "wrote _generated/models/things.py",
    ]


def test_an_error_is_one_line_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line contains the location of the error in the description."""
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(with_property({"type": "date"})), encoding="utf-8")
    assert main(["--description", str(path)], package=tmp_path) == 2
    pointer = "#/components/schemas/Thing/properties/it/type"
    assert capsys.readouterr().err == f"{path}: {pointer}: type 'date' is not supported\n"
    assert not (tmp_path / "models.py").exists()


def test_a_missing_description_is_an_error_of_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong path does not print a traceback."""
    assert main(["--description", str(tmp_path / "none.yaml")], package=tmp_path) == 2
    assert "No such file" in capsys.readouterr().err


def test_without_pyyaml_the_message_names_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """PyYAML is a development dependency."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["--check"]) == 2
    assert capsys.readouterr().err.startswith("The generator needs PyYAML")


def test_the_package_runs_as_a_program() -> None:
    """`python -m` returns the exit status to the shell."""
    program = [sys.executable, "-m", "tripwire_async._codegen"]
    assert subprocess.run([*program, "--check"], check=False).returncode == 0  # noqa: S603 - this Python
    assert subprocess.run([*program, "--description", ""], check=False, capture_output=True).returncode == 2  # noqa: S603 - this Python
