# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Operations, one module per tag."""
