"""Which handlers an event goes to."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar, final, overload

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


class _Decorator(Protocol[E]):
    """A decorator for functions of one kind of event, which leaves them as they are."""

    def __call__(self, handler: Callable[[E], R], /) -> Callable[[E], R]: ...


@final
class Router:
    """Hands events to the handlers of their type.

    ::

        router = Router()

        @router.on("session.result.persisted")
        async def keep(event: SessionResultPersistedEvent) -> None:
            ...

    A handler is a function of the event, async or not; one that is not must be quick, since it runs on the event loop.
    Routers compose: ``Router(one, other)`` and `include` hand events on to the handlers of others, also to those that
    are registered there later.
    """

    __slots__ = ("_defaults", "_handlers", "_included")

    def __init__(self, *routers: Router) -> None:
        self._handlers: dict[str, list[_Handler]] = {}
        self._defaults: list[_Handler] = []
        self._included: list[Router] = []
        for router in routers:
            self.include(router)

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

        A type may have several handlers; they run one after the other, in the order in which they were registered.
        """

        def register(handler: Callable[[Any], R]) -> Callable[[Any], R]:
            for each in (name, *more):
                self._handlers.setdefault(each, []).append(handler)
            return handler

        return register

    def default(self, handler: Callable[[WebhookEvent], R]) -> Callable[[WebhookEvent], R]:
        """Register *handler* for events that nothing else is registered for, such as those of a type that is new."""
        self._defaults.append(handler)
        return handler

    def include(self, router: Router) -> None:
        """Hand events on to *router* after the handlers of this one.

        Its default handlers become default handlers of the whole. Raises ValueError where that would go in a circle.
        """
        if self in router._routers():
            msg = "a router cannot include itself, nor one that includes it"
            raise ValueError(msg)
        self._included.append(router)

    async def dispatch(self, event: WebhookEvent) -> tuple[object, ...]:
        """Run the handlers of *event* and return what each of them returned, in order.

        What a handler raises is passed on, and the handlers after it do not run. Where there is no handler at all,
        nothing happens.
        """
        # One that is included in two ways handles an event once.
        routers = list(dict.fromkeys(self._routers()))
        handlers = [handler for router in routers for handler in router._handlers.get(event.type, ())]
        if not handlers:
            handlers = [handler for router in routers for handler in router._defaults]
        results: list[object] = []
        for handler in handlers:
            result = handler(event)
            results.append(await result if inspect.isawaitable(result) else result)
        return tuple(results)

    def _routers(self) -> Iterator[Router]:
        yield self
        for router in self._included:
            yield from router._routers()
