"""Tests of sealed tokens."""
