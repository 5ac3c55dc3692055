"""``api``: one request to the API."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Final, cast

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import add_connection_options, connect, read_text, set_command

if TYPE_CHECKING:
    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
# The characters of RFC 3986, section 3.3, in segments that are neither empty nor lead to another path.
_PATH: Final = re.compile(r"(?:/(?!\.{1,2}(?:[/?]|$))[\w.~!$&'()*+,;=:@%-]+)+(?:\?[\w.~!$&'()*+,;=:@%/?-]*)?", re.ASCII)
_ENCODED_SEPARATOR: Final = re.compile(r"%(?:2e|2f|5c|00|0a|0d)", re.IGNORECASE)


def build(parser: Parser) -> None:
    """Add the arguments of the command."""
    set_command(parser, send)
    parser.add_argument(
        "method", type=str.upper, choices=_METHODS, metavar="METHOD", help=f"one of {', '.join(_METHODS)}"
    )
    parser.add_argument("path", type=_path, metavar="PATH", help="path and query, such as /v1/sessions?limit=5")
    parser.add_argument(
        "--data", metavar="JSON", help="the body of the request: JSON, @FILE for the contents of a file, or - for stdin"
    )
    add_connection_options(parser, organization=False)


def _path(text: str) -> str:
    if _PATH.fullmatch(text) and not _ENCODED_SEPARATOR.search(text.partition("?")[0]):
        return text
    msg = f'"{text}" is not a path of the API, such as /v1/sessions?limit=5'
    if "://" in text or text.startswith("//"):
        msg += "; set another host with --base-url"
    raise argparse.ArgumentTypeError(msg)


async def send(arguments: argparse.Namespace, output: Output) -> int:
    """Send one request, with the key, the retries and the rate limit of every command; print the response."""
    import json

    from tripwire_async.cli.api_request import api_request

    if arguments.data == arguments.secret_key_file == "-":
        from tripwire_async.errors import ConfigurationError

        msg = "stdin can provide the data or the secret key, but not both"
        raise ConfigurationError(msg)
    body = None if arguments.data is None else _read_json(arguments.data)
    async with connect(arguments) as tripwire:
        request = api_request(arguments.method, arguments.path, body)
        response = await tripwire._call(request)  # pyright: ignore[reportPrivateUsage] - no method sends any request
    try:
        document: object = json.loads(response.body or b"null")
    except ValueError:
        output.raw(response.body.decode(errors="replace"))
        return ExitCode.OK
    if document is not None or output.as_json:
        output.raw(json.dumps(document, indent=2))
    return ExitCode.OK


def _read_json(data: str) -> object:
    """Return the value of ``--data``; raise `ConfigurationError` if it is not valid."""
    import json

    from tripwire_async.errors import ConfigurationError

    text = read_text(data.removeprefix("@"), "--data") if data == "-" or data.startswith("@") else data
    try:
        body: object = json.loads(text)
    except ValueError as error:
        msg = f"--data: not valid JSON: {error}"
        raise ConfigurationError(msg) from None
    if not isinstance(body, dict):
        msg = "--data: the body must be a JSON object"
        raise ConfigurationError(msg)
    return cast("object", body)
