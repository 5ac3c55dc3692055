"""Cancellation of every public coroutine at each of its suspension points."""
