"""Profiles: which one is selected, what each has, and the messages when something does not fit."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tripwire_async
from tests.testing.document import document, document_of, operations
from tripwire_async import FOIL, TRIPWIRE, AsyncTripwire, Profile
from tripwire_async.errors import ConfigurationError
from tripwire_async.middleware import BearerAuth, Response
from tripwire_async.profiles import PROFILES
from tripwire_async.testing import TripwireServer

if TYPE_CHECKING:
    from tripwire_async.middleware import Handler, Request

PACKAGE = Path(tripwire_async.__file__).parent
BOTH = pytest.mark.parametrize("profile", [TRIPWIRE, FOIL], ids=lambda profile: profile.name)
SESSION = "sid_" + 26 * "0"
ORGANIZATION = "org_" + 26 * "0"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Remove the variables of both profiles, and return the patch that sets them."""
    for profile in PROFILES.values():
        for variable in (profile.secret_key_variable, profile.base_url_variable):
            monkeypatch.delenv(variable, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("arguments", "variables", "expected"),
    [
        pytest.param({}, {}, TRIPWIRE, id="default"),
        pytest.param({"profile": FOIL}, {"TRIPWIRE_SECRET_KEY": "sk_1"}, FOIL, id="argument"),
        pytest.param({"profile": TRIPWIRE, "base_url": FOIL.base_url}, {}, TRIPWIRE, id="argument before URL"),
        pytest.param({"base_url": "https://api.usefoil.com/x"}, {"TRIPWIRE_SECRET_KEY": "sk_1"}, FOIL, id="Foil's URL"),
        pytest.param({"base_url": TRIPWIRE.base_url}, {"FOIL_SECRET_KEY": "sk_1"}, TRIPWIRE, id="Tripwire's URL"),
        pytest.param({"base_url": "https://example.com"}, {"FOIL_SECRET_KEY": "sk_1"}, FOIL, id="another URL"),
        pytest.param({"secret_key": "sk_1"}, {"FOIL_SECRET_KEY": "sk_2"}, TRIPWIRE, id="key as argument"),
        pytest.param({}, {"TRIPWIRE_SECRET_KEY": "sk_1"}, TRIPWIRE, id="Tripwire's variable"),
        pytest.param({}, {"FOIL_SECRET_KEY": "sk_1"}, FOIL, id="Foil's variable"),
        pytest.param({}, {"TRIPWIRE_SECRET_KEY": "sk_1", "FOIL_SECRET_KEY": "sk_2"}, TRIPWIRE, id="both variables"),
        pytest.param({}, {"TRIPWIRE_SECRET_KEY": "", "FOIL_SECRET_KEY": "sk_2"}, FOIL, id="an empty variable"),
    ],
)
def test_the_first_rule_that_applies_selects_the_profile(
    arguments: dict[str, object], variables: dict[str, str], expected: Profile, environment: pytest.MonkeyPatch
) -> None:
    """Argument, URL, key as an argument, Tripwire's variable, Foil's variable, Tripwire."""
    for variable, value in variables.items():
        environment.setenv(variable, value)
    assert AsyncTripwire(**arguments).profile is expected  # type: ignore[arg-type] - a row of the table


@BOTH
async def test_a_client_uses_the_key_url_and_header_of_its_profile(
    profile: Profile, environment: pytest.MonkeyPatch
) -> None:
    """With both keys set, the key of the other profile is not sent."""
    async with TripwireServer(profile=profile) as server:
        environment.setenv(profile.secret_key_variable, server.secret_key)
        environment.setenv(profile.other.secret_key_variable, "sk_test_other")
        environment.setenv(profile.base_url_variable, server.base_url)
        environment.setenv(profile.other.base_url_variable, "http://127.0.0.1:9")
        async with AsyncTripwire(profile=profile) as client:
            assert server.organization_id == (await client.organizations.get(server.organization_id)).id
        (request,) = server.requests
        assert request.headers[profile.client_header.lower()].startswith("tripwire-async/")
        assert profile.other.client_header.lower() not in request.headers


@BOTH
async def test_a_missing_key_names_the_variable_of_the_profile(
    profile: Profile, environment: pytest.MonkeyPatch
) -> None:
    """And that of the other profile, if it is set."""
    with pytest.raises(ConfigurationError) as caught:
        await AsyncTripwire(profile=profile).sessions.get(SESSION)
    assert f"getSession needs a secret key: pass secret_key=, or set {profile.secret_key_variable}" == str(caught.value)
    environment.setenv(profile.other.secret_key_variable, "sk_1")
    with pytest.raises(ConfigurationError) as caught:
        await AsyncTripwire(profile=profile).sessions.get(SESSION)
    assert str(caught.value).endswith(
        f"or set {profile.secret_key_variable} "
        f"({profile.other.secret_key_variable} is set, but the profile is {profile.title})"
    )


@BOTH
def test_the_base_url_of_the_other_profile_is_an_error(profile: Profile, environment: pytest.MonkeyPatch) -> None:
    """A key for a test server must not go to the live service; the message names both variables and the remedy."""
    environment.setenv(profile.other.base_url_variable, "http://127.0.0.1:1")
    with pytest.raises(ConfigurationError) as caught:
        AsyncTripwire("sk_1", profile=profile)
    assert str(caught.value) == (
        f"{profile.other.base_url_variable} is set, but the {profile.title} profile reads {profile.base_url_variable}: "
        f"set that variable, pass base_url=, or select profile={profile.other.name.upper()}"
    )
    assert AsyncTripwire("sk_1", profile=profile, base_url=profile.base_url).profile is profile


