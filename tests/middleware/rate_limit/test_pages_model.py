"""The Redis script of shared pages against the store in memory, in any order of exchanges."""

from __future__ import annotations

import itertools
from typing import ClassVar

import pytest
from hypothesis import Phase

from tests.support.machine_settings import machine_settings
from tests.support.memory_pages import Window
from tests.support.pages_machine import PagesMachine
from tests.support.redis_server import RedisServer
from tests.support.virtual_pages import VirtualScript, virtual_pages
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, WindowAsk, WindowReply

NAMES = itertools.count()


class ScriptMachine(PagesMachine):
    """The script in a real server, on the time of the machine."""

    server: ClassVar[RedisServer]

    def __init__(self) -> None:
        super().__init__()
        self.script = VirtualScript(self.server.url, now=lambda: self.now)
        self.store = virtual_pages(self.script, f"model.{next(NAMES)}")

    def teardown(self) -> None:
        self.script.close()


@pytest.mark.machine
def test_the_script_agrees_with_the_store_in_memory() -> None:
    """One process reads at a time, pages are newer each time, and the parts fit into the window."""
    with RedisServer() as server:
        ScriptMachine.server = server
        machine = ScriptMachine.TestCase()
        machine.settings = machine_settings(60, 40, phases=[Phase.generate])
        machine.runTest()


async def test_a_lease_ends_five_seconds_after_its_last_renewal() -> None:
    """A process that ended without giving it back delays the others for no longer."""
    now = 100.0
    with RedisServer() as server:
        script = VirtualScript(server.url, now=lambda: now)
        pages = virtual_pages(script, "lease")

        async def is_reader(worker: str) -> bool:
            return (await pages.exchange_page(PageAsk(worker=worker, after=0.0))).is_reader

        assert await is_reader("a")
        now += 4.99
        assert not await is_reader("b")
        now += 0.02
        assert await is_reader("b")
        script.close()


def test_parts_are_equal_and_none_is_larger_than_wanted() -> None:
    """The rest is divided between the others, as far as the window is free."""

    def ask(worker: str, wanted: int, used: int = 0) -> WindowReply:
        return window.exchange(WindowAsk(worker=worker, width=200, used=used, wanted=wanted), 0.0)

    window = Window()
    assert 200 == ask("a", 200).part
    assert 0 == ask("b", 10).part
    assert 190 == ask("a", 200, used=150).part
    assert 10 == ask("b", 10).part
    assert 0 == ask("c", 200).part
    assert 95 == ask("a", 200, used=80).part
    assert 95 == ask("c", 200).part
    assert 0 == ask("a", 0).part
    assert 190 == ask("c", 200, used=95).part
