"""Envelopes can be decrypted only with the key pair that they were encrypted for."""

from __future__ import annotations

import base64
import json
import random
import sys
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_der_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from tripwire_async import FOIL, TRIPWIRE, Profile
from tripwire_async._codec.converter import unstructure
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import ConfigurationError, GateDeliveryError
from tripwire_async.gate_delivery import (
    ALGORITHM,
    DeliveredCredentials,
    check_envelope,
    decrypt_delivery,
    encrypt_delivery,
    generate_key_pair,
    is_forbidden_variable,
    is_managed_variable,
)
from tripwire_async.models import GateDeliveryEnvelope, GateDeliveryEnvelopeAlgorithm

PAIR = generate_key_pair()
OUTPUTS = {"ACME_KEY": "acme-canary", "ACME_URL": "https://acme.example"}
BINARY = ("ephemeral_public_key", "salt", "iv", "ciphertext", "tag")


def encode_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def key_of(private: X25519PrivateKey, public: bytes, salt: bytes, info: bytes) -> bytes:
    shared = private.exchange(X25519PublicKey.from_public_bytes(public))
    return HKDF(SHA256(), 32, salt, info).derive(shared)


def sealed(plaintext: bytes, info: bytes = b"tripwire-gate-delivery:v1") -> dict[str, Any]:
    """Encrypt any bytes for the pair, with primitives only."""
    ephemeral, salt, iv = X25519PrivateKey.generate(), b"\x05" * 32, b"\x06" * 12
    data = AESGCM(key_of(ephemeral, bytes_of(PAIR.public_key), salt, info)).encrypt(iv, plaintext, None)
    return {
        "version": 1,
        "algorithm": ALGORITHM,
        "key_id": PAIR.key_id,
        "ephemeral_public_key": encode_base64url(ephemeral.public_key().public_bytes_raw()),
        "salt": encode_base64url(salt),
        "iv": encode_base64url(iv),
        "ciphertext": encode_base64url(data[:-16]),
        "tag": encode_base64url(data[-16:]),
    }


def opened(envelope: GateDeliveryEnvelope, info: bytes) -> Any:
    """Decrypt an envelope with primitives only."""
    private = load_der_private_key(bytes_of(PAIR.private_key.reveal()), None)
    assert isinstance(private, X25519PrivateKey)
    key = key_of(private, bytes_of(envelope.ephemeral_public_key), bytes_of(envelope.salt), info)
    data = bytes_of(envelope.ciphertext) + bytes_of(envelope.tag)
    return json.loads(AESGCM(key).decrypt(bytes_of(envelope.iv), data, None))


@pytest.mark.parametrize("profile", [TRIPWIRE, FOIL], ids=lambda profile: profile.name)
def test_an_envelope_is_what_the_service_describes(profile: Profile) -> None:
    """An independent implementation can decrypt it, under the requested name."""
    envelope = encrypt_delivery(PAIR.request, OUTPUTS, ack_token="ack", profile=profile)
    assert opened(envelope, f"{profile.name}-gate-delivery:v1".encode()) == {
        "version": 1,
        "outputs": OUTPUTS,
        "ack_token": "ack",
    }
    without = encrypt_delivery(PAIR.request, {}, profile=profile)
    assert opened(without, f"{profile.name}-gate-delivery:v1".encode()) == {"version": 1, "outputs": {}}


@pytest.mark.parametrize("info", [b"tripwire-gate-delivery:v1", b"foil-gate-delivery:v1"])
def test_an_envelope_made_elsewhere_is_opened_under_either_name(info: bytes) -> None:
    """Fields that are not known do no harm, inside or outside."""
    plaintext = json.dumps({"version": 1, "outputs": OUTPUTS, "ack_token": "ack", "later": 1}).encode()
    expected = DeliveredCredentials(
        outputs={name: Secret(value) for name, value in OUTPUTS.items()}, ack_token=Secret("ack")
    )
    assert expected == decrypt_delivery(sealed(plaintext, info) | {"later": True}, PAIR)


def allowed(name: str) -> bool:
    return not ("=" in name or "\0" in name or is_forbidden_variable(name) or is_managed_variable(name))


