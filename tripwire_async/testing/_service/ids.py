"""Ids and secrets in the formats of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from random import Random

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


@final
class Ids:
    """Generator of ids from *random*; the same seed gives the same ids."""

    def __init__(self, random: Random) -> None:
        self._bits = random.getrandbits

    def hex_id(self, prefix: str) -> str:
        """Return *prefix*, an underscore and 32 hexadecimal digits: requests, events, endpoints, deliveries."""
        return f"{prefix}_{self._bits(128):032x}"

    def base32_id(self, prefix: str) -> str:
        """Return *prefix*, an underscore and 26 characters of an alphabet without i, l, o and u."""
        bits = self._bits(130)
        return f"{prefix}_{''.join(ALPHABET[bits >> shift & 31] for shift in range(0, 130, 5))}"

    def token(self, prefix: str) -> str:
        """Return *prefix*, an underscore and 48 hexadecimal digits: keys, signing secrets, tokens."""
        return f"{prefix}_{self._bits(192):048x}"
