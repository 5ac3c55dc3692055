"""Known vulnerabilities of dependencies: ``python -m tests.release.advisories REQUIREMENTS``.

The requirements file pins every dependency. pip-audit queries the database of PyPI. It reports success for packages
that it skipped, and a database that is empty or cannot be reached reports no vulnerability either. So every pinned
package must be in its report, and a release that is known to be vulnerable must be reported as such.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Audit = Callable[[Sequence[str]], dict[str, list[str]]]

KNOWN_VULNERABLE = "jinja2==2.10"


class AuditError(Exception):
    """A vulnerability is known, or a dependency could not be checked."""


def run_pip_audit(pins: Sequence[str]) -> dict[str, list[str]]:
    """Return the ids of the known vulnerabilities of each package in *pins* that pip-audit could check."""
    with tempfile.TemporaryDirectory() as folder:
        requirements, report = Path(folder, "requirements.txt"), Path(folder, "report.json")
        requirements.write_text("\n".join(pins), encoding="utf-8")
        options = ["--strict", "--no-deps", "--disable-pip", "--progress-spinner=off", "--format=json"]
        files = ["--output", str(report), "--requirement", str(requirements)]
        # The exit status is 1 for errors and for vulnerabilities; only the latter leave a report.
        subprocess.run([sys.executable, "-m", "pip_audit", *options, *files], check=False)  # noqa: S603 - a fixed command
        dependencies = json.loads(report.read_text(encoding="utf-8"))["dependencies"] if report.exists() else []
    return {each["name"]: [found["id"] for found in each["vulns"]] for each in dependencies if "vulns" in each}


def check(pins: Sequence[str], audit: Audit = run_pip_audit) -> None:
    """Raise AuditError unless *audit* can check each package in *pins* and finds no vulnerability."""
    if not pins:
        msg = "there are no dependencies to check"
        raise AuditError(msg)
    if not any(audit([KNOWN_VULNERABLE]).values()):
        msg = f"the database lists no vulnerability of {KNOWN_VULNERABLE}, so it cannot be relied on"
        raise AuditError(msg)
    checked = audit(pins)
    if unchecked := {name_of(pin) for pin in pins} - {name.lower() for name in checked}:
        msg = f"not checked: {', '.join(sorted(unchecked))}"
        raise AuditError(msg)
    if vulnerable := {name: ids for name, ids in checked.items() if ids}:
        msg = f"known vulnerabilities: {vulnerable}"
        raise AuditError(msg)


def name_of(pin: str) -> str:
    """Return the name of the package in *pin*, in lower case."""
    return pin.partition("==")[0].lower()


def main(requirements: str) -> None:
    """Check the pins in the file *requirements*; exit with an error message if they fail."""
    pins = Path(requirements).read_text(encoding="utf-8").split()
    try:
        check(pins)
    except AuditError as error:
        sys.exit(f"advisories: {error}")
    sys.stdout.write(f"{len(pins)} dependencies, no known vulnerabilities\n")


if __name__ == "__main__":
    main(sys.argv[1])
