"""The Gate services that a key manages."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._codec.fields import UNSET, UnsetType
from tripwire_async._generated.models.gate import (
    CreateGateServiceRequest,
    GateBranding,
    GateConsentConfig,
    GateEnvVar,
    GateSdkInstall,
    UpdateGateServiceRequest,
)
from tripwire_async._generated.operations import gate as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async.resources.arguments import to_model_or_unset, to_models
from tripwire_async.resources.base import Resource
from tripwire_async.resources.pagination import Listing
from tripwire_async.resources.raw import RawResource, raw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tripwire_async._generated.models.gate import GateManagedService
    from tripwire_async._http.api_calls import Caller


@final
class Services(Resource):
    """Services that the key manages.

    The structured arguments *env_vars*, *sdks*, *branding* and *consent* accept models or mappings.

    Each method names the scope that the secret key needs. An invalid argument raises ValueError before anything is
    sent. An error response raises `APIError`, and a missing response raises `TransportError`.
    """

    def __init__(self, call: Caller) -> None:
        self._call = call

    def list(self) -> Listing[GateManagedService]:
        """List the services that the key manages, disabled ones included, in one page.

        Scope ``gate:services:read``.
        """
        return Listing(self._call, ApiRequest(operations.LIST_MANAGED_GATE_SERVICES))

    async def get(self, service_id: str) -> GateManagedService:
        """Read one service that the key manages. Scope ``gate:services:read``."""
        response = await self._call(ApiRequest(operations.GET_MANAGED_GATE_SERVICE, (service_id,)))
        return response.value.data

    async def create(
        self,
        *,
        id: str,  # noqa: A002 - named as on the wire
        name: str,
        description: str,
        website: str,
        webhook_endpoint_id: str,
        discoverable: bool | UnsetType = UNSET,
        dashboard_login_url: str | UnsetType = UNSET,
        env_vars: Iterable[GateEnvVar | Mapping[str, object]] | UnsetType = UNSET,
        docs_url: str | UnsetType = UNSET,
        sdks: Iterable[GateSdkInstall | Mapping[str, object]] | UnsetType = UNSET,
        branding: GateBranding | Mapping[str, object] | UnsetType = UNSET,
        consent: GateConsentConfig | Mapping[str, object] | UnsetType = UNSET,
    ) -> GateManagedService:
        """Create a service. Scope ``gate:services:manage``.

        An *id* that is taken raises `ConflictError`. Not retried after a lost response, because the service may
        exist.

        Args:
            id: 3 to 32 lower-case letters, digits, hyphens and underscores, starting and ending with a letter or digit.
            name: The name that people see.
            description: A short description of the service.
            website: The URL of its website.
            webhook_endpoint_id: The endpoint that receives approved sessions and responds with the credentials.
            discoverable: Whether the public registry lists it.
            dashboard_login_url: The URL to which users of its dashboard are sent with their login code.
            env_vars: The environment variables for its credentials.
            docs_url: The URL of its documentation.
            sdks: The client libraries that it recommends.
            branding: Its logo and colors for users.
            consent: The text that a user agrees to.
        """
        body = CreateGateServiceRequest(
            id=id,
            name=name,
            description=description,
            website=website,
            webhook_endpoint_id=webhook_endpoint_id,
            discoverable=discoverable,
            dashboard_login_url=dashboard_login_url,
            env_vars=to_models("env_vars", GateEnvVar, env_vars),
            docs_url=docs_url,
            sdks=to_models("sdks", GateSdkInstall, sdks),
            branding=to_model_or_unset("branding", GateBranding, branding),
            consent=to_model_or_unset("consent", GateConsentConfig, consent),
        )
        response = await self._call(ApiRequest(operations.CREATE_MANAGED_GATE_SERVICE, body=body))
        return response.value.data

    async def update(
        self,
        service_id: str,
        *,
        discoverable: bool | UnsetType = UNSET,
        name: str | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
        website: str | UnsetType = UNSET,
        dashboard_login_url: str | UnsetType | None = UNSET,
        env_vars: Iterable[GateEnvVar | Mapping[str, object]] | UnsetType = UNSET,
        docs_url: str | UnsetType = UNSET,
        sdks: Iterable[GateSdkInstall | Mapping[str, object]] | UnsetType = UNSET,
        branding: GateBranding | Mapping[str, object] | UnsetType = UNSET,
        consent: GateConsentConfig | Mapping[str, object] | UnsetType = UNSET,
        webhook_endpoint_id: str | UnsetType = UNSET,
    ) -> GateManagedService:
        """Change the given fields of a service and keep the rest.

        The arguments have the meaning that they have in `create`. Lists replace the current lists, and a
        *dashboard_login_url* of None removes the URL. Scope ``gate:services:manage``.
        """
        body = UpdateGateServiceRequest(
            discoverable=discoverable,
            name=name,
            description=description,
            website=website,
            dashboard_login_url=dashboard_login_url,
            env_vars=to_models("env_vars", GateEnvVar, env_vars),
            docs_url=docs_url,
            sdks=to_models("sdks", GateSdkInstall, sdks),
            branding=to_model_or_unset("branding", GateBranding, branding),
            consent=to_model_or_unset("consent", GateConsentConfig, consent),
            webhook_endpoint_id=webhook_endpoint_id,
        )
        response = await self._call(ApiRequest(operations.UPDATE_MANAGED_GATE_SERVICE, (service_id,), body=body))
        return response.value.data

    async def disable(self, service_id: str) -> GateManagedService:
        """Disable a service: it accepts no more sessions; nothing is deleted. Scope ``gate:services:manage``."""
        response = await self._call(ApiRequest(operations.DISABLE_MANAGED_GATE_SERVICE, (service_id,)))
        return response.value.data


@final
class RawServices(RawResource[Services]):
    """The methods of `Services`, each returning a `RawResponse`."""

    list = raw(Services.list)
    get = raw(Services.get)
    create = raw(Services.create)
    update = raw(Services.update)
    disable = raw(Services.disable)
