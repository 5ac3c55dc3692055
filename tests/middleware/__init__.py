"""Tests of the layers, on virtual time, with plain functions for handlers."""
