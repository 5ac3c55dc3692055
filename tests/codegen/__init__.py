"""Tests of the code generator and of the API description."""
