"""Operations and their arguments become requests; answers become models or errors."""

from __future__ import annotations

import re
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
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.messages import Request, Response
from tripwire_async._http.options import CallOptions
from tripwire_async._http.transport import AiohttpTransport
from tripwire_async._operation import Operation, PathArgument
from tripwire_async.errors import APIError, ResponseDecodeError, error_class

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aioresponses import aioresponses

API = "https://api.example"
KEY = "sk_test_canary"
ORGANIZATION = "org_" + "0" * 26
ENDPOINT = "we_" + "0" * 32
ENDPOINTS = f"{API}/v1/organizations/{ORGANIZATION}/webhooks/endpoints"


@attrs.frozen
class Thing:
    name: str


NAMED = Operation[Thing](
    id="getThing",
    method="GET",
    path="/v1/things/{thingId}/parts/{partId}",
    path_arguments=(
        PathArgument(name="thingId", argument="thing_id"),
        PathArgument(name="partId", argument="part_id", pattern=re.compile("^part_[a-z]+$")),
    ),
    authority="secret",
    scope="things:read",
    success=200,
    returns=Thing,
)
GONE: Operation[None] = Operation(
    id="deleteThing", method="DELETE", path="/v1/things", authority="public", success=204, returns=type(None)
)


class Wire:
    """A handler that keeps the requests and gives one answer."""

    def __init__(self, status: int = 200, body: bytes = b'{"name": "it"}', **headers: str) -> None:
        self.response = Response(status, {name.replace("_", "-"): text for name, text in headers.items()}, body)
        self.requests: list[Request] = []

    async def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response


def caller(wire: Wire, base_url: str = API, **options: Any) -> ApiCaller:
    return ApiCaller(wire, URL(base_url), CallOptions(**options))


# -- requests -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def client() -> AsyncIterator[AsyncTripwire]:
    async with AsyncTripwire(KEY, base_url=API) as client:
        yield client


async def test_a_request_carries_the_key_and_no_body(client: AsyncTripwire, answers: aioresponses) -> None:
    """The bearer token, and redirects refused."""
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
async def test_paths_are_put_behind_the_base_urls_own(base_url: str, start: str) -> None:
    """A gateway may serve the API under a prefix."""
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
def test_any_text_is_one_segment_of_the_path_or_refused(text: str) -> None:
    """The operation that is called is the one that was meant, whatever the id."""
    wire = Wire()
    try:
        run(caller(wire, f"{API}/prefix")(ApiRequest(NAMED, (text, "part_a"))))
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = ""
    if refusal:
        assert "thing_id" in refusal
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
async def test_what_is_quoted_arrives_on_the_wire_as_it_was(text: str) -> None:
    """Nothing between here and the socket unquotes, normalizes or quotes again."""
    transport = AiohttpTransport()
    async with listening(saying(http("200 OK", b'{"name": "it"}'))) as server:
        await ApiCaller(transport, URL(server.url), CallOptions())(ApiRequest(NAMED, (text, "part_a")))
        await transport.close()
        target = server.requests[0].split(b" ")[1].decode("ascii")
    assert ["", "v1", "things", text, "parts", "part_a"] == [unquote(segment) for segment in target.split("/")]


@pytest.mark.parametrize("value", ["part_A", "part_a\n", " part_a", "", "part_a/..", "p" * 1000])
async def test_an_id_that_does_not_match_is_refused_by_the_arguments_name(value: str) -> None:
    """Before anything is sent, with what it should have been; a long one is cut."""
    wire = Wire()
    with pytest.raises(ValueError, match=r"part_id '.*' is not a valid id: it") as caught:
        await caller(wire)(ApiRequest(NAMED, ("t", value)))
    assert [] == wire.requests
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [None, 5, b"part_a", ["part_a"]])
async def test_an_id_that_is_no_text_is_a_type_error(value: Any) -> None:
    """None is not 'None'."""
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
def test_query_values_arrive_as_they_were(query: dict[str, str]) -> None:
    """Ampersands, plus signs, hashes, percent signs, any script."""
    wire = Wire()
    run(caller(wire)(ApiRequest(NAMED, ("t", "part_a"), query=query)))
    assert query == dict(parse_qsl(wire.requests[0].url.raw_query_string, strict_parsing=True, errors="strict"))


async def test_query_values_survive_the_wire() -> None:
    """The transport does not quote again what is quoted."""
    search = "a&b=c#d+e f%20g/\N{SNOWMAN}"
    transport = AiohttpTransport()
    async with listening(saying(http("200 OK", b'{"name": "it"}'))) as server:
        await ApiCaller(transport, URL(server.url), CallOptions())(
            ApiRequest(NAMED, ("t", "part_a"), query={"search": search})
        )
        await transport.close()
        target = server.requests[0].split(b" ")[1].decode("ascii")
    assert [("search", search)] == parse_qsl(target.partition("?")[2], strict_parsing=True)


