"""Rendered modules, and the fields of a class in them."""

from __future__ import annotations

import ast

from tripwire_async._codegen.render_models import render_module

from .descriptions import Json, api


def models(whole: Json, module: str = "things") -> str:
    """Return the text of one module of models for *whole*."""
    understood = api(whole)
    return next(render_module(each, understood) for each in understood.modules if each.name == module)


def annotations(text: str, name: str) -> dict[str, str]:
    """Return the annotation and default of each field of the class *name* in *text*."""
    found = next(each for each in ast.parse(text).body if isinstance(each, ast.ClassDef) and each.name == name)
    return {
        ast.unparse(each.target): ast.unparse(each.annotation) + (f" = {ast.unparse(each.value)}" if each.value else "")
        for each in found.body
        if isinstance(each, ast.AnnAssign)
    }
