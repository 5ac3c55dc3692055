"""All methods that control a server, for the control API."""

from __future__ import annotations

from .assertions import Assertions
from .gate_controls import GateControls
from .memory import MemoryTransport
from .scenarios import ScenarioControls
from .snapshots import Snapshots
from .threads import ThreadControls


class ServerControls(ThreadControls, MemoryTransport, Assertions, ScenarioControls, Snapshots, GateControls):
    """Methods of the test server that do not depend on HTTP."""
