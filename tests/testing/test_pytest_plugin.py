"""The fixtures that users get with pytest."""

from __future__ import annotations

import asyncio
import functools
import os
import runpy
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from tripwire_async.testing import pytest_plugin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tripwire_async import AsyncTripwire
    from tripwire_async.testing import TripwireServer

_SENDS = """
async def test_a_webhook_is_sent(tripwire, tripwire_server):
    endpoint = tripwire_server.add_endpoint("https://example.com/")
    sent = await tripwire.webhooks.send_test(tripwire_server.organization_id, endpoint.id)
    assert sent.event_id in tripwire_server.state.events
"""
_FOIL = """
import pytest
from tripwire_async import FOIL

@pytest.fixture
def tripwire_profile():
    return FOIL
"""
_OF_FOIL = """
async def test_foil(tripwire, tripwire_server):
    assert ("foil", "foil") == (tripwire.profile.name, tripwire_server.profile.name)
    (session,) = await tripwire.sessions.list(limit=1)
    assert "me" == (await tripwire.sessions.attach_client_user(session.id, "me")).client_user_id
"""
_BLOCKING = """
import urllib.request

def test_it(tripwire_server):
    urllib.request.urlopen(tripwire_server.base_url)

def test_with_a_client(tripwire):
    pass
"""
_ANYIO = """
import pytest

@pytest.mark.anyio
async def test_it(tripwire_server):
    pass
"""
_SCOPES = """
import asyncio, pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

async def test_it(tripwire, tripwire_server):
    await tripwire.webhooks.list_endpoints(tripwire_server.organization_id)

@pytest.mark.asyncio(loop_scope="function")
async def test_another(tripwire, tripwire_server):
    await tripwire.webhooks.list_endpoints(tripwire_server.organization_id)
"""
_TWO_LOOPS = """
import pytest, pytest_asyncio
from tripwire_async.testing import TripwireServer

@pytest_asyncio.fixture(loop_scope="session")
async def tripwire_server():
    async with TripwireServer() as server:
        yield server

@pytest.mark.asyncio(loop_scope="function")
async def test_it(tripwire):
    pass
"""


# The modules that pytest runs in either mode of pytest-asyncio.
_MODULES = {
    "auto": {"test_sends": _SENDS, "foil/conftest": _FOIL, "foil/test_profile": _OF_FOIL},
    "strict": {
        "test_sends": f"import pytest\npytestmark = pytest.mark.asyncio\n{_SENDS}",
        "test_synchronous": _BLOCKING,
        "test_anyio": _ANYIO,
        "test_scopes": _SCOPES,
        "test_two_loops": _TWO_LOOPS,
    },
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], list[str]]:
    """Return a function that returns the result of each test of a module: ``passed``, or its error.

    All modules of a mode run together, at the first call, because most of the time is the start of pytest.
    """

    @functools.cache
    def run(mode: str) -> ElementTree.Element:
        folder = tmp_path_factory.mktemp(mode)
        for name, text in _MODULES[mode].items():
            path = folder / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        arguments = ("-q", "-p", "no:cacheprovider", f"--asyncio-mode={mode}", "--junit-xml", str(folder / "results"))
        command = (sys.executable, "-m", "pytest", *arguments, "-c", "/dev/null", "--rootdir", str(folder), str(folder))
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - this Python
        assert (folder / "results").exists(), ran.stdout + ran.stderr
        return ElementTree.parse(folder / "results").getroot()  # noqa: S314 - of the process above

    def results(mode: str, module: str) -> list[str]:
        cases = [case for case in run(mode).iter("testcase") if case.get("classname") == module]
        return ["".join(f"{each.get('message')} {each.text}" for each in case) or "passed" for case in cases]

    return results


