"""Lua scripts on a Redis server: connections, and errors that a user must fix told apart from those that pass."""
