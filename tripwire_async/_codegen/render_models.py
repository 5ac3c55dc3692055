"""Rendering of the modules of models and of the public module ``models.py``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from . import modules, profiles
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

    from .modules import Api, Module

_PACKAGE: Final = "tripwire_async._generated.models"


def render_module(module: Module, api: Api) -> str:
    """Return the text of one module of models."""
    body = "\n".join(_declarations(module, api))
    return "\n".join([header(_title(module)), *_imports(module, api, body), body, ""])


def render_public_module(api: Api) -> str:
    """Return the text of ``models.py``, which imports each model from its module on first use."""
    by_module = {module.name: {each.name for each in module.declarations} for module in api.modules}
    exports = sorted((name, module) for module, names in by_module.items() for name in names)
    lines = [
        header("Models of the API's requests, responses and webhooks, each imported on first use."),
        "from __future__ import annotations",
        "",
        "from typing import TYPE_CHECKING, Final",
        "",
        "from tripwire_async._lazy import lazy_exports",
        "",
        "if TYPE_CHECKING:",
        *imports({f"{_PACKAGE}.{module}": by_module[module] for module in sorted(by_module)}, indent="    "),
        "",
        *call("__all__ = [", (string(name) for name, _ in exports), "]"),
        "",
        "_EXPORTS: Final = {",
        *(f"    {string(name)}: {string(f'{_PACKAGE}.{module}')}," for name, module in exports),
        "}",
        "",
        "__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)",
        "",
    ]
    return "\n".join(lines)


def annotation(shape: Shape) -> str:
    """Return the type annotation of *shape*."""
    match shape:
        case Scalar(python):
            return python
        case Constant():
            return f"Literal[{_literal(shape)}]"
        case Named(name):
            return name
        case ListOf(item):
            return f"tuple[{annotation(item)}, ...]"
        case MapOf(value):
            return f"dict[str, {annotation(value)}]"
        case _:
            return " | ".join(annotation(option) for option in shape.options)


def _literal(constant: Constant) -> str:
    return string(constant.value) if isinstance(constant.value, str) else str(constant.value)


def _title(module: Module) -> str:
    match module.name:
        case modules.SHARED:
            return "Models used by several groups of operations or webhooks."
        case modules.EVENTS:
            return "Models of the webhooks that the service sends to a customer's endpoint."
        case modules.ERRORS:
            return "Models of error responses."
        case tag:
            return f"Models of the tag {tag}."


def _imports(module: Module, api: Api, body: str) -> Iterator[str]:
    code = "\n".join(_code(body))

    def used(*names: str) -> set[str]:
        return {name for name in names if re.search(rf"\b{name}\b", code)}

    own = {each.name for each in module.declarations}
    shared = {name for each in module.declarations for name in mentioned(each)} - own
    package = {
        "tripwire_async._codec.enums": used("OpenEnum"),
        "tripwire_async._codec.fields": used(
            "PROFILE", "READ_ONLY", "UNSET", "Discriminator", "Timestamp", "UnsetType"
        ),
        "tripwire_async._codec.model": used("Model"),
        "tripwire_async._secrets.secret": used("Secret"),
    }
    for name in shared:
        package.setdefault(f"{_PACKAGE}.{api.module_of(name)}", set()).add(name)
    groups = (
        [*imports({"typing": used("Any", "Literal", "TypeAlias")})],
        ["import attrs"] if used("attrs") else [],
        [*imports({name: package[name] for name in sorted(package)})],
    )
    # One blank line follows the docstring and separates the groups.
    yield from [line for group in groups if group for line in ("", *group)][1:]


def _code(body: str) -> Iterator[str]:
    """Yield the lines of *body* outside docstrings."""
    inside = False
    for line in body.splitlines():
        quotes = line.count('"""')
        if not inside and not quotes:
            yield line
        inside ^= quotes == 1


