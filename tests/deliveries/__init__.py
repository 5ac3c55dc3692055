"""Waiting for deliveries."""
