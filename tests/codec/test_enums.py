"""Open enumerations: known values are members, unknown values are kept."""

from __future__ import annotations

import copy
import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.model_strategies import ENUMS
from tripwire_async._codec.enums import OpenEnum


class Colour(OpenEnum):
    RED = "red"
    DARK_BLUE = "dark-blue"


unknown_texts = st.text().filter(lambda text: text not in ("red", "dark-blue"))


def test_a_known_value_is_the_member() -> None:
    """A known value is the same object as its member."""
    assert Colour.RED is Colour("red")
    assert Colour.RED.is_known
    assert repr(Colour.RED) == "<Colour.RED: 'red'>"


@given(unknown_texts)
def test_an_unknown_value_is_its_text(text: str) -> None:
    """It equals its text, has the same hash and prints as it."""
    unknown = Colour(text)
    assert text == unknown
    assert unknown == Colour(text)
    assert hash(text) == hash(unknown)
    assert text == str(unknown) == f"{unknown}" == unknown.value
    assert not unknown.is_known
    assert f"<Colour: {text!r}, unknown>" == repr(unknown)


@given(st.text())
def test_a_value_survives_copying_and_pickling(text: str) -> None:
    """The copy has the same class and text, known or unknown."""
    value = Colour(text)
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 - our own bytes
        assert value == again
        assert isinstance(again, Colour)
        assert value.is_known == again.is_known


def test_the_name_of_a_member_is_not_its_value() -> None:
    """A value that equals the name of a member is unknown."""
    assert not Colour("RED").is_known
    assert Colour("RED") != Colour.RED


def test_unknown_values_are_not_listed_and_not_cached() -> None:
    """The enumeration does not grow with the number of unknown values."""
    before = sys.getsizeof(Colour._value2member_map_), len(vars(Colour))
    for number in range(1000):
        Colour(f"unknown-{number}")
    assert list(Colour) == [Colour.RED, Colour.DARK_BLUE]
    assert before == (sys.getsizeof(Colour._value2member_map_), len(vars(Colour)))


@pytest.mark.parametrize("value", [None, 1, 1.5, True, b"red", ["red"]])
def test_a_value_that_is_not_a_string_is_an_error(value: object) -> None:
    """Only strings can be unknown values."""
    with pytest.raises(ValueError, match="is not a valid Colour"):
        Colour(value)


def test_parse_accepts_a_known_text() -> None:
    """Strings and members are both accepted."""
    assert Colour.DARK_BLUE is Colour.parse("dark-blue")
    assert Colour.RED is Colour.parse(Colour.RED)


def test_parse_rejects_an_unknown_text_and_lists_the_known_values() -> None:
    """A typing error is found before anything is sent."""
    with pytest.raises(ValueError, match=r"^unknown Colour 'rde': choose from 'red', 'dark-blue'$"):
        Colour.parse("rde")


def test_parse_accepts_an_explicit_unknown_member() -> None:
    """A member that the caller constructed is deliberate."""
    assert Colour("mauve") == Colour.parse(Colour("mauve"))


@pytest.mark.parametrize("enum", ENUMS)
def test_every_generated_enumeration_is_open(enum: type[OpenEnum]) -> None:
    """All enumerations accept values of a later release of the service."""
    assert enum("from the next release") == "from the next release"
    assert all(member.is_known for member in enum)
    assert list(enum)
