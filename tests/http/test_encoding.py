"""Encoding of an operation and its arguments as a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from tests.support.raw_server import http, listening, saying
from tests.support.virtual_time import run
from tripwire_async import AsyncTripwire
from tripwire_async._generated.models.shared import WebhookDeliveryEventType
from tripwire_async._generated.operations.gate import GET_GATE_REGISTRY_SERVICE
from tripwire_async._generated.operations.webhooks import SEND_TEST_WEBHOOK
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.encoding import build_url
from tripwire_async._http.options import CallOptions
from tripwire_async._http.transport import AiohttpTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aioresponses import aioresponses

from tests.support.api import API, GONE, NAMED, Thing, Wire, caller

KEY = "sk_test_canary"
ORGANIZATION = "org_" + "0" * 26
ENDPOINT = "we_" + "0" * 32
ENDPOINTS = f"{API}/v1/organizations/{ORGANIZATION}/webhooks/endpoints"


@pytest.fixture
async def client() -> AsyncIterator[AsyncTripwire]:
    async with AsyncTripwire(KEY, base_url=API) as client:
        yield client


async def test_a_request_has_the_key_and_no_body(client: AsyncTripwire, answers: aioresponses) -> None:
    """Redirects are off."""
    answers.get(
        ENDPOINTS,
        payload={"data": [], "pagination": {"limit": 50, "has_more": False}, "meta": {"request_id": "req_1"}},
    )
    page = await client.webhooks.list_endpoints(ORGANIZATION)
    assert () == page.items
    assert "req_1" == page.request_id
    (call,) = answers.requests["GET", URL(ENDPOINTS)]
    assert f"Bearer {KEY}" == call.kwargs["headers"]["Authorization"]
    assert call.kwargs["allow_redirects"] is False
    assert call.kwargs["data"] is None


@pytest.mark.parametrize(
    ("base_url", "start"),
    [
        (API, f"{API}/v1"),
        (f"{API}/", f"{API}/v1"),
        (f"{API}:8443/tripwire", f"{API}:8443/tripwire/v1"),
        (f"{API}/a%2Fb/{{thingId}}/", f"{API}/a%2Fb/%7BthingId%7D/v1"),
        ("http://[::1]:80/x/", "http://[::1]:80/x/v1"),
    ],
)
async def test_paths_are_appended_to_the_path_of_the_base_url(base_url: str, start: str) -> None:
    """A proxy may serve the API under a prefix."""
    wire = Wire()
    await caller(wire, base_url)(ApiRequest(NAMED, ("t", "part_a")))
    assert URL(f"{start}/things/t/parts/part_a", encoded=True) == wire.requests[0].url


TEXTS = st.one_of(
    st.text(st.characters(codec=None), max_size=20),
    st.text("./%?#&;:@\\ {}abc", max_size=20),
    st.sampled_from(
        [
            "../../api-keys/key_x/rotations?x=",
            "..",
            ".",
            "",
            "%2e%2e",
            "%2E%2E%2Fx",
            "a/../b",
            "..;/",
            "a\\..\\b",
            "{partId}",
            "part_a\n",
            "//evil.example/",
            "a?b#c",
            "\u2025",
            "\uff0e\uff0e\uff0f",
            "\x00",
            "a\r\nHost: evil",
            "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
        ]
    ),
)


@given(TEXTS)
def test_any_text_is_one_segment_of_the_path_or_rejected(text: str) -> None:
    """No id can reach another operation."""
    wire = Wire()
    try:
        run(caller(wire, f"{API}/prefix")(ApiRequest(NAMED, (text, "part_a"))))
    except ValueError as error:
        message = str(error)
    else:
        message = ""
    if message:
        assert "thing_id" in message
        assert [] == wire.requests
        return
    path, _, query = str(wire.requests[0].url.raw_path_qs).partition("?")
    start, segment, rest = path.split("/")[:4], path.split("/")[4], path.split("/")[5:]
    assert ["", "prefix", "v1", "things"] == start
    assert ["parts", "part_a"] == rest
    assert text == unquote(segment, errors="strict")
    assert segment not in {"", ".", ".."}
    assert "" == query


@pytest.mark.parametrize(
    "text", ["../../api-keys/key_x/rotations?x=", "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "a b%2F+{}", "..a", "~-_"]
)
async def test_a_quoted_segment_is_sent_unchanged(text: str) -> None:
    """No layer unquotes, normalizes or quotes it again."""
    transport = AiohttpTransport()
    async with listening(saying(http("200 OK", b'{"name": "it"}'))) as server:
        await ApiCaller(transport, URL(server.url), CallOptions())(ApiRequest(NAMED, (text, "part_a")))
        await transport.close()
        target = server.requests[0].split(b" ")[1].decode("ascii")
    assert ["", "v1", "things", text, "parts", "part_a"] == [unquote(segment) for segment in target.split("/")]


@pytest.mark.parametrize("value", ["part_A", "part_a\n", " part_a", "", "part_a/..", "p" * 1000])
async def test_an_invalid_id_is_an_error_with_the_name_of_the_argument(value: str) -> None:
    """Nothing is sent. The message names the expected prefix; a long value is shortened."""
    wire = Wire()
    with pytest.raises(ValueError, match=r"part_id '.*' is not a valid id: it") as caught:
        await caller(wire)(ApiRequest(NAMED, ("t", value)))
    assert [] == wire.requests
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [None, 5, b"part_a", ["part_a"]])
async def test_an_id_that_is_not_a_string_is_a_type_error(value: Any) -> None:
    """None is not converted to 'None'."""
    wire = Wire()
    with pytest.raises(TypeError, match="part_id must be a string, not"):
        await caller(wire)(ApiRequest(NAMED, ("t", value)))
    with pytest.raises(TypeError, match="thing_id must be a string, not"):
        await caller(wire)(ApiRequest(NAMED, (value, "part_a")))
    with pytest.raises(TypeError):
        await caller(wire)(ApiRequest(NAMED, ("t",)))
    assert [] == wire.requests


@given(
    st.dictionaries(
        st.sampled_from(["search", "cursor"]), st.text(st.characters(codec="utf-8"), min_size=1), min_size=1
    )
)
def test_query_values_are_quoted(query: dict[str, str]) -> None:
    """Ampersands, plus signs, hashes, percent signs, any script."""
    wire = Wire()
    run(caller(wire)(ApiRequest(NAMED, ("t", "part_a"), query=query)))
    assert query == dict(parse_qsl(wire.requests[0].url.raw_query_string, strict_parsing=True, errors="strict"))


async def test_query_values_are_quoted_once() -> None:
    """The transport does not quote them again."""
    search = "a&b=c#d+e f%20g/\N{SNOWMAN}"
    transport = AiohttpTransport()
    async with listening(saying(http("200 OK", b'{"name": "it"}'))) as server:
        await ApiCaller(transport, URL(server.url), CallOptions())(
            ApiRequest(NAMED, ("t", "part_a"), query={"search": search})
        )
        await transport.close()
        target = server.requests[0].split(b" ")[1].decode("ascii")
    assert [("search", search)] == parse_qsl(target.partition("?")[2], strict_parsing=True)


async def test_a_query_value_with_a_lone_surrogate_is_an_error() -> None:
    """Yarl drops a lone surrogate, and a search for it would then match everything."""
    wire = Wire()
    with pytest.raises(ValueError, match="search cannot be sent: it contains a lone surrogate"):
        await caller(wire)(ApiRequest(NAMED, ("t", "part_a"), query={"search": "a\ud800"}))
    assert [] == wire.requests


async def test_query_arguments_that_are_none_are_not_sent() -> None:
    """Enumerations, numbers and booleans are sent in the format of the API."""
    wire = Wire()
    event = WebhookDeliveryEventType("webhook.test")
    await caller(wire)(
        ApiRequest(NAMED, ("t", "part_a"), query={"cursor": None, "limit": 5, "type": event, "all": True, "no": False})
    )
    assert "limit=5&type=webhook.test&all=true&no=false" == wire.requests[0].url.raw_query_string
    await caller(wire)(ApiRequest(NAMED, ("t", "part_a"), query={"cursor": None}))
    assert "" == wire.requests[1].url.raw_query_string


@pytest.mark.parametrize("value", [None, 5, b"text"])
async def test_a_body_field_of_the_wrong_type_is_an_error_with_its_name(value: Any) -> None:
    """The models do not check types; null is not accepted everywhere, and bytes are not text."""
    wire = Wire()
    create = attrs.evolve(GONE, id="createThing", method="POST", body=Thing)
    with pytest.raises(ValueError, match="createThing: name cannot be sent: Expected `str`, got"):
        await caller(wire)(ApiRequest(create, body=Thing(value)))
    assert [] == wire.requests
    await caller(wire)(ApiRequest(create, body=Thing("text")))
    assert b'{"name":"text"}' == wire.requests[0].body
    assert "application/json" == wire.requests[0].headers["Content-Type"]


async def test_a_call_can_shorten_the_deadline_but_not_extend_it() -> None:
    """The client's deadline is the maximum."""
    clock = Clock()
    wire = Wire()
    call = ApiCaller(wire, URL(API), CallOptions(deadline=300.0, timeout=7.0, max_attempts=2), clock=clock)
    for deadline in (None, 10.0, 900.0):
        await call(ApiRequest(NAMED, ("t", "part_a"), deadline=deadline, priority="poll"))
    assert [1300.0, 1010.0, 1300.0] == [request.deadline for request in wire.requests]
    assert (7.0, 2, "poll") == (wire.requests[0].timeout, wire.requests[0].max_attempts, wire.requests[0].priority)


