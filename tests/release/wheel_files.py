"""Check of the files in a wheel: the path of the wheel is the argument."""

from __future__ import annotations

import sys
import zipfile
from typing import Final

_REQUIRED: Final = (
    "_generated/openapi.json",
    "journal/redis_journal.lua",
    "middleware/rate_limit/redis_store.lua",
    "middleware/rate_limit/shared_pages.lua",
    "py.typed",
    "reports/page.css",
    "reports/page.js",
    "testing/_control_api/elements.js",
    "testing/_control_api/page.css",
    "testing/_control_api/page.html",
    "testing/_control_api/page.js",
    "testing/_control_api/panels.js",
    "testing/pytest_plugin.py",
)


def problems(names: list[str]) -> list[str]:
    """Return a message for each file that should not be among *names*, and for each one that is missing."""
    unexpected = [
        name
        for name in names
        if not name.startswith(("tripwire_async/", "tripwire_async-"))
        or "/_codegen/" in name
        or name.endswith((".yaml", ".pyc"))
    ]
    missing = {f"tripwire_async/{name}" for name in _REQUIRED} - set(names)
    if not any(name.endswith(".data/data/share/man/man1/tripwire-async.1") for name in names):
        missing.add("share/man/man1/tripwire-async.1")
    return [f"unexpected: {name}" for name in unexpected] + [f"missing: {name}" for name in sorted(missing)]


if __name__ == "__main__":
    names = zipfile.ZipFile(sys.argv[1]).namelist()
    if found := problems(names):
        sys.exit("\n".join(found))
    sys.stdout.write(f"{len(names)} files\n")
