"""Tests of clocks, timeouts and polling."""
