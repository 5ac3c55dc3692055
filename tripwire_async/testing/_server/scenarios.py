"""Scenarios: named patterns of faults over time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, final, get_args

import attrs

from tripwire_async.testing._service.arguments import check_name, check_number
from tripwire_async.testing.faults import Fault

from .fault_controls import FaultControls

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing.fault_rules import Rule

ScenarioName: TypeAlias = Literal["outage", "flapping", "slow", "throttled", "lost_responses"]
"""Name of a scenario.

- ``outage``: every request gets a 503.
- ``flapping``: an outage of 2 seconds, then 2 seconds of normal operation, and so on.
- ``slow``: every response takes a second longer, and every delivery 3 seconds.
- ``throttled``: every second request gets a 429 with ``Retry-After: 1``.
- ``lost_responses``: the response to every second request is lost after the request was processed.
"""

SCENARIOS: Final[tuple[str, ...]] = get_args(ScenarioName)

_FLAP: Final = 2.0


@final
class Scenario:
    """A running scenario; `stop` and the end of its ``with`` block end it.

    Attributes:
        name: The name of the scenario.
    """

    def __init__(self, name: str, rules: Sequence[Rule]) -> None:
        self.name = name
        self._rules = rules

    @property
    def hits(self) -> int:
        """Number of times that a fault of the scenario applied to a request."""
        return sum(rule.hits for rule in self._rules)

    def stop(self) -> None:
        """End the scenario; a second call has no effect."""
        for rule in self._rules:
            rule.remove()

    def __enter__(self) -> Scenario:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Scenario {self.name}, hits={self.hits}>"


class ScenarioControls(FaultControls):
    """Methods that start scenarios."""

    def scenario(self, name: ScenarioName, *, seconds: float | None = None) -> Scenario:
        """Start a scenario: ``outage``, ``flapping``, ``slow``, ``throttled`` or ``lost_responses``.

        It ends after *seconds* of the server's clock, or when it is stopped.

        Raises:
            ValueError: There is no such scenario, or *seconds* is not a positive number.
        """
        check_name("scenario", name, SCENARIOS)
        if seconds is not None:
            check_number("seconds", seconds, 0)
        return self.on_loop(lambda: self._start(name, seconds))

    def _start(self, name: ScenarioName, seconds: float | None) -> Scenario:
        started = self.clock.now()

        def elapsed() -> float:
            return self.clock.now() - started

        def is_on(_: ServiceRequest) -> bool:
            return seconds is None or elapsed() < seconds

        scenario = Scenario(name, [self._rule(name, *part, is_on) for part in _parts(name, elapsed)])
        if seconds is not None and self._loop is not None:
            self.clock.call_at(started + seconds, scenario.stop)
        return scenario

    def _rule(
        self,
        name: str,
        operation: str | None,
        fault: Fault,
        applies: Callable[[], bool],
        is_on: Callable[[ServiceRequest], bool],
    ) -> Rule:
        named = attrs.evolve(fault, name=f"{name}: {fault.name}")
        return self.fail(operation, named, when=lambda request: is_on(request) and applies())


def _parts(name: ScenarioName, elapsed: Callable[[], float]) -> list[tuple[str | None, Fault, Callable[[], bool]]]:
    """Return the operation, the fault and the condition of each part of a scenario."""
    unavailable = Fault.status(503, retryable=True)
    every_second = itertools.cycle([True, False]).__next__
    match name:
        case "outage":
            return [(None, unavailable, lambda: True)]
        case "flapping":
            return [(None, unavailable, lambda: elapsed() % (2 * _FLAP) < _FLAP)]
        case "slow":
            return [(None, Fault.delay(1), lambda: True), ("sendTestWebhook", Fault.slow_endpoint(3), lambda: True)]
        case "throttled":
            return [(None, Fault.status(429, retry_after=1), every_second)]
        case _:
            return [(None, Fault.lost_response(), every_second)]
