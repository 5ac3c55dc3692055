"""The command line uses the proxy and the CA of the environment, in a real process."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING

from tests.support.certificates import HOST, server_context, write_certificates
from tests.support.connect_proxy import connect_proxy
from tripwire_async.testing import TripwireServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@contextlib.asynccontextmanager
async def with_tls(port: int, certificates: Path) -> AsyncIterator[int]:
    """Accept TLS and pass the bytes on to *port*; yield the port."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(OSError):
            await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_context(certificates)) as listener:
        yield listener.sockets[0].getsockname()[1]


async def run(key: str, **environment: str) -> tuple[int, str]:
    """Return the status and the output of a command."""
    command = [
        "-m",
        "tripwire_async",
        "api",
        "GET",
        "/v1/gate/registry",
        "--base-url",
        f"https://{HOST}",
        "--deadline",
        "5",
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": "", "TRIPWIRE_SECRET_KEY": key, **environment},
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_the_command_line_uses_the_proxy_and_the_ca_of_the_environment(tmp_path: Path) -> None:
    """NO_PROXY excludes hosts, and a proxy that rejects the password is named without it."""
    certificates = write_certificates(tmp_path)
    async with (
        TripwireServer() as server,
        with_tls(int(server.base_url.rpartition(":")[2]), certificates) as port,
        connect_proxy(target=port, credentials="user:right") as proxy,
    ):
        right, wrong = (proxy.url.replace("//", f"//user:{password}@") for password in ("right", "wrong-canary"))
        ca_file = str(certificates / "ca.pem")
        through, rejected, direct = await asyncio.gather(
            run(server.secret_key, HTTPS_PROXY=right, SSL_CERT_FILE=ca_file),
            run(server.secret_key, HTTPS_PROXY=wrong, SSL_CERT_FILE=ca_file),
            run(server.secret_key, HTTPS_PROXY=right, NO_PROXY=HOST, SSL_CERT_FILE=ca_file),
        )
    assert 0 == through[0], through[1]
    assert "gate_registry" in through[1] or '"data"' in through[1]
    assert 0 != rejected[0]
    assert f"the proxy {proxy.url} rejected the tunnel" in rejected[1]
    assert "wrong-canary" not in rejected[1]
    assert 0 != direct[0]
    assert "cannot connect" in direct[1] or "within" in direct[1]
    assert [f"CONNECT {HOST}:443 HTTP/1.1"] * 2 == proxy.requests
