"""Run the tests of resources under both profiles of the service."""

from __future__ import annotations

import pytest

from tripwire_async import FOIL, TRIPWIRE, Profile


@pytest.fixture(params=[TRIPWIRE, FOIL], ids=lambda profile: profile.name)
def tripwire_profile(request: pytest.FixtureRequest) -> Profile:
    """Return each profile; the modules about Gate override this fixture."""
    profile: Profile = request.param
    return profile
