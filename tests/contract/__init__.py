"""Answers as they look on the wire, written down: one of each operation, and one of each error status."""
