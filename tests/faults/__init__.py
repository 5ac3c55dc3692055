"""Faults of servers and networks, over real sockets, and their results for each kind of call."""
