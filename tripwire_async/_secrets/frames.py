"""Removal of frames, or of their locals, from an exception: those of a call hold the request with its credentials."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType


def clear_frames(error: BaseException, outer: BaseException | None) -> None:
    """Clear the locals of all finished frames in *error*, its causes, its contexts and the members of groups.

    Files and line numbers remain, so a traceback still shows where the exception was raised. Error reporters send the
    locals of frames by default. Call it where the exception leaves the frames of another library, and pass the
    exception that the caller handles as *outer*: its frames belong to the caller and keep their locals.
    """
    for link in _links(error, outer):
        _clear(link.__traceback__)


def drop_frames(error: BaseException) -> None:
    """Remove the tracebacks of *error*, its causes and its contexts, for an error that is stored as a value.

    The frames of one failed call take 3 to 15 kB, and a run can have a hundred thousand of them.
    """
    for link in _links(error, None):
        link.__traceback__ = None


def _links(error: BaseException, outer: BaseException | None) -> Iterator[BaseException]:
    """Return *error*, its causes, its contexts and the members of groups, without *outer* and what it belongs to."""
    seen = {id(outer)}
    pending: list[BaseException | None] = [error]
    while pending:
        link = pending.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        pending += [link.__cause__, link.__context__]
        if isinstance(link, BaseExceptionGroup):
            pending += cast("BaseExceptionGroup[BaseException]", link).exceptions


def _clear(traceback: TracebackType | None) -> None:
    while traceback is not None:
        # A frame that is still running belongs to the caller, and raises an error.
        with contextlib.suppress(RuntimeError):
            traceback.tb_frame.clear()
        traceback = traceback.tb_next
