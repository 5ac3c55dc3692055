"""The troubleshooting page: its headings are messages that the library raises."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tripwire_async import AsyncTripwire
from tripwire_async.journal import SqliteJournal
from tripwire_async.receiver import sign_webhook, verify_signature
from tripwire_async.testing import DeliveryOutcome, Fault, TripwireServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "troubleshoot.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^### `(.*)`$", PAGE, flags=re.MULTILINE)
EVENT = "wevt_" + 32 * "0"

FAULTS = {
    "insufficient scope": Fault.status(403),
    "not from the API": Fault.html(502),
    "a page": Fault.html(200),
    "wrong type": Fault.malformed("data.0.status", 7),
    "too slow": Fault.delay(60),
    "rate limited": Fault.status(429, retry_after=600),
}


def raised(function: Callable[[], object]) -> str:
    with pytest.raises(Exception, match=r".") as caught:
        function()
    return str(caught.value)


async def raised_by(awaitable: Awaitable[object]) -> str:
    with pytest.raises(Exception, match=r".") as caught:
        await awaitable
    return str(caught.value)


async def iterate_outside(tripwire: AsyncTripwire, organization: str) -> None:
    async for _ in tripwire.webhooks.send_tests(organization):
        pass


async def journal_messages(client: AsyncTripwire, organization: str, endpoint: str, folder: Path) -> list[str]:
    """Return the messages of journals that do not exist, are another file, or hold another run."""
    other = folder / "notes.txt"
    other.write_text("not a database")
    async with SqliteJournal(folder / "run.db") as journal, SqliteJournal(other) as notes:
        missing = await raised_by(client.webhooks.resume_tests(journal))
        await client.webhooks.send_tests(organization, [endpoint], until="sent", journal=journal)
        return [
            missing,
            await raised_by(client.webhooks.resume_tests(notes)),
            await raised_by(client.webhooks.send_tests(organization, [], until="sent", journal=journal)),
        ]


@pytest.fixture
async def messages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Return the messages of all errors that the page explains."""
    monkeypatch.delenv("TRIPWIRE_SECRET_KEY", raising=False)
    found = [
        raised(lambda: AsyncTripwire("pk_live_1")),
        raised(lambda: AsyncTripwire("sk_1", base_url="http://api.example.com")),
        raised(lambda: AsyncTripwire("sk_1", base_url="api.example.com")),
        raised(lambda: verify_signature(b"{}", {}, "whsec_1")),
        raised(lambda: verify_signature(b"{}", sign_webhook(b"{}", "whsec_2"), "whsec_1")),
        raised(lambda: verify_signature(b"{}", sign_webhook(b"{}", "whsec_1"), "whsec_1", now=0)),
        raised(lambda: verify_signature("{}", {}, "whsec_1")),  # type: ignore[arg-type] - the mistake under test
    ]
    async with TripwireServer() as server, AsyncTripwire(server.secret_key, base_url=server.base_url) as client:
        organization = server.organization_id
        endpoint = server.add_endpoint("https://example.com/hook").id
        once = client.with_options(max_attempts=1, timeout=0.5)
        for name in ("TRIPWIRE_SECRET_KEY", "sk_test_unknown"):
            async with AsyncTripwire(None if name.isupper() else name, base_url=server.base_url) as other:
                found.append(await raised_by(other.webhooks.list_endpoints(organization)))
        async with AsyncTripwire("sk_1", base_url="http://127.0.0.1:1") as unreachable:
            found.append(await raised_by(unreachable.with_options(max_attempts=1).gate.registry.list()))
        found.append(await raised_by(unreachable.gate.registry.list()))
        found.append(await raised_by(once.webhooks.list_endpoints("acme")))
        found.append(await raised_by(once.webhooks.retrieve_event(organization, EVENT)))
        found.append(await raised_by(iterate_outside(client, organization)))
        server.set_outcome(DeliveryOutcome("succeeded", after=60))
        found.append(await raised_by((await client.webhooks.send_test(organization, endpoint)).settled(timeout=0.1)))
        found.extend(await journal_messages(client, organization, endpoint, tmp_path))
        with server.fail("sendTestWebhook", Fault.lost_response()):
            found.append(await raised_by(once.webhooks.send_test(organization, endpoint)))
        for fault in FAULTS.values():
            with server.fail("listWebhookEndpoints", fault):
                found.append(await raised_by(once.webhooks.list_endpoints(organization)))
    return found


async def test_every_heading_is_a_message(messages: list[str]) -> None:
    """A reader pastes a message into the search, and a message without a heading would be missed."""
    patterns = {heading: re.compile(re.escape(heading).replace("…", ".*")) for heading in HEADINGS}
    assert len(HEADINGS) >= 20
    unused = [heading for heading, pattern in patterns.items() if not any(map(pattern.fullmatch, messages))]
    assert not unused, messages
    assert not [message for message in messages if not any(each.fullmatch(message) for each in patterns.values())]
