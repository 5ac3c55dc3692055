"""The page of the test server in a browser: live, operated by mouse and keyboard, on a phone and in the dark."""

from __future__ import annotations

import asyncio
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web

from tests.browser.chromium import chromium
from tripwire_async.testing import DeliveryOutcome, Fault, ManualClock, TripwireServer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from tests.browser.chromium import Tab

TEXTS = "Array.from(document.querySelectorAll('{}'), one => one.innerText.replace(/\\s+/g, ' ').trim())"


@pytest.fixture
async def tab() -> AsyncGenerator[Tab]:
    async with chromium() as opened:
        await opened.resize(1280, 900)
        yield opened


@pytest.fixture
async def server() -> AsyncIterator[TripwireServer]:
    async with TripwireServer() as server:
        for name in ("shop", "broken"):
            server.add_endpoint(f"https://example.com/{name}", name=name)
        yield server


async def texts(tab: Tab, selector: str) -> list[str]:
    return await tab.ask(TEXTS.format(selector))


async def until(tab: Tab, script: str, expected: Any) -> None:
    """Wait until the expression *script* is *expected* in the page, which updates itself."""
    value = None
    for _ in range(100):
        value = await tab.ask(script)
        if value == expected:
            return
        await asyncio.sleep(0.05)
    assert expected == value


async def open_page(tab: Tab, server: TripwireServer) -> None:
    await tab.open(server.base_url)
    await until(tab, "document.querySelector('#connection').textContent", "live")


async def status_of_a_call(server: TripwireServer) -> int | None:
    """Return the status of a request to the API, or None without a response."""
    headers = {"Authorization": f"Bearer {server.secret_key}"}
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(f"{server.base_url}/v1/sessions?limit=1", headers=headers) as response:
                return response.status
        except aiohttp.ServerDisconnectedError:
            return None


async def test_a_click_sends_and_the_state_follows(tab: Tab, server: TripwireServer) -> None:
    """All endpoints are listed; the delivery appears and settles without a reload."""
    server.set_outcome(DeliveryOutcome("succeeded", 200, after=0.3))
    await open_page(tab, server)
    assert ["shop", "broken"] == await texts(tab, "#endpoint-list strong")
    await tab.click("#endpoint-list button")
    await until(tab, "document.querySelector('#delivery-list .chip')?.textContent", "pending")
    await until(tab, "document.querySelector('#delivery-list .chip').textContent", "succeeded")
    assert "HTTP 200" in (await texts(tab, "#delivery-list .row"))[0]
    assert "Test sent to shop" == await tab.ask("document.querySelector('#message').textContent")
    assert all(url.startswith(server.base_url) for url in tab.requested)
    assert [] == tab.errors


async def test_requests_appear_and_the_limit_is_shown(tab: Tab, server: TripwireServer) -> None:
    """With the operation, the status and the id; 429 with its Retry-After."""
    server.limit = 1
    await open_page(tab, server)
    assert [200, 429] == [await status_of_a_call(server) for _ in range(2)]
    await until(tab, "document.querySelectorAll('#request-list .row').length", 2)
    newest, oldest = await texts(tab, "#request-list .row")
    assert ("429" in newest, "retry after" in newest) == (True, True)
    assert ("GET listSessions" in oldest, server.requests[0].request_id in oldest) == (True, True)
    await until(tab, "document.querySelector('#meter').getAttribute('aria-valuenow')", "1")
    assert "2 of 1 requests in the last 60 s; 1 rejected with 429" in await texts(tab, "#limit-text")


async def test_a_switch_makes_the_api_fail_and_back(tab: Tab, server: TripwireServer) -> None:
    """Each of the four; a fault of the program is listed and can be removed."""
    await open_page(tab, server)
    for name, failing in (("unavailable", 503), ("limited", 429), ("lost", None), ("slow", 200)):
        switch = f"[aria-labelledby=switch-{name}]"
        checked = f"document.querySelector('{switch}').getAttribute('aria-checked')"
        for expected, status in (("true", failing), ("false", 200)):
            await tab.click(switch)
            await until(tab, checked, expected)
            assert (name, status) == (name, await status_of_a_call(server))
    server.fail("getSession", Fault.status(503), times=2)
    await status_of_a_call(server)
    await until(tab, "document.querySelector('#other-faults .name')?.innerText.includes('0 of 2 hits')", True)
    await tab.click("#other-faults button")
    await until(tab, "document.querySelectorAll('#other-faults li').length", 0)
    assert [] == server.faults.rules


