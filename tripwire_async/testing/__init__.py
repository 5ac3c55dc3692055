"""The Tripwire API on loopback, for tests."""
