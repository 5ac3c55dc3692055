"""Tests of the retry middleware."""
