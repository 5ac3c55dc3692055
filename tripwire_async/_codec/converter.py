"""Conversion between JSON and models.

msgspec decodes: it is strict, reports the path of an error, and takes a tenth of the time of a converter in Python.
cattrs encodes. Its structure hooks for models use msgspec as well, so there is one set of rules for decoding.
"""

from __future__ import annotations

import functools
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

import attrs
import msgspec

from tripwire_async._secrets.secret import Secret

from ._surrogates import replace_lone_surrogates
from .enums import OpenEnum
from .fields import UNSET, Discriminator, Timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    import cattrs

T = TypeVar("T")


class DecodeError(Exception):
    """Data does not match a model. The error contains no value of the data, which may be secret.

    Attributes:
        message: The mismatch.
        path: The place in the data, for example ``$.data.attempts``; None if the data as a whole is unusable.
    """

    def __init__(self, message: str, path: str | None = None) -> None:
        super().__init__(message, path)
        self.message = message
        self.path = path

    def __str__(self) -> str:
        return self.message if self.path is None else f"{self.message} at {self.path}"


def decode(data: bytes, type_: type[T]) -> T:
    """Return the JSON in *data* as a *type_*; raise `DecodeError` if it does not match.

    Decoding is strict: values are not converted. Unknown fields are ignored. If a name occurs twice in an object, every
    value must match, and the last one is used. A lone surrogate, which is not a character, is read as U+FFFD.
    """
    read: Callable[[bytes], T] = _bytes_readers[type_]
    try:
        return read(data)
    except msgspec.ValidationError as error:
        failure = _decode_error(error)
    except (msgspec.DecodeError, UnicodeDecodeError):
        repaired = replace_lone_surrogates(data)
        if repaired is not None:
            return decode(repaired, type_)
        failure = DecodeError("malformed or incomplete JSON" if data.strip() else "it is empty")
    except RecursionError:
        failure = DecodeError("JSON is nested too deeply")
    raise failure


def structure(value: object, type_: type[T]) -> T:
    """Return *value*, made of dicts and lists, as a *type_*, by the rules of `decode`; raise `DecodeError`."""
    read: Callable[[object], T] = _value_readers[type_]
    try:
        return read(value)
    except msgspec.ValidationError as error:
        failure = _decode_error(error)
    except UnicodeEncodeError:
        failure = DecodeError("a string contains a lone surrogate, which is not a character")
    raise failure


def unstructure(model: object) -> Any:
    """Return *model* as the dicts and lists that are sent, except that secrets stay `Secret` objects.

    Fields that are `UNSET`, and optional fields that are None because the service omitted them, are omitted. Raises
    `ValueError` for a timestamp without a time zone and for a number that is not finite.
    """
    return converter().unstructure(model)


def encode(model: object) -> bytes:
    """Return *model* as the JSON that is sent, secrets in plain text; raise `ValueError` as `unstructure` does."""
    try:
        return _encoder.encode(converter().unstructure(model))
    except UnicodeEncodeError:
        # Not chained: the cause holds the whole text, which may be a secret.
        failure = ValueError("a string contains a lone surrogate, which cannot be encoded as UTF-8")
    raise failure


