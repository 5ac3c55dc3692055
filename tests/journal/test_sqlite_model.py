"""The journal in a file behaves like the model in memory, whatever its workers do."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.support.journal_machine import JournalMachine
from tests.support.machine_settings import machine_settings
from tripwire_async.journal import SqliteJournal


class SqliteMachine(JournalMachine):
    """Several journals of one file; closing one without leaving is what the death of its process does."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        super().__init__(lambda: SqliteJournal(Path(self.folder.name) / "run.db"))

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


SqliteMachine.TestCase.settings = machine_settings(25, 30)


@pytest.mark.machine
class TestSqliteJournal(SqliteMachine.TestCase):
    """Exchanges, repeated exchanges, pauses, workers that leave or die."""
