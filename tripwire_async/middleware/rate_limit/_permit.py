"""Permit: the right to send one request."""

from __future__ import annotations

import math

import msgspec


class Permit(msgspec.Struct, eq=False):
    """The right to send one request, and the record of that request.

    Attributes:
        sent_at: When it was sent.
        ended_before: How many requests had ended when it was sent.
        ended_at: When its response came or it was given up; the service counted it no later than that.
        is_certain: Whether the service certainly accepted it.
    """

    sent_at: float
    ended_before: int
    ended_at: float = math.inf
    is_certain: bool = False
