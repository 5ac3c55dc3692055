"""Manual of the command line, made from the same parsers as ``--help``: a man page and a reference page."""
