"""Rendering of what each profile has: operations, scopes and event types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import profiles
from .render_text import header, string
from .shapes import Enumeration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .modules import Api

_SCOPES: Final = "ApiKeyScope"
_EVENT_TYPES: Final = "WebhookDeliveryEventType"


def render_profiles(api: Api) -> str:
    """Return the text of the module with the contents of each profile."""
    operations = [(endpoint.id, endpoint.profiles) for endpoint in api.endpoints]
    lines = [
        header("Operations, scopes and event types by the name of the profile that has them."),
        "from typing import Final",
        "",
        *_constant("OPERATIONS", operations),
        *_constant("SCOPES", _values(api, _SCOPES)),
        *_constant("EVENT_TYPES", _values(api, _EVENT_TYPES)),
    ]
    return "\n".join([*lines, ""])


def _values(api: Api, name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the values of the enumeration *name*, each with its profiles."""
    for module in api.modules:
        for declaration in module.declarations:
            if isinstance(declaration, Enumeration) and declaration.name == name:
                marks = dict(declaration.value_profiles)
                yield from ((value, marks.get(value, profiles.ALL)) for _, value in declaration.members)


def _constant(name: str, items: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    found = list(items)
    yield f"{name}: Final[dict[str, frozenset[str]]] = {{"
    for profile in profiles.ALL:
        values = sorted(value for value, having in found if profile in having)
        if not values:
            yield f"    {string(profile)}: frozenset(),"
            continue
        yield f"    {string(profile)}: frozenset("
        yield "        {"
        yield from (f"            {string(value)}," for value in values)
        yield "        }"
        yield "    ),"
    yield "}"
