"""The in-memory service behind `tripwire_async.testing.TripwireServer`."""
