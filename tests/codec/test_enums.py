"""Open enumerations: known values are members, unknown ones are kept."""

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
    """A value that is named is the one member of that name."""
    assert Colour.RED is Colour("red")
    assert Colour.RED.is_known
    assert repr(Colour.RED) == "<Colour.RED: 'red'>"


@given(unknown_texts)
def test_an_unknown_value_is_its_text(text: str) -> None:
    """It equals, hashes as and prints as the text that came."""
    unknown = Colour(text)
    assert text == unknown
    assert unknown == Colour(text)
    assert hash(text) == hash(unknown)
    assert text == str(unknown) == f"{unknown}" == unknown.value
    assert not unknown.is_known
    assert f"<Colour: {text!r}, unknown>" == repr(unknown)


@given(st.text())
def test_a_value_survives_copying_and_pickling(text: str) -> None:
    """What comes back is of the same enumeration and of the same text, known or not."""
    value = Colour(text)
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 - our own bytes
        assert value == again
        assert isinstance(again, Colour)
        assert value.is_known == again.is_known


def test_the_name_of_a_member_is_not_its_value() -> None:
    """A value that happens to read like a member's name is unknown nevertheless."""
    assert not Colour("RED").is_known
    assert Colour("RED") != Colour.RED


def test_unknown_values_are_in_no_listing_and_are_not_kept() -> None:
    """However many unknown values come, the enumeration does not grow."""
    before = sys.getsizeof(Colour._value2member_map_), len(vars(Colour))
    for number in range(1000):
        Colour(f"unknown-{number}")
    assert list(Colour) == [Colour.RED, Colour.DARK_BLUE]
    assert before == (sys.getsizeof(Colour._value2member_map_), len(vars(Colour)))


@pytest.mark.parametrize("value", [None, 1, 1.5, True, b"red", ["red"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    """Only texts are kept: anything else is a mistake."""
    with pytest.raises(ValueError, match="is not a valid Colour"):
        Colour(value)


def test_of_takes_a_text_that_is_known() -> None:
    """Plain strings are welcome where an enumeration is asked for."""
    assert Colour.DARK_BLUE is Colour.parse("dark-blue")
    assert Colour.RED is Colour.parse(Colour.RED)


def test_of_refuses_a_text_that_is_unknown_and_says_which_are_known() -> None:
    """A slip of the pen is found before anything is sent."""
    with pytest.raises(ValueError, match=r"^unknown Colour 'rde': choose from 'red', 'dark-blue'$"):
        Colour.parse("rde")


def test_of_takes_an_unknown_value_that_is_marked_as_meant() -> None:
    """Whoever writes the class means it."""
    assert Colour("mauve") == Colour.parse(Colour("mauve"))


@pytest.mark.parametrize("enum", ENUMS)
def test_every_generated_enumeration_is_open(enum: type[OpenEnum]) -> None:
    """There is none that would refuse what the service adds in its next release."""
    assert enum("from the next release") == "from the next release"
    assert all(member.is_known for member in enum)
    assert list(enum)
