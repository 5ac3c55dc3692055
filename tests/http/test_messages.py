"""Requests and responses: frozen values that print no secrets."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest
from msgspec.structs import astuple, replace
from rich.pretty import pretty_repr
from yarl import URL

from tripwire_async._http.api_calls import ApiRequest, ApiResponse
from tripwire_async._http.messages import CallStats, Request, Response
from tripwire_async._operation import Operation
from tripwire_async._secrets.secret import Secret
from tripwire_async.deliveries.reference import DeliveryReference

OPERATION = Operation[object](
    id="createThing", method="POST", path="/v1/things", authority="secret", success=201, returns=object
)
REQUEST = Request(
    operation=OPERATION,
    url=URL("https://api.example/v1/things"),
    headers={"Accept": "application/json"},
    body=b'{"password": "hunter2"}',
    timeout=30.0,
    deadline=300.0,
    bearer=Secret("gtpoll_1"),
    max_attempts=2,
    priority="poll",
    stats=CallStats(client_request_id="creq_1", attempts=2),
)


def test_with_header_changes_the_headers_and_nothing_else() -> None:
    """Every other field is kept; the stats are the same object."""
    changed = REQUEST.with_header("X-Thing", "1")
    assert changed.headers == {"Accept": "application/json", "X-Thing": "1"}
    assert REQUEST.headers == {"Accept": "application/json"}
    assert replace(REQUEST, headers=changed.headers) == changed
    assert changed.stats is REQUEST.stats


@pytest.mark.parametrize("message", [Request, Response, CallStats, ApiResponse, DeliveryReference])
def test_the_signature_of_a_message_can_be_inspected(message: type[object]) -> None:
    """For shells, documentation and test doubles."""
    assert list(message.__annotations__) == list(inspect.signature(message).parameters)


def test_with_header_replaces_a_header_of_that_name() -> None:
    """There is one value per name."""
    assert REQUEST.with_header("Accept", "text/html").headers == {"Accept": "text/html"}


def test_a_request_prints_no_body_and_no_credentials() -> None:
    """Requests are printed in tracebacks and logs."""
    printed = repr(REQUEST.with_header("authorization", "Bearer sk_test_1"))
    assert "hunter2" not in printed
    assert "sk_test_1" not in printed
    assert "gtpoll_1" not in printed
    assert "body=<23 bytes>" in printed
    assert "body=None" in repr(replace(REQUEST, body=None))


def test_a_response_prints_no_body() -> None:
    """A response may contain a signing secret."""
    assert repr(Response(201, {}, b"whsec_123")) == "Response(status=201, headers={}, body=<9 bytes>)"


def test_the_arguments_of_a_call_print_no_body_and_no_credentials() -> None:
    """A body prints as its class."""
    request = ApiRequest(OPERATION, body=Response(201, {}, b"whsec_123"), bearer=Secret("gtpoll_1"))
    assert "body=<Response>, bearer=Secret('gtpoll_…')" in repr(request)


def test_rich_prints_no_more_than_repr() -> None:
    """Its tracebacks contain the locals of frames, and it prefers the fields of a struct to the repr."""
    request = REQUEST.with_header("Authorization", "Bearer sk_test_1")
    response = ApiResponse(None, 200, {"Set-Cookie": "id=1"}, b"whsec_456", None, CallStats())
    printed = pretty_repr([request, Response(201, {"Set-Cookie": "id=1"}, b"whsec_123"), response])
    for secret in ("hunter2", "sk_test_1", "gtpoll_1", "id=1", "whsec_123", "whsec_456"):
        assert secret not in printed
    assert "body=<23 bytes>" in printed


def test_a_request_can_be_copied_and_pickled() -> None:
    """The copy has separate stats."""
    request = replace(REQUEST, bearer=None)
    for copied in (copy.deepcopy(request), pickle.loads(pickle.dumps(request))):  # noqa: S301 - our own pickle
        assert astuple(request)[1:] == astuple(copied)[1:]
        assert copied.stats is not request.stats


def test_the_waiting_time_is_that_of_rate_limit_and_backoff() -> None:
    """Network time is not waiting time."""
    assert CallStats(rate_limit_wait=1.0, backoff_wait=2.0, network_time=4.0).waited == 3.0
