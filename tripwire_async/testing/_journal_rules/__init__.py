"""Rules of the journal protocol, each a function whose docstring states the rule."""
