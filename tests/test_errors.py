"""Error classes: the tree in the docstring, copying and pickling, status codes."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import TYPE_CHECKING

import pytest

from tripwire_async import errors
from tripwire_async.errors import APIError, FieldError, TripwireError, error_class

if TYPE_CHECKING:
    from collections.abc import Callable

CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, TripwireError)]


def arguments(cls: type[TripwireError]) -> dict[str, object]:
    """Return a value other than the default for each keyword of *cls*."""
    unusual: dict[str, object] = {
        "status": 418,
        "attempts": 3,
        "retry_after": 1.5,
        "retryable": False,
        "maybe_sent": False,
        "field_errors": (FieldError(name="url", issue="bad", received=5),),
        "latest": {"status": "pending"},
    }
    names = [name for name in inspect.signature(cls).parameters if name not in {"self", "message"}]
    return {name: unusual.get(name, f"the {name}") for name in names}


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def error(request: pytest.FixtureRequest) -> TripwireError:
    error: TripwireError = request.param("message", **arguments(request.param))
    error.add_note("seen by the caller")
    return error


def test_the_docstring_shows_the_class_tree() -> None:
    """It lists every class under its base class and no others."""
    drawn: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ((?:[│ ]   )*)(?:[├└]── )?([A-Z]\w+)(?: {2,}|$)", line)
        if match is None:
            continue
        depth = 0 if "──" not in line else len(match[1]) // 4 + 1
        above[depth:] = [match[2]]
        if depth:
            drawn[match[2]] = above[depth - 1]
    bases = {cls.__name__: cls.__bases__[0].__name__ for cls in CLASSES if cls is not TripwireError}
    assert bases == drawn


def test_every_error_is_exported() -> None:
    """Every error that is raised can be caught by its public name."""
    assert {*(cls.__name__ for cls in CLASSES), "FieldError", "error_class"} == set(errors.__all__)


@pytest.mark.parametrize(
    "transfer",
    [
        copy.copy,
        copy.deepcopy,
        *(lambda e, p=p: pickle.loads(pickle.dumps(e, p)) for p in range(pickle.HIGHEST_PROTOCOL + 1)),  # noqa: S301 - our own pickle
    ],
    ids=["copy", "deepcopy", *(f"pickle {p}" for p in range(pickle.HIGHEST_PROTOCOL + 1))],
)
def test_a_copied_or_pickled_error_keeps_all_its_values(
    error: TripwireError, transfer: Callable[[TripwireError], TripwireError]
) -> None:
    """Process pools pickle errors."""
    copied = transfer(error)
    assert type(error) is type(copied)
    assert error is not copied
    assert str(error) == str(copied) == copied.message == "message"
    assert error.args == copied.args
    assert vars(error) == vars(copied)
    assert arguments(type(error)).items() <= vars(copied).items()


def test_every_error_can_be_hashed_and_printed(error: TripwireError) -> None:
    """Errors can be members of a set."""
    assert {error} == {error, error}
    assert "message" in repr(error)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (409, "ConflictError"),
        (410, "GoneError"),
        (422, "ValidationFailedError"),
        (429, "RateLimitedError"),
        (500, "ServerError"),
        (503, "ServerError"),
        (599, "ServerError"),
        (418, "APIError"),
    ],
)
def test_each_status_has_its_class(status: int, name: str) -> None:
    """Unknown statuses map to the base class."""
    assert name == error_class(status).__name__
    assert issubclass(error_class(status), APIError)


@pytest.mark.parametrize("name", ["RequestTimeoutError", "DeliveryTimeoutError"])
def test_a_timeout_is_a_builtin_timeout_error(name: str) -> None:
    """``except TimeoutError`` catches it."""
    assert issubclass(getattr(errors, name), TimeoutError)