@settings(max_examples=30)
@given(
    outputs=st.dictionaries(st.text(min_size=1).filter(allowed), st.text(), max_size=4),
    ack_token=st.none() | st.text(),
    hidden=st.booleans(),
)
def test_what_was_encrypted_is_decrypted(outputs: dict[str, str], ack_token: str | None, hidden: bool) -> None:
    """Any names that are allowed, any values, plain or hidden, as a model or as it travels."""
    given_outputs = {name: Secret(value) if hidden else value for name, value in outputs.items()}
    envelope = encrypt_delivery(unstructure(PAIR.request), given_outputs, ack_token=ack_token)
    for form in (envelope, unstructure(envelope)):
        credentials = decrypt_delivery(form, PAIR)
        assert outputs == {name: value.reveal() for name, value in credentials.outputs.items()}
        expected = None if ack_token is None else Secret(ack_token)
        assert expected == credentials.ack_token


def test_credentials_are_never_printed() -> None:
    """Names are shown, values and tokens are not."""
    shown = repr(decrypt_delivery(encrypt_delivery(PAIR.request, OUTPUTS, ack_token="canary"), PAIR))
    assert "ACME_KEY" in shown
    assert "canary" not in shown


def test_two_envelopes_for_one_request_share_nothing() -> None:
    """The key, the salt and the nonce are never reused."""
    one, other = (encrypt_delivery(PAIR.request, OUTPUTS) for _ in range(2))
    assert all(getattr(one, name) != getattr(other, name) for name in BINARY)


def test_an_envelope_for_another_key_is_refused() -> None:
    """By its key id, before anything is computed."""
    with pytest.raises(GateDeliveryError, match="for another key: its key_id"):
        decrypt_delivery(encrypt_delivery(generate_key_pair().request, OUTPUTS), PAIR)


def test_an_envelope_that_claims_this_key_is_not_opened() -> None:
    """The key id does not prove anything; the encryption does."""
    envelope = encrypt_delivery(generate_key_pair().request, OUTPUTS)
    with pytest.raises(GateDeliveryError, match="cannot be decrypted"):
        decrypt_delivery(attrs.evolve(envelope, key_id=PAIR.key_id), PAIR)


@pytest.mark.parametrize("name", BINARY)
def test_an_envelope_changed_in_one_bit_is_not_opened(name: str) -> None:
    """Every binary field matters, but for the one bit of a public key that X25519 passes over."""
    envelope = encrypt_delivery(PAIR.request, OUTPUTS)
    rng = random.Random(name)  # noqa: S311 - a seed, so that a failure comes back
    for _ in range(20):
        data = bytearray(bytes_of(getattr(envelope, name)))
        at, bit = rng.randrange(len(data)), rng.randrange(7)
        data[at] ^= 1 << bit
        with pytest.raises(GateDeliveryError, match="cannot be decrypted"):
            decrypt_delivery(unstructure(envelope) | {name: encode_base64url(bytes(data))}, PAIR)


def test_a_public_key_that_makes_the_secret_known_is_refused() -> None:
    """A point of low order leads to a shared secret that is publicly known."""
    with pytest.raises(GateDeliveryError, match="cannot be decrypted"):
        decrypt_delivery(attrs.evolve(encrypt_delivery(PAIR.request, OUTPUTS), ephemeral_public_key="A" * 43), PAIR)
    low = {"public_key": "A" * 43, "key_id": "Zmh6rfhivXdsj8GLjp-OIAiXFIVu4jOzkCpZHQ1fKSU"}
    with pytest.raises(GateDeliveryError, match="point of low order"):
        encrypt_delivery(unstructure(PAIR.request) | low, OUTPUTS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version"),
        ({"algorithm": "rot13"}, "unsupported algorithm"),
        ({"key_id": "short"}, "key_id of the envelope"),
        ({"key_id": encode_base64url(bytes(31))}, "key_id of the envelope has 31 bytes and must have 32"),
        ({"ephemeral_public_key": encode_base64url(bytes(33))}, "ephemeral_public_key of the envelope has 33"),
        ({"salt": encode_base64url(bytes(16))}, "salt of the envelope has 16 bytes and must have 32"),
        ({"iv": encode_base64url(bytes(16))}, "iv of the envelope has 16 bytes and must have 12"),
        ({"tag": ""}, "tag of the envelope has 0 bytes and must have 16"),
        ({"tag": encode_base64url(bytes(16)) + "=="}, "tag of the envelope is not base64url"),
        ({"ciphertext": "!"}, "ciphertext of the envelope is not base64url"),
        ({"ciphertext": None}, "ciphertext"),
    ],
)
def test_a_malformed_envelope_is_refused_by_the_field(change: dict[str, Any], message: str) -> None:
    """The check alone finds it, and so does decrypting."""
    envelope = sealed(b"{}") | change
    for call in (check_envelope, lambda value: decrypt_delivery(value, PAIR)):
        with pytest.raises(GateDeliveryError, match=message):
            call(envelope)


