"""The two names of the service, Tripwire and Foil, and all data that depends on the name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Literal, final

from tripwire_async._generated.profiles import EVENT_TYPES, OPERATIONS, SCOPES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FOIL", "PROFILES", "TRIPWIRE", "Profile", "select_profile"]


# A plain class: the command line imports this module for --help, which must not import attrs or dataclasses.
@final
class Profile:
    """One name of the service, with its URLs, environment variables, headers and features.

    `TRIPWIRE` and `FOIL` are the only two values.

    Attributes:
        name: ``"tripwire"`` or ``"foil"``.
        title: The name in messages.
        base_url: The URL of the API.
        secret_key_variable: The environment variable of the secret key.
        base_url_variable: The environment variable of another base URL.
        organization_variable: The environment variable of the organization id, for the command line.
        signing_secret_variable: The environment variable of webhook signing secrets, for the command line.
        client_header: The request header in which a client names itself.
        timestamp_header: The webhook header with the Unix time of the signature.
        signature_header: The webhook header with the signature.
        docs_url: The URL that error documentation starts with.
        gate_info: The HKDF info of Gate deliveries.
        verdict_field: The field of an approved Gate payload that contains the verdict.
        agent_token_variable: The environment variable that Gate sets to its own agent token.
        operations: Ids of the operations.
        scopes: Scopes of API keys.
        event_types: Types of webhook events.
    """

    __slots__ = (
        "agent_token_variable",
        "base_url",
        "base_url_variable",
        "client_header",
        "docs_url",
        "event_types",
        "gate_info",
        "name",
        "operations",
        "organization_variable",
        "scopes",
        "secret_key_variable",
        "signature_header",
        "signing_secret_variable",
        "timestamp_header",
        "title",
        "verdict_field",
    )

    name: Literal["tripwire", "foil"]
    title: str
    base_url: str
    secret_key_variable: str
    base_url_variable: str
    organization_variable: str
    signing_secret_variable: str
    client_header: str
    timestamp_header: str
    signature_header: str
    docs_url: str
    gate_info: bytes
    verdict_field: str
    agent_token_variable: str
    operations: frozenset[str]
    scopes: frozenset[str]
    event_types: frozenset[str]

    def __init__(self, name: Literal["tripwire", "foil"], title: str, *, domain: str) -> None:
        prefix = name.upper()
        values: dict[str, object] = {
            "name": name,
            "title": title,
            "base_url": f"https://api.{domain}",
            "secret_key_variable": f"{prefix}_SECRET_KEY",
            "base_url_variable": f"{prefix}_BASE_URL",
            "organization_variable": f"{prefix}_ORGANIZATION",
            "signing_secret_variable": f"{prefix}_SIGNING_SECRET",
            "client_header": f"X-{title}-Client",
            "timestamp_header": f"X-{title}-Timestamp",
            "signature_header": f"X-{title}-Signature",
            "docs_url": f"https://{domain}/docs/api-reference",
            "gate_info": f"{name}-gate-delivery:v1".encode(),
            "verdict_field": name,
            "agent_token_variable": f"{prefix}_AGENT_TOKEN",
            "operations": OPERATIONS[name],
            "scopes": SCOPES[name],
            "event_types": EVENT_TYPES[name],
        }
        for attribute, value in values.items():
            object.__setattr__(self, attribute, value)

    @property
    def other(self) -> Profile:
        """The other profile."""
        return FOIL if self is TRIPWIRE else TRIPWIRE

    def __setattr__(self, name: str, value: object) -> None:
        msg = f"a Profile is immutable: {name} cannot be set"
        raise AttributeError(msg)

    def __reduce__(self) -> str:
        # Copies and unpickled values are the same object, so profiles can be compared by identity.
        return self.name.upper()

    def __repr__(self) -> str:
        return f"<Profile {self.name}>"


TRIPWIRE: Final = Profile("tripwire", "Tripwire", domain="tripwirejs.com")
"""The service under its first name."""

FOIL: Final = Profile("foil", "Foil", domain="usefoil.com")
"""The service under its present name."""

PROFILES: Final[Mapping[str, Profile]] = {profile.name: profile for profile in (TRIPWIRE, FOIL)}
"""Both profiles by name."""


def select_profile(profile: Profile | None = None, *, base_url: str | None = None, has_key: bool = False) -> Profile:
    """Return the profile that the arguments or the environment select.

    The first rule that applies decides: *profile*; a *base_url* with the host of a profile; *has_key*, a key passed as
    an argument, which selects `TRIPWIRE`; the variable of the Tripwire key; the variable of the Foil key; `TRIPWIRE`.

    Raises:
        ConfigurationError: *profile* is not a `Profile`.
    """
    if profile is not None:
        if not isinstance(profile, Profile):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a checker
            from tripwire_async.errors import ConfigurationError  # noqa: PLC0415 - slow to import, and --help needs none

            msg = f"profile must be tripwire_async.TRIPWIRE or tripwire_async.FOIL, not {profile!r}"
            raise ConfigurationError(msg)
        return profile
    if base_url:
        host = _host(str(base_url))
        for known in PROFILES.values():
            if host == _host(known.base_url):
                return known
    if not has_key and not os.environ.get(TRIPWIRE.secret_key_variable) and os.environ.get(FOIL.secret_key_variable):
        return FOIL
    return TRIPWIRE


def select_base_url(profile: Profile) -> str:
    """Return the base URL from the environment variable of *profile*, or the service's own.

    Raises:
        ConfigurationError: Only the other profile's variable is set. Its test server must not be bypassed silently.
    """
    own = os.environ.get(profile.base_url_variable)
    if own:
        return own
    if os.environ.get(profile.other.base_url_variable):
        from tripwire_async.errors import ConfigurationError  # noqa: PLC0415 - slow to import, and --help needs none

        msg = (
            f"{profile.other.base_url_variable} is set, but the {profile.title} profile reads "
            f"{profile.base_url_variable}: set that variable, pass base_url=, or select profile="
            f"{profile.other.name.upper()}"
        )
        raise ConfigurationError(msg)
    return profile.base_url


def missing_key_advice(profile: Profile, *, argument: str = "pass secret_key=") -> str:
    """Return what to set for a missing key, and a hint if only the other profile's key is set."""
    advice = f"{argument}, or set {profile.secret_key_variable}"
    if os.environ.get(profile.other.secret_key_variable):
        advice += f" ({profile.other.secret_key_variable} is set, but the profile is {profile.title})"
    return advice


def _host(url: str) -> str | None:
    from urllib.parse import urlsplit  # noqa: PLC0415 - slow to import, and --help does not need it

    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
