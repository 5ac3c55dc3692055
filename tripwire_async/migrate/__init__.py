"""Check of programs that use ``tripwire-server``, the synchronous SDK: what to change for this one.

Run it with ``python -m tripwire_async.migrate FILE...``; it changes no file.
"""

from __future__ import annotations

from .check import Change, changes_in

__all__ = ["Change", "changes_in"]
