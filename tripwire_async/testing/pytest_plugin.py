"""Fixtures for pytest: the API on loopback, and a client on it."""
