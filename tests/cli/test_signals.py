"""Signals that end a run or a server, in the process of the tests."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tripwire_async.cli.interruption import complete
from tripwire_async.cli.signals import leave_terminal, stop_signal

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator


@pytest.fixture
def hangup() -> Iterator[None]:
    """Restore the action of SIGHUP, which a run ignores after the first one."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


async def test_a_cancellation_that_is_not_by_a_signal_goes_on() -> None:
    """The caller has asked for it."""

    class Run:
        def __await__(self) -> Generator[Any, None, None]:
            return asyncio.sleep(1000).__await__()

    run: Any = Run()
    task = asyncio.create_task(complete(run, pauses=True))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.usefixtures("hangup")
async def test_the_second_signal_ends_a_run_that_is_pausing(capsys: pytest.CaptureFixture[str]) -> None:
    """Not a second SIGHUP: a terminal that is closed may send several."""
    pausing = asyncio.Event()

    class Run:
        def __await__(self) -> Generator[Any, None, None]:
            return asyncio.sleep(1000).__await__()

        async def pause(self, *, within: float) -> None:
            pausing.set()
            await asyncio.sleep(1000)

    run: Any = Run()
    task = asyncio.create_task(complete(run, pauses=True))
    await asyncio.sleep(0)
    signal.raise_signal(signal.SIGTERM)
    await pausing.wait()
    signal.raise_signal(signal.SIGHUP)
    await asyncio.sleep(0.01)
    assert not task.done()
    signal.raise_signal(signal.SIGTERM)
    assert signal.SIGTERM == await task
    assert 1 == capsys.readouterr().err.count("pausing")


def test_output_goes_nowhere_once_its_terminal_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing to it would fail. A file that receives the output is kept."""
    terminal, file = os.stat(os.devnull), os.stat(__file__)
    replaced: list[int] = []
    monkeypatch.setattr(os, "dup2", lambda _, descriptor: replaced.append(descriptor))
    monkeypatch.setattr(os, "isatty", lambda _: False)
    monkeypatch.setattr(os, "fstat", lambda descriptor: terminal if descriptor == 1 else file)
    leave_terminal()
    monkeypatch.undo()
    assert [1] == replaced


async def test_a_second_sigterm_does_not_disturb_the_end_of_a_command() -> None:
    """Of ``serve`` and ``listen``."""
    stopped = stop_signal()
    signal.raise_signal(signal.SIGTERM)
    await stopped
    signal.raise_signal(signal.SIGTERM)
    for _ in range(4):
        await asyncio.sleep(0)
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
