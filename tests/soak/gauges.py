"""Memory, descriptors and tasks of a process over time."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
from pathlib import Path
from statistics import median

import attrs

_PAGE = resource.getpagesize()


@attrs.frozen
class Sample:
    """State of the process: bytes of memory, Python objects, file descriptors, tasks."""

    memory: int
    objects: int
    descriptors: int
    tasks: int


def measure() -> Sample:
    """Collect garbage and return the state of the process."""
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    return Sample(resident, len(gc.get_objects()), len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks()))


def growth(samples: list[Sample]) -> list[str]:
    """Return what has grown from the second third of *samples* to the last one; the first third is the warm-up.

    Medians are compared. Memory may grow by 5 percent and 4 MB, objects by 5 percent and 2,000. Descriptors and tasks
    may grow by a quarter and 10: idle connections are closed after a few seconds. The samples are taken while no call
    is in flight.
    """
    third = len(samples) // 3
    before, after = samples[third : 2 * third], samples[2 * third :]
    problems = []
    for name, share, constant in (
        ("memory", 0.05, 4_000_000),
        ("objects", 0.05, 2_000),
        ("descriptors", 0.25, 10),
        ("tasks", 0.25, 10),
    ):
        first, last = (median(getattr(sample, name) for sample in part) for part in (before, after))
        if last > first * (1 + share) + constant:
            problems.append(f"{name} grew from {first:.0f} to {last:.0f}")
    return problems
