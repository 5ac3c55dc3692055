"""Messages of the library in terms of the command line: options and variables in place of Python names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_PHRASES: Final[Mapping[str, str]] = {
    "check base_url and the session of the client": "check base_url",
    "pass base_url=, or select profile=": "or pass --base-url or --profile ",
    "pass a key that begins with sk_ as secret_key=, or": "use a key that begins with sk_ in --secret-key-file, or",
    "or pass secret_key, with an active": "or pass --secret-key-file, with an active",
    "start a run with send_tests(…, journal=…)": "start a run with test --journal",
    "Use another name for a new run, or resume_tests(journal) to continue the other": (
        "Pass another --run for a new run, or continue the other with test --resume"
    ),
    "Allow a longer deadline (with_options)": "Pass a longer --deadline",
    "; wait again, or resume it elsewhere from to_token()": "",
    "; await outcome.pending to follow it": "",
    "; a list that is passed as middleware needs BearerAuth": "",
    "check the network, or pass a proxy": "check the network; HTTPS_PROXY names a proxy",
}
"""Parts of messages, and the same for a user of the command line."""

_NAMES: Final[Mapping[str, str]] = {
    "organization_id": "--organization",
    "endpoint_id": "ENDPOINT",
    "event_id": "EVENT",
    "session_id": "SESSION",
    "visitor_id": "VISITOR",
    "key_id": "KEY",
    "max_attempts": "the number of attempts",
}
_NAME: Final = re.compile(rf"\b(?:base_url|{'|'.join(_NAMES)})\b")


def in_terms_of_options(message: str, *, url_source: str = "--base-url") -> str:
    """Return *message* with the names of options and arguments in place of those of Python.

    *url_source* is the option or the environment variable that the URL of the API comes from.
    """
    for phrase, replacement in _PHRASES.items():
        message = message.replace(phrase, replacement)
    names = {**_NAMES, "base_url": url_source}
    return _NAME.sub(lambda found: names[found[0]], message)
