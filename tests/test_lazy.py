"""Names that come from their homes when they are asked for."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from tripwire_async._lazy import lazy_exports


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return a package with one module, in which there is one value."""
    package, home = ModuleType("street"), ModuleType("street.home")
    vars(home)["value"] = object()
    monkeypatch.setitem(sys.modules, "street", package)
    monkeypatch.setitem(sys.modules, "street.home", home)
    get, listed = lazy_exports("street", {"value": ".home", "home": None})
    vars(package).update(__getattr__=get, __dir__=listed)
    return package


def test_a_name_comes_from_its_home_and_stays(package: ModuleType) -> None:
    """The second time, nobody is asked."""
    assert "value" not in vars(package)
    assert sys.modules["street.home"].value is package.value
    assert sys.modules["street.home"].value is vars(package)["value"]


def test_a_module_of_the_package_is_its_own_home(package: ModuleType) -> None:
    """It can be reached without an import of its own."""
    assert sys.modules["street.home"] is package.home


def test_what_has_no_home_is_an_attribute_error(package: ModuleType) -> None:
    """It is worded as Python words it."""
    with pytest.raises(AttributeError, match=r"^module 'street' has no attribute 'garden'$"):
        _ = package.garden


def test_the_listing_names_what_is_not_there_yet(package: ModuleType) -> None:
    """Completion in a shell depends on it."""
    assert {"home", "value", "__name__"} <= set(dir(package))
