"""Secrets: the Secret type, keys as arguments, redaction, cryptography."""
