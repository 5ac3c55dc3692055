"""Parts of a store that the processes of one service share: pages of events, and the window of sends."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, final

from tripwire_async.middleware.rate_limit.shared_pages import SharedPages, SharedWindow

from ._page_exchange import PageExchange
from ._window_share import WindowShare

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._concurrency.clock import Clock

    from ._send_window import SendWindow

_FORMAT: Final = 1
"""Version of the shared pages. Processes with different versions do not share."""


@final
class Sharing:
    """Store of a rate limit that may be able to share pages and the window of sends as well.

    Args:
        store: The store.
        base_url: The URL of the service.
    """

    __slots__ = ("_base_url", "_pages", "_window")

    def __init__(self, store: object, base_url: str) -> None:
        self._pages = store if isinstance(store, SharedPages) else None
        self._window = store if isinstance(store, SharedWindow) else None
        self._base_url = base_url

    def page_exchange(self, organization_id: str, clock: Clock) -> PageExchange | None:
        """Return what shares the pages of an organization; None if the store cannot."""
        return None if self._pages is None else PageExchange(self._pages, self._scope(organization_id), clock)

    def window_share(
        self, organization_id: str, window: SendWindow, left: Callable[[], int], clock: Clock
    ) -> WindowShare | None:
        """Return what shares the *window* of a run with *left* tests to start; None if the store cannot."""
        if self._window is None:
            return None
        return WindowShare(self._window, self._scope(organization_id), window, left, clock)

    def _scope(self, organization_id: str) -> str:
        """Return a hash, so that the store does not contain the organization and the URL."""
        return hashlib.sha256(f"{_FORMAT}\n{self._base_url}\n{organization_id}".encode()).hexdigest()[:32]
