"""Lua scripts on a Redis server: connections, and a classification of their errors."""