def test_something_else_is_not_a_profile() -> None:
    """The message names the two values."""
    with pytest.raises(ConfigurationError, match=r"profile must be tripwire_async\.TRIPWIRE or tripwire_async\.FOIL"):
        AsyncTripwire("sk_1", profile="foil")  # type: ignore[arg-type] - the mistake under test
    with pytest.raises(ConfigurationError, match=r"base_url 'https://\[x' is not a valid URL"):
        AsyncTripwire("sk_1", base_url="https://[x")


def test_a_profile_is_an_immutable_value_with_two_instances() -> None:
    """Copies and unpickled values are the same object."""
    for profile in (TRIPWIRE, FOIL):
        assert copy.deepcopy(profile) is profile is pickle.loads(pickle.dumps(profile))  # noqa: S301 - our own data
        assert profile.other.other is profile
        with pytest.raises(AttributeError, match="a Profile is immutable: name cannot be set"):
            profile.name = "tripwire"
    assert "<Profile foil>" == repr(FOIL)
    assert hash(FOIL) != hash(TRIPWIRE)


async def test_gate_is_an_error_of_the_call_under_foil() -> None:
    """Not of `client.gate`, so that completion and `dir` work; nothing is sent."""
    sent: list[Request] = []

    async def record(request: Request, call_next: Handler) -> Response:
        sent.append(request)
        return Response(500, {}, b"")

    client = AsyncTripwire(profile=FOIL, base_url="https://api.example", middleware=[record])
    assert "sessions" in dir(client.gate)
    message = "Foil has no Gate; this operation exists under the Tripwire profile only"
    for call in (
        client.gate.sessions.create(service_id="acme-prod", account_name="ci"),
        client.gate.registry.get("acme-prod"),
        _page(client),
        client.with_raw_response.gate.services.get("acme-prod"),
    ):
        with pytest.raises(ConfigurationError, match=message) as caught:
            await call
        assert re.match(r"\w+: Foil", str(caught.value))
    assert [] == sent


async def _page(client: AsyncTripwire) -> object:
    """Read a list, which is an awaitable and not a coroutine."""
    return await client.gate.registry.list()


async def test_a_key_of_the_other_name_is_rejected_with_the_variable_to_set() -> None:
    """Key formats are the same under both names, so the service has to reject it."""
    async with TripwireServer() as tripwire, TripwireServer(profile=FOIL) as foil:
        client = AsyncTripwire(tripwire.secret_key, profile=FOIL, base_url=foil.base_url)
        async with client:
            with pytest.raises(tripwire_async.errors.AuthenticationError) as caught:
                await client.sessions.list()
        assert "auth.invalid_api_key" == caught.value.code
        assert "set FOIL_SECRET_KEY, or pass secret_key, with an active secret key of Foil" in str(caught.value)


def test_middleware_of_ones_own_gets_the_key_of_the_client_profile(environment: pytest.MonkeyPatch) -> None:
    """A `BearerAuth` with an explicit key stays as it is."""
    environment.setenv("FOIL_SECRET_KEY", "sk_foil")
    environment.setenv("TRIPWIRE_SECRET_KEY", "sk_tripwire")
    implicit, explicit = BearerAuth(), BearerAuth("sk_mine")
    assert implicit.for_profile(TRIPWIRE) is implicit
    assert implicit.for_profile(FOIL) is not implicit
    assert explicit.for_profile(FOIL) is explicit


@BOTH
def test_a_profile_has_what_the_description_marks_for_it(profile: Profile) -> None:
    """Operations, scopes, event types, server and webhook headers."""
    described = document_of(profile)
    assert profile.operations == set(operations(profile))
    key = described["components"]["schemas"]["ApiKey"]["properties"]["scopes"]["items"]
    assert profile.scopes == set(key["enum"])
    assert profile.event_types == set(described["components"]["schemas"]["WebhookDeliveryEventType"]["enum"])
    assert [profile.base_url] == [server["url"] for server in described["servers"]]
    headers = {parameter["name"] for parameter in described["components"]["parameters"].values()}
    assert {profile.timestamp_header, profile.signature_header} == headers
    webhooks = {name: hook for name, hook in described["webhooks"].items() if "post" in hook}
    assert set(webhooks) == profile.event_types - {"webhook.test"}


def test_marks_name_known_profiles() -> None:
    """A misspelled mark would remove something from both profiles."""

    def check(node: object) -> None:
        if isinstance(node, dict):
            assert node.get("x-profiles", ["foil"])[0] in PROFILES
            for marks in node.get("x-value-profiles", {}).values():
                assert marks[0] in PROFILES
            for child in node.values():
                check(child)
        elif isinstance(node, list):
            for child in node:
                check(child)

    check(document())


def test_only_profiles_spells_names_that_depend_on_the_profile() -> None:
    """Headers, variables and addresses are in one module; the description and its tests aside."""
    spelled = re.compile(
        r"X-Tripwire|X-Foil|HTTP_X_(?:TRIPWIRE|FOIL)|\b(?:TRIPWIRE|FOIL)_[A-Z]|(?:api\.)(?:tripwirejs|usefoil)"
    )
    found = {
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in PACKAGE.rglob("*.py")
        if path != PACKAGE / "profiles.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if spelled.search(line)
    }
    assert set() == found
