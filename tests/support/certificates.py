"""Certificates of a private CA for servers and clients of tests."""

from __future__ import annotations

import datetime
import inspect
import ipaddress
import ssl
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HOST = "api.test"
"""Name in the certificate besides the loopback address; only a proxy can resolve it."""

_LOOPBACK: Final = (x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName(HOST))
_DAY: Final = datetime.timedelta(days=1)


def write_certificates(
    folder: Path, *, names: Sequence[x509.GeneralName] = _LOOPBACK, expires: datetime.timedelta = _DAY
) -> Path:
    """Write a CA and a certificate for *names* that it signed, with their keys, to *folder*; return *folder*.

    The certificate expires after *expires* from now.
    """
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)

    def builder(
        subject: str, public_key: ec.EllipticCurvePublicKey, after: datetime.timedelta = _DAY
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name("Test CA"))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 2 * _DAY)
            .not_valid_after(now + after)
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
    leaf = builder("loopback", key.public_key(), expires).add_extension(x509.SubjectAlternativeName(names), False)
    for name, certificate in (("ca", ca), ("leaf", leaf)):
        signed = certificate.sign(ca_key, hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "leaf.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def server_context(folder: Path) -> ssl.SSLContext:
    """Return the TLS context of a server with the certificate in *folder*."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "leaf.pem", folder / "leaf.key")
    return context


def client_context(folder: Path) -> ssl.SSLContext:
    """Return the TLS context of a client that trusts the CA in *folder*."""
    return ssl.create_default_context(cafile=str(folder / "ca.pem"))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
