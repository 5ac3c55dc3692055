"""Turns ``openapi.yaml``, our description of the API, into ``_generated/`` and ``models.py``.

``python -m tripwire_async._codegen`` writes them, ``--check`` only compares. The way through: `document` reads,
`schemas` and `operations` understand, `homes` decides which module holds what, the ``render_`` modules write. A thing
that is not understood is refused with its JSON pointer, never guessed at.
"""