async def test_the_client_of_the_fixture_speaks_to_the_server_of_the_fixture(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Both fixtures of one test belong together."""
    await tripwire.webhooks.list_endpoints(tripwire_server.organization_id)
    assert ["listWebhookEndpoints"] == [request.operation for request in tripwire_server.requests]


async def _run(*arguments: str, environment: dict[str, str] | None = None) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest.mark.parametrize("mode", _MODULES)
def test_the_fixtures_need_no_configuration(mode: str, results: Callable[[str, str], list[str]]) -> None:
    """In either mode of pytest-asyncio a test has but to name them."""
    assert ["passed"] == results(mode, "test_sends")


def test_the_profile_is_a_fixture_to_override(results: Callable[[str, str], list[str]]) -> None:
    """A test suite for Foil overrides one fixture; the server and the client follow."""
    assert ["passed"] == results("auto", "foil.test_profile")


async def test_pytest_starts_without_pytest_asyncio(tmp_path: Path) -> None:
    """The plugin loads without pytest-asyncio; a test that uses the fixtures gets advice."""
    (tmp_path / "test_it.py").write_text(f"def test_anything():\n    pass\n{_SENDS}")
    code = "import sys; sys.modules['pytest_asyncio'] = None; import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    autoload = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    arguments = ("-q", "-p", "tripwire_async.testing.pytest_plugin", "-p", "no:cacheprovider", "-c", "/dev/null")
    status, output = await _run("-c", code, *arguments, str(tmp_path), environment=autoload)
    assert (1, True) == (status, "1 passed" in output), output
    assert "test_a_webhook_is_sent needs the package pytest-asyncio, which is not installed" in output


def test_the_fixtures_are_there_without_pytest_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    """The asynchronous fixtures give advice when they are used; the thread works."""
    monkeypatch.setitem(sys.modules, "pytest_asyncio", None)
    names = runpy.run_path(pytest_plugin.__file__)
    assert not names["HAS_PYTEST_ASYNCIO"]
    assert {"tripwire", "tripwire_profile", "tripwire_server", "tripwire_server_thread"} <= set(names)


async def test_pytest_starts_without_aiohttp() -> None:
    """Test suites without the fixtures do not pay for them."""
    code = "import sys, tripwire_async.testing.pytest_plugin; sys.exit('aiohttp' in sys.modules)"
    assert (0, "") == await _run("-c", code)


@pytest.mark.parametrize(
    ("module", "messages"),
    [
        (
            "test_synchronous",
            [
                "test_it is synchronous, so the event loop of the server would not run",
                "test_with_a_client is synchronous",
            ],
        ),
        ("test_anyio", ["test_it runs on an event loop of anyio"]),
        ("test_scopes", ["passed", "passed"]),
        ("test_two_loops", ["the server runs on the event loop <"]),
    ],
)
def test_another_event_loop_works_or_fails_at_once(
    module: str, messages: list[str], results: Callable[[str, str], list[str]]
) -> None:
    """No test waits for a server whose loop does not run: the message contains advice."""
    found = results("strict", module)
    assert [True] * len(messages) == [message in result for message, result in zip(messages, found, strict=True)], found
    advises = [message.startswith("test_") for message in messages]
    assert advises == ["tripwire_server_thread" in result for result in found]


def _request_of(function: object, *names: str) -> SimpleNamespace:
    """Return what pytest passes to a fixture about a test that requests the fixtures *names*."""

    def get_closest_marker(name: str) -> None:
        assert "asyncio" == name

    def getini(name: str) -> str:
        return name.removeprefix("asyncio_default_test_loop_").replace("scope", "function")

    node = SimpleNamespace(function=function, name="test_it", get_closest_marker=get_closest_marker)
    return SimpleNamespace(node=node, fixturenames=names, config=SimpleNamespace(getini=getini))


async def _test() -> None: ...


@pytest.mark.parametrize(
    ("function", "names", "has_pytest_asyncio", "message"),
    [
        (lambda: None, (), True, "test_it is synchronous"),
        (_test, (), False, "test_it needs the package pytest-asyncio"),
        (_test, ("anyio_backend",), True, "test_it runs on an event loop of anyio"),
    ],
    ids=["synchronous", "without pytest-asyncio", "anyio"],
)
def test_a_test_that_the_server_cannot_serve_fails_with_advice(
    monkeypatch: pytest.MonkeyPatch, function: object, names: tuple[str, ...], has_pytest_asyncio: bool, message: str
) -> None:
    """The fixture fails before the server starts."""
    monkeypatch.setattr(pytest_plugin, "HAS_PYTEST_ASYNCIO", has_pytest_asyncio)
    loop_scope: Any = vars(pytest_plugin)["_loop_scope"]
    with pytest.raises(pytest.fail.Exception, match=rf"{message}.*Use the fixture tripwire_server_thread"):
        loop_scope(_request_of(function, *names))
    monkeypatch.setattr(pytest_plugin, "HAS_PYTEST_ASYNCIO", True)
    assert "function" == loop_scope(_request_of(_test))
