"""Request an API with a private CA through a proxy with a password, set by the environment."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import ssl
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tripwire_async import AsyncTripwire
from tripwire_async.testing import TripwireServer

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter


# [environment]
async def list_services() -> None:
    """List the services of Gate; HTTPS_PROXY and SSL_CERT_FILE are in the environment."""
    async with AsyncTripwire(base_url="https://api.test", trust_env=True) as tripwire:
        print(len(await tripwire.gate.registry.list()), "services through the proxy")


# [certificates]
def own_certificates(ca_file: str, certificate: str, key: str) -> aiohttp.TCPConnector:
    """Return a connector that trusts a private CA and presents a client certificate."""
    context = ssl.create_default_context(cafile=ca_file)
    context.load_cert_chain(certificate, key)
    return aiohttp.TCPConnector(ssl=context)


async def list_services_directly(
    base_url: str, ca_file: str, certificate: str, key: str
) -> None:
    """List the services with own certificates; the client does not close the session."""
    async with (
        aiohttp.ClientSession(connector=own_certificates(ca_file, certificate, key)) as session,
        AsyncTripwire(base_url=base_url, session=session) as tripwire,
    ):
        print(len(await tripwire.gate.registry.list()), "services with own certificates")


# [main]
def write_certificate(folder: Path) -> tuple[str, str]:
    """Write a self-signed certificate, which is its own CA, and its key; return their files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "api.test")])
    now = datetime.datetime.now(datetime.UTC)
    hosts = x509.SubjectAlternativeName([x509.DNSName("api.test"), x509.DNSName("localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(hosts, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "ca.pem").write_bytes(certificate.public_bytes(encoding))
    (folder / "ca.key").write_bytes(
        key.private_bytes(encoding, form, serialization.NoEncryption())
    )
    return str(folder / "ca.pem"), str(folder / "ca.key")


async def copy(reader: StreamReader, writer: StreamWriter) -> None:
    """Copy bytes until the end."""
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


async def forward(reader: StreamReader, writer: StreamWriter, port: int) -> None:
    """Copy a connection to another port, in both directions."""
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(OSError):
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))


async def main() -> None:
    """Start the API with TLS and a proxy, and request it in both ways."""
    with tempfile.TemporaryDirectory() as folder:
        ca_file, key = write_certificate(Path(folder))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca_file)
        context.load_cert_chain(ca_file, key)
        async with TripwireServer() as server:
            os.environ["TRIPWIRE_SECRET_KEY"] = server.secret_key

            async def serve(reader: StreamReader, writer: StreamWriter) -> None:
                await forward(reader, writer, int(server.base_url.rpartition(":")[2]))

            async def tunnel(reader: StreamReader, writer: StreamWriter) -> None:
                head = await reader.readuntil(b"\r\n\r\n")
                print("proxy:", head.decode().partition(" HTTP")[0], flush=True)
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await forward(reader, writer, api_port)

            api = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
            api_port = api.sockets[0].getsockname()[1]
            proxy = await asyncio.start_server(tunnel, "127.0.0.1", 0)
            os.environ["HTTPS_PROXY"] = (
                f"http://user:password@127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
            )
            os.environ["SSL_CERT_FILE"] = ca_file
            async with api, proxy:
                # Python reads SSL_CERT_FILE when a process starts.
                child = await asyncio.create_subprocess_exec(sys.executable, __file__, "client")
                await child.wait()
                await list_services_directly(
                    f"https://localhost:{api_port}", ca_file, ca_file, key
                )


if __name__ == "__main__":
    asyncio.run(list_services() if "client" in sys.argv else main())
