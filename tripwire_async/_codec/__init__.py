"""Encoding and decoding of models."""