async def test_a_delivery_shows_a_payload_that_can_be_replayed(tab: Tab, server: TripwireServer) -> None:
    """The curl command of the details, run by a shell, is accepted by a receiver that verifies signatures."""
    received: list[tuple[dict[str, str], bytes]] = []

    async def receive(request: web.BaseRequest) -> web.Response:
        received.append((dict(request.headers), await request.read()))
        return web.Response()

    runner = web.ServerRunner(web.Server(receive))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint = server.add_endpoint(f"http://127.0.0.1:{runner.addresses[0][1]}/it's", name="receiver")
    server.set_outcome(DeliveryOutcome("failed", 500, "no", "The endpoint answered 500."), endpoint_id=endpoint.id)
    await open_page(tab, server)
    await tab.click("#endpoint-list li:nth-child(3) button")
    await until(tab, "document.querySelectorAll('#delivery-list .row').length", 1)
    await tab.click("#delivery-list button.row")
    await until(tab, "document.querySelectorAll('#delivery-list pre').length", 4)
    response, headers, payload, curl = await texts(tab, "#delivery-list pre")
    assert ("no", True, True) == (response, "X-Tripwire-Signature: " in headers, '"webhook.test"' in payload)
    curl = await tab.ask("document.querySelectorAll('#delivery-list pre')[3].textContent")
    process = await asyncio.create_subprocess_shell(f"{curl} --silent --show-error")
    assert 0 == await process.wait()
    from tripwire_async.receiver import receive_event

    [(headers, body)] = received
    assert "webhook.test" == receive_event(body, headers, endpoint.signing_secret).type
    await runner.cleanup()


async def test_a_delivery_can_be_settled_by_hand(tab: Tab, server: TripwireServer) -> None:
    """The details of a delivery in progress have a button for each final state."""
    server.set_outcome(DeliveryOutcome("succeeded", after=600))
    await open_page(tab, server)
    await tab.click("#endpoint-list button")
    await until(tab, "document.querySelectorAll('#delivery-list .row').length", 1)
    await tab.click("#delivery-list button.row")
    await until(tab, "document.querySelectorAll('.details .buttons button').length", 3)
    await tab.click(".details .buttons button:nth-child(3)")
    await until(tab, "document.querySelector('#delivery-list .chip').textContent", "skipped")


async def test_everything_can_be_done_with_the_keyboard(tab: Tab, server: TripwireServer) -> None:
    """A slash leads to the search; Tab and Enter send a test; the focus can be seen and stays."""
    server.set_outcome(DeliveryOutcome("succeeded"))
    await open_page(tab, server)
    await tab.ask("document.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true}))")
    await tab.ask("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true}))")
    assert "search" == await tab.ask("document.activeElement.id")
    await tab.type("broken")
    await until(tab, "document.querySelector('#endpoints .count').textContent", "1 of 2")
    await tab.press("Tab")
    assert "reset" == await tab.ask("document.activeElement.id")
    await tab.press("Tab")
    assert "Send test to broken" == await tab.ask("document.activeElement.getAttribute('aria-label')")
    assert "2px" == await tab.ask("getComputedStyle(document.activeElement).outlineWidth")
    await tab.press("Enter")
    await until(tab, "document.querySelectorAll('#delivery-list .row').length", 1)
    assert "Send test to broken" == await tab.ask("document.activeElement.getAttribute('aria-label')")


async def test_a_reset_and_a_new_endpoint(tab: Tab, server: TripwireServer) -> None:
    """The lists are empty again, with advice; an endpoint is added by a form."""
    server.set_outcome(DeliveryOutcome("succeeded"))
    await open_page(tab, server)
    await tab.click("#endpoint-list button")
    await until(tab, "document.querySelectorAll('#delivery-list .row').length", 1)
    await tab.click("#reset")
    await until(tab, "document.querySelectorAll('#delivery-list .row').length", 0)
    assert "block" == await tab.ask("getComputedStyle(document.querySelector('#delivery-list + .empty')).display")
    await tab.click("summary")
    await tab.click("input[name=url]")
    await tab.type("http://127.0.0.1:9/new")
    await tab.press("Enter")
    await until(tab, "document.querySelectorAll('#endpoint-list li').length", 3)
    assert "http://127.0.0.1:9/new" == list(server.state.endpoints.values())[-1].url


async def test_a_scenario_is_started_and_stopped(tab: Tab, server: TripwireServer) -> None:
    """Its faults are listed with its name."""
    await open_page(tab, server)
    await tab.click("#scenario-buttons button")
    await until(tab, "document.querySelector('#other-faults strong')?.textContent", "outage: status 503")
    assert 503 == await status_of_a_call(server)
    await tab.click("#other-faults button")
    await until(tab, "document.querySelectorAll('#other-faults li').length", 0)
    assert 200 == await status_of_a_call(server)


