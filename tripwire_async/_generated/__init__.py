# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models and operations generated from the API description."""
