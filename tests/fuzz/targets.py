"""Parsers of data from others. Each target raises only if a parser raised an exception that it does not document."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from yarl import URL

from tests.support import sealed_tokens
from tests.support.operations import OPERATIONS
from tests.support.virtual_time import VirtualTimeLoop
from tests.support.webhook_bodies import DATA, PAIR, SECRET, envelope
from tripwire_async import FOIL, TRIPWIRE
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.messages import Response
from tripwire_async._http.options import CallOptions
from tripwire_async.cli.endpoint_ids import read_endpoint_ids
from tripwire_async.deliveries import TestOutcome, TestTimings
from tripwire_async.deliveries.reference import DeliveryReference
from tripwire_async.errors import (
    ConfigurationError,
    EventDecodeError,
    GateDeliveryError,
    JournalError,
    SignatureError,
    TokenVerificationError,
    TripwireError,
)
from tripwire_async.gate_delivery import (
    check_approved_payload,
    check_delivery_request,
    decrypt_delivery,
    encrypt_delivery,
)
from tripwire_async.journal import SqliteJournal
from tripwire_async.journal.records import Done, decode_batch, encode_batch
from tripwire_async.middleware import RateLimit, Retry, compose
from tripwire_async.receiver import parse_event, receive_event, sign_webhook, verify_signature
from tripwire_async.resources.pagination import Listing
from tripwire_async.sealed_tokens import verify_token

from .damage import damaged, damaged_text
from .redis_replies import fuzz_journal, fuzz_store

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tripwire_async.middleware import Request

Target: TypeAlias = Callable[[bytes], None]

_CONTRACT: Final = Path(__file__).parents[1] / "contract"
_ENDPOINT: Final = "we_" + 32 * "0"


def _recorded(kind: str) -> list[tuple[str, str, Any]]:
    """Return the profile, the name and the body of each recorded response of *kind*."""
    return [
        (path.parent.name, path.stem, json.loads(path.read_text(encoding="utf-8"))["body"])
        for path in sorted((_CONTRACT / kind).glob("*/*.json"))
    ]


_ANSWERS: Final = _recorded("answers")
_ERRORS: Final = _recorded("errors")
_LISTS: Final = [(profile, name, body) for profile, name, body in _ANSWERS if body and "pagination" in body]
_ENVELOPE: Final = encrypt_delivery(PAIR.request, {"ACME_KEY": "secret"})


def _run(work: Coroutine[Any, Any, object]) -> None:
    """Run *work* on virtual time; errors of this library are expected."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner, contextlib.suppress(TripwireError):
        runner.run(work)


def _request(name: str) -> ApiRequest[Any]:
    operation = OPERATIONS[name]
    samples = {"we_": 32, "wevt_": 32, "org_": 26, "key_": 26, "sid_": 26, "vid_": 26}
    path = [f"{each.prefix}{samples.get(each.prefix, 4) * '0'}" or "name" for each in operation.path_arguments]
    return ApiRequest(operation, tuple(part or "acme-prod" for part in path))


def _caller(profile: str, *responses: Response) -> ApiCaller:
    """Return a caller that gets *responses*, the last one forever, behind the rate limit and retries."""
    left = list(responses)

    async def handler(request: Request) -> Response:
        request.stats.attempts += 1
        return left.pop(0) if len(left) > 1 else left[0]

    chain = compose((Retry(), RateLimit()), handler)
    profiles = {"tripwire": TRIPWIRE, "foil": FOIL}
    return ApiCaller(chain, URL("https://api.example"), CallOptions(deadline=300.0), profile=profiles[profile])


def _answer(data: bytes) -> None:
    profile, name, body = _ANSWERS[len(data) * 7 % len(_ANSWERS)]
    response = Response(OPERATIONS[name].success, {}, damaged(body, data))
    _run(_caller(profile, response)(_request(name)))


def _error(data: bytes) -> None:
    generator = random.Random(data)  # noqa: S311 - a choice, not a secret
    profile, _, body = generator.choice(_ERRORS)
    response = Response(generator.choice((400, 401, 403, 404, 409, 410, 422, 429, 500, 503)), {}, damaged(body, data))
    _run(_caller(profile, response)(_request("getOrganization")))


def _cursor(data: bytes) -> None:
    generator = random.Random(data)  # noqa: S311 - a choice, not a secret
    profile, name, body = generator.choice(_LISTS)
    first = {**body, "pagination": {"limit": 50, "has_more": True, "next_cursor": data.decode("utf-8", "replace")}}
    responses = [Response(200, {}, json.dumps(first).encode()), Response(200, {}, damaged(body, data))]

    async def iterate() -> None:
        count = 0
        async for _ in Listing(_caller(profile, *responses), _request(name)):
            count += 1
            if count > 5000:
                break

    _run(iterate())


_HEADERS: Final = {
    "Retry-After": ("1", "0.5", "-1", "nan", "inf", "1764279600", "Fri, 31 Dec 9999 23:59:59 GMT", "soon", "1e400", ""),
    "X-RateLimit-Limit": ("600", "-1", "0", "1e9", "", "99999999999999999999", "\u0664", "1_0"),
    "X-RateLimit-Remaining": ("599", "-1", "nan", "", "1.5"),
    "Date": ("Tue, 24 Mar 2026 20:00:00 GMT", "yesterday", "", "Tue, 24 Mar 2026 20:00:00 +9999"),
    "X-Request-Id": ("req_1", "", 5000 * "a", "\x1b[31m"),
}