async def test_a_query_value_that_utf_8_cannot_say_is_refused_by_its_name() -> None:
    """Left to yarl, half a surrogate pair would vanish, and a search for it would find everything."""
    wire = Wire()
    with pytest.raises(ValueError, match="search cannot be sent: it contains a lone surrogate"):
        await caller(wire)(ApiRequest(NAMED, ("t", "part_a"), query={"search": "a\ud800"}))
    assert [] == wire.requests


async def test_what_is_none_is_left_out_of_the_query() -> None:
    """And members, numbers and truths stand as the wire has them."""
    wire = Wire()
    event = WebhookDeliveryEventType("webhook.test")
    await caller(wire)(
        ApiRequest(NAMED, ("t", "part_a"), query={"cursor": None, "limit": 5, "type": event, "all": True, "no": False})
    )
    assert "limit=5&type=webhook.test&all=true&no=false" == wire.requests[0].url.raw_query_string
    await caller(wire)(ApiRequest(NAMED, ("t", "part_a"), query={"cursor": None}))
    assert "" == wire.requests[1].url.raw_query_string


@pytest.mark.parametrize("value", [None, 5, b"text"])
async def test_a_body_whose_fields_have_the_wrong_type_is_refused_by_their_name(value: Any) -> None:
    """The models check nothing themselves; null is not for every field, and bytes are no text."""
    wire = Wire()
    create = attrs.evolve(GONE, id="createThing", method="POST", body=Thing)
    with pytest.raises(ValueError, match="createThing: name cannot be sent: Expected `str`, got"):
        await caller(wire)(ApiRequest(create, body=Thing(value)))
    assert [] == wire.requests
    await caller(wire)(ApiRequest(create, body=Thing("text")))
    assert b'{"name":"text"}' == wire.requests[0].body
    assert "application/json" == wire.requests[0].headers["Content-Type"]


async def test_a_call_can_shorten_the_deadline_but_not_stretch_it() -> None:
    """The client's deadline holds for everything."""
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


# -- answers ------------------------------------------------------------------------------------------------------


async def test_a_good_answer_is_a_model_with_what_came_around_it() -> None:
    """Status, headers, the service's id and the trace."""
    wire = Wire(X_Request_Id="req_1")
    answer = await caller(wire)(ApiRequest(NAMED, ("t", "part_a")))
    assert (Thing("it"), 200, "req_1") == (answer.value, answer.status, answer.request_id)
    assert wire.requests[0].stats is answer.stats


async def test_headers_are_found_in_any_case_even_in_a_plain_dict() -> None:
    """A middleware that caches may hand one up."""
    answer = await caller(Wire(**{"x-request-id": "req_1"}))(ApiRequest(NAMED, ("t", "part_a")))
    assert "req_1" == answer.request_id
    with pytest.raises(APIError) as caught:
        await caller(Wire(404, b"", **{"x-request-id": "req_2"}))(ApiRequest(NAMED, ("t", "part_a")))
    assert "req_2" == caught.value.request_id


@pytest.mark.parametrize("body", [b"", b"anything", b"{}"])
async def test_an_operation_without_an_answer_reads_none(body: bytes) -> None:
    """What a 204 brings all the same is nobody's."""
    answer = await caller(Wire(204, body))(ApiRequest(GONE))
    assert answer.value is None


@pytest.mark.parametrize(
    ("body", "path", "excerpt"),
    [
        (b"", None, ""),
        (b"<html>hello</html>", None, "<html>hello</html>"),
        (b'{"name": "i', None, '{"name": "i'),
        (b"\xff\xfe", None, "\N{REPLACEMENT CHARACTER}" * 2),
        (b"[]", "$", "[]"),
        (b'"down for maintenance"', "$", '"down for maintenance"'),
        (b'{"name": 5}', "$.name", ""),
        (b"{}", "$", ""),
        (b'{"x":' + b"[" * 100_000, None, '{"x":' + "[" * 495 + "…"),
    ],
    ids=["empty", "html", "cut off", "no text", "a list", "a text", "wrong type", "missing", "the depths"],
)
async def test_an_answer_that_is_not_what_was_described_is_an_error_of_ours(
    body: bytes, path: str | None, excerpt: str
) -> None:
    """With the operation, the status, the request id, the place, and a piece of what cannot be read."""
    with pytest.raises(ResponseDecodeError) as caught:
        await caller(Wire(200, body, X_Request_Id="req_1"))(ApiRequest(NAMED, ("t", "part_a")))
    error = caught.value
    assert ("getThing", 200, "req_1") == (error.operation, error.status, error.request_id)
    assert path is None or (error.path or "").startswith(path)
    assert (path is None) is (error.path is None)
    assert excerpt == error.body
    assert "getThing: the response does not match the API's description" in str(error)


