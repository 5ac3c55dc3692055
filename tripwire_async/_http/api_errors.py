"""Conversion of error statuses to exceptions; no other module does this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._secrets.redaction import excerpt, sanitize
from tripwire_async.errors import APIError, error_class

from .error_body import read_error_body
from .headers import header, parse_retry_after, request_id

if TYPE_CHECKING:
    from .messages import Request, Response

_ADVICE: Final = {
    401: "set TRIPWIRE_SECRET_KEY, or pass secret_key, with an active secret key of this environment",
    403: "check that the credentials belong to this resource",
    404: "check the ids, and that they belong to the organization of the key",
    409: "it conflicts with existing data: read the current state first",
    410: "it has expired: create a new one",
    422: "correct the values that are listed",
    429: "send fewer requests, or wait for retry_after seconds",
}


def api_error(request: Request, response: Response) -> APIError:
    """Return the exception for a *response* whose status is not a success."""
    operation, status = request.operation, response.status
    error = read_error_body(response.body)
    id_ = request_id(response.headers) or error.request_id
    reason, advice = error.message, _ADVICE.get(status)
    if status < 400:
        location = header(response.headers, "Location")
        reason = "unexpected status" if location is None else f"redirect to {sanitize(location)!r}"
        advice = "redirects are not followed: check base_url"
    elif status == 403 and operation.scope is not None:
        advice = f"check that the key has the scope {operation.scope} and belongs to this organization"
    msg = f"{operation.id}: {status}{f' {error.code}' if error.code else ''}: "
    msg += reason or "the response is not in the service's format; a proxy may have sent it"
    fields = "; ".join(f"{field.name}: {field.issue}" for field in error.field_errors)
    for part in (fields, advice, f"request {id_}" if id_ else None):
        msg += f" ({part})" if part else ""
    return error_class(status)(
        msg,
        status=status,
        code=error.code,
        request_id=id_,
        client_request_id=request.stats.client_request_id,
        retryable=error.retryable,
        next_action=error.next_action,
        field_errors=error.field_errors,
        docs_url=error.docs_url,
        retry_after=parse_retry_after(response.headers),
        attempts=request.stats.attempts,
        body=excerpt(response.body),
    )
