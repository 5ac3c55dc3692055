"""Registration of event handlers and dispatch of events to them."""

from __future__ import annotations

import difflib
import inspect
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, TypeVar, final, overload

from .events import EVENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .events import (
        GateSessionApprovedEvent,
        SessionFingerprintCalculatedEvent,
        SessionResultPersistedEvent,
        WebhookEvent,
        WebhookTestEvent,
    )

__all__ = ["Router"]

E = TypeVar("E")
R = TypeVar("R")
_Handler: TypeAlias = Callable[[Any], object]

_SIMILAR: Final = 0.9
"""Smallest similarity of a misspelled event type; those of the service are less similar to each other."""


class _Decorator(Protocol[E]):
    """Decorator for functions of one kind of event; returns them unchanged."""

    def __call__(self, handler: Callable[[E], R], /) -> Callable[[E], R]: ...


@final
class Router:
    """Dispatcher of events to the handlers of their type.

    ::

        router = Router()

        @router.on("session.result.persisted")
        async def store_result(event: SessionResultPersistedEvent) -> None:
            ...

    A handler is a function of the event, async or not. One that is not async must be quick, because it runs on the
    event loop. Routers compose: ``Router(first, second)`` and `include` also dispatch to the handlers of other routers,
    including handlers that are registered there later.
    """

    __slots__ = ("_defaults", "_handlers", "_included")

    def __init__(self, *routers: Router) -> None:
        self._handlers: dict[str, list[_Handler]] = {}
        self._defaults: list[_Handler] = []
        self._included: list[Router] = []
        for router in routers:
            self.include(router)

    def __repr__(self) -> str:
        names = sorted({name for router in (self, *self._included) for name in router._handlers})
        return f"<Router: {', '.join(names) or 'no handlers'}>"

    @overload
    def on(self, name: Literal["session.result.persisted"], /) -> _Decorator[SessionResultPersistedEvent]: ...
    @overload
    def on(
        self, name: Literal["session.fingerprint.calculated"], /
    ) -> _Decorator[SessionFingerprintCalculatedEvent]: ...
    @overload
    def on(self, name: Literal["gate.session.approved"], /) -> _Decorator[GateSessionApprovedEvent]: ...
    @overload
    def on(self, name: Literal["webhook.test"], /) -> _Decorator[WebhookTestEvent]: ...
    @overload
    def on(self, name: str, /, *more: str) -> _Decorator[Any]: ...

    def on(self, name: str, /, *more: str) -> _Decorator[Any]:
        """Register the decorated function as a handler for events of the type *name*, and of *more* types.

        A type may have several handlers. They run one after the other, in the order of their registration. Raises
        `TypeError` for a type that is not text, and for a handler that is not a function of the event. Warns of a type
        that is unknown and almost that of a known one, because a later version of the service could add it.
        """
        names = (name, *more)
        for each in names:
            if not isinstance(each, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
                msg = f'on() takes event types as text, for example @router.on("webhook.test"), not {each!r}'
                raise TypeError(msg)
            _warn_of_similar(each)

        def register(handler: Callable[[Any], R]) -> Callable[[Any], R]:
            _check_handler(handler)
            for each in names:
                self._handlers.setdefault(each, []).append(handler)
            return handler

        return register

    def default(self, handler: Callable[[WebhookEvent], R]) -> Callable[[WebhookEvent], R]:
        """Register *handler* for events without another handler, such as events of a new type."""
        _check_handler(handler)
        self._defaults.append(handler)
        return handler

    def include(self, router: Router) -> None:
        """Dispatch events to *router* as well, after the handlers of this router.

        Its default handlers become default handlers of the whole. Raises ValueError for a router that includes this
        one.
        """
        if self in router._routers():
            msg = "a router cannot include itself or a router that includes it"
            raise ValueError(msg)
        self._included.append(router)

    async def dispatch(self, event: WebhookEvent) -> tuple[object, ...]:
        """Run the handlers of *event* and return the result of each, in order.

        An exception of a handler propagates, and the handlers after it do not run. Without a handler, nothing happens.
        """
        # A router that is included twice handles an event once.
        routers = list(dict.fromkeys(self._routers()))
        handlers = [handler for router in routers for handler in router._handlers.get(event.type, ())]
        if not handlers:
            handlers = [handler for router in routers for handler in router._defaults]
        # No local variable holds the results of earlier handlers, which can be credentials, while a later one raises:
        # error reporters print the locals of every frame.
        return tuple([await _run(handler, event) for handler in handlers])

    def _routers(self) -> Iterator[Router]:
        yield self
        for router in self._included:
            yield from router._routers()


def _warn_of_similar(name: str) -> None:
    """Warn if *name* is not known and looks like a misspelled type, whose handler would never run."""
    if name in EVENT_TYPES:
        return
    similar = difflib.get_close_matches(name, EVENT_TYPES, n=1, cutoff=_SIMILAR)
    if similar:
        # At the call of `on`.
        warnings.warn(f'unknown event type "{name}": did you mean "{similar[0]}"?', stacklevel=3)


def _check_handler(handler: object) -> None:
    if not callable(handler):
        msg = f"a handler must be a function of the event, not {handler!r}"
    elif inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):
        msg = f"{handler!r} is a generator, whose body would never run: a handler must not use yield"
    else:
        return
    raise TypeError(msg)


async def _run(handler: _Handler, event: WebhookEvent) -> object:
    result = handler(event)
    return await result if inspect.isawaitable(result) else result
