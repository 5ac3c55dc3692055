"""All methods that control a server, for the control API."""

from __future__ import annotations

from .fault_controls import FaultControls
from .gate_controls import GateControls
from .threads import ThreadControls


class ServerControls(ThreadControls, FaultControls, GateControls):
    """Methods of the test server that do not depend on HTTP."""
