"""Writes the modules of models, and the public face before them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from . import homes
from .render_text import WIDTH, call, docstring, header, imports, string
from .shapes import (
    NULL,
    Alias,
    Constant,
    Declaration,
    Enumeration,
    Field,
    ListOf,
    MapOf,
    Model,
    Named,
    Scalar,
    Shape,
    Union,
    mentioned,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .homes import Api, Module

_PACKAGE: Final = "tripwire_async._generated.models"


def render_module(module: Module, api: Api) -> str:
    """Return the text of one module of models."""
    body = "\n".join(_declarations(module, api))
    return "\n".join([header(_title(module)), *_imports(module, api, body), body, ""])


def render_face(api: Api) -> str:
    """Return the text of ``models.py``, which offers every model and imports a module of them when one is used."""
    held = {module.name: {each.name for each in module.declarations} for module in api.modules}
    names = sorted((name, home) for home, found in held.items() for name in found)
    lines = [
        header("The models of everything that the API sends and takes; a part of them is imported when it is used."),
        "from __future__ import annotations",
        "",
        "import importlib",
        "from typing import TYPE_CHECKING, Any, Final",
        "",
        "if TYPE_CHECKING:",
        *imports({f"{_PACKAGE}.{home}": held[home] for home in sorted(held)}, indent="    "),
        "",
        *call("__all__ = [", (string(name) for name, _ in names), "]"),
        "",
        "_EXPORTS: Final = {",
        *(f"    {string(name)}: {string(home)}," for name, home in names),
        "}",
        "",
        "",
        "def __getattr__(name: str) -> Any:",
        '    """Import the module that holds the model *name*, once."""',
        "    if name not in _EXPORTS:",
        '        msg = f"module {__name__!r} has no attribute {name!r}"',
        "        raise AttributeError(msg)",
        f'    model = getattr(importlib.import_module(f"{_PACKAGE}.{{_EXPORTS[name]}}"), name)',
        "    globals()[name] = model",
        "    return model",
        "",
        "",
        "def __dir__() -> list[str]:",
        "    return [*globals(), *(name for name in __all__ if name not in globals())]",
        "",
    ]
    return "\n".join(lines)


def annotation(shape: Shape) -> str:
    """Return *shape* as the models' Python has it."""
    match shape:
        case Scalar(python):
            return python
        case Constant(value):
            return f"Literal[{string(value) if isinstance(value, str) else value}]"
        case Named(name):
            return name
        case ListOf(item):
            return f"tuple[{annotation(item)}, ...]"
        case MapOf(value):
            return f"dict[str, {annotation(value)}]"
        case _:
            return " | ".join(annotation(option) for option in shape.options)


def _title(module: Module) -> str:
    match module.name:
        case homes.COMMON:
            return "Models that most resources share."
        case homes.EVENTS:
            return "Models of the webhooks that the service sends to a customer's own endpoint."
        case homes.REFUSALS:
            return "Models of what the service says when it refuses."
        case shared if "_and_" in shared:
            return f"Models that {shared.replace('_', ' ')} share."
        case tag:
            return f"Models of the operations on {tag.replace('_', ' ')}."


def _imports(module: Module, api: Api, body: str) -> Iterator[str]:
    code = "\n".join(_code(body))

    def used(*names: str) -> set[str]:
        return {name for name in names if re.search(rf"\b{name}\b", code)}

    own = {each.name for each in module.declarations}
    shared = {name for each in module.declarations for name in mentioned(each)} - own
    package = {
        "tripwire_async._codec.enums": used("OpenEnum"),
        "tripwire_async._codec.fields": used("UNSET", "Discriminator", "Timestamp", "UnsetType"),
        "tripwire_async._secrets.secret": used("Secret"),
    }
    for name in shared:
        package.setdefault(f"{_PACKAGE}.{api.home(name)}", set()).add(name)
    groups = (
        [*imports({"typing": used("Any", "Literal", "TypeAlias")})],
        ["import attrs"] if used("attrs") else [],
        [*imports({name: package[name] for name in sorted(package)})],
    )
    # After the docstring as well as between the groups, there is one empty line.
    yield from [line for group in groups if group for line in ("", *group)][1:]


def _code(body: str) -> Iterator[str]:
    """Yield the lines of *body* that stand in no docstring."""
    inside = False
    for line in body.splitlines():
        quotes = line.count('"""')
        if not inside and not quotes:
            yield line
        inside ^= quotes == 1


def _declarations(module: Module, api: Api) -> Iterator[str]:
    before: Declaration | None = None
    for declaration in module.declarations:
        # A class keeps two lines of distance on either side.
        yield from [""] if isinstance(declaration, Alias) and isinstance(before, Alias | None) else ["", ""]
        yield from _declaration(declaration, api)
        before = declaration


def _declaration(declaration: Declaration, api: Api) -> Iterator[str]:
    match declaration:
        case Alias():
            yield (f"{declaration.name}: TypeAlias = {annotation(declaration.shape)}")
            if declaration.doc:
                yield from docstring(declaration.doc, indent="")
        case Enumeration():
            yield (f"class {declaration.name}(OpenEnum):")
            yield from docstring(declaration.doc or f"The known values of {declaration.name}.")
            yield ""
            for name, value in declaration.members:
                yield f"    {name} = {string(value)}"
        case _:
            yield from _model(declaration, sent=declaration.name in api.sent)


def _model(model: Model, *, sent: bool) -> Iterator[str]:
    yield from ("@attrs.frozen(kw_only=True)", f"class {model.name}:")
    fields = sorted(model.fields, key=lambda field: not field.required)
    attributes = [(field.name, field.doc) for field in fields]
    yield from docstring(model.doc or f"The {model.name} object.", attributes)
    if fields:
        yield ""
    for field in fields:
        yield from _field(field, sent=sent)


def _field(field: Field, *, sent: bool) -> list[str]:
    options = [field.shape]
    default = ""
    if field.choice is not None:
        options.append(MapOf(Scalar("Any")))
    if not field.required:
        default = " = UNSET" if sent else " = None"
        if not sent:
            options.append(NULL)
    names = [annotation(option) for option in _flat(options)]
    if not field.required and sent:
        names.append("UnsetType")
    if field.choice is not None:
        return _chosen(field, names)
    line = f"    {field.name}: {' | '.join(names)}{default}"
    if len(line) <= WIDTH:
        return [line]
    return [f"    {field.name}: (", f"        {' | '.join(names)}", f"    ){default}"]


def _flat(options: list[Shape]) -> list[Shape]:
    """Return the options of a union, each once, null at the end."""
    flat = [each for option in options for each in (option.options if isinstance(option, Union) else (option,))]
    return sorted(dict.fromkeys(flat), key=lambda option: option == NULL)


def _chosen(field: Field, names: list[str]) -> list[str]:
    assert field.choice is not None  # noqa: S101 - for the type checkers
    return [
        f"    {field.name}: (",
        *(f"        {'| ' if index else ''}{name}" for index, name in enumerate(names)),
        "    ) = attrs.field(",
        "        metadata={",
        "            Discriminator: Discriminator(",
        f"                {string(field.choice.field)},",
        "                {",
        *(f"                    {string(value)}: {model}," for value, model in field.choice.models),
        "                },",
        "            )",
        "        }",
        "    )",
    ]
