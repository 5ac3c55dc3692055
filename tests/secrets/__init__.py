"""Tests of secrets and their redaction."""
