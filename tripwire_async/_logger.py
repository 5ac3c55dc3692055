"""The library's logger, ``tripwire_async``; what it writes goes nowhere until the program sets up logging."""

from __future__ import annotations

import logging
from typing import Final

LOGGER: Final = logging.getLogger("tripwire_async")
# Without any handler, Python would print warnings on stderr.
LOGGER.addHandler(logging.NullHandler())
