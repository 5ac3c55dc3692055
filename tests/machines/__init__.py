"""Search of the state machines with random examples."""
