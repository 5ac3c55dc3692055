"""Tests of the journal in PostgreSQL, for the session ``postgres``."""
