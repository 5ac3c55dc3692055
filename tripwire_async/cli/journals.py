"""Journals by their name on the command line, and the state of their runs."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tripwire_async.errors import ConfigurationError, JournalError
from tripwire_async.journal import RedisJournal, SqliteJournal

if TYPE_CHECKING:
    import argparse

    from tripwire_async.journal import Run, RunSummary

AnyJournal: TypeAlias = SqliteJournal | RedisJournal

DEFAULT_RUN: Final = "default"

_REDIS: Final = ("redis://", "rediss://", "unix://")
_PASSWORD: Final = re.compile(r"(://)[^/@\s]*@")


def open_journal(name: str, run: str | None) -> AnyJournal:
    """Return the journal with this *name*, a file or the URL of a Redis server, for *run*; nothing is opened yet."""
    run = run or DEFAULT_RUN
    return RedisJournal(name, run=run) if name.startswith(_REDIS) else SqliteJournal(name, run=run)


async def find_run(journal: AnyJournal) -> Run | None:
    """Return the run of *journal*; None if it does not exist yet."""
    try:
        return await journal.begin(None)
    except JournalError as error:
        if error.is_missing:
            return None
        raise


async def failed_of(name: str, run: str) -> list[str]:
    """Return the endpoints whose tests in *run* of the journal *name* did not pass.

    Raises `ConfigurationError` if the run is not finished, because its endpoints could change until then.
    """
    async with open_journal(name, run) as journal:
        if (await journal.begin(None)).finished is None:
            msg = f"--failed-of {run}: the run is not finished: continue it with {resume_command(name, run)}"
            raise ConfigurationError(msg)
        return [
            outcome.endpoint_id
            async for outcome in journal.outcomes()
            if outcome.state in {"failed", "timed_out", "refused", "unknown"}
        ]


def resume_command(name: str, run: str | None) -> str:
    """Return the command that continues *run* of the journal *name*, without the password of a URL."""
    command = f"tripwire-async test --resume {shlex.quote(without_password(name))}"
    return command if run in {None, DEFAULT_RUN} else f"{command} --run {shlex.quote(str(run))}"


def without_password(name: str) -> str:
    """Return the *name* of a journal without the password of a URL."""
    return _PASSWORD.sub(r"\1…@", name)


def state_of(run: RunSummary) -> str:
    """Return the state of *run* in one word."""
    if run.finished is not None:
        return "finished"
    if run.paused:
        return "paused"
    return "running" if run.workers else "stopped"


def document_of(run: RunSummary) -> dict[str, Any]:
    """Return *run* for a JSON document."""
    return {
        "name": run.name,
        "id": run.id,
        "organization_id": run.organization_id,
        "state": state_of(run),
        "endpoints": run.endpoints,
        "counts": dict(run.counts),
        "workers": run.workers,
        "created": _time(run.created),
        "finished": None if run.finished is None else _time(run.finished),
        "paused": run.paused,
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def check_journal_options(arguments: argparse.Namespace) -> None:
    """Raise `ConfigurationError` for options of a journal that do not fit together."""
    if arguments.resume is not None and arguments.journal is not None:
        msg = "--resume names the journal, so --journal is not needed"
    elif arguments.run is not None and arguments.resume is None and arguments.journal is None:
        msg = "--run is the name of a run in a journal: pass --journal or --resume as well"
    elif arguments.failed_of is not None and (
        arguments.journal is None or arguments.run in {None, arguments.failed_of}
    ):
        msg = f"--failed-of needs --journal and another name for the new run, such as --run {arguments.failed_of}.2"
    else:
        return
    raise ConfigurationError(msg)
