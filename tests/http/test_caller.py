"""Responses as models or exceptions."""

from __future__ import annotations

import re

import pytest

from tests.support.api import GONE, NAMED, Thing, Wire, caller
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async.errors import APIError, AuthenticationError, ResponseDecodeError, error_class


async def test_a_success_is_a_model_with_the_parts_of_the_response() -> None:
    """Status, headers, body, request id and stats."""
    wire = Wire(X_Request_Id="req_1")
    response = await caller(wire)(ApiRequest(NAMED, ("t", "part_a")))
    assert (Thing("it"), 200, "req_1") == (response.value, response.status, response.request_id)
    assert (b'{"name": "it"}', "req_1") == (response.body, response.headers["X-Request-Id"])
    assert wire.requests[0].stats is response.stats


async def test_headers_are_found_in_any_case_also_in_a_plain_dict() -> None:
    """A caching middleware may return one."""
    response = await caller(Wire(**{"x-request-id": "req_1"}))(ApiRequest(NAMED, ("t", "part_a")))
    assert "req_1" == response.request_id
    with pytest.raises(APIError) as caught:
        await caller(Wire(404, b"", **{"x-request-id": "req_2"}))(ApiRequest(NAMED, ("t", "part_a")))
    assert "req_2" == caught.value.request_id


@pytest.mark.parametrize("body", [b"", b"anything", b"{}"])
async def test_the_body_of_a_response_without_content_is_ignored(body: bytes) -> None:
    """A 204 may contain anything."""
    response = await caller(Wire(204, body))(ApiRequest(GONE))
    assert response.value is None


@pytest.mark.parametrize(
    ("body", "path", "excerpt"),
    [
        (b"<html>hello</html>", None, "<html>hello</html>"),
        (b'{"name": "i', None, '{"name": "i'),
        (b"\xff\xfe", None, "\N{REPLACEMENT CHARACTER}" * 2),
        (b"[]", "$", "[]"),
        (b'"down for maintenance"', "$", '"down for maintenance"'),
        (b'{"name": 5}', "$.name", ""),
        (b"{}", "$", ""),
        (b'{"x":' + b"[" * 100_000, None, '{"x":' + "[" * 495 + "…"),
    ],
    ids=["html", "incomplete", "not UTF-8", "list", "string", "wrong type", "missing", "deep nesting"],
)
async def test_a_response_that_does_not_match_its_model_is_a_decode_error(
    body: bytes, path: str | None, excerpt: str
) -> None:
    """With the operation, the status, the request id, the path, and an excerpt of a body that is not an object."""
    with pytest.raises(ResponseDecodeError) as caught:
        await caller(Wire(200, body, X_Request_Id="req_1"))(ApiRequest(NAMED, ("t", "part_a")))
    error = caught.value
    assert ("getThing", 200, "req_1") == (error.operation, error.status, error.request_id)
    assert path is None or (error.path or "").startswith(path)
    assert (path is None) is (error.path is None)
    assert excerpt == error.body
    assert "getThing: the response does not match the API's description" in str(error)


@pytest.mark.parametrize("media_type", ["text/html; charset=utf-8", "text/plain"])
async def test_a_page_in_place_of_json_is_named(media_type: str) -> None:
    """It comes from a proxy, or from a server that is not the API."""
    with pytest.raises(ResponseDecodeError) as caught:
        await caller(Wire(200, b"<html>hello</html>", Content_Type=media_type))(ApiRequest(NAMED, ("t", "part_a")))
    named = media_type.partition(";")[0]
    assert f"getThing: the response is {named}, not JSON: check base_url; a proxy may have sent it" == str(caught.value)


async def test_a_chain_without_authentication_is_the_advice_for_a_missing_key() -> None:
    """Programs that replace the middleware forget it."""
    body = b'{"error": {"code": "auth.missing_api_key", "message": "No key."}}'
    with pytest.raises(AuthenticationError, match="a list that is passed as middleware needs BearerAuth"):
        await caller(Wire(401, body))(ApiRequest(NAMED, ("t", "part_a")))


@pytest.mark.parametrize(("status", "body"), [(200, b""), (200, b"\n"), (204, b"")])
async def test_an_empty_body_is_called_empty(status: int, body: bytes) -> None:
    """With the status: a proxy may have turned the response into a 204."""
    with pytest.raises(ResponseDecodeError) as caught:
        await caller(Wire(status, body, X_Request_Id="req_1"))(ApiRequest(NAMED, ("t", "part_a")))
    error = caught.value
    problem = f"the body of the response is empty (status {status}), although the API describes one"
    assert f"getThing: {problem}" == str(error)
    assert ("getThing", status, "req_1", None) == (error.operation, error.status, error.request_id, error.path)


ADVICE = {
    400: "",
    401: (
        "(the key is missing, unknown, expired or revoked: set TRIPWIRE_SECRET_KEY, or pass secret_key, "
        "with an active secret key of Tripwire)"
    ),
    403: ("(check that the key is a secret key (sk_…), has the scope things:read, and has access to the organization)"),
    404: "(check the ids, and that they belong to the organization of the key)",
    409: "(it conflicts with existing data: read the current state first)",
    410: "(it has expired: create a new one)",
    418: "",
    422: "(correct the values that are listed)",
    429: "(send fewer requests, or wait 3 seconds)",
    500: "",
    503: "",
}


@pytest.mark.parametrize("status", ADVICE)
async def test_each_error_status_is_its_exception_with_all_details(status: int) -> None:
    """The envelope, the headers, and advice."""
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
    ids=["empty", "html", "incomplete", "list", "wrong types", "not UTF-8", "huge"],
)
async def test_an_error_in_another_format_keeps_status_request_id_and_an_excerpt(status: int, body: bytes) -> None:
    """A proxy sent it; the message is one line and states this."""
    with pytest.raises(APIError) as caught:
        await caller(Wire(status, body, X_Request_Id="req_1"))(ApiRequest(NAMED, ("t", "part_a")))
    error = caught.value
    assert (error_class(status), status, "req_1", None) == (type(error), error.status, error.request_id, error.code)
    assert body[:5].decode(errors="replace") == error.body[:5]
    assert len(error.body) <= 501
    assert "not in the service's format" in str(error)
    assert str(error).isprintable()


async def test_the_message_of_another_party_is_one_short_line() -> None:
    """No line breaks, no escape sequences, no megabytes."""
    message = b"first\\nsecond \\u001b[31m" + b"x" * 10_000
    with pytest.raises(APIError) as caught:
        await caller(Wire(500, b'{"error": {"message": "%s"}}' % message, X_Request_Id="r" * 9000))(
            ApiRequest(NAMED, ("t", "part_a"))
        )
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1200


async def test_the_403_of_an_operation_without_a_scope_names_no_scope() -> None:
    """Public operations and operations with a Gate token need no scope."""
    with pytest.raises(APIError, match="check that the credentials belong to this resource"):
        await caller(Wire(403, b""))(ApiRequest(GONE))


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Location": "https://evil.example/"}, "redirect to 'https://evil.example/'"),
        ({"Location": "x" * 9000}, "redirect to 'xxx"),
        ({}, "unexpected status"),
    ],
)
async def test_a_redirect_is_an_error_with_its_target(headers: dict[str, str], reason: str) -> None:
    """The service never sends one."""
    with pytest.raises(APIError, match=re.escape(reason)) as caught:
        await caller(Wire(302, b"", **headers))(ApiRequest(NAMED, ("t", "part_a")))
    assert APIError is type(caught.value)
    assert 302 == caught.value.status
    assert "redirects are not followed: check base_url" in str(caught.value)
    assert len(str(caught.value)) < 1000
