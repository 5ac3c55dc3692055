"""A webhook is believed only when the service signed these very bytes, a moment ago."""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from tests.support.frames import library_locals
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import ConfigurationError, SignatureError
from tripwire_async.receiver import receive_event, sign_webhook, verify_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECRET = "whsec_3f9d1c"
BODY = b'{"id":"wevt_1"}'
NOW = 1_774_382_400


def signed(
    body: bytes = BODY, secret: str = SECRET, timestamp: str = str(NOW), name: str = "Tripwire"
) -> dict[str, str]:
    """Return the headers according to the service's documentation, implemented independently."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {f"X-{name}-Timestamp": timestamp, f"X-{name}-Signature": digest}


def test_a_signature_computed_elsewhere_is_accepted() -> None:
    """The digest was computed with ``openssl dgst -sha256 -hmac``."""
    headers = {
        "X-Tripwire-Timestamp": "1774382400",
        "X-Tripwire-Signature": "dd38f0d61a4c1a8c198345ceb862101d6665732cd268e52f2e506a18e23a3702",
    }
    assert headers == sign_webhook(BODY, SECRET, NOW)
    verify_signature(BODY, headers, SECRET, now=NOW)


def test_the_system_s_time_is_the_default() -> None:
    """Without *now* and without *timestamp*, the sender and the receiver read the clock."""
    assert int(sign_webhook(BODY, SECRET)["X-Tripwire-Timestamp"]) == pytest.approx(time.time(), abs=60)
    verify_signature(BODY, sign_webhook(BODY, SECRET), SECRET)
    with pytest.raises(SignatureError, match="from now"):
        verify_signature(BODY, sign_webhook(BODY, SECRET, 1), SECRET)


@given(
    body=st.binary(),
    # A text that begins like an API key is rejected as a mistake.
    secret=st.text(min_size=1).filter(lambda text: not text.startswith(("sk_", "pk_"))),
    offset=st.integers(-300, 300),
)
def test_whatever_was_signed_verifies(body: bytes, secret: str, offset: int) -> None:
    """Any body, any secret that can be encoded, any time within the tolerance."""
    verify_signature(body, sign_webhook(body, secret, NOW + offset), secret, now=NOW)


@given(st.data())
def test_a_body_changed_in_one_bit_is_refused(data: st.DataObject) -> None:
    """No bit of the body is outside the signature."""
    body = data.draw(st.binary(min_size=1))
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    changed = bytearray(body)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureError, match="does not match"):
        verify_signature(bytes(changed), signed(body), SECRET, now=NOW)


def test_another_timestamp_than_the_signed_one_is_refused() -> None:
    """A replay does not become fresh by a new timestamp."""
    with pytest.raises(SignatureError, match="does not match"):
        verify_signature(BODY, signed() | {"X-Tripwire-Timestamp": str(NOW + 1)}, SECRET, now=NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {key.lower(): value for key, value in signed().items()},
        {key.upper(): value for key, value in signed().items()},
        {key: [value] for key, value in signed().items()},
        CIMultiDict(signed()),
    ],
    ids=["lower case", "upper case", "lists", "multidict"],
)
def test_headers_are_any_mapping_in_any_case(headers: Mapping[str, Any]) -> None:
    """Frameworks differ in how they hold headers."""
    verify_signature(BODY, headers, SECRET, now=NOW)


@pytest.mark.parametrize("name", ["X-Tripwire-Timestamp", "X-Tripwire-Signature"])
def test_a_header_that_is_there_twice_is_refused(name: str) -> None:
    """Even with the same value, and however the mapping holds both."""
    headers = signed()
    twice: list[Mapping[str, Any]] = [
        CIMultiDict([*headers.items(), (name.lower(), headers[name])]),
        headers | {name.upper(): headers[name]},
        headers | {name: [headers[name], headers[name]]},
        headers | {name: (headers[name], "0")},
    ]
    for mapping in twice:
        with pytest.raises(SignatureError, match=f"{name} 2 times"):
            verify_signature(BODY, mapping, SECRET, now=NOW)


def test_two_values_joined_by_a_comma_are_refused() -> None:
    """Some servers join repeated headers; the result is not a number and not a digest."""
    headers = signed()
    for name, value in headers.items():
        with pytest.raises(SignatureError, match=f"{name} is not"):
            verify_signature(BODY, headers | {name: f"{value},{value}"}, SECRET, now=NOW)


@pytest.mark.parametrize("missing", ["X-Tripwire-Timestamp", "X-Tripwire-Signature"])
def test_half_a_pair_of_headers_is_refused(missing: str) -> None:
    """The message names the one that is missing."""
    headers = signed()
    del headers[missing]
    with pytest.raises(SignatureError, match=f"but not {missing}"):
        verify_signature(BODY, headers, SECRET, now=NOW)


def test_a_webhook_without_headers_is_refused() -> None:
    """This is the case for any other request to the URL."""
    with pytest.raises(SignatureError, match="has no X-Tripwire-Timestamp"):
        verify_signature(BODY, {"Content-Type": "application/json"}, SECRET, now=NOW)


def test_a_list_without_a_value_is_a_header_that_is_missing() -> None:
    """An empty list of values counts as missing."""
    headers: dict[str, Any] = signed() | {"X-Tripwire-Signature": []}
    with pytest.raises(SignatureError, match="but not X-Tripwire-Signature"):
        verify_signature(BODY, headers, SECRET, now=NOW)


def test_the_service_s_later_name_is_accepted() -> None:
    """Foil signs in the same way, with its own headers."""
    verify_signature(BODY, signed(name="Foil"), SECRET, now=NOW)


def test_the_headers_of_both_names_are_never_mixed() -> None:
    """A timestamp of one with the signature of the other are two halves."""
    mixed = {
        "X-Tripwire-Timestamp": signed()["X-Tripwire-Timestamp"],
        "X-Foil-Signature": signed(name="Foil")["X-Foil-Signature"],
    }
    with pytest.raises(SignatureError, match="but not"):
        verify_signature(BODY, mixed, SECRET, now=NOW)


def test_where_both_names_signed_both_must_be_right() -> None:
    """A good pair does not excuse a bad one, whichever comes first."""
    verify_signature(BODY, signed() | signed(name="Foil"), SECRET, now=NOW)
    for bad, good in (("Tripwire", "Foil"), ("Foil", "Tripwire")):
        with pytest.raises(SignatureError, match="does not match"):
            verify_signature(BODY, signed(name=good) | signed(secret="whsec_other", name=bad), SECRET, now=NOW)


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 86_400])
def test_a_timestamp_too_far_from_now_is_refused_either_way(seconds: int) -> None:
    """Yesterday's webhook is a replay; tomorrow's comes from a wrong clock or a liar."""
    with pytest.raises(SignatureError, match="more than 300 s from now"):
        verify_signature(BODY, signed(timestamp=str(NOW + seconds)), SECRET, now=NOW)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_timestamp_at_the_tolerance_is_accepted(seconds: int) -> None:
    """The limit itself is inside."""
    verify_signature(BODY, signed(timestamp=str(NOW + seconds)), SECRET, now=NOW)


def test_the_tolerance_is_an_argument() -> None:
    """Zero means this very second."""
    verify_signature(BODY, signed(), SECRET, tolerance=0, now=NOW)
    with pytest.raises(SignatureError, match="more than 0 s"):
        verify_signature(BODY, signed(), SECRET, tolerance=0, now=NOW + 1)


@pytest.mark.parametrize("tolerance", [-1, math.nan, math.inf])
def test_a_tolerance_that_would_switch_the_check_off_is_refused(tolerance: float) -> None:
    """A number must not disable the check for replays."""
    with pytest.raises(ValueError, match="tolerance must be"):
        verify_signature(BODY, signed(), SECRET, tolerance=tolerance, now=NOW)


def test_a_now_that_is_no_number_accepts_nothing() -> None:
    """Comparisons with nan are false, and false must not mean fresh."""
    with pytest.raises(SignatureError, match="from now"):
        verify_signature(BODY, signed(), SECRET, now=math.nan)


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        " ",
        f" {NOW}",
        f"{NOW} ",
        f"+{NOW}",
        f"{NOW}.0",
        "1_774_382_400",
        f"-{NOW}",
        "1e9",
        "٣٠٠",
        f"{NOW}\n",
        "9" * 13,
        "nan",
    ],
)
def test_a_timestamp_is_plain_digits(timestamp: str) -> None:
    """Even where the signature covers it and Python would read a number."""
    with pytest.raises(SignatureError, match="plain digits"):
        verify_signature(BODY, signed(timestamp=timestamp), SECRET, now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: f"sha256={text}",
        lambda _: "",
        lambda _: "é" * 64,
    ],
    ids=["upper", "short", "long", "prefixed", "empty", "not ASCII"],
)
def test_a_signature_is_64_lower_case_digits(change: Any) -> None:
    """Text outside ASCII, with which the comparison itself fails, is rejected like other invalid text."""
    headers = signed()
    headers["X-Tripwire-Signature"] = change(headers["X-Tripwire-Signature"])
    with pytest.raises(SignatureError, match="64 lower-case"):
        verify_signature(BODY, headers, SECRET, now=NOW)


@pytest.mark.parametrize(
    "secret", [["old", SECRET], [SECRET, "old"], (Secret(SECRET),), {SECRET}, iter([SECRET]), Secret(SECRET)]
)
def test_while_a_secret_is_rotated_any_of_several_will_do(secret: Any) -> None:
    """In any order, as `Secret` or text, in any iterable."""
    verify_signature(BODY, signed(), secret, now=NOW)


def test_every_secret_is_tried_even_after_a_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """The duration does not reveal which of them matched."""
    compared: list[bool] = []
    compare = hmac.compare_digest

    def counting(one: bytes, other: bytes) -> bool:
        compared.append(compare(one, other))
        return compared[-1]

    monkeypatch.setattr(hmac, "compare_digest", counting)
    verify_signature(BODY, signed(), [SECRET, "second", "third"], now=NOW)
    assert compared == [True, False, False]


def test_another_secret_is_refused_and_never_printed() -> None:
    """The message contains no secret and no valid signature."""
    with pytest.raises(SignatureError) as caught:
        verify_signature(BODY, signed(), ["whsec_canary", Secret("whsec_bird")], now=NOW)
    right = signed(secret="whsec_canary")["X-Tripwire-Signature"]
    for hidden in ("canary", "bird", right):
        assert hidden not in str(caught.value)
    assert "endpoint's own" in str(caught.value)


@pytest.mark.parametrize("secret", ["", Secret(""), [SECRET, ""], [], ()])
def test_an_empty_secret_is_a_mistake_in_the_set_up(secret: Any) -> None:
    """An attacker could forge a webhook with it; the webhook is not at fault."""
    with pytest.raises(ConfigurationError, match="webhook signing secret"):
        verify_signature(BODY, signed(secret=""), secret, now=NOW)


@pytest.mark.parametrize("secret", ["", Secret("")])
def test_nothing_is_signed_with_an_empty_secret(secret: str | Secret) -> None:
    """The test of an endpoint would show nothing."""
    with pytest.raises(ConfigurationError, match="empty webhook signing secret"):
        sign_webhook(BODY, secret)


def test_a_secret_that_cannot_be_encoded_is_not_carried_by_an_exception() -> None:
    """Environment variables can hold lone surrogates; the exception that encoding raises would hold the whole text."""
    with pytest.raises(SignatureError, match="does not match"):
        verify_signature(BODY, signed(), "whsec_\udce9", now=NOW)


@pytest.mark.parametrize("secret", [None, b"whsec_canary", [None], 5])
def test_a_secret_is_text(secret: Any) -> None:
    """The message names the type and not the value."""
    with pytest.raises(TypeError, match="text or a Secret") as caught:
        verify_signature(BODY, signed(), secret, now=NOW)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("body", [BODY.decode(), {"id": "wevt_1"}, bytearray(BODY), None])
def test_a_body_is_bytes(body: Any) -> None:
    """Decoding or parsing can change the signed bytes; the message explains it."""
    with pytest.raises(TypeError, match="bytes as they were received"):
        verify_signature(body, signed(), SECRET, now=NOW)


@pytest.mark.parametrize("secret", ["whsec_canary", Secret("whsec_canary"), ["whsec_canary", Secret("whsec_canary")]])
@pytest.mark.parametrize("verify", [verify_signature, receive_event])
def test_no_frame_of_the_library_holds_the_secret_in_plain_text(verify: Callable[..., object], secret: Any) -> None:
    """Error reporters print the locals of every frame of an exception."""
    with pytest.raises(SignatureError) as forged:
        verify(b"{}", signed(b"x"), secret, now=NOW)
    with pytest.raises(TypeError) as mistyped:
        verify("{}", signed(), secret, now=NOW)
    with pytest.raises(TypeError) as mixed:
        verify(BODY, signed(), ["whsec_canary", 5], now=NOW)
    for caught in (forged, mistyped, mixed):
        assert "whsec_…" in library_locals(caught.value)
        assert "canary" not in library_locals(caught.value)


def test_signing_with_an_invalid_timestamp_shows_no_secret() -> None:
    """The frame of `sign_webhook` holds the secret hidden."""
    with pytest.raises(ValueError, match="timestamp must be a time in Unix seconds, not nan") as caught:
        sign_webhook(BODY, "whsec_canary", math.nan)
    assert "canary" not in library_locals(caught.value)


@pytest.mark.parametrize("headers", [None, [(b"x-tripwire-timestamp", b"1")], "X-Tripwire-Timestamp: 1", 5])
def test_headers_that_are_not_a_mapping_are_a_type_error(headers: Any) -> None:
    """A mistake of the caller, which names what to pass."""
    with pytest.raises(TypeError, match=r"headers must be a mapping such as request\.headers, not \w+$"):
        verify_signature(BODY, headers, SECRET, now=NOW)


def test_the_variables_of_wsgi_are_named_as_such() -> None:
    """The META of a Django request holds the headers under other names."""
    meta = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in signed().items()}
    with pytest.raises(SignatureError, match=r"WSGI variables .*: pass request\.headers"):
        verify_signature(BODY, meta, SECRET, now=NOW)


def test_header_names_that_are_bytes_are_named_as_such() -> None:
    """An ASGI scope holds the headers as bytes."""
    scope: Any = {name.lower().encode(): value.encode() for name, value in signed().items()}
    with pytest.raises(SignatureError, match=r"names are bytes: pass a mapping of text such as request\.headers"):
        verify_signature(BODY, scope, SECRET, now=NOW)


def test_a_timestamp_to_sign_may_have_a_fraction() -> None:
    """It is dropped: verification accepts whole seconds only."""
    headers = sign_webhook(BODY, SECRET, NOW + 0.7)
    assert str(NOW) == headers["X-Tripwire-Timestamp"]
    verify_signature(BODY, headers, SECRET, now=NOW)
