"""The public registry of Gate services."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._generated.operations import gate as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async.resources.base import Resource
from tripwire_async.resources.pagination import Listing
from tripwire_async.resources.raw import RawResource, raw

if TYPE_CHECKING:
    from tripwire_async._generated.models.gate import GateRegistryEntry
    from tripwire_async._http.api_calls import Caller


@final
class Registry(Resource):
    """Publicly listed services; no key is needed to read them.

    An error response raises `APIError`, and a missing response raises `TransportError`.
    """

    def __init__(self, call: Caller) -> None:
        self._call = call

    def list(self) -> Listing[GateRegistryEntry]:
        """List the services of the registry, in one page."""
        return Listing(self._call, ApiRequest(operations.LIST_GATE_REGISTRY_SERVICES))

    async def get(self, service_id: str) -> GateRegistryEntry:
        """Read one service of the registry."""
        response = await self._call(ApiRequest(operations.GET_GATE_REGISTRY_SERVICE, (service_id,)))
        return response.value.data


@final
class RawRegistry(RawResource[Registry]):
    """The methods of `Registry`, each returning a `RawResponse`."""

    list = raw(Registry.list)
    get = raw(Registry.get)
