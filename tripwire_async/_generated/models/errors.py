# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models of error responses."""

import attrs

from tripwire_async._codec.enums import OpenEnum
from tripwire_async._generated.models.shared import RequestId


class ApiErrorNextAction(OpenEnum):
    """What the caller should do next: try again, start a new session, reload the browser bundle or
    contact support.
    """

    RETRY = "retry"
    NEW_SESSION = "new_session"
    RELOAD_BUNDLE = "reload_bundle"
    CONTACT_SUPPORT = "contact_support"


@attrs.frozen(kw_only=True)
class ApiFieldIssue:
    """One input that was refused.

    Attributes:
        name: The name of the field or parameter that was refused.
        issue: What is wrong with the value.
        expected: What the service would have accepted.
        received: The value that the service got; null if it got null.
    """

    name: str
    issue: str
    expected: str | None = None
    received: str | float | bool | None = None


@attrs.frozen(kw_only=True)
class ApiErrorDetails:
    """What can be done about an error, as far as the service knows.

    Attributes:
        fields: The inputs that were refused, each with its reason.
        allowed_values: The values that would have been accepted.
        header_name: The request header that the error is about.
        parameter_set: The group of parameters that the error is about.
        next_action: What the caller should do next: try again, start a new session, reload the
            browser bundle or contact support.
    """

    fields: tuple[ApiFieldIssue, ...] | None = None
    allowed_values: tuple[str, ...] | None = None
    header_name: str | None = None
    parameter_set: str | None = None
    next_action: ApiErrorNextAction | None = None


@attrs.frozen(kw_only=True)
class PublicError:
    """What went wrong with a request.

    Attributes:
        code: The kind of error, dotted and stable, such as `auth.missing_api_key`: the one thing to
            branch on.
        message: The error in words for people; the wording may change.
        status: The HTTP status of the answer.
        retryable: Whether the same request may succeed when it is sent again later.
        request_id: The id of the request that failed.
        docs_url: Where to read about this kind of error.
        details: What can be done about the error.
    """

    code: str
    message: str
    status: int
    retryable: bool
    request_id: RequestId
    docs_url: str | None = None
    details: ApiErrorDetails | None = None


@attrs.frozen(kw_only=True)
class ApiErrorEnvelope:
    """The body of every answer with a status of 400 or more.

    Attributes:
        error: What went wrong, and what to do about it.
    """

    error: PublicError