def _headers(data: bytes) -> None:
    generator = random.Random(data)  # noqa: S311 - a choice, not a secret
    text = data.decode("latin-1")
    headers = {name: generator.choice((*values, text)) for name, values in _HEADERS.items() if generator.random() < 0.7}
    status = generator.choice((200, 429, 503))
    _, _, body = next(each for each in _ANSWERS if each[1] == "getOrganization")
    responses = [Response(status, headers, b"{}"), Response(200, headers, json.dumps(body).encode())]
    _run(_caller("tripwire", *responses)(_request("getOrganization")))


def _webhook(data: bytes) -> None:
    kind = sorted(DATA)[len(data) % len(DATA)]
    body = damaged(envelope(kind), data)
    with contextlib.suppress(EventDecodeError):
        parse_event(body)
    with contextlib.suppress(EventDecodeError):
        receive_event(body, sign_webhook(body, SECRET, 1_774_382_400), SECRET, now=1_774_382_400.0)


def _signature(data: bytes) -> None:
    signed = sign_webhook(b"{}", SECRET, 1_774_382_400)
    headers = {name: damaged_text(text, data) for name, text in signed.items()}
    with contextlib.suppress(SignatureError):
        verify_signature(b"{}", headers, SECRET, now=1_774_382_400.0)


def _token(data: bytes) -> None:
    plaintext = damaged(sealed_tokens.PAYLOAD, data)
    packed = sealed_tokens.zlib.compress(plaintext) if len(data) % 3 else data
    for token in (
        data.decode("latin-1"),
        sealed_tokens.sealed(packed),
        damaged_text(sealed_tokens.sealed_2(packed, sealed_tokens.KEY), data),
        sealed_tokens.sealed_2(packed, sealed_tokens.KEY, more=data[:3]),
    ):
        with contextlib.suppress(TokenVerificationError):
            verify_token(token, sealed_tokens.KEY)


def _gate(data: bytes) -> None:
    fields = {name: getattr(_ENVELOPE, name) for name in ("version", "algorithm", "key_id", "ephemeral_public_key")}
    fields |= {name: getattr(_ENVELOPE, name) for name in ("salt", "iv", "ciphertext", "tag")}
    samples: list[tuple[Callable[[Any], object], Any]] = [
        (lambda document: decrypt_delivery(document, PAIR), fields),
        (check_delivery_request, DATA["gate.session.approved"]["delivery"]),
        (check_approved_payload, DATA["gate.session.approved"]),
    ]
    for parse, sample in samples:
        with contextlib.suppress(GateDeliveryError, json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            # What is not JSON is not passed to these functions, which take what a program has decoded.
            document = json.loads(damaged(sample, data))
            parse(document)


_REFERENCE: Final = DeliveryReference("org_" + 26 * "0", _ENDPOINT, "wevt_" + 32 * "0", ("wdlv_1",), 1_774_382_400.0)


def _resume(data: bytes) -> None:
    for token in (data.decode("latin-1"), damaged_text(_REFERENCE.to_token(), data), "twd1." + data.hex()):
        with contextlib.suppress(ValueError):
            DeliveryReference.from_token(token)


def _endpoint_file(data: bytes) -> None:
    text = damaged_text(f"# ids\n{_ENDPOINT}\n\n{_ENDPOINT} # one\n", data)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data if len(data) % 4 == 0 else text.encode())
        file.flush()
        with contextlib.suppress(ConfigurationError):
            read_endpoint_ids(file.name)


_OUTCOME: Final = TestOutcome(
    endpoint_id=_ENDPOINT,
    state="refused",
    delivery=None,
    error=None,
    pending=None,
    attempts=1,
    request_ids=("req_1",),
    timings=TestTimings(queued=0.1, rate_limit_wait=0.0, backoff_wait=0.0, network_time=0.1, settling=1.0),
).to_dict()
_BATCH: Final = encode_batch([(0, Done(_OUTCOME))])


def _records(data: bytes) -> None:
    for batch in (data, damaged(json.loads(_BATCH), data)):
        with contextlib.suppress(JournalError):
            decode_batch(batch)
    # Decoding JSON is left to the program, whose decoder may raise a RecursionError.
    with contextlib.suppress(ValueError, RecursionError):
        TestOutcome.from_dict(json.loads(damaged(_OUTCOME, data)))


def _journal_file(data: bytes) -> None:
    async def read(path: str) -> None:
        async with SqliteJournal(path) as journal:
            await journal.runs()
            _ = [outcome async for outcome in journal.outcomes()]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        path.write_bytes((b"SQLite format 3\0" if len(data) % 2 else b"") + data)
        with asyncio.Runner() as runner, contextlib.suppress(JournalError):
            runner.run(read(str(path)))


def _limit(data: bytes) -> None:
    _, _, body = next(each for each in _ANSWERS if each[1] == "getOrganization")
    response = Response(200, {}, json.dumps(body).encode())

    async def handler(request: Request) -> Response:
        return response

    def call(limit: RateLimit) -> Coroutine[Any, Any, object]:
        return ApiCaller(compose((limit,), handler), URL("https://api.example"), CallOptions(deadline=300.0))(
            _request("getOrganization")
        )

    fuzz_store(data, call)


TARGETS: Final[dict[str, Target]] = {
    "answers": _answer,
    "errors": _error,
    "cursors": _cursor,
    "headers": _headers,
    "webhooks": _webhook,
    "signatures": _signature,
    "sealed tokens": _token,
    "Gate deliveries": _gate,
    "resume tokens": _resume,
    "endpoint files": _endpoint_file,
    "records of journals": _records,
    "files of journals": _journal_file,
    "replies of Redis to a rate limit": _limit,
    "replies of Redis to a journal": fuzz_journal,
}
"""Parsers by name; each takes any bytes."""
