"""Conversion of error statuses to exceptions; no other module does this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tripwire_async._secrets.redaction import excerpt, sanitize
from tripwire_async.errors import APIError, error_class

from .error_body import read_error_body
from .headers import header, parse_retry_after, request_id

if TYPE_CHECKING:
    from tripwire_async._operation import Operation
    from tripwire_async.profiles import Profile

    from .messages import Request, Response

_NO_KEY: Final = "auth.missing_api_key"
_ADVICE: Final = {
    403: "check that the credentials belong to this resource",
    404: "check the ids, and that they belong to the organization of the key",
    409: "it conflicts with existing data: read the current state first",
    410: "it has expired: create a new one",
    422: "correct the values that are listed",
    429: "send fewer requests",
}


def api_error(request: Request, response: Response, profile: Profile) -> APIError:
    """Return the exception for a *response* whose status is not a success; *profile* determines the advice."""
    operation, status = request.operation, response.status
    error = read_error_body(response.body)
    id_ = request_id(response.headers) or error.request_id
    reason, advice = error.message, _ADVICE.get(status)
    retry_after = parse_retry_after(response.headers)
    if status < 400:
        location = header(response.headers, "Location")
        reason = "unexpected status" if location is None else f"redirect to {sanitize(location)!r}"
        advice = "redirects are not followed: check base_url"
    elif status == 401:
        advice = _key_advice(operation, profile)
        if error.code == _NO_KEY:
            advice += "; a list that is passed as middleware needs BearerAuth"
    elif status == 429 and retry_after is not None:
        advice = f"send fewer requests, or wait {retry_after:g} seconds"
    elif status == 403 and operation.scope is not None:
        advice = (
            f"check that the key is a secret key (sk_…), has the scope {operation.scope}, and has access to the "
            "organization"
        )
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
        retry_after=retry_after,
        attempts=request.stats.attempts,
        body=excerpt(response.body),
    )


def _key_advice(operation: Operation[Any], profile: Profile) -> str:
    if operation.authority != "secret":
        return "pass the token of this Gate session or agent"
    return (
        f"the key is missing, unknown, expired or revoked: set {profile.secret_key_variable}, or pass secret_key, with "
        f"an active secret key of {profile.title}"
    )
