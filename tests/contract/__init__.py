"""Responses as JSON files: one per operation, and one per error status."""
