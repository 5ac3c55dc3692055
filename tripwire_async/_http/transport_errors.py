"""Conversion of aiohttp's exceptions to this library's, without secrets and without frames."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import aiohttp

from tripwire_async._secrets.redaction import redact, sanitize
from tripwire_async.errors import ConfigurationError, RequestTimeoutError, TransportError

from .connect_errors import (
    Problem,
    connect_problem,
    is_certificate_rejected,
    is_out_of_descriptors,
    response_problem,
)
from .connected import SendRefusedError
from .content_coding import IncompleteBodyError
from .headers import request_id
from .proxies import proxy_name

if TYPE_CHECKING:
    from yarl import URL

    from .messages import Request

_MAX_CONNECT_TIMEOUT: Final = 10.0

# Connecting comes before sending. After any other error the service may have received the request.
_NOT_SENT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerFingerprintMismatch,
)


def connect_timeout(seconds: float) -> float:
    """Return the seconds that connecting may take in an attempt of *seconds*."""
    return min(_MAX_CONNECT_TIMEOUT, 0.9 * seconds)


def attempt_error(
    request: Request,
    error: BaseException,
    response: aiohttp.ClientResponse | None,
    seconds: float,
    session: aiohttp.ClientSession,
) -> BaseException:
    """Return the exception for an attempt of *seconds* in *session* that ended with *error*.

    *response* is the incomplete one, if any. A cancellation, an interrupt and a bug are returned as they are, and so is
    the exception of ``Request.before_write``.
    """
    if isinstance(error, SendRefusedError):
        return error.reason
    if isinstance(error, TimeoutError):
        return timeout_error(request, error, seconds, session)
    # Before ValueError: an invalid certificate is a ValueError as well.
    if isinstance(error, (aiohttp.ClientConnectionError, OSError)):
        return connection_error(request, error, response, session)
    # aiohttp rejects a request before it is sent: a closed session, or credentials that conflict with ours.
    if isinstance(error, (ValueError, RuntimeError)):
        return configuration_error(request, error)
    is_transient = isinstance(error, (aiohttp.ClientError, IncompleteBodyError))
    return connection_error(request, error, response, session) if is_transient else error


def may_be_sent(request: Request, error: BaseException) -> bool:
    """Return whether the attempt that ended with *error* may have sent something."""
    return not (
        request.stats.connected_at == math.inf
        or isinstance(error, _NOT_SENT)
        or is_out_of_descriptors(error)
        or is_certificate_rejected(error)
    )


def timeout_error(
    request: Request,
    error: TimeoutError | None = None,
    seconds: float = 0.0,
    session: aiohttp.ClientSession | None = None,
) -> RequestTimeoutError:
    """Return the exception for an attempt of *seconds* that timed out; *error* is None if it did not start."""
    if error is None:
        reason = "the deadline of the call passed before the request was sent"
    elif isinstance(error, _NOT_SENT):
        reason = (
            f"no connection to {request.url.origin()} within {connect_timeout(seconds):g} seconds: check "
            f"{_connect_advice(request.url, session)}"
        )
    elif not may_be_sent(request, error):
        # The event loop was blocked while connecting, so both timeouts passed together.
        reason = f"no connection to {request.url.origin()} within {seconds:g} seconds: check what blocks the event loop"
    elif seconds < request.timeout:
        reason = f"no response within {seconds:.3g} seconds, when the deadline of the call passed"
    else:
        reason = f"no response within {seconds:g} seconds"
    failure = RequestTimeoutError(
        f"{_name(request)}: {reason}",
        maybe_sent=error is not None and may_be_sent(request, error),
        attempts=request.stats.attempts,
        client_request_id=request.stats.client_request_id,
    )
    failure.__cause__ = safe_cause(error)
    return failure


def connection_error(
    request: Request, error: BaseException, response: aiohttp.ClientResponse | None, session: aiohttp.ClientSession
) -> TransportError:
    """Return the exception for a connection that failed or broke; *response* is the incomplete one, if any."""
    maybe_sent = may_be_sent(request, error)
    status = id_ = None
    text = error_text(error)
    if not maybe_sent:
        problem = connect_problem(request.url, error, text, proxy_name(session, request.url))
    elif response is not None:
        status, id_ = response.status, request_id(response.headers)
        known = f"{status}, request {id_}" if id_ else f"{status}"
        problem = Problem(f"the response ({known}) is incomplete or malformed ({text})")
    elif isinstance(error, aiohttp.ClientResponseError):
        problem = response_problem(text)
    else:
        problem = Problem(f"the connection was lost before the response ({text})")
    failure = TransportError(
        f"{_name(request)}: {problem.text}",
        maybe_sent=maybe_sent,
        attempts=request.stats.attempts,
        client_request_id=request.stats.client_request_id,
        status=status,
        request_id=id_,
        retryable=problem.retryable,
    )
    failure.__cause__ = safe_cause(error)
    return failure


def configuration_error(request: Request, error: Exception) -> ConfigurationError:
    """Return the exception for a request that aiohttp rejected before sending it."""
    advice = "check base_url and the session of the client, which must not have separate credentials"
    msg = f"{_name(request)} could not be sent ({error_text(error)}): {advice}"
    failure = ConfigurationError(msg)
    failure.__cause__ = safe_cause(error)
    return failure


def error_text(error: BaseException) -> str:
    """Return the message of *error*, sanitized; the name of its class if the message is empty."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        # Its message may contain half a response.
        return "closed by the server"
    if isinstance(error, IncompleteBodyError):
        return "its compressed data is cut off or damaged"
    if isinstance(error, aiohttp.ClientConnectorError):
        # aiohttp's own text has the SSL settings in place of the reason.
        return sanitize(error.os_error.strerror or str(error.os_error)) or type(error.os_error).__name__
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return sanitize(text) or type(error).__name__


def safe_cause(error: BaseException | None) -> BaseException | None:
    """Return what to keep of *error* as a cause: the error of the system, if there is one; None if it can hold secrets.

    aiohttp's frames hold the headers with the key, and error reports print the locals of frames. The errors themselves
    can hold the headers, the credentials of a proxy, or a part of a response that contains the key.
    """
    cause: BaseException | None = error
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
    elif isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
    elif isinstance(error, (aiohttp.ClientResponseError, aiohttp.ServerDisconnectedError)):
        return None
    if cause is None or redact(printed := f"{cause!s} {cause!r}") != printed:
        return None
    cause.__cause__ = cause.__context__ = None
    return cause.with_traceback(None)


def _connect_advice(url: URL, session: aiohttp.ClientSession | None) -> str:
    proxy = None if session is None else proxy_name(session, url)
    advice = "base_url" if proxy is None else f"base_url and the proxy {proxy}"
    pool = 0 if session is None or session.connector is None else session.connector.limit
    return f"{advice}, and whether all {pool} connections of the session are in use" if pool else advice


def _name(request: Request) -> str:
    return f"{request.operation.id} ({request.operation.method} {request.operation.path})"