ADVICE = {
    400: "",
    401: "(set TRIPWIRE_SECRET_KEY, or pass secret_key, with an active secret key of this environment)",
    403: "(check that the key has the scope things:read and belongs to this organization)",
    404: "(check the ids, and that they belong to the organization of the key)",
    409: "(it conflicts with existing data: read the current state first)",
    410: "(it has expired: create a new one)",
    418: "",
    422: "(correct the values that are listed)",
    429: "(send fewer requests, or wait for retry_after seconds)",
    500: "",
    503: "",
}


@pytest.mark.parametrize("status", ADVICE)
async def test_each_refusal_is_its_error_with_all_that_was_said(status: int) -> None:
    """The envelope, the headers, and what to do."""
    body = (
        b'{"error": {"code": "some.code", "message": "It did not work.", "retryable": false, "request_id": "req_b",'
        b' "docs_url": "https://docs.example", "details": {"next_action": "retry", "fields": [{"name": "url"}]}}}'
    )
    wire = Wire(status, body, X_Request_Id="req_1", Retry_After="3")
    with pytest.raises(APIError) as caught:
        await caller(wire)(ApiRequest(NAMED, ("t", "part_a")))
    error = caught.value
    assert error_class(status) is type(error)
    assert (status, "some.code", "req_1", False, "retry") == (
        error.status,
        error.code,
        error.request_id,
        error.retryable,
        error.next_action,
    )
    assert ("https://docs.example", 3.0, 0) == (error.docs_url, error.retry_after, error.attempts)
    assert ["url"] == [field.name for field in error.field_errors]
    assert body.decode() == error.body
    advice = f" {ADVICE[status]}" if ADVICE[status] else ""
    expected = f"getThing: {status} some.code: It did not work. (url: rejected){advice} (request req_1)"
    assert expected == str(error) == error.message


@pytest.mark.parametrize("status", [400, 404, 500, 502, 599])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>\n<h1>Bad gateway</h1>\x1b[31m</html>",
        b'{"error": {"code": "a',
        b"[1]",
        b'{"error": {"code": 5, "message": [], "details": 7}}',
        b"\xff" * 10,
        b"x" * 10_000_000,
    ],
    ids=["empty", "html", "cut off", "no object", "wrong types", "no text", "huge"],
)
async def test_a_refusal_that_is_not_the_services_own_keeps_status_id_and_a_piece(status: int, body: bytes) -> None:
    """Something in between answered; the message is one line and says so."""
    with pytest.raises(APIError) as caught:
        await caller(Wire(status, body, X_Request_Id="req_1"))(ApiRequest(NAMED, ("t", "part_a")))
    error = caught.value
    assert (error_class(status), status, "req_1", None) == (type(error), error.status, error.request_id, error.code)
    assert body[:5].decode(errors="replace") == error.body[:5]
    assert len(error.body) <= 501
    assert "not in the service's format" in str(error)
    assert str(error).isprintable()


async def test_a_message_from_elsewhere_stays_in_its_line() -> None:
    """Neither breaks, nor escapes, nor megabytes of it."""
    message = b"first\\nsecond \\u001b[31m" + b"x" * 10_000
    with pytest.raises(APIError) as caught:
        await caller(Wire(500, b'{"error": {"message": "%s"}}' % message, X_Request_Id="r" * 9000))(
            ApiRequest(NAMED, ("t", "part_a"))
        )
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1200


async def test_a_403_of_an_operation_without_a_scope_names_none() -> None:
    """Public operations and those with tokens of their own have none."""
    with pytest.raises(APIError, match="check that the credentials belong to this resource"):
        await caller(Wire(403, b""))(ApiRequest(GONE))


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Location": "https://evil.example/"}, "redirect to 'https://evil.example/'"),
        ({"Location": "x" * 9000}, "redirect to 'xxx"),
        ({}, "unexpected status"),
    ],
)
async def test_a_redirect_is_an_error_that_says_where_to(headers: dict[str, str], said: str) -> None:
    """A status below 400 that is no success is none of the service's."""
    with pytest.raises(APIError, match=re.escape(said)) as caught:
        await caller(Wire(302, b"", **headers))(ApiRequest(NAMED, ("t", "part_a")))
    assert APIError is type(caught.value)
    assert 302 == caught.value.status
    assert "redirects are not followed: check base_url" in str(caught.value)
    assert len(str(caught.value)) < 1000
