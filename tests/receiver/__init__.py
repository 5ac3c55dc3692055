"""Tests of the receiver: being a webhook endpoint."""
