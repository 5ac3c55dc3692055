"""The built documentation in a browser: accessible, readable at every width, searchable, and easy to copy from."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import chromium

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.browser.chromium import Tab

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "_build" / "html"
AXE = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
# A page of each kind. The first three have drawings, long signatures and wide tables.
PAGES = (
    "how-to/timeouts",
    "reference/sessions",
    "explanation/architecture",
    "index",
    "tutorial",
    "how-to/index",
)
SEARCH_RESULTS = """
new Promise(done => {
  const wait = () => document.querySelector("#search-results li") ? done(true) : setTimeout(wait, 20);
  wait();
})
"""


@pytest.fixture(scope="module")
def site() -> Path:
    """Build the documentation; after the session docs, only changed pages are built."""
    built = subprocess.run(  # noqa: S603 - this Python, and folders of ours
        [sys.executable, "-m", "sphinx", "-q", "-j", "auto", "-b", "html", str(ROOT / "docs"), str(SITE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (built.returncode, built.stderr)
    return SITE


@pytest.fixture
async def tab() -> AsyncGenerator[Tab]:
    async with chromium() as opened:
        await opened.resize(1280, 900)
        yield opened


@pytest.mark.parametrize(
    ("width", "scheme", "pages"),
    [(1280, "light", PAGES), (390, "dark", PAGES), (1280, "dark", PAGES[:3]), (390, "light", PAGES[:3])],
)
async def test_pages_are_accessible_at_every_width_and_in_both_schemes(
    tab: Tab, site: Path, width: int, scheme: str, pages: tuple[str, ...]
) -> None:
    """The checker axe finds nothing, nothing scrolls sideways, and dark is dark."""
    await tab.resize(width, 900, phone=width < 700)
    await tab.prefer(scheme)
    found: list[str] = []
    for page in pages:
        await tab.open((site / f"{page}.html").as_uri())
        channels = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
        assert (max(await tab.ask(channels)) < 60) == (scheme == "dark")
        assert await tab.ask("document.documentElement.scrollWidth") <= width
        await tab.ask(AXE + ";0")
        found += await tab.ask(
            "axe.run().then(found => found.violations.map("
            f"one => `{page}: ${{one.id}} ${{one.nodes.map(node => node.html.slice(0, 80))}}`))"
        )
        found += tab.errors
    assert [] == found


async def test_no_page_is_too_high_and_no_code_scrolls_sideways(tab: Tab, site: Path) -> None:
    """On a desktop, everything is in sight, and a page of the reference is not endless."""
    folders = ("how-to", "reference", "explanation")
    pages = [site / "tutorial.html", *(page for folder in folders for page in sorted((site / folder).rglob("*.html")))]
    assert len(pages) >= 60
    found = []
    for page in pages:
        await tab.open(page.as_uri())
        height, wide = await tab.ask(
            "[document.documentElement.scrollHeight, Array.from(document.querySelectorAll('pre'))"
            ".filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent.slice(0, 80))]"
        )
        if height > 15_000 or wide:
            found.append((page.stem, height, wide))
    assert [] == found


async def test_the_search_finds_topics_and_a_copied_command_has_no_prompt(tab: Tab, site: Path) -> None:
    """By the words that a reader uses. The output below a command is not copied, and a program is copied as it is."""
    for words in ("Django", "certificate", "proxy", "key rotation"):
        await tab.open(f"{(site / 'search.html').as_uri()}?q={words.replace(' ', '+')}")
        await tab.ask(SEARCH_RESULTS)
    await tab.open((site / "tutorial.html").as_uri())
    await tab.ask("navigator.clipboard.writeText = async text => { window.copied = text; }; 0")
    blocks, buttons = await tab.ask("['', ' button'].map(one => document.querySelectorAll('.highlight' + one).length)")
    assert (blocks, True) == (buttons, blocks > 0)
    commands = "python3 -m venv .venv\n.venv/bin/pip install ."
    for language, copied in (("console", commands), ("python", "from __future__ import annotations\n\nimport asyncio")):
        await tab.ask(f"document.querySelector('.highlight-{language} button').click()")
        assert (await tab.ask("window.copied")).startswith(copied)


def test_the_reference_shows_no_private_module(site: Path) -> None:
    """A reader imports from the public one. The pages with source code are not checked."""
    private = re.compile(r"tripwire_async\.(?:\w+\.)*_[a-z]\w*\.")
    shown = {
        page.stem: private.findall(re.sub(r"<[^>]*>", "", page.read_text(encoding="utf-8")))
        for page in (site / "reference").rglob("*.html")
    }
    assert len(shown) >= 30
    assert {} == {page: names for page, names in shown.items() if names}
