# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models of error responses."""

import attrs

from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.model import Model
from tripwire_async._generated.models.shared import RequestId


class ApiErrorNextAction(OpenEnum):
    """Recommended next step: try again, start a new session, reload the browser bundle or contact
    support.
    """

    RETRY = "retry"
    NEW_SESSION = "new_session"
    RELOAD_BUNDLE = "reload_bundle"
    CONTACT_SUPPORT = "contact_support"


@attrs.frozen(kw_only=True, repr=False)
class ApiFieldIssue(Model):
    """A rejected input.

    Attributes:
        name: The name of the rejected field or parameter.
        issue: Reason why the value is invalid.
        expected: Values that the service accepts.
        received: The value that the service got; null if it got null.
    """

    name: str
    issue: str
    expected: str | None = None
    received: str | float | bool | None = None


@attrs.frozen(kw_only=True, repr=False)
class ApiErrorDetails(Model):
    """Advice on the error, if the service has any.

    Attributes:
        fields: The rejected inputs, each with a reason.
        allowed_values: The values that would have been accepted.
        header_name: The request header that the error is about.
        parameter_set: The group of parameters that the error is about.
        next_action: Recommended next step: try again, start a new session, reload the browser
            bundle or contact support.
    """

    fields: tuple[ApiFieldIssue, ...] | None = None
    allowed_values: tuple[str, ...] | None = None
    header_name: str | None = None
    parameter_set: str | None = None
    next_action: ApiErrorNextAction | None = None


@attrs.frozen(kw_only=True, repr=False)
class PublicError(Model):
    """Error of a request.

    Attributes:
        code: The kind of error, dotted and stable, such as `auth.missing_api_key`: the one thing to
            branch on.
        message: The error in words for people; the wording may change.
        status: The HTTP status of the response.
        retryable: Whether the same request may succeed when it is sent again later.
        request_id: The id of the request that failed.
        docs_url: URL of the documentation of this kind of error.
        details: Advice on the error, if the service has any.
    """

    code: str
    message: str
    status: int
    retryable: bool
    request_id: RequestId
    docs_url: str | None = None
    details: ApiErrorDetails | None = None


@attrs.frozen(kw_only=True, repr=False)
class ApiErrorEnvelope(Model):
    """The body of every response with a status of 400 or more.

    Attributes:
        error: Error, and advice on how to fix it.
    """

    error: PublicError