def _encode_secret(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    msg = f"{type(value).__name__} objects cannot be encoded as JSON"
    raise TypeError(msg)


def _decode_secret(type_: type[object], value: object) -> object:
    if type_ is not Secret:
        msg = f"models cannot have fields of type {type_.__name__}"
        raise TypeError(msg)
    if isinstance(value, Secret):
        return value
    if type(value) is not str:
        # In the words of msgspec's own errors, which never contain the value either.
        msg = f"Expected `str`, got `{type(value).__name__}`"
        raise TypeError(msg)
    return Secret(value)


_encoder: Final = msgspec.json.Encoder(enc_hook=_encode_secret)


class _BytesReaders(dict[Any, "Callable[[bytes], Any]"]):
    """Cache of the function that decodes bytes as a type."""

    def __missing__(self, type_: type[object]) -> Callable[[bytes], Any]:
        field = _discriminated_field(type_)
        read: Callable[[bytes], Any]
        if field is None:
            read = msgspec.json.Decoder(type_, dec_hook=_decode_secret).decode
        else:
            reader, read_dict = _DiscriminatedReader(type_, field), msgspec.json.Decoder(dict[str, Any]).decode
            read = lambda data: reader.read(read_dict(data))  # noqa: E731 - a def needs another name and a cast
        self[type_] = read
        return read


class _ValueReaders(dict[Any, "Callable[[object], Any]"]):
    """Cache of the function that converts dicts and lists to a type."""

    def __missing__(self, type_: type[object]) -> Callable[[object], Any]:
        field = _discriminated_field(type_)
        read: Callable[[object], Any] = (
            functools.partial(msgspec.convert, type=type_, dec_hook=_decode_secret)
            if field is None
            else _DiscriminatedReader(type_, field).read
        )
        self[type_] = read
        return read


_bytes_readers: Final = _BytesReaders()
_value_readers: Final = _ValueReaders()


def _discriminated_field(type_: type[object]) -> attrs.Attribute[Any] | None:
    fields = _attributes(type_) if attrs.has(type_) else ()
    return next((field for field in fields if Discriminator in field.metadata), None)


def _attributes(model: type[Any]) -> tuple[attrs.Attribute[Any], ...]:
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(model)
    return fields


class _DiscriminatedReader:
    """Decoder of a model with a `Discriminator`: a union that msgspec cannot decode by itself."""

    def __init__(self, type_: type[object], field: attrs.Attribute[Any]) -> None:
        self._type = type_
        self._name = field.name
        self._discriminator: Discriminator = field.metadata[Discriminator]
        self._struct = msgspec.defstruct(
            type_.__name__,
            [(each.name, Any if each == field else each.type) for each in _attributes(type_)],
        )

    def read(self, value: object) -> object:
        fields = msgspec.structs.asdict(msgspec.convert(value, self._struct, dec_hook=_decode_secret))
        model = self._discriminator.models.get(fields[self._discriminator.field], dict[str, Any])
        try:
            fields[self._name] = msgspec.convert(fields[self._name], model, dec_hook=_decode_secret)
        except msgspec.ValidationError as error:
            failure = _decode_error(error, f"$.{self._name}")
        else:
            return self._type(**fields)
        raise failure


def _decode_error(error: msgspec.ValidationError, root: str = "$") -> DecodeError:
    message, _, place = str(error).partition(" - at `")
    if message.startswith("Invalid enum value"):
        message = "Unexpected constant"  # msgspec's message contains the value
    return DecodeError(message, root + place.removesuffix("`").removeprefix("$"))


def _encode_timestamp(timestamp: datetime) -> str:
    if timestamp.tzinfo is None:
        msg = f"the timestamp {timestamp.isoformat()} has no time zone: use one like datetime.now(UTC)"
        raise ValueError(msg)
    return timestamp.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encode_number(number: float) -> float:
    if not math.isfinite(number):
        msg = f"{number} is not valid JSON"
        raise ValueError(msg)
    return number


@functools.cache
def converter() -> cattrs.Converter:
    """Return the converter between models and dicts, created on first use."""
    import cattrs  # noqa: PLC0415 - decoding does not need it, and its import takes longer than msgspec's
    from cattrs.gen import make_dict_unstructure_fn  # noqa: PLC0415 - decoding does not need it

    created = cattrs.Converter(prefer_attrib_converters=False)

    def model_writer(model: type[Any]) -> Callable[[Any], dict[str, Any]]:
        write = make_dict_unstructure_fn(model, created)
        omissible = {field.name: field.default for field in _attributes(model) if field.default in (None, UNSET)}

        def write_set_fields(value: Any) -> dict[str, Any]:
            return {
                name: content
                for name, content in write(value).items()
                if name not in omissible or content is not omissible[name]
            }

        return write_set_fields if omissible else write

    # Libraries that stop time in tests also replace the class in this module.
    created.register_unstructure_hook(get_args(Timestamp)[0], _encode_timestamp)
    created.register_unstructure_hook(float, _encode_number)
    created.register_unstructure_hook(OpenEnum, lambda member: member.value)
    created.register_unstructure_hook(Secret, lambda secret: secret)
    created.register_unstructure_hook_factory(attrs.has, model_writer)
    created.register_structure_hook_factory(attrs.has, _model_reader)
    return created


def _model_reader(model: type[Any]) -> Callable[[Any, Any], Any]:
    return lambda value, _: structure(value, model)
