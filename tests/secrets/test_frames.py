"""Frames of exceptions lose their locals, and keep their place in the program."""

from __future__ import annotations

import errno
import traceback

from tests.support.secret_scanner import chain
from tripwire_async._http.transport_errors import safe_cause
from tripwire_async._secrets.frames import clear_frames


def fail(local: str) -> None:
    assert local
    raise LookupError


def caught(function: object, *arguments: object) -> BaseException:
    try:
        function(*arguments)  # type: ignore[operator] - one of the functions here
    except BaseException as error:  # noqa: BLE001 - the exception is the result
        return error
    raise AssertionError


def locals_of(error: BaseException, name: str) -> list[dict[str, object]]:
    """Return the locals of each frame of a function *name* in *error* and its chain."""
    return [
        dict(frame.f_locals)
        for link in chain(error)
        for frame, _ in traceback.walk_tb(link.__traceback__)
        if frame.f_code.co_name == name
    ]


def test_causes_contexts_and_members_of_groups_are_cleared() -> None:
    """Their frames are printed with those of the exception itself."""
    error = ExceptionGroup("several", [LookupError(), ExceptionGroup("nested", [ValueError()])])
    error.exceptions[0].__cause__ = caught(fail, "cause")
    error.exceptions[1].__context__ = caught(fail, "context")
    assert [{"local": "cause"}, {"local": "context"}] == sorted(locals_of(error, "fail"), key=str)
    clear_frames(error, None)
    assert [{}, {}] == locals_of(error, "fail")


def test_the_exception_that_the_caller_handles_keeps_its_locals() -> None:
    """It is the context of an exception that is raised in the meantime, and its frames belong to the caller."""
    outer = caught(fail, "the caller's")
    error = caught(fail, "a library's")
    error.__context__ = outer
    clear_frames(error, outer)
    assert [{"local": "the caller's"}, {}] == sorted(locals_of(error, "fail"), key=str)


def test_files_and_lines_remain() -> None:
    """A traceback still shows where the exception was raised."""
    error = caught(fail, "local")
    before = traceback.format_exception(error)
    clear_frames(error, None)
    assert before == traceback.format_exception(error)


def test_a_cause_that_contains_a_key_is_dropped() -> None:
    """The text of an error can repeat what a server has sent."""
    assert safe_cause(OSError(errno.ECONNRESET, "Authorization: Bearer sk_live_canary")) is None
    kept = OSError(errno.ECONNRESET, "Connection reset by peer")
    assert kept is safe_cause(kept)
