"""The asyncio SDK for the Tripwire API."""
