"""Decoding and encoding of models."""