@pytest.mark.parametrize("missing", ["version", "algorithm", "key_id", *BINARY])
def test_an_envelope_without_a_field_is_refused(missing: str) -> None:
    """The message names it."""
    envelope = sealed(b"{}")
    del envelope[missing]
    with pytest.raises(GateDeliveryError, match=missing):
        check_envelope(envelope)


def test_an_envelope_model_is_checked_like_a_received_envelope() -> None:
    """A model is not proof of validity."""
    envelope = encrypt_delivery(PAIR.request, OUTPUTS)
    assert envelope == check_envelope(envelope)
    for change, message in (
        ({"version": 2}, "unsupported version"),
        ({"algorithm": GateDeliveryEnvelopeAlgorithm("rot13")}, "unsupported algorithm"),
    ):
        with pytest.raises(GateDeliveryError, match=message):
            check_envelope(attrs.evolve(envelope, **change))


@pytest.mark.parametrize(
    ("plaintext", "message"),
    [
        (b"", "it is empty"),
        (b"\xff", "malformed or incomplete JSON"),
        (b"[]", "Expected `object`"),
        (b'{"outputs":{}}', "version"),
        (b'{"version":2,"outputs":{}}', "version"),
        (b'{"version":1}', "outputs"),
        (b'{"version":1,"outputs":[]}', "outputs"),
        (b'{"version":1,"outputs":{"A":5}}', "outputs"),
        (b'{"version":1,"outputs":{},"ack_token":5}', "ack_token"),
    ],
)
def test_an_envelope_that_holds_something_else_is_refused(plaintext: bytes, message: str) -> None:
    """Even though it was encrypted properly."""
    with pytest.raises(GateDeliveryError, match=f"content of the envelope is not a delivery: .*{message}"):
        decrypt_delivery(sealed(plaintext), PAIR)


def test_forbidden_variables_are_neither_encrypted_nor_delivered() -> None:
    """This applies to every sender; and only Gate may encrypt the variables that it manages."""
    for managed in (False, True):
        with pytest.raises(GateDeliveryError, match="never set PATH"):
            encrypt_delivery(PAIR.request, {"PATH": "/tmp"}, managed=managed)  # noqa: S108 - no file is touched
    with pytest.raises(GateDeliveryError, match="never set Path"):
        decrypt_delivery(sealed(b'{"version":1,"outputs":{"Path":"x"}}'), PAIR)
    with pytest.raises(GateDeliveryError, match="Gate manages"):
        encrypt_delivery(PAIR.request, {"ACME_GATE_AGENT_TOKEN": "agt_1"})
    envelope = encrypt_delivery(PAIR.request, {"ACME_GATE_AGENT_TOKEN": "agt_1"}, managed=True)
    assert decrypt_delivery(envelope, PAIR).outputs == {"ACME_GATE_AGENT_TOKEN": Secret("agt_1")}


def test_nothing_is_encrypted_for_a_request_whose_key_id_is_another_key_s() -> None:
    """The key was replaced."""
    with pytest.raises(GateDeliveryError, match="key_id"):
        encrypt_delivery(attrs.evolve(PAIR.request, public_key=generate_key_pair().public_key), OUTPUTS)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything else is looked at."""
    envelope = encrypt_delivery(PAIR.request, OUTPUTS)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    for call in (lambda: encrypt_delivery(PAIR.request, OUTPUTS), lambda: decrypt_delivery(envelope, PAIR)):
        with pytest.raises(ConfigurationError, match=r"tripwire-async\[crypto\]"):
            call()
