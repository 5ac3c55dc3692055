"""Valid ids that no server knows."""

from __future__ import annotations

from typing import Final

ORGANIZATION_ID: Final = "org_" + "0" * 26
ENDPOINT_ID: Final = "we_" + "0" * 32
EVENT_ID: Final = "wevt_" + "0" * 32
