"""``python -m tripwire_async``: the command line."""

from __future__ import annotations

import sys

from tripwire_async.cli import main

sys.exit(main())
