"""Runs with many kills, for the session ``kills``."""
