"""This library beside others, at the same limit; the others come with the dependency group ``versus``."""
