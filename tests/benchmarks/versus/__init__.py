"""Comparison with other libraries at the same rate limit; the dependency group ``versus`` installs them."""
