"""The programs and the links of the README."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tripwire_async.testing import DeliveryOutcome, TripwireServer

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def python_blocks(text: str) -> list[str]:
    """Return the Python blocks of *text*."""
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


QUICK_START, MANY = python_blocks(README)


async def printed_by(program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the sorted lines of *program*, run with only the variables that ``serve`` prints; ids become names."""
    async with TripwireServer() as server:
        accepted = server.add_endpoint("https://example.com/accepted")
        rejected = server.add_endpoint("https://example.com/rejected")
        server.set_outcome(DeliveryOutcome("succeeded", response_status=200), endpoint_id=accepted.id)
        server.set_outcome(DeliveryOutcome("failed", response_status=500), endpoint_id=rejected.id)
        monkeypatch.setenv("TRIPWIRE_SECRET_KEY", server.secret_key)
        monkeypatch.setenv("TRIPWIRE_BASE_URL", server.base_url)
        monkeypatch.setenv("TRIPWIRE_ORGANIZATION", server.organization_id)
        await asyncio.to_thread(exec, compile(program, "README.md", "exec"), {"__name__": "__main__"})
    out = capsys.readouterr().out.replace(accepted.id, "we_accepted").replace(rejected.id, "we_rejected")
    return sorted(line.strip() for line in out.splitlines())


async def test_the_quick_start_works(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Copied unchanged, it prints one line per endpoint."""
    assert [
        "https://example.com/accepted succeeded 200",
        "https://example.com/rejected failed 500",
    ] == await printed_by(QUICK_START, monkeypatch, capsys)


async def test_the_program_of_the_front_page_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints one outcome per endpoint, with the reason of a failure."""
    [program] = python_blocks((ROOT / "docs" / "index.md").read_text(encoding="utf-8"))
    accepted, rejected = await printed_by(program, monkeypatch, capsys)
    assert accepted.startswith("we_accepted succeeded")
    assert rejected.startswith("we_rejected failed")


async def test_the_program_for_many_endpoints_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its ``main`` in place of the first, it prints one outcome per endpoint."""
    program, replaced = re.subn(
        r"^async def main\(\).*?\n(?=\n\n)", lambda _: MANY, QUICK_START, flags=re.DOTALL | re.MULTILINE
    )
    assert 1 == replaced
    assert [
        "we_accepted succeeded The endpoint accepted the webhook.",
        "we_rejected failed The endpoint did not accept the webhook.",
    ] == await printed_by(program, monkeypatch, capsys)


def test_the_two_commands_come_first() -> None:
    """A reader of the README sees first how to run the project."""
    commands = re.findall(r"^\$ (.*?)(?: +#.*)?$", README, flags=re.MULTILINE)
    assert ["python3 noxfile.py -s demo", "python3 noxfile.py -s tests"] == commands[:2]


def test_links_into_the_repository_resolve() -> None:
    """A page that was moved must not leave a dead link."""
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [] == [link for link in links if not (ROOT / link).exists()]


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_a_front_page_answers_the_first_questions(page: str) -> None:
    """The service, the supported Pythons, the installation, and where everything else is."""
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert {"changelog", "license", "security"} <= {Path(link).stem.lower() for link in links}
    assert [] == [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    for words in ("detects bots", "Python 3.11, 3.12 or 3.13", "pip install .", "reference/index.md"):
        assert words in text
