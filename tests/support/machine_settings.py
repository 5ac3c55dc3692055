"""Settings of the state machines: a small sample in the tests, or a search with random examples."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, Phase, settings

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEARCHED: Final = os.environ.get("MACHINE_EXAMPLES")


def machine_settings(
    examples: int, steps: int, *, is_fixed: bool = False, phases: Sequence[Phase] = tuple(Phase)
) -> settings:
    """Return the settings of a state machine that makes *steps* steps per example.

    The tests run *examples*, the same ones each time if *is_fixed*. The variable ``MACHINE_EXAMPLES`` replaces their
    number for a search with random ones.
    """
    return settings(
        max_examples=int(_SEARCHED or examples),
        stateful_step_count=steps,
        derandomize=is_fixed and _SEARCHED is None,
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
