"""The one converter: bytes to models and back, and dicts for those who want them.

Two libraries share the work. msgspec reads: it is strict, says where the trouble is, and costs a tenth of what a
converter in Python would. cattrs writes, and is what the rest of the package and users' hooks talk to; its hooks for
models hand what is to be read to msgspec.
"""

from __future__ import annotations

import functools
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs
import msgspec

from tripwire_async._secrets.secret import Secret

from .enums import OpenEnum
from .fields import UNSET, Discriminator

if TYPE_CHECKING:
    from collections.abc import Callable

    import cattrs

T = TypeVar("T")


class DecodeError(Exception):
    """Data that is not what a model says; holds no value out of the data, which might be secret.

    Attributes:
        message: What is wrong.
        path: Where, as ``$.data.attempts``; None when the data as a whole is unusable.
    """

    def __init__(self, message: str, path: str | None = None) -> None:
        super().__init__(message, path)
        self.message = message
        self.path = path

    def __str__(self) -> str:
        return self.message if self.path is None else f"{self.message} at {self.path}"


def decode(data: bytes, type_: type[T]) -> T:
    """Read the JSON in *data* as *type_*, strictly; raises `DecodeError`.

    Nothing is coerced, fields that the model does not know are passed over, and of a name that stands twice in an
    object each value must be right and the last one counts.
    """
    read: Callable[[bytes], T] = _bytes_readers[type_]
    try:
        return read(data)
    except msgspec.ValidationError as error:
        problem = _problem(error)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = DecodeError("not JSON, or cut off")
    except RecursionError:
        problem = DecodeError("nested too deeply")
    raise problem


def structure(value: object, type_: type[T]) -> T:
    """Read *value*, made of dicts, lists and the like, as *type_*, as strictly as `decode`; raises `DecodeError`."""
    read: Callable[[object], T] = _value_readers[type_]
    try:
        return read(value)
    except msgspec.ValidationError as error:
        problem = _problem(error)
    raise problem


def unstructure(model: object) -> Any:
    """Turn *model* into dicts and lists as they are sent, except that secrets stay the hidden `Secret` objects.

    What is `UNSET`, and an optional field that is None because the service left it out, is left out. Raises ValueError
    for what JSON cannot say: a moment without its time zone, a number that is not finite.
    """
    return converter().unstructure(model)


def encode(model: object) -> bytes:
    """Write *model* as the JSON that is sent, secrets in plain text; raises ValueError as `unstructure` does."""
    try:
        return _encoder.encode(converter().unstructure(model))
    except UnicodeEncodeError:
        # Not chained: that error holds the whole text, which may be a secret.
        problem = ValueError("a text holds half a surrogate pair, which UTF-8 cannot say")
    raise problem


def _reveal(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    msg = f"JSON cannot hold {type(value).__name__} objects"
    raise TypeError(msg)


def _conceal(type_: type[object], value: object) -> object:
    if type_ is not Secret:
        msg = f"no model has {type_.__name__} objects"
        raise TypeError(msg)
    if isinstance(value, Secret):
        return value
    if type(value) is not str:
        # Worded as msgspec's own complaints, which never hold the value either.
        msg = f"Expected `str`, got `{type(value).__name__}`"
        raise TypeError(msg)
    return Secret(value)


_encoder: Final = msgspec.json.Encoder(enc_hook=_reveal)


class _BytesReaders(dict[Any, "Callable[[bytes], Any]"]):
    """The reader of each type, made when it is first asked for; there are no more of them than types."""

    def __missing__(self, type_: type[object]) -> Callable[[bytes], Any]:
        field = _discriminated_field(type_)
        read: Callable[[bytes], Any]
        if field is None:
            read = msgspec.json.Decoder(type_, dec_hook=_conceal).decode
        else:
            around, read_dict = _DiscriminatedReader(type_, field), msgspec.json.Decoder(dict[str, Any]).decode
            read = lambda data: around.read(read_dict(data))  # noqa: E731 - a method of one line
        self[type_] = read
        return read


class _ValueReaders(dict[Any, "Callable[[object], Any]"]):
    """The same for values that are dicts and lists already."""

    def __missing__(self, type_: type[object]) -> Callable[[object], Any]:
        field = _discriminated_field(type_)
        read: Callable[[object], Any] = (
            functools.partial(msgspec.convert, type=type_, dec_hook=_conceal)
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
    """Reads a model in which a neighbour tells the model of one field: a union that msgspec cannot tell apart."""

    def __init__(self, type_: type[object], field: attrs.Attribute[Any]) -> None:
        self._type = type_
        self._name = field.name
        self._discriminator: Discriminator = field.metadata[Discriminator]
        self._struct = msgspec.defstruct(
            type_.__name__,
            [(each.name, Any if each == field else each.type) for each in _attributes(type_)],
        )

    def read(self, value: object) -> object:
        fields = msgspec.structs.asdict(msgspec.convert(value, self._struct, dec_hook=_conceal))
        model = self._discriminator.models.get(fields[self._discriminator.field], dict[str, Any])
        try:
            fields[self._name] = msgspec.convert(fields[self._name], model, dec_hook=_conceal)
        except msgspec.ValidationError as error:
            problem = _problem(error, f"$.{self._name}")
        else:
            return self._type(**fields)
        raise problem


def _problem(error: msgspec.ValidationError, root: str = "$") -> DecodeError:
    message, _, place = str(error).partition(" - at `")
    if message.startswith("Invalid enum value"):
        message = "Unexpected constant"  # msgspec would repeat the value
    return DecodeError(message, root + place.removesuffix("`").removeprefix("$"))


def _sent_timestamp(moment: datetime) -> str:
    if moment.tzinfo is None:
        msg = f"a moment needs its time zone, as in datetime.now(UTC); {moment.isoformat()} has none"
        raise ValueError(msg)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sent_number(number: float) -> float:
    if not math.isfinite(number):
        msg = f"JSON has no {number}"
        raise ValueError(msg)
    return number


@functools.cache
def converter() -> cattrs.Converter:
    """Return what reads and writes models as dicts, made when something is first written.

    Give it hooks for models of your own; those of this library are taken care of.
    """
    import cattrs  # noqa: PLC0415 - nothing that is read needs it, and its import costs more than msgspec's
    from cattrs.gen import make_dict_unstructure_fn  # noqa: PLC0415 - the same

    made = cattrs.Converter(prefer_attrib_converters=False)

    def model_writer(model: type[Any]) -> Callable[[Any], dict[str, Any]]:
        write = make_dict_unstructure_fn(model, made)
        left_out = {field.name: field.default for field in _attributes(model) if field.default in (None, UNSET)}

        def write_what_is_set(value: Any) -> dict[str, Any]:
            return {
                name: content
                for name, content in write(value).items()
                if name not in left_out or content is not left_out[name]
            }

        return write_what_is_set if left_out else write

    made.register_unstructure_hook(datetime, _sent_timestamp)
    made.register_unstructure_hook(float, _sent_number)
    made.register_unstructure_hook(OpenEnum, lambda member: member.value)
    made.register_unstructure_hook(Secret, lambda secret: secret)
    made.register_unstructure_hook_factory(attrs.has, model_writer)
    made.register_structure_hook_factory(attrs.has, _model_reader)
    return made


def _model_reader(model: type[Any]) -> Callable[[Any, Any], Any]:
    return lambda value, _: structure(value, model)
