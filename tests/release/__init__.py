"""Checks of a release: known vulnerabilities of its dependencies."""
