"""Tests of journals and of durable runs."""
