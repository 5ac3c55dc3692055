"""Fuzzing of everything that reads data from others: only documented exceptions may be raised."""
