"""The page of a report in a browser: on a desktop, on a phone, in dark mode, without scripts."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import chromium
from tests.support.sample_report import CANARY, endpoint_id, kinds_report, large_report, mixed_report
from tripwire_async.reports import html_report

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tests.browser.chromium import Tab

# What the page shows now, in this order: the number of each endpoint.
SHOWN = (
    "Array.from(document.querySelectorAll('#tests tbody tr')).filter(row => row.offsetParent !== null)"
    ".map(row => parseInt(row.querySelector('.first code').textContent.slice(3), 16))"
)


@pytest.fixture
async def tab() -> AsyncGenerator[Tab]:
    async with chromium() as opened:
        await opened.resize(1280, 800)
        yield opened


@pytest.fixture
def kinds(tmp_path: Path) -> str:
    file = tmp_path / "report.html"
    file.write_text(html_report(kinds_report(interrupted=True)), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def large(tmp_path: Path) -> str:
    file = tmp_path / "report.html"
    file.write_text(html_report(large_report()), encoding="utf-8")
    return file.as_uri()


async def test_the_page_requests_nothing_and_logs_no_error(tab: Tab, kinds: str) -> None:
    """It is one file, its own script and style are the only ones that run, and neither fails."""
    await tab.open(kinds)
    assert ([kinds], []) == (tab.requested, tab.errors)
    assert "7 of 7 shown" == await tab.ask("document.querySelector('output').value")


async def test_what_endpoints_say_is_text(tab: Tab, kinds: str) -> None:
    """A name that is a script is shown as one, and runs in no place."""
    await tab.open(kinds)
    assert CANARY == await tab.ask("document.querySelectorAll('.name')[0].textContent")
    assert "undefined" == await tab.ask("typeof window.canary")
    assert 0 == await tab.ask("document.images.length")


async def test_a_script_that_got_into_the_page_would_not_run(tab: Tab, kinds: str) -> None:
    """The page's policy is a second fence behind the first: it knows its own script by its hash."""
    await tab.open(kinds)
    await tab.ask("document.body.append(Object.assign(document.createElement('script'), {text: 'window.canary = 3'}))")
    assert "undefined" == await tab.ask("typeof window.canary")
    assert any("Content Security Policy" in one for one in tab.errors)


async def test_a_click_on_a_title_sorts_and_another_turns_it_round(tab: Tab, kinds: str) -> None:
    """Numbers by value; unknown values last in both orders; aria-sort has the order."""
    await tab.open(kinds)
    latency, sort = (
        "#tests th:nth-child(6)",
        "document.querySelector('#tests th:nth-child(6)').getAttribute('aria-sort')",
    )
    assert ([1, 2, 3, 4, 5, 6, 0], None) == (await tab.ask(SHOWN), await tab.ask(sort))
    await tab.click(f"{latency} button")
    assert ([0, 1, 2, 3, 4, 5, 6], "ascending") == (await tab.ask(SHOWN), await tab.ask(sort))
    await tab.click(f"{latency} button")
    assert ([1, 0, 2, 3, 4, 5, 6], "descending") == (await tab.ask(SHOWN), await tab.ask(sort))
    await tab.click("#tests th:nth-child(2) button")
    assert [0, 1, 2, 3, 4, 5, 6] == await tab.ask(SHOWN)
    assert 1 == await tab.ask("document.querySelectorAll('[aria-sort]').length")


async def test_the_keyboard_sorts_as_the_mouse_does(tab: Tab, kinds: str) -> None:
    """A title is a button, which takes the focus and shows that it has it."""
    await tab.open(kinds)
    await tab.ask("document.querySelector('#tests th:nth-child(3) button').focus()")
    await tab.press("Tab")
    assert "2px" == await tab.ask("getComputedStyle(document.activeElement).outlineWidth")
    await tab.press("Enter")
    await tab.press("Enter")
    assert [2, 1, 0] == (await tab.ask(SHOWN))[:3]


async def test_the_table_is_searched_by_words_and_by_status(tab: Tab, kinds: str) -> None:
    """In any order and any case; a screen reader reads the number of rows."""
    await tab.open(kinds)
    await tab.click("input[name=search]")
    await tab.type("0 CUSTOMER")
    assert [2, 5, 6, 0] == await tab.ask(SHOWN)
    assert ("4 of 7 shown", "polite") == (
        await tab.ask("document.querySelector('output').value"),
        await tab.ask("document.querySelector('output').getAttribute('aria-live')"),
    )
    await tab.ask(
        "(() => { const one = document.querySelector('select[name=state]'); one.value = 'skipped';"
        " one.dispatchEvent(new Event('input')); })()"
    )
    assert [5] == await tab.ask(SHOWN)


