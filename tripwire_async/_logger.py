"""The logger ``tripwire_async``, silent until the program configures logging."""

from __future__ import annotations

import logging
from typing import Final

LOGGER: Final = logging.getLogger("tripwire_async")
# Without a handler, Python prints warnings to stderr.
LOGGER.addHandler(logging.NullHandler())
