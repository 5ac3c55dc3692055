"""The bounds that the rate limit keeps under bad conditions, one seed of each scenario of the benchmark."""

from __future__ import annotations

import math

import pytest

from tests.support.limit_scenarios import SCENARIOS, Scenario, at_once
from tests.support.limit_services import RollingWindow, Service


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_stays_within_its_bounds(scenario: Scenario) -> None:
    """Time, rejected requests and lost calls, with the default `Retry` and `RateLimit`."""
    result = scenario.run(seed=1)
    assert result.seconds <= scenario.seconds
    assert result.rejected <= scenario.rejected
    assert result.lost <= scenario.lost


@pytest.mark.parametrize("latency", [(0.001, 0.005), (0.01, 0.04)])
def test_an_ordinary_service_costs_one_rejection(latency: tuple[float, float]) -> None:
    """300 calls at 60 per 2 s take 301 requests."""
    scenario = Scenario(
        "", lambda seed: Service(RollingWindow(60, 2.0), latency=latency, seed=seed), at_once(300), 8, 8.5
    )
    for seed in range(3):
        result = scenario.run(seed)
        assert result.seconds <= 8.5
        assert (result.rejected, result.lost) == (1, 0)


def test_a_usual_length_that_is_refuted_costs_one_rejection_at_most() -> None:
    """A window of 2.15 s could be taken for one of 2 s."""

    def service(seed: int) -> Service:
        return Service(RollingWindow(60, 2.15), latency=(0.2, 0.21), seed=seed)

    for seed in range(5):
        result = Scenario("", service, at_once(420), 12.9, math.inf).run(seed)
        assert result.rejected <= 2
        assert result.seconds <= 12.9 + 3


def test_a_usual_length_that_is_confirmed_saves_the_rounding() -> None:
    """Retry-After is rounded up to whole seconds, which would add up to a second to each window."""
    service = Service(RollingWindow(60, 2.0), latency=(0.475, 0.525), seed=0)
    result = Scenario("", lambda _: service, at_once(300), 9, 12.0).run(0)
    assert result.seconds <= 12.0
    assert result.rejected == 1
