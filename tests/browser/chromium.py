"""Debian's Chromium without a window, driven through its DevTools protocol: no more of it than these tests need."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS: Final = (
    "--headless",
    "--no-sandbox",  # root may not use it, and the pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "about:blank",
)


class BrowserError(Exception):
    """The browser, or a script in the page, reports an error."""


class Tab:
    """One page of the browser.

    Attributes:
        requested: The URLs that the page has requested.
        errors: The log entries of the page, and each error that its scripts did not catch.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self.requested: list[str] = []
        self.errors: list[str] = []

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the protocol, and return its result."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(30):
            return await answer

    async def listen(self) -> None:
        """Sort what comes from the browser until it leaves."""
        async for message in self._socket:
            event = message.json()
            if "id" in event:
                answer = self._answers.pop(event["id"])
                if "error" in event:
                    answer.set_exception(BrowserError(event["error"]["message"]))
                else:
                    answer.set_result(event["result"])
                continue
            parameters = event["params"]
            match event["method"]:
                case "Page.loadEventFired":
                    self._loaded.set()
                case "Network.requestWillBeSent":
                    self.requested.append(parameters["request"]["url"])
                case "Runtime.exceptionThrown":
                    self.errors.append(parameters["exceptionDetails"]["text"])
                case "Log.entryAdded":
                    self.errors.append(parameters["entry"]["text"])

    async def open(self, url: str) -> None:
        """Go to *url*; returns when everything is loaded."""
        self._loaded.clear()
        self.requested.clear()
        self.errors.clear()
        await self.command("Page.navigate", url=url)
        async with asyncio.timeout(30):
            await self._loaded.wait()

    async def ask(self, script: str) -> Any:
        """Return what the expression *script* is in the page."""
        answer = await self.command("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    async def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        await self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone
        )

    async def prefer(self, scheme: str) -> None:
        """Have the system prefer the colour *scheme* ``light`` or ``dark``."""
        await self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def without_scripts(self) -> None:
        """Let the pages that are opened from now on run none."""
        await self.command("Emulation.setScriptExecutionDisabled", value=True)

    async def click(self, selector: str) -> None:
        """Click with the mouse into the middle of the first element that *selector* finds."""
        x, y = await self.ask(
            f"(() => {{ const one = document.querySelector({selector!r}); one.scrollIntoView({{block: 'center'}});"
            " const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def type(self, text: str) -> None:
        """Type *text* where the focus is."""
        await self.command("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        """Press *key*, which is ``Tab`` or ``Enter``."""
        code, text = {"Tab": (9, ""), "Enter": (13, "\r")}[key]
        for kind in ("keyDown" if text else "rawKeyDown", "keyUp"):
            await self.command(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, text=text, windowsVirtualKeyCode=code
            )

    async def picture(self) -> bytes:
        """Return what can be seen, as a PNG."""
        return base64.b64decode((await self.command("Page.captureScreenshot", format="png"))["data"])


@contextlib.asynccontextmanager
async def chromium() -> AsyncGenerator[Tab]:
    """Start a browser that knows nothing yet, and yield its one page."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        msg = "these tests need a browser: apt-get install chromium"
        raise RuntimeError(msg)
    folder = tempfile.mkdtemp(prefix="chromium-")
    process = await asyncio.create_subprocess_exec(
        program,
        f"--user-data-dir={folder}",
        *_OPTIONS,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with aiohttp.ClientSession() as session:
            port = await asyncio.wait_for(_port(process), 60)
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                [page] = [one for one in await answer.json() if one["type"] == "page"]
            socket = await session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)
            tab = Tab(socket)
            listening = asyncio.create_task(tab.listen())
            try:
                for domain in ("Page", "Network", "Runtime", "Log"):
                    await tab.command(f"{domain}.enable")
                yield tab
            finally:
                await socket.close()
                await listening
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
        # Its helpers may still be leaving, and write as they go.
        shutil.rmtree(Path(folder), ignore_errors=True)


async def _port(process: asyncio.subprocess.Process) -> int:
    """Return the port that the browser reports."""
    assert process.stderr is not None
    words: list[str] = []
    async for line in process.stderr:
        words.append(line.decode(errors="replace"))
        _, found, address = words[-1].partition("DevTools listening on ws://127.0.0.1:")
        if found:
            return int(address.partition("/")[0])
    raise RuntimeError("".join(words))
