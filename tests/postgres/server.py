"""A PostgreSQL server of the tests' own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_INSTALLED = "no PostgreSQL server is installed; on Debian and Ubuntu: apt-get install postgresql"
USER = "postgres"


def program(name: str) -> str:
    """Return the path of a program of PostgreSQL; Debian keeps them out of PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(installed[-1]) if installed else None)
    if found is None:
        raise RuntimeError(NOT_INSTALLED)
    return found


@contextmanager
def running() -> Iterator[str]:
    """Run an empty server on a Unix socket, and yield its URL."""
    # PostgreSQL does not run as root.
    user = USER if os.geteuid() == 0 else None
    folder = tempfile.mkdtemp(prefix="postgres-")
    if user is not None:
        shutil.chown(folder, user)
    data = f"{folder}/data"
    initdb = [program("initdb"), "--pgdata", data, "--username", USER, "--auth", "trust", "--no-sync"]
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    pg_ctl = [program("pg_ctl"), "--pgdata", data, "--silent", "--wait", "--log", f"{folder}/log"]
    subprocess.run(initdb, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603 - a fixed command
    subprocess.run([*pg_ctl, "--options", options, "start"], check=True, user=user, cwd=folder)  # noqa: S603 - a fixed command
    try:
        yield f"postgresql://{USER}@/postgres?host={folder}"
    finally:
        subprocess.run([*pg_ctl, "--mode", "immediate", "stop"], check=True, user=user, cwd=folder)  # noqa: S603 - a fixed command
        shutil.rmtree(folder)
