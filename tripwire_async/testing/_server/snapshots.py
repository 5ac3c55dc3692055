"""State of a server in a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from tripwire_async.errors import ConfigurationError
from tripwire_async.profiles import PROFILES
from tripwire_async.testing._service.keys import Key
from tripwire_async.testing._service.records import Delivery, Endpoint, Event, Organization

from .parts import ServerParts

if TYPE_CHECKING:
    from tripwire_async.profiles import Profile

_FORMAT: Final = 1
_COMPUTED: Final = frozenset({"deliveries", "endpoint", "event", "window"})


class Snapshot(msgspec.Struct, forbid_unknown_fields=True):
    """Contents of the file: the records of a server, with the secrets of its keys and endpoints."""

    format: int
    profile: str
    organization_id: str
    key_id: str
    organizations: list[dict[str, Any]]
    keys: list[dict[str, Any]]
    endpoints: list[dict[str, Any]]
    events: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]

    def find_profile(self) -> Profile:
        """Return the profile by its name."""
        return PROFILES[self.profile]


class Snapshots(ServerParts):
    """Methods that save the records of a server."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write organizations, keys, endpoints, events and deliveries to a JSON file, for `TripwireServer.load`.

        The file contains the secrets of the server, so only its owner can read it. It replaces an existing file as a
        whole. Requests, faults, outcomes and the data of Gate are not saved.
        """
        data = msgspec.json.format(msgspec.json.encode(self.on_loop(self._snapshot)), indent=1)
        target = Path(path)
        temporary = target.with_name(f"{target.name}.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        temporary.replace(target)

    def _snapshot(self) -> Snapshot:
        state = self.state
        deliveries = [
            {**_fields(delivery), "event_id": delivery.event.id, "endpoint_id": delivery.endpoint.id}
            for delivery in state.deliveries.values()
        ]
        return Snapshot(
            format=_FORMAT,
            profile=self.profile.name,
            organization_id=self.organization_id,
            key_id=self.key.id,
            organizations=[_fields(organization) for organization in state.organizations.values()],
            keys=[_fields(key) for key in state.keys.by_id.values()],
            endpoints=[_fields(endpoint) for endpoint in state.endpoints.values()],
            events=[_fields(event) for event in state.events.values()],
            deliveries=deliveries,
        )

    def _restore(self, snapshot: Snapshot) -> None:
        """Replace the initial records by those of *snapshot*."""
        state = self.state
        state.organizations = {each["id"]: Organization(**each) for each in snapshot.organizations}
        state.keys.clear()
        for fields in snapshot.keys:
            organizations = set(fields.pop("organizations"))
            state.keys.add(Key(**fields)).organizations = organizations
        state.endpoints = {each["id"]: Endpoint(**each) for each in snapshot.endpoints}
        state.events = {each["id"]: Event(**each) for each in snapshot.events}
        for fields in snapshot.deliveries:
            event, endpoint = state.events[fields.pop("event_id")], state.endpoints[fields.pop("endpoint_id")]
            delivery = Delivery(event=event, endpoint=endpoint, **fields)
            event.deliveries.append(delivery)
            state.deliveries[delivery.id] = delivery
        self.organization_id = snapshot.organization_id
        self.key = state.keys.by_id[snapshot.key_id]


def read_snapshot(path: str | os.PathLike[str]) -> Snapshot:
    """Return the contents of a file of `Snapshots.save`; raise ConfigurationError for any other file."""
    try:
        snapshot = msgspec.json.decode(Path(path).read_bytes(), type=Snapshot)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise ConfigurationError(msg) from error
    except msgspec.MsgspecError as error:
        msg = f"{path} is not a file of TripwireServer.save: {error}"
        raise ConfigurationError(msg) from None
    if snapshot.format != _FORMAT or snapshot.profile not in PROFILES:
        msg = f"{path} has the format {snapshot.format}, and this version reads {_FORMAT}"
        raise ConfigurationError(msg)
    return snapshot


def _fields(record: attrs.AttrsInstance) -> dict[str, Any]:
    fields = attrs.asdict(record, recurse=False, filter=lambda field, _: field.name not in _COMPUTED)
    return {name: sorted(value) if name == "organizations" else value for name, value in fields.items()}
