"""Generator of ``_generated/`` and ``models.py`` from ``openapi.yaml``, our description of the API.

``python -m tripwire_async._codegen`` writes the files; ``--check`` only compares them. The stages: `document` parses
the YAML, `schemas` and `operations` interpret it, `modules` assigns each declaration to a module, and the ``render_*``
modules produce the Python text. Unsupported input is an error with its JSON pointer; the generator never guesses.
"""
