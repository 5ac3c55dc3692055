"""Faults of certificates, with real TLS."""

from __future__ import annotations

import datetime
import functools
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509

from tests.support.certificates import client_context, server_context, write_certificates

from .fault import Fault, Tls

if TYPE_CHECKING:
    from tests.support.raw_server import Connection


def _contexts(*, is_trusted: bool = True, **options: Any) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the contexts of a server with a new certificate with *options*, and of a client."""
    with tempfile.TemporaryDirectory() as name:
        folder = write_certificates(Path(name), **options)
        return server_context(folder), client_context(folder) if is_trusted else ssl.create_default_context()


def _tls(**options: Any) -> Tls:
    return functools.cache(functools.partial(_contexts, **options))


_REQUIRING: Final = _tls()


async def _require_certificate(connection: Connection) -> None:
    """Reject the handshake of a client without a certificate, as servers do; asyncio would not send the alert."""
    context, _ = _REQUIRING()
    context.verify_mode = ssl.CERT_REQUIRED
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(received, sent, server_side=True)
    is_rejected = False
    while not is_rejected:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            await connection.say(sent.read())
            received.write(await connection.reader.read(65536))
        except ssl.SSLError:
            is_rejected = True
    await connection.say(sent.read())
    await connection.gone()


CERTIFICATES: Final = [
    Fault(name="an unknown CA", group="certificate", tls=_tls(is_trusted=False)),
    Fault(name="an expired certificate", group="certificate", tls=_tls(expires=-datetime.timedelta(hours=1))),
    Fault(name="the certificate of another host", group="certificate", tls=_tls(names=[x509.DNSName("other.test")])),
    Fault(
        name="a client certificate is required",
        group="certificate",
        tls=_REQUIRING,
        accept=_require_certificate,
        is_plain=False,
    ),
]
