"""The page on proxies and TLS: its connector works with a private CA and a client certificate."""

from __future__ import annotations

import datetime
import inspect
import ipaddress
import ssl
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from docs.examples.proxy_and_tls import own_certificates
from tripwire_async import AsyncTripwire
from tripwire_async.errors import NotFoundError, TransportError

if TYPE_CHECKING:
    from pathlib import Path


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a CA and a certificate for loopback that it signed, with their keys; return the folder."""
    folder = tmp_path_factory.mktemp("certificates")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)

    def builder(subject: str, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name("Test CA"))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=2))
            # Python 3.13 and later verify strictly, and need the key identifiers and the usage of the CA's key.
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False)
        )

    usages = dict.fromkeys(inspect.signature(x509.KeyUsage).parameters, False) | {"key_cert_sign": True}
    ca = (
        builder("Test CA", ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .add_extension(x509.KeyUsage(**usages), True)
    )
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = builder("loopback", key.public_key()).add_extension(loopback, False)
    for name, certificate in (("ca", ca), ("leaf", leaf)):
        signed = certificate.sign(ca_key, hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "leaf.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


async def test_the_connector_trusts_the_ca_and_presents_the_certificate(certificates: Path) -> None:
    """The server accepts no client without a certificate, and the client no server of an unknown CA."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates / "ca.pem"))
    context.load_cert_chain(certificates / "leaf.pem", certificates / "leaf.key")
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
