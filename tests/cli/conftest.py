"""The command line without the caller's own environment, and a test server in a thread for it to talk to."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import pytest

from tripwire_async.cli import main
from tripwire_async.testing import TripwireServer, WebhookSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tripwire_async.testing import DeliveryOutcome
    from tripwire_async.testing._service.records import Endpoint

T = TypeVar("T")


@pytest.fixture(autouse=True)
def hangup() -> Iterator[None]:
    """Let SIGHUP end a command, also if the tests are run by ``nohup``, which ignores it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@attrs.frozen
class Ended:
    """Exit status and output of a command."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)["data"]


@attrs.frozen
class Elsewhere:
    """A server that runs in its own thread; use it through `ask`."""

    server: TripwireServer
    loop: asyncio.AbstractEventLoop

    def ask(self, question: Callable[[TripwireServer], T]) -> T:
        """Return the result of *question*, called with the server in the server's own thread."""

        async def call() -> T:
            return question(self.server)

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(10)

    def wait(self, condition: Callable[[TripwireServer], bool]) -> None:
        """Return once *condition* holds of the server."""
        asyncio.run_coroutine_threadsafe(self.server.until(lambda: condition(self.server)), self.loop).result(10)

    def add_endpoint(self, url: str = "http://127.0.0.1:9/", name: str = "hook") -> Endpoint:
        return self.ask(lambda server: server.add_endpoint(url, name=name))

    def set_outcome(self, outcome: DeliveryOutcome, endpoint_id: str | None = None) -> None:
        self.ask(lambda server: server.set_outcome(outcome, endpoint_id=endpoint_id))


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "TRIPWIRE_SECRET_KEY",
        "TRIPWIRE_BASE_URL",
        "TRIPWIRE_ORGANIZATION",
        "TRIPWIRE_SIGNING_SECRET",
        "NO_COLOR",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    """Run a server, and point the environment at it."""
    server = TripwireServer(webhooks=WebhookSettings(delay=0.0, max_attempts=1))
    ready = threading.Event()
    stop: Callable[[], None]
    loop: asyncio.AbstractEventLoop

    async def serve() -> None:
        nonlocal stop, loop
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        stop = stopped.set
        async with server:
            ready.set()
            await stopped.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", server.secret_key)
    monkeypatch.setenv("TRIPWIRE_BASE_URL", server.base_url)
    monkeypatch.setenv("TRIPWIRE_ORGANIZATION", server.organization_id)
    yield Elsewhere(server, loop)
    loop.call_soon_threadsafe(stop)
    thread.join(10)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Make stdout look like a terminal that can do everything."""
    monkeypatch.setenv("TERM", "xterm-256color")
    # pytest puts another object of this class in place of stdout before the test begins.
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Return a function that runs the command line in this process."""

    def run(*arguments: str) -> Ended:
        capsys.readouterr()
        try:
            status = main(arguments)
        except SystemExit as end:
            status = int(end.code or 0)
        return Ended(status, *capsys.readouterr())

    return run