class Clock:
    def now(self) -> float:
        return 1000.0

    def call_at(self, when: float, callback: Any, /) -> Any:
        raise AssertionError

    async def sleep(self, seconds: float, /) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("wevt_" + "0" * 32, "it is an event id; pass an id that begins with 'we_'"),
        ("we_0", "it begins with 'we_', but the rest is malformed or has the wrong length"),
        ("endpoint", "it must begin with 'we_'"),
    ],
)
def test_an_invalid_id_is_explained(value: str, reason: str) -> None:
    """An id of another kind is named; no message shows a regular expression."""
    with pytest.raises(ValueError, match="endpoint_id") as caught:
        build_url(URL("https://api.example"), SEND_TEST_WEBHOOK, (ORGANIZATION, value))
    assert f"endpoint_id {value!r} is not a valid id: {reason}" == str(caught.value)


@pytest.mark.parametrize("base", ["https://api.example/base", "https://api.example/base/"])
def test_the_path_of_the_base_url_is_kept(base: str) -> None:
    """With and without a slash at its end."""
    url = build_url(URL(base), GET_GATE_REGISTRY_SERVICE, ("abc",))
    assert url == URL("https://api.example/base/v1/gate/registry/abc")


def test_an_id_without_a_prefix_is_rejected_without_an_explanation() -> None:
    """The pattern of a service id has no prefix."""
    with pytest.raises(ValueError, match=r"^service_id 'A' is not a valid id$"):
        build_url(URL("https://api.example"), GET_GATE_REGISTRY_SERVICE, ("A",))