async def test_without_scripts_everything_can_be_read(tab: Tab, kinds: str) -> None:
    """The controls, which would do nothing, are not shown."""
    await tab.without_scripts()
    await tab.open(kinds)
    assert [1, 2, 3, 4, 5, 6, 0] == await tab.ask(SHOWN)
    assert 0 == await tab.ask("document.querySelector('#controls').offsetHeight")
    assert 0 == await tab.ask("document.querySelectorAll('th button').length")
    assert "the delivery had not settled after 60 seconds" in await tab.ask("document.body.innerText")


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
async def test_no_width_makes_the_page_scroll_sideways(tab: Tab, kinds: str, width: int) -> None:
    """However long a name, an address or a host is."""
    await tab.resize(width, 740, phone=width < 700)
    await tab.open(kinds)
    assert await tab.ask("document.documentElement.scrollWidth") <= width
    # On a phone, the titles are for screen readers only.
    seen = "Array.from(document.querySelectorAll('td, #hosts th, p, li'), one => one.getBoundingClientRect().right)"
    assert await tab.ask(f"Math.max(...{seen})") <= width


async def test_on_a_phone_a_test_is_a_card(tab: Tab, kinds: str) -> None:
    """With the titles beside the values, letters of a size to read, and a list of orders in place of titles."""
    await tab.resize(360, 740, phone=True)
    await tab.open(kinds)
    assert "block" == await tab.ask("getComputedStyle(document.querySelector('#tests tbody tr')).display")
    title = "getComputedStyle(document.querySelector('#tests td[data-title=Latency]'), '::before').content"
    assert '"Latency"' == await tab.ask(title)
    assert "row" == await tab.ask("document.querySelector('#tests tbody tr').getAttribute('role')")
    assert 12 <= await tab.ask(
        "Math.min(...Array.from(document.querySelectorAll('#tests td *'),"
        " one => parseFloat(getComputedStyle(one).fontSize)))"
    )
    for order, first in (("5 ascending", 0), ("5 descending", 1), ("5 ascending", 0), ("", 1)):
        await tab.ask(
            "(() => { const one = document.querySelector('select[name=order]');"
            f" one.value = {order!r}; one.dispatchEvent(new Event('change')); }})()"
        )
        assert first == (await tab.ask(SHOWN))[0]


# The contrast of each text with its background, by the rule of the Web Content Accessibility Guidelines.
FAINT = """
(() => {
  const channel = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map(channel)
    .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = Array.from(element.childNodes).some(node => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest('script') || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const [one, other] = [light(element.closest('svg') ? style.fill : style.color), light(behind(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) found.push(`${element.tagName} ${element.className} ${contrast.toFixed(2)}`);
  }
  return found;
})()
"""


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
async def test_the_page_follows_the_system_s_colours_and_stays_readable(
    tab: Tab, kinds: str, scheme: str, is_dark: bool
) -> None:
    """The page follows the preferred scheme; every text has a contrast of at least 4.5 to 1."""
    await tab.prefer(scheme)
    await tab.open(kinds)
    red = int((await tab.ask("getComputedStyle(document.body).backgroundColor")).split("(")[1].split(",")[0])
    assert is_dark is (red < 128)
    assert [] == await tab.ask(FAINT)


