"""Tests of the check for programs that use the synchronous SDK."""
