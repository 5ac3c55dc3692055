"""Classification of errors of a Redis client: mistakes that a user must fix, and absence that passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_CREDENTIALS: Final = "Redis rejects the credentials. Check the user and the password"
_PERMISSION: Final = "The Redis user lacks a permission. It needs {permissions} on ~tripwire:*"
_REPLICA: Final = "This Redis is a read-only replica. Use its primary, or a client of redis.asyncio.sentinel as client="
_CLUSTER_NODE: Final = "This Redis is a node of a cluster. Pass a redis.asyncio.RedisCluster as client="
_CLUSTER_DOWN: Final = "The Redis cluster does not serve all slots"

_BY_CLASS: Final = {
    "AuthenticationError": _CREDENTIALS,
    "AuthenticationWrongNumberOfArgsError": _CREDENTIALS,
    "AuthorizationError": _CREDENTIALS,
    "NoPermissionError": _PERMISSION,
    "ReadOnlyError": _REPLICA,
    "MovedError": _CLUSTER_NODE,
    "AskError": _CLUSTER_NODE,
    "ClusterDownError": _CLUSTER_DOWN,
}
_BY_TEXT: Final = {
    "READONLY": _REPLICA,
    "NOPERM": _PERMISSION,
    "The user executing the script can't": _PERMISSION,
    "ACL failure in script": _PERMISSION,
    "MOVED ": _CLUSTER_NODE,
    # A command with more than ten arguments from a client without credentials.
    "unauthenticated": _CREDENTIALS,
}
"""How servers report these when a command inside a script fails, or to a redis-py without a class for them."""


_OUTAGES: Final = {
    "OutOfMemoryError": "Redis is out of memory. Raise maxmemory, or delete what is not needed",
    "BusyLoadingError": "Redis is loading its data. Wait until it has started",
    "ReadOnlyError": _REPLICA,
    "MasterDownError": "The replica has lost its primary. Wait for the failover",
    "ClusterDownError": _CLUSTER_DOWN,
}
_OUTAGES_BY_TEXT: Final = {
    "OOM ": _OUTAGES["OutOfMemoryError"],
    "MISCONF": "Redis cannot write to its disk. See its log",
    "NOREPLICAS": "Redis has fewer replicas than min-replicas-to-write. Start them",
    "READONLY": _REPLICA,
    "BUSY ": "Redis runs a script that does not end. See its log",
}


def mistake(error: BaseException, *, permissions: str) -> str | None:
    """Return what is wrong with the configuration, or None if *error* may pass by itself.

    *permissions* are the rules that the user of an ACL needs.
    """
    for each in _chain(error):
        if (advice := _BY_CLASS.get(type(each).__name__)) is not None:
            return advice.format(permissions=permissions)
        if is_reply(each):
            for text, advice in _BY_TEXT.items():
                if text in str(each):
                    return advice.format(permissions=permissions)
    return None


def outage(error: BaseException) -> str | None:
    """Return why the server cannot do its work now, or None if *error* is of another kind."""
    for each in _chain(error):
        if (advice := _OUTAGES.get(type(each).__name__)) is not None:
            return advice
        if is_reply(each):
            for text, advice in _OUTAGES_BY_TEXT.items():
                if text in str(each):
                    return advice
    return None


def lacks_command(error: BaseException) -> bool:
    """Return whether the server does not have a command."""
    return is_reply(error) and "unknown" in str(error).lower() and "command" in str(error).lower()


def is_reply(error: BaseException) -> bool:
    """Return whether *error* is a reply of the server, and not an absent one."""
    return any(base.__name__ == "ResponseError" for base in type(error).__mro__)


def kind(error: BaseException) -> str:
    """Return the class name of the cause; messages can contain addresses and credentials.

    All kinds of broken connections have one name: a server that is killed breaks them in several ways.
    """
    # The cause of a timeout of asyncio is the cancellation that ended the wait.
    cause = error if isinstance(error, TimeoutError) else error.__cause__ or error
    return "ConnectionError" if isinstance(cause, ConnectionError) else type(cause).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    following: BaseException | None = error
    while following is not None:
        yield following
        following = following.__cause__ or following.__context__
