"""Keys travel as text, and a delivery request must be about the key that it carries."""

from __future__ import annotations

import base64
import hashlib
import pickle
import sys
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import ConfigurationError, GateDeliveryError
from tripwire_async.gate_delivery import (
    ALGORITHM,
    DeliveryKeyPair,
    check_delivery_request,
    generate_key_pair,
    import_key_pair,
)
from tripwire_async.models import GateDeliveryRequest, GateDeliveryRequestAlgorithm


def encode_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def request_of(pair: DeliveryKeyPair) -> dict[str, Any]:
    return {"version": 1, "algorithm": ALGORITHM, "key_id": pair.key_id, "public_key": pair.public_key}


def test_a_key_pair_is_an_x25519_key_in_its_three_forms() -> None:
    """Read back with the primitives alone."""
    pair = generate_key_pair()
    key = load_der_private_key(bytes_of(pair.private_key.reveal()), None)
    assert isinstance(key, X25519PrivateKey)
    public = key.public_key().public_bytes_raw()
    assert encode_base64url(public) == pair.public_key
    assert encode_base64url(hashlib.sha256(public).digest()) == pair.key_id
    assert "=" not in pair.private_key.reveal() + pair.public_key + pair.key_id


def test_a_key_of_rfc_7748_is_imported() -> None:
    """Alice's key of section 6.1, around which the PKCS#8 DER is always the same 16 bytes."""
    private = bytes.fromhex(
        "302e020100300506032b656e0422042077076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
    )
    pair = import_key_pair(encode_base64url(private))
    assert bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a") == bytes_of(
        pair.public_key
    )


def test_a_private_key_survives_export_and_import() -> None:
    """As text, or still hidden."""
    pair = generate_key_pair()
    assert pair == import_key_pair(pair.private_key) == import_key_pair(pair.private_key.reveal())


def test_a_key_pair_is_not_pickled() -> None:
    """Its private key is a secret, and storing it requires an explicit export."""
    with pytest.raises(TypeError, match="reveal"):
        pickle.dumps(generate_key_pair())


def test_two_key_pairs_differ() -> None:
    """They are random."""
    assert generate_key_pair() != generate_key_pair()


def test_a_private_key_is_never_printed() -> None:
    """The pair hides it, and so do the errors about invalid keys."""
    pair = generate_key_pair()
    text = pair.private_key.reveal()
    assert text not in repr(pair)
    with pytest.raises(GateDeliveryError) as caught:
        import_key_pair(text + "=")
    assert text not in repr(caught.value)


def bad_private_keys() -> dict[str, str]:
    key = X25519PrivateKey.generate()
    encrypted = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass"))
    other = Ed25519PrivateKey.generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return {
        "empty": "",
        "raw": encode_base64url(key.private_bytes_raw()),
        "public": encode_base64url(key.public_key().public_bytes_raw()),
        "encrypted": encode_base64url(encrypted),
        "another kind": encode_base64url(other),
        "rubbish": encode_base64url(b"rubbish"),
    }


@pytest.mark.parametrize("text", bad_private_keys().values(), ids=bad_private_keys())
def test_what_is_no_x25519_key_is_not_imported(text: str) -> None:
    """Whatever else it may be."""
    with pytest.raises(GateDeliveryError, match="not an unencrypted X25519 key"):
        import_key_pair(text)


@pytest.mark.parametrize("text", ["A", "AA==", "AB", "A A", "A+/_", "é", "AAAA\n"])
def test_base64url_is_taken_literally(text: str) -> None:
    """No padding, no other alphabet, no line end, no spare bits."""
    with pytest.raises(GateDeliveryError, match="private key is not base64url"):
        import_key_pair(text)


def test_a_key_that_is_no_text_is_a_mistake_of_the_caller() -> None:
    """For example the value of a variable that is not set."""
    missing: Any = None
    with pytest.raises(TypeError, match="private_key must be text or a Secret, not NoneType"):
        import_key_pair(missing)


def test_a_pair_s_own_request_is_valid() -> None:
    """As a model, and as it travels, where fields that are not known do no harm."""
    pair = generate_key_pair()
    assert pair.request == check_delivery_request(pair.request)
    assert pair.request == check_delivery_request(request_of(pair) | {"later": True})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key_id": encode_base64url(bytes(32))}, "key_id of the delivery request does not match its public key"),
        ({"key_id": ""}, "key_id"),
        ({"key_id": None}, "key_id"),
        ({"public_key": encode_base64url(bytes(31))}, "has 31 bytes and must have 32"),
        ({"public_key": encode_base64url(bytes(33))}, "has 33 bytes and must have 32"),
        ({"public_key": "="}, "public_key of the delivery request is not base64url"),
        ({"public_key": 5}, "public_key"),
        ({"version": 2}, "version"),
        ({"version": "1"}, "version"),
        ({"algorithm": "rot13"}, "unsupported algorithm"),
        ({"algorithm": None}, "algorithm"),
    ],
)
def test_a_bad_request_is_refused(change: dict[str, Any], message: str) -> None:
    """One thing wrong is enough; above all, a key id that is another key's."""
    with pytest.raises(GateDeliveryError, match=message):
        check_delivery_request(request_of(generate_key_pair()) | change)


@pytest.mark.parametrize("missing", ["version", "algorithm", "key_id", "public_key"])
def test_a_request_without_a_field_is_refused(missing: str) -> None:
    """The message names it."""
    request = request_of(generate_key_pair())
    del request[missing]
    with pytest.raises(GateDeliveryError, match=missing):
        check_delivery_request(request)


def test_a_request_model_is_checked_like_a_received_request() -> None:
    """A model is not proof of validity."""
    request = generate_key_pair().request
    for change, message in (
        ({"version": 2}, "unsupported version"),
        ({"algorithm": GateDeliveryRequestAlgorithm("rot13")}, "unsupported algorithm"),
        ({"key_id": generate_key_pair().key_id}, "does not match its public key"),
    ):
        with pytest.raises(GateDeliveryError, match=message):
            check_delivery_request(attrs.evolve(request, **change))


@pytest.mark.parametrize("value", [None, [], "text", 5])
def test_what_is_no_object_is_no_request(value: Any) -> None:
    """Other types are invalid."""
    with pytest.raises(GateDeliveryError, match="delivery request is not valid"):
        check_delivery_request(value)


def test_the_check_needs_no_extra_and_keys_name_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver can look at a request without cryptography."""
    pair = generate_key_pair()
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert isinstance(check_delivery_request(request_of(pair)), GateDeliveryRequest)
    for call in (generate_key_pair, lambda: import_key_pair(Secret("AAAA"))):
        with pytest.raises(ConfigurationError, match=r"tripwire-async\[crypto\]"):
            call()
