"""Tests of messages, the pipeline, the caller and the transport."""
