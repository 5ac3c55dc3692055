"""Programs of the documentation that serve HTTP, in processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path
    from types import ModuleType


@contextlib.asynccontextmanager
async def serving(module: ModuleType, folder: Path, variables: Mapping[str, str]) -> AsyncIterator[int]:
    """Run the file of *module* in *folder* with these *variables*, and yield its port when it serves."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        str(module.__file__),
        cwd=folder,
        env={**variables, "PORT": str(port), "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        assert program.stdout
        async with asyncio.timeout(30):
            while b"unning on" not in (line := await program.stdout.readline()):
                assert line, "the program has ended"
            yield port
    finally:
        program.terminate()
        await program.communicate()
