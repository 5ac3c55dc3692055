"""Check that the profile of a client has an operation and the fields of its request body."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import attrs

from tripwire_async._codec.fields import PROFILE, UNSET
from tripwire_async.errors import ConfigurationError
from tripwire_async.profiles import PROFILES

if TYPE_CHECKING:
    from tripwire_async._operation import Operation
    from tripwire_async.profiles import Profile


def check_profile(operation: Operation[Any], body: Any, profile: Profile) -> None:
    """Return if *profile* has *operation* and the fields set in *body*; otherwise raise `ConfigurationError`."""
    if profile.name not in operation.profiles:
        feature = "Gate" if operation.path.startswith("/v1/gate/") else "such operation"
        msg = (
            f"{operation.id}: {profile.title} has no {feature}; this operation exists under the "
            f"{PROFILES[operation.profiles[0]].title} profile only"
        )
        raise ConfigurationError(msg)
    if body is None:
        return
    for name, owner in _marked_fields(body.__class__):
        if owner != profile.name and getattr(body, name) is not UNSET:
            msg = (
                f"{operation.id}: {profile.title} has no {name}; this argument exists under the "
                f"{PROFILES[owner].title} profile only"
            )
            raise ConfigurationError(msg)


@functools.cache
def _marked_fields(model: type[Any]) -> tuple[tuple[str, str], ...]:
    """Return the fields of *model* that only one profile has, each with the name of that profile."""
    if not attrs.has(model):
        return ()
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(model)
    return tuple((field.name, field.metadata[PROFILE]) for field in fields if PROFILE in field.metadata)
