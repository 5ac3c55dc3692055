"""The README: its two programs work, and its links lead somewhere."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tripwire_async.testing import DeliveryOutcome, TripwireServer

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def python_blocks(text: str) -> list[str]:
    """Return the code of all Python blocks in *text*."""
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


QUICK_START, MANY = python_blocks(README)


async def printed_by(program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the sorted lines of *program*, run with only the variables that ``serve`` prints; ids become names."""
    async with TripwireServer() as server:
        taken = server.add_endpoint("https://example.com/taken")
        refused = server.add_endpoint("https://example.com/refused")
        server.set_outcome(DeliveryOutcome("succeeded", response_status=200), endpoint_id=taken.id)
        server.set_outcome(DeliveryOutcome("failed", response_status=500), endpoint_id=refused.id)
        monkeypatch.setenv("TRIPWIRE_SECRET_KEY", server.secret_key)
        monkeypatch.setenv("TRIPWIRE_BASE_URL", server.base_url)
        monkeypatch.setenv("TRIPWIRE_ORGANIZATION", server.organization_id)
        await asyncio.to_thread(exec, compile(program, "README.md", "exec"), {"__name__": "__main__"})
    out = capsys.readouterr().out.replace(taken.id, "we_taken").replace(refused.id, "we_refused")
    return sorted(line.strip() for line in out.splitlines())


async def test_the_quick_start_does_what_it_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Copied as it stands, it prints one line for each endpoint."""
    assert [
        "https://example.com/refused failed 500",
        "https://example.com/taken succeeded 200",
    ] == await printed_by(QUICK_START, monkeypatch, capsys)


async def test_the_second_program_does_what_it_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its ``main`` in place of the first one's, as its sentence asks, it prints one outcome for each endpoint."""
    program, replaced = re.subn(
        r"^async def main\(\).*?\n(?=\n\n)", lambda _: MANY, QUICK_START, flags=re.DOTALL | re.MULTILINE
    )
    assert 1 == replaced
    assert ["we_refused failed", "we_taken succeeded"] == await printed_by(program, monkeypatch, capsys)


def test_the_two_commands_stand_at_the_top() -> None:
    """Whoever opens the README sees first how to run the thing."""
    commands = re.findall(r"^\$ (.*?)(?: +#.*)?$", README, flags=re.MULTILINE)
    assert ["python3 noxfile.py -s demo", "python3 noxfile.py -s tests"] == commands[:2]


def test_links_into_the_repository_lead_to_files() -> None:
    """No page that was moved is still linked to."""
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [] == [link for link in links if not (ROOT / link).exists()]
