"""SVG plots that scale only in width, so that their text stays readable on any screen."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Final

from .formatting import duration, state_label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .report import ReportedState

EDGES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
"""Boundaries between the bars, in seconds; logarithmic, because latencies differ by factors."""

_HEIGHT: Final = 110
_TOP: Final = 16


def status_plot(states: Mapping[ReportedState, int]) -> str:
    """Return a bar that is divided in proportion to the *states*."""
    total = sum(states.values())
    parts: list[str] = []
    before = 0
    for state, count in states.items():
        parts.append(
            f'<rect class="{state}" x="{100 * before / total:.3f}%" width="{100 * count / total:.3f}%" height="28">'
            f"<title>{count} {state_label(state)}</title></rect>"
        )
        before += count
    label = ", ".join(f"{count} {state_label(state)}" for state, count in states.items()) or "no tests"
    return f'<svg role="img" aria-label="{label}" height="28">{"".join(parts)}</svg>'


def latency_plot(latencies: Sequence[float]) -> str:
    """Return a histogram of *latencies* in seconds, from the lowest to the highest."""
    counts = [0] * (len(EDGES) + 1)
    for latency in latencies:
        counts[bisect.bisect_right(EDGES, latency)] += 1
    first = next(index for index, count in enumerate(counts) if count)
    last = next(index for index in reversed(range(len(counts))) if counts[index])
    # An empty bar on each side keeps a single bar from filling the whole width.
    first, last = max(0, first - 1), min(len(EDGES), last + 1)
    width = 100 / (last - first + 1)
    parts = [f'<line class="axis" x1="0" x2="100%" y1="{_TOP + _HEIGHT}" y2="{_TOP + _HEIGHT}"/>']
    for index in range(first, last + 1):
        left, count = width * (index - first), counts[index]
        if count:
            height = max(2.0, _HEIGHT * count / max(counts))
            top = _TOP + _HEIGHT - height
            parts.append(
                f'<rect class="bar" x="{left + 0.06 * width:.3f}%" width="{0.88 * width:.3f}%" y="{top:.1f}"'
                f' height="{height:.1f}"><title>{count} took {_span(index)}</title></rect>'
                f'<text x="{left + width / 2:.3f}%" y="{top - 4:.1f}" text-anchor="middle">{count}</text>'
            )
        if index < last:
            parts.append(
                f'<text class="edge" x="{left + width:.3f}%" y="{_TOP + _HEIGHT + 15}" text-anchor="middle">'
                f"{EDGES[index]:g}</text>"
            )
    label = "; ".join(f"{count} took {_span(index)}" for index, count in enumerate(counts) if count)
    return f'<svg role="img" aria-label="{label}" height="{_TOP + _HEIGHT + 20}">{"".join(parts)}</svg>'


def _span(index: int) -> str:
    if index == 0:
        return f"less than {duration(EDGES[0])}"
    if index == len(EDGES):
        return f"{duration(EDGES[-1])} or more"
    return f"{duration(EDGES[index - 1])} to {duration(EDGES[index])}"
