"""Rules for the tests themselves."""

from __future__ import annotations

import ast

from tests.structure.source_files import handwritten, name


def functions() -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return all test functions by file and name."""
    return {
        f"{name(path)}: {node.name}": node
        for path in handwritten(".py", folders=("tests",))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_every_test_has_a_docstring() -> None:
    """The name states the rule, and the docstring the reason or the details."""
    tests = functions()
    assert tests
    assert [] == [test for test, node in tests.items() if not ast.get_docstring(node)]


def test_no_test_is_skipped() -> None:
    """A test that cannot run fails with a message that names the missing program."""
    skips = {"skip", "skipif", "xfail", "importorskip"}
    found = [
        f"{name(path)}:{node.lineno}"
        for path in handwritten(".py", folders=("tests",))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in skips
    ]
    assert [] == found


def test_no_test_imports_from_another_test_module() -> None:
    """Shared helpers are in tests/support or in a module of the package that is not a test."""
    found = [
        f"{name(path)}:{node.lineno}"
        for path in handwritten(".py", folders=("tests",))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("tests."))
        if (node.module or "").rpartition(".")[2].startswith("test_")
    ]
    assert [] == found
