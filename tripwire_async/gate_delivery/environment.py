"""Rules for the environment variables that a delivery may set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tripwire_async.errors import GateDeliveryError
from tripwire_async.profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterable

_AGENT_TOKEN_SUFFIX: Final = "_GATE_AGENT_TOKEN"  # noqa: S105 - the end of a variable's name
_MANAGED: Final = frozenset(profile.agent_token_variable for profile in PROFILES.values())
_OTHER_THAN_LETTERS_AND_DIGITS: Final = re.compile(r"[^A-Za-z0-9]+")

# Variables that make a shell, a loader, an interpreter or a tool run other code.
_FORBIDDEN: Final = frozenset(
    {
        "BASH_ENV", "BROWSER", "CDPATH", "DYLD_INSERT_LIBRARIES", "DYLD_LIBRARY_PATH", "EDITOR", "ENV", "GIT_ASKPASS",
        "GIT_SSH_COMMAND", "HOME", "LD_LIBRARY_PATH", "LD_PRELOAD", "NODE_OPTIONS", "NODE_PATH", "PATH", "PERL5OPT",
        "PERLLIB", "PROMPT_COMMAND", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "RUBYLIB", "RUBYOPT", "SHELLOPTS",
        "SSH_ASKPASS", "VISUAL", "XDG_CONFIG_HOME",
    }
)  # fmt: skip
_FORBIDDEN_PREFIXES: Final = ("NPM_CONFIG_", "BUN_CONFIG_", "GIT_CONFIG_")


def agent_token_variable(service_id: str) -> str:
    """Return the variable for the agent token of a service: ``ACME_PROD_GATE_AGENT_TOKEN`` for ``acme-prod``."""
    return _OTHER_THAN_LETTERS_AND_DIGITS.sub("_", service_id).upper() + _AGENT_TOKEN_SUFFIX


def is_managed_variable(name: str) -> bool:
    """Return whether Gate itself sets this variable, which holds an agent token; the case does not matter."""
    upper = name.upper()
    return upper in _MANAGED or upper.endswith(_AGENT_TOKEN_SUFFIX)


def is_forbidden_variable(name: str) -> bool:
    """Return whether no delivery may set this variable, in any case, because it can make a program run other code."""
    upper = name.upper()
    return upper in _FORBIDDEN or upper.startswith(_FORBIDDEN_PREFIXES)


def check_environment(names: Iterable[str], *, managed: bool = False) -> None:
    """Raise `GateDeliveryError` unless a delivery may set all of *names*.

    Variables that Gate manages are allowed only with *managed*, because a service must not set them.
    """
    for name in names:
        if not name or "=" in name or "\0" in name:
            msg = f"{name!r} is not a valid name of an environment variable"
            raise GateDeliveryError(msg)
        if is_forbidden_variable(name):
            msg = f"a delivery must never set {name}: it can make a program run other code"
            raise GateDeliveryError(msg)
        if not managed and is_managed_variable(name):
            msg = f"a service must not set {name}, which Gate manages"
            raise GateDeliveryError(msg)
