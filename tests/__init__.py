"""The tests of tripwire_async; they mirror the package."""
