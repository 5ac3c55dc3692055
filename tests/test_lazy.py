"""Names that a package imports on first access."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from tripwire_async._lazy import lazy_exports


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return a package with one module that has one value."""
    package, module = ModuleType("package"), ModuleType("package.module")
    vars(module)["value"] = object()
    monkeypatch.setitem(sys.modules, "package", package)
    monkeypatch.setitem(sys.modules, "package.module", module)
    getter, lister = lazy_exports("package", {"value": ".module", "module": None})
    vars(package).update(__getattr__=getter, __dir__=lister)
    return package


def test_a_name_is_imported_on_first_access_and_kept(package: ModuleType) -> None:
    """The second access finds it in the package."""
    assert "value" not in vars(package)
    assert sys.modules["package.module"].value is package.value
    assert sys.modules["package.module"].value is vars(package)["value"]


def test_a_submodule_is_an_attribute_of_the_package(package: ModuleType) -> None:
    """It needs no separate import."""
    assert sys.modules["package.module"] is package.module


def test_an_unknown_name_raises_attribute_error(package: ModuleType) -> None:
    """The message is the same as Python's."""
    with pytest.raises(AttributeError, match=r"^module 'package' has no attribute 'missing'$"):
        _ = package.missing


def test_dir_lists_names_that_are_not_imported_yet(package: ModuleType) -> None:
    """Interactive completion uses dir."""
    assert ["module", "value"] == dir(package)
