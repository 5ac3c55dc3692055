"""Tests of the check for known vulnerabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.release.advisories import KNOWN_VULNERABLE, AuditError, check

if TYPE_CHECKING:
    from collections.abc import Sequence

PINS = ["aiohttp==3.14.3", "typing_extensions==4.16.0"]


class Database:
    """Fake pip-audit with the ids that it reports for each pin; other pins have no vulnerability."""

    def __init__(self, found: dict[str, list[str]], *, skipped: Sequence[str] = ()) -> None:
        self.found = found
        self.skipped = skipped

    def __call__(self, pins: Sequence[str]) -> dict[str, list[str]]:
        return {pin.partition("==")[0]: self.found.get(pin, []) for pin in pins if pin not in self.skipped}


def test_dependencies_without_known_vulnerabilities_pass() -> None:
    """The database knows the vulnerable release, so its silence about the others counts."""
    check(PINS, Database({KNOWN_VULNERABLE: ["CVE-1"]}))


def test_a_known_vulnerability_fails() -> None:
    """The message names the package and the id."""
    with pytest.raises(AuditError, match=r"aiohttp.*CVE-2"):
        check(PINS, Database({KNOWN_VULNERABLE: ["CVE-1"], PINS[0]: ["CVE-2"]}))


def test_an_empty_database_fails() -> None:
    """It would report no vulnerability of any package."""
    with pytest.raises(AuditError, match="cannot be relied on"):
        check(PINS, Database({}))


def test_a_skipped_dependency_fails() -> None:
    """pip-audit leaves out packages that it does not find."""
    with pytest.raises(AuditError, match="not checked: typing_extensions"):
        check(PINS, Database({KNOWN_VULNERABLE: ["CVE-1"]}, skipped=[PINS[1]]))


def test_an_empty_list_of_dependencies_fails() -> None:
    """It would pass without a check."""
    with pytest.raises(AuditError, match="no dependencies"):
        check([], Database({KNOWN_VULNERABLE: ["CVE-1"]}))
