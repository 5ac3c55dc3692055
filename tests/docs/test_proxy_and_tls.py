"""The page on proxies and TLS: its connector works with a private CA and a client certificate."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from docs.examples.proxy_and_tls import own_certificates
from tests.support.certificates import server_context, write_certificates
from tripwire_async import AsyncTripwire
from tripwire_async.errors import NotFoundError, TransportError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the certificates of a private CA."""
    return write_certificates(tmp_path_factory.mktemp("certificates"))


async def test_the_connector_trusts_the_ca_and_presents_the_certificate(certificates: Path) -> None:
    """The server accepts no client without a certificate, and the client no server of an unknown CA."""
    context = server_context(certificates)
    context.verify_mode = ssl.CERT_REQUIRED
    runner = web.AppRunner(web.Application())
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        base_url = f"https://127.0.0.1:{runner.addresses[0][1]}"
        files = [str(certificates / name) for name in ("ca.pem", "leaf.pem", "leaf.key")]
        async with (
            aiohttp.ClientSession(connector=own_certificates(*files)) as session,
            AsyncTripwire("sk_test_1", base_url=base_url, session=session) as tripwire,
        ):
            with pytest.raises(NotFoundError):
                await tripwire.gate.registry.list()
        async with AsyncTripwire("sk_test_1", base_url=base_url) as tripwire:
            with pytest.raises(TransportError) as caught:
                await tripwire.with_options(max_attempts=1).gate.registry.list()
            assert not caught.value.maybe_sent
    finally:
        await runner.cleanup()
