"""Secrets: the type that hides them, keys as users pass them, redaction of untrusted text, cryptography."""
