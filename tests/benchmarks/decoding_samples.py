"""Sample response bodies: a session with every field, and a page of 200 events."""

from __future__ import annotations

import random
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import attrs
import msgspec

from tripwire_async._codec.enums import OpenEnum

USER_AGENT = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36"
)
TEXTS = {
    "hash": "sha256:9f86d081884c7d659a2feaa0c55ad015",
    "id": "sid_01jq8h6zk3v5m7n9p2r4t6w8xy",
    "message": "The cursor moves in straight lines and at one speed.",
    "summary": "Mouse movement lacks the variance of a human hand.",
    "url": "https://shop.example/checkout/payment?step=3&ref=newsletter",
    "user_agent": USER_AGENT,
}
LENGTHS = {"highlights": 6, "previous_decisions": 4, "signals_fired": 24, "languages": 3, "plugins": 5}


def session_detail(model: type[Any]) -> bytes:
    """Return the response body of `getSession`, with every field of *model*."""
    return msgspec.json.encode(_filled(model, "session", random.Random(1)))  # noqa: S311 - reproducible sample data


def event_page(events: int = 200) -> bytes:
    """Return the response body of `listEvents` with the given number of *events*."""
    rng = random.Random(2)  # noqa: S311 - reproducible sample data
    return msgspec.json.encode(
        {
            "data": [_event(rng) for _ in range(events)],
            "pagination": {"limit": 200, "has_more": False},
            "meta": {"request_id": f"req_{rng.getrandbits(128):032x}"},
        }
    )


def _event(rng: random.Random) -> dict[str, Any]:
    event_id = f"wevt_{rng.getrandbits(128):032x}"
    endpoint_id = f"we_{rng.getrandbits(128):032x}"
    failed = rng.random() < 0.1
    at = f"2026-03-24T20:{rng.randrange(60):02}:{rng.randrange(60):02}.{rng.randrange(1000):03}Z"
    return {
        "object": "event",
        "id": event_id,
        "type": "webhook.test",
        "subject": {"type": "webhook_endpoint", "id": endpoint_id},
        "data": {"object": "webhook_test", "endpoint": {"id": endpoint_id}},
        "webhook_deliveries": [
            {
                "object": "webhook_delivery",
                "id": f"wdlv_{rng.getrandbits(128):032x}",
                "event_id": event_id,
                "endpoint_id": endpoint_id,
                "event_type": "webhook.test",
                "status": "failed" if failed else "succeeded",
                "attempts": 5 if failed else 1,
                "response_status": 500 if failed else 200,
                "response_body": "Internal Server Error" if failed else "ok",
                "error": "the endpoint returned 500" if failed else None,
                "created_at": at,
                "updated_at": at,
            }
        ],
        "created_at": at,
    }


def _filled(annotation: Any, name: str, rng: random.Random) -> Any:
    """Return a JSON value for *annotation*; strings depend on the *name* of the field."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _filled(get_args(annotation)[0], name, rng)
    if origin is Annotated:
        return "2026-03-24T20:00:00.000Z"
    if origin is Literal:
        return get_args(annotation)[0]
    if origin is tuple:
        return [_filled(get_args(annotation)[0], name, rng) for _ in range(LENGTHS.get(name, 2))]
    if origin is dict:
        return {f"{name}_{index}": _filled(get_args(annotation)[1], name, rng) for index in range(4)}
    if isinstance(annotation, type) and issubclass(annotation, OpenEnum):
        return rng.choice(list(annotation)).value
    if isinstance(annotation, type) and attrs.has(annotation):
        return {field.name: _filled(field.type, field.name, rng) for field in attrs.fields(annotation)}
    plain = {bool: rng.random() < 0.5, int: rng.randrange(100), float: round(rng.random() * 100, 3)}
    return plain.get(annotation, next((text for key, text in TEXTS.items() if key in name), f"{name} text"))