@pytest.mark.parametrize("width", [390, 1280])
async def test_no_text_covers_another(tab: Tab, server: TripwireServer, width: int) -> None:
    """The parts of a row have their own places, at every width."""
    await _filled(server)
    await tab.resize(width, 800, phone=width < 700)
    await open_page(tab, server)
    overlaps = """
    Array.from(document.querySelectorAll('.row')).filter(row => {
      const boxes = Array.from(row.children, one => one.getBoundingClientRect()).filter(box => box.width);
      return boxes.some((a, i) => boxes.slice(i + 1).some(b => a.left < b.right - 1 && b.left < a.right - 1
        && a.top < b.bottom - 1 && b.top < a.bottom - 1));
    }).length
    """
    assert 0 == await tab.ask(overlaps)


async def test_a_manual_clock_has_controls(tab: Tab) -> None:
    """The server on real time shows none."""
    clock = ManualClock()
    async with TripwireServer(clock=clock) as server:
        await open_page(tab, server)
        await tab.click("#clock-buttons button:nth-child(2)")
        await until(tab, "document.querySelector('#message').textContent", "")
        for _ in range(100):
            if clock.now():
                break
            await asyncio.sleep(0.02)
        assert 10.0 == clock.now()
    async with TripwireServer() as server:
        await open_page(tab, server)
        assert 0 == await tab.ask("document.querySelector('#clock-section').offsetHeight")


async def test_a_page_that_lost_the_server_says_so(tab: Tab) -> None:
    """It connects again by itself when the server is back."""
    async with TripwireServer() as server:
        await open_page(tab, server)
        port = int(server.base_url.rpartition(":")[2])
    await until(tab, "document.querySelector('#connection').textContent", "disconnected")
    async with TripwireServer(port=port):
        await until(tab, "document.querySelector('#connection').textContent", "live")


async def _filled(server: TripwireServer) -> None:
    server.set_outcome(DeliveryOutcome("failed", 500, "x" * 300, "The endpoint answered 500."))
    server.fail("getSession", Fault.status(503), times=2)
    server.add_endpoint("https://example.com/" + "long/" * 30, name="n" * 80)
    async with aiohttp.ClientSession() as session:
        for endpoint in list(server.state.endpoints):
            body = json.dumps({"endpoint_id": endpoint})
            await session.post(f"{server.base_url}/_test/send", data=body)
    await status_of_a_call(server)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_the_page_is_accessible_at_every_width_and_in_both_schemes(
    tab: Tab, server: TripwireServer, width: int, scheme: str
) -> None:
    """The checker axe finds nothing serious, nothing scrolls sideways, and dark is dark."""
    await _filled(server)
    await tab.resize(width, 800, phone=width < 700)
    await tab.prefer(scheme)
    await open_page(tab, server)
    await tab.click("#delivery-list button.row")
    await until(tab, "document.querySelectorAll('#delivery-list pre').length", 4)
    # Colours that fade would be measured in between.
    await tab.ask("Promise.all(document.getAnimations().map(animation => animation.finished)).then(() => null)")
    assert await tab.ask("document.documentElement.scrollWidth") <= width
    channels = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    brightest = max(await tab.ask(channels))
    assert (brightest < 60) == (scheme == "dark")
    await tab.ask((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8") + ";0")
    violations = await tab.ask(
        "axe.run().then(found => found.violations.map(one => [one.impact, one.id, one.nodes[0].html]))"
    )
    assert [] == violations


@pytest.mark.parametrize("width", [1280, 390])
async def test_an_endpoint_with_an_outcome_stays_readable(tab: Tab, server: TripwireServer, width: int) -> None:
    """The outcome is below the URL, so the name and the URL keep the width of the list."""
    server.set_outcome(DeliveryOutcome("succeeded", 200))
    await tab.resize(width, 900)
    await open_page(tab, server)
    await until(tab, "document.querySelector('#endpoint-list .chip').textContent", "always succeeded")
    assert await tab.ask("document.querySelector('#endpoint-list .name').getBoundingClientRect().width") > 150


async def test_an_event_type_is_on_one_line(tab: Tab, server: TripwireServer) -> None:
    """On a screen of 1280 pixels, also the longest one."""
    server.set_outcome(DeliveryOutcome("succeeded", 200))
    server.add_endpoint("https://example.com/", event_types=["session.fingerprint.calculated"])
    server.emit("session.fingerprint.calculated")
    await open_page(tab, server)
    await until(tab, "document.querySelector('#delivery-list .event')?.textContent", "session.fingerprint.calculated")
    assert await tab.ask("document.querySelector('#delivery-list .event').getBoundingClientRect().height") < 30