def _declarations(module: Module, api: Api) -> Iterator[str]:
    before: Declaration | None = None
    for declaration in module.declarations:
        # Classes are surrounded by two blank lines.
        yield from [""] if isinstance(declaration, Alias) and isinstance(before, Alias | None) else ["", ""]
        yield from _declaration(declaration, api)
        before = declaration


def _declaration(declaration: Declaration, api: Api) -> Iterator[str]:
    match declaration:
        case Alias():
            yield from _alias(declaration)
            if declaration.doc:
                yield from docstring(declaration.doc, indent="")
        case Enumeration():
            yield (f"class {declaration.name}(OpenEnum):")
            doc = declaration.doc or f"Known values of {declaration.name}."
            yield from docstring(f"{doc} {profiles.values_note(declaration.value_profiles)}".rstrip())
            yield ""
            for name, value in declaration.members:
                yield f"    {name} = {string(value)}"
        case _:
            yield from _model(declaration, sent=declaration.name in api.sent)


def _alias(alias: Alias) -> list[str]:
    """Return the assignment of *alias*; a union of constants is one literal."""
    assignment = f"{alias.name}: TypeAlias = "
    if isinstance(alias.shape, Union):
        constants = [option for option in alias.shape.options if isinstance(option, Constant)]
        if len(constants) == len(alias.shape.options):
            return call(f"{assignment}Literal[", map(_literal, constants), "]")
    return [assignment + annotation(alias.shape)]


def _model(model: Model, *, sent: bool) -> Iterator[str]:
    yield from ("@attrs.frozen(kw_only=True, repr=False)", f"class {model.name}(Model):")
    fields = sorted(model.fields, key=lambda field: not field.required)
    attributes = [(field.name, field.doc) for field in fields]
    yield from docstring(model.doc or f"The {model.name} object.", attributes)
    if fields:
        yield ""
    for field in fields:
        yield from _field(field, sent=sent)


def _field(field: Field, *, sent: bool) -> list[str]:
    required = field.required and field.profiles == profiles.ALL and not field.read_only
    options = [field.shape]
    if field.discriminator is not None:
        options.append(MapOf(Scalar("Any")))
    if not required and not sent:
        options.append(NULL)
    names = [annotation(option) for option in _flat(options)]
    if not required and sent:
        names.append("UnsetType")
    if field.discriminator is not None:
        return _discriminated(field, names)
    default = "" if required else f" = {_default(field, sent=sent)}"
    line = f"    {field.name}: {' | '.join(names)}{default}"
    if len(line) <= WIDTH:
        return [line]
    return [f"    {field.name}: (", f"        {' | '.join(names)}", f"    ){default}"]


def _default(field: Field, *, sent: bool) -> str:
    """Return the default of an optional field, with the metadata that sending and decoding it need."""
    metadata: list[str] = []
    if sent and field.profiles != profiles.ALL:
        metadata.append(f"PROFILE: {string(field.profiles[0])}")
    if field.read_only:
        metadata.append("READ_ONLY: True")
    default = "UNSET" if sent else "None"
    return f"attrs.field(default={default}, metadata={{{', '.join(metadata)}}})" if metadata else default


def _flat(options: list[Shape]) -> list[Shape]:
    """Return the members of a union without duplicates, null last."""
    flat = [each for option in options for each in (option.options if isinstance(option, Union) else (option,))]
    return sorted(dict.fromkeys(flat), key=lambda option: option == NULL)


def _discriminated(field: Field, names: list[str]) -> list[str]:
    assert field.discriminator is not None  # noqa: S101 - for the type checkers
    return [
        f"    {field.name}: (",
        *(f"        {'| ' if index else ''}{name}" for index, name in enumerate(names)),
        "    ) = attrs.field(",
        "        metadata={",
        "            Discriminator: Discriminator(",
        f"                {string(field.discriminator.field)},",
        "                {",
        *(f"                    {string(value)}: {model}," for value, model in field.discriminator.models),
        "                },",
        "            )",
        "        }",
        "    )",
    ]
