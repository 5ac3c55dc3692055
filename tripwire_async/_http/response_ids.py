"""Ids in responses that become arguments of later calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tripwire_async.errors import ResponseDecodeError

from .encoding import quote_segment

if TYPE_CHECKING:
    from tripwire_async._operation import Operation, PathArgument

    from .api_calls import ApiResponse


def check_id(
    value: str, argument: PathArgument, operation: Operation[Any], response: ApiResponse[Any], path: str
) -> None:
    """Raise `ResponseDecodeError` if *value*, at *path* in a *response*, cannot be the *argument* of a later call.

    That call would raise ValueError, as if the user had passed an invalid id.
    """
    try:
        quote_segment(argument, value)
    except ValueError as error:
        problem = str(error)
    else:
        return
    raise ResponseDecodeError(
        f"{operation.id}: the response does not match the API's description: {problem} at {path}",
        operation=operation.id,
        status=response.status,
        path=path,
        request_id=response.request_id,
        client_request_id=response.stats.client_request_id,
    )