async def test_fields_and_plots_have_names(tab: Tab, kinds: str) -> None:
    """For users of a screen reader."""
    await tab.open(kinds)
    tree = await tab.command("Accessibility.getFullAXTree")
    named = {
        (node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree["nodes"] if not node["ignored"]
    }
    assert {
        ("searchbox", "Search"),
        ("combobox", "Status"),
        ("table", "Tests by endpoint"),
        ("table", "Tests by host"),
    } <= named
    images = sorted(name for role, name in named if role in {"image", "img"})
    assert ["1 succeeded, 1 failed", "1 took 200 ms to 500 ms"] == [images[0][:21], images[1][:23]]
    assert not any(role in {"button", "searchbox", "combobox", "image"} and not name for role, name in named)


async def test_a_thousand_endpoints_are_sorted_and_searched_at_once(tab: Tab, large: str) -> None:
    """Both take less time than a person notices; much more is allowed here, as the machine may be busy."""
    await tab.open(large)
    took = await tab.ask(
        "(() => { const start = performance.now(); document.querySelector('#tests th:nth-child(6) button').click();"
        " document.body.offsetHeight; return performance.now() - start; })()"
    )
    assert took < 2000
    shown = await tab.ask(SHOWN)
    assert 1000 == len(shown)
    latencies = [test.latency for test in large_report().tests]
    assert min(latency for latency in latencies if latency is not None) == latencies[shown[0]]
    await tab.click("input[name=search]")
    await tab.type(endpoint_id(7))
    assert [7] == await tab.ask(SHOWN)


async def test_a_reason_leads_to_its_rows(tab: Tab, kinds: str) -> None:
    """Also if they are hidden by a search, which is then cleared."""
    await tab.open(kinds)
    await tab.click("input[name=search]")
    await tab.type("customer")
    await tab.ask("document.querySelectorAll('.reasons a')[0].click()")
    await tab.ask("new Promise(done => setTimeout(done, 50))")
    target = "document.querySelector('#tests tr:target')"
    assert await tab.ask(
        f"document.querySelector('.reasons a').textContent.includes({target}.cells[7].innerText.slice(0, 20))"
    )
    assert list(range(1, 7)) == sorted(await tab.ask(SHOWN))[1:]
    assert 0 <= await tab.ask(f"{target}.getBoundingClientRect().top") < 800


async def test_three_hundred_tests_fit_on_fifteen_pages(tab: Tab, tmp_path: Path) -> None:
    """A4 with the table, whose titles are repeated on each page, without controls, and with every endpoint."""
    file = tmp_path / "report.html"
    file.write_text(html_report(mixed_report()), encoding="utf-8")
    await tab.open(file.as_uri())
    printed = await tab.command("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)
    pdf = base64.b64decode(printed["data"])
    assert 10 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 15
    await tab.command("Emulation.setEmulatedMedia", media="print")
    assert "table-row" == await tab.ask("getComputedStyle(document.querySelector('#tests tbody tr')).display")
    assert 300 == len(await tab.ask(SHOWN))
    assert [0, 0] == [
        await tab.ask(f"document.querySelectorAll({selector!r})[0]?.offsetHeight ?? 0")
        for selector in ("#controls", "details")
    ]
    # A button in a title would keep Chromium from repeating the titles.
    assert ["table-header-group", "contents"] == [
        await tab.ask(f"getComputedStyle(document.querySelector({selector!r})).display")
        for selector in ("#tests thead", "#tests thead button")
    ]


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (360, 740)])
async def test_there_is_something_to_see(tab: Tab, large: str, width: int, height: int) -> None:
    """Plots in the colours of the states, in the picture itself: what no element can tell."""
    await tab.prefer("light")
    await tab.resize(width, height)
    await tab.open(large)
    colours = _colours(await tab.picture())
    assert {(0x1A, 0x7F, 0x4B), (0xC6, 0x2F, 0x36), (0x4F, 0x6D, 0x8F)} <= colours


def _colours(png: bytes) -> set[tuple[int, int, int]]:
    """Return the colours of the pixels in *png*, which has eight bits a channel and is not interlaced."""
    data, at = b"", 8
    width = channels = 0
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        chunk = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, _, depth, colour = struct.unpack(">IIBB", chunk[:10])
            assert depth == 8
            channels = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            data += chunk
        at += size + 12
    lines, step = zlib.decompress(data), width * channels
    found: set[tuple[int, int, int]] = set()
    before = bytearray(step)
    for start in range(0, len(lines), step + 1):
        before = _unfiltered(lines[start], bytearray(lines[start + 1 : start + 1 + step]), before, channels)
        found.update(zip(before[::channels], before[1::channels], before[2::channels], strict=True))
    return found


def _unfiltered(kind: int, line: bytearray, above: bytearray, channels: int) -> bytearray:
    for place in range(len(line)):
        left = line[place - channels] if place >= channels else 0
        corner = above[place - channels] if place >= channels else 0
        up = above[place]
        if kind == 1:
            line[place] = (line[place] + left) & 255
        elif kind == 2:
            line[place] = (line[place] + up) & 255
        elif kind == 3:
            line[place] = (line[place] + (left + up) // 2) & 255
        elif kind == 4:
            near = min(
                (abs(up - corner), 0, left), (abs(left - corner), 1, up), (abs(left + up - 2 * corner), 2, corner)
            )
            line[place] = (line[place] + near[2]) & 255
    return line
