"""Events go to the handlers of their type, in order, and to the default ones when there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.frames import library_locals
from tests.support.webhook_bodies import body_of
from tripwire_async.receiver import Router, parse_event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tripwire_async.receiver import SessionResultPersistedEvent, WebhookEvent

RESULT = parse_event(body_of("session.result.persisted"))
TEST = parse_event(body_of("webhook.test"))
NEW = parse_event(body_of("session.deleted"))


async def test_handlers_run_in_the_order_of_their_registration() -> None:
    """Async or not; what each returned comes back."""
    router = Router()

    @router.on("session.result.persisted")
    async def first(event: SessionResultPersistedEvent) -> str:
        return f"first {event.data.decision.risk_score}"

    @router.on("session.result.persisted")
    def second(event: SessionResultPersistedEvent) -> str:
        return f"second {event.data.decision.risk_score}"

    assert await router.dispatch(RESULT) == ("first 91", "second 91")


async def test_one_handler_may_take_several_types() -> None:
    """And only these."""
    router = Router()

    @router.on("session.result.persisted", "session.deleted")
    def handle(event: WebhookEvent) -> str:
        return event.type

    assert await router.dispatch(RESULT) == ("session.result.persisted",)
    assert await router.dispatch(NEW) == ("session.deleted",)
    assert await router.dispatch(TEST) == ()


async def test_a_handler_stays_the_function_that_it_was() -> None:
    """It can be registered again, called, and tested."""
    router = Router()

    def handle(event: WebhookEvent) -> str:
        return event.id

    assert handle is router.on("webhook.test")(handle)
    assert handle is router.default(handle)


async def test_default_handlers_take_what_nothing_else_takes() -> None:
    """An event of a new type, or of a type without a handler."""
    router = Router()
    router.on("webhook.test")(lambda event: "test")
    router.default(lambda event: f"default {event.type}")
    assert await router.dispatch(TEST) == ("test",)
    assert await router.dispatch(NEW) == ("default session.deleted",)


async def test_without_a_handler_nothing_happens() -> None:
    """An event without a handler is not an error."""
    assert await Router().dispatch(NEW) == ()


async def test_what_a_handler_raises_goes_through_and_ends_the_round() -> None:
    """The event comes again, so that no handler misses it."""
    router, seen = Router(), list[str]()

    @router.on("webhook.test")
    async def fails(event: WebhookEvent) -> None:
        seen.append("fails")
        raise LookupError(event.id)

    router.on("webhook.test")(lambda event: seen.append("later"))
    with pytest.raises(LookupError, match="wevt_"):
        await router.dispatch(TEST)
    assert seen == ["fails"]


async def test_routers_compose() -> None:
    """Handlers of the outer one run first; later registrations in an inner one count too."""
    sessions, tests = Router(), Router()
    whole = Router(sessions, tests)
    whole.on("webhook.test")(lambda event: "whole")
    tests.on("webhook.test")(lambda event: "tests")
    sessions.on("webhook.test")(lambda event: "sessions")
    assert await whole.dispatch(TEST) == ("whole", "sessions", "tests")
    assert await tests.dispatch(TEST) == ("tests",)


async def test_a_router_that_is_included_in_two_ways_handles_once() -> None:
    """Two parts of an application may both include what they share."""
    shared = Router()
    shared.on("webhook.test")(lambda event: "shared")
    shared.default(lambda event: "default")
    whole = Router(Router(shared), Router(shared))
    assert await whole.dispatch(TEST) == ("shared",)
    assert await whole.dispatch(NEW) == ("default",)


async def test_a_default_handler_of_one_router_does_not_take_what_another_handles() -> None:
    """Being there for the rest means the rest of the whole."""
    one, other = Router(), Router()
    one.default(lambda event: "default")
    other.on("webhook.test")(lambda event: "handled")
    whole = Router(Router(one), other)
    assert await whole.dispatch(TEST) == ("handled",)
    assert await whole.dispatch(NEW) == ("default",)


def test_routers_do_not_go_in_circles() -> None:
    """Not directly, and not through other routers."""
    inner = Router()
    middle = Router(inner)
    outer = Router(middle)
    for one, other in ((inner, inner), (inner, middle), (inner, outer)):
        with pytest.raises(ValueError, match="cannot include itself"):
            one.include(other)


def generator(event: WebhookEvent) -> Iterator[str]:
    yield event.id


async def async_generator(event: WebhookEvent) -> AsyncIterator[str]:
    yield event.id


@pytest.mark.parametrize("handler", [None, "handler", generator, async_generator])
def test_a_handler_that_could_never_run_is_a_type_error(handler: Any) -> None:
    """At the registration, not at the first event."""
    for register in (Router().on("webhook.test"), Router().default):
        with pytest.raises(TypeError, match="a handler must"):
            register(handler)


@pytest.mark.parametrize("name", [lambda event: None, ["webhook.test"], None, generator])
def test_an_event_type_must_be_text(name: Any) -> None:
    """As in a decorator without its argument, which would take the handler for a type."""
    with pytest.raises(TypeError, match=r'for example @router\.on\("webhook\.test"\)'):
        Router().on(name)
    with pytest.raises(TypeError, match="event types as text"):
        Router().on("webhook.test", name)


async def test_the_frames_of_an_error_hold_no_result_of_an_earlier_handler() -> None:
    """Results can be credentials, and error reporters print the locals of every frame."""
    router = Router()
    router.on("webhook.test")(lambda event: {"KEY": "canary"})
    router.on("webhook.test")(lambda event: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        await router.dispatch(TEST)
    assert "dispatch" in library_locals(caught.value)
    assert "canary" not in library_locals(caught.value)


@pytest.mark.parametrize("name", ["session.result.persistd", "session_result_persisted", "webhooks.test"])
def test_a_misspelled_event_type_is_a_warning(name: str) -> None:
    """At the line of the mistake; the handler would never run."""
    with pytest.warns(UserWarning, match=f'unknown event type "{name}": did you mean "(.*)"') as caught:
        Router().on("webhook.test", name)
    assert [__file__] == [warning.filename for warning in caught]


@pytest.mark.parametrize("name", ["session.deleted", "session.result.deleted", "gate.session.denied"])
def test_a_type_that_the_service_could_add_is_no_warning(name: str) -> None:
    """Warnings are errors in these tests."""
    Router().on(name)
