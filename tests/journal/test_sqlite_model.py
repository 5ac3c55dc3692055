"""The journal in a file behaves like the model in memory, whatever its workers do."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

from tests.support.journal_machine import JournalMachine
from tripwire_async.journal import SqliteJournal


class SqliteMachine(JournalMachine):
    """Several journals of one file; closing one without leaving is what the death of its process does."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        super().__init__(lambda: SqliteJournal(Path(self.folder.name) / "run.db"))

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


SqliteMachine.TestCase.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


class TestSqliteJournal(SqliteMachine.TestCase):
    """Exchanges, repeated exchanges, pauses, workers that leave or die."""
