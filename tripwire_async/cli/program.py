"""Parser of the whole command line."""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Final

from tripwire_async import __version__
from tripwire_async.profiles import FOIL, TRIPWIRE

from .commands import ABOUT
from .options import add_connection_options, add_output_options, list_entry
from .parser import Parser

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM: Final = "tripwire-async"

DESCRIPTION: Final = "Test webhook endpoints and read data from the Tripwire API."

ENVIRONMENT: Final[Mapping[str, str]] = {
    TRIPWIRE.secret_key_variable: (
        "the secret key; no option accepts a key, because other users of a machine can read the arguments of programs"
    ),
    TRIPWIRE.organization_variable: "the organization",
    TRIPWIRE.base_url_variable: "the URL of the API, if it is not the default",
    TRIPWIRE.signing_secret_variable: "for listen: the signing secret of the endpoint, or several",
    "HTTPS_PROXY, NO_PROXY": "the proxy for the connection to the API, and the hosts without a proxy",
    "NO_COLOR": "no colors in tables",
    f"{FOIL.secret_key_variable.partition('_')[0]}_…": (
        f"the same variables for the profile foil, for example {FOIL.secret_key_variable}"
    ),
}
"""The environment variables, with their meaning."""

EXIT_STATUS: Final[Mapping[str, str]] = {
    "0": "success",
    "1": "the command ran with a bad result, for example a delivery failed",
    "2": "invalid arguments or configuration; no request was sent",
    "3": "the API rejected the request",
    "4": "no valid response",
    "129": "ended by SIGHUP, because the terminal was closed",
    "130": "interrupted by Ctrl-C, or paused by another process",
    "141": "the reader of the output has closed it, for example head",
    "143": "ended by SIGTERM",
}
"""The exit statuses, with their meaning."""

EXAMPLES: Final[Mapping[str, str]] = {
    "tripwire-async demo": "Try it without an account:",
    "tripwire-async serve": "Run a test server, which prints the variables to set in another terminal:",
    "tripwire-async test --all --report report.html": "Test every active endpoint and write a report:",
    "tripwire-async listen --forward http://127.0.0.1:3000/webhooks": "Receive webhooks and pass them on:",
    "tripwire-async events list --type webhook.test --jsonl": "Print one document per test event:",
    "tripwire-async doctor": "Find out why a command fails:",
}
"""Command lines, each with the sentence that introduces it in the manual."""

SECTIONS: Final[Mapping[str, Mapping[str, str]]] = {"environment": ENVIRONMENT, "exit status": EXIT_STATUS}
"""The sections of the help of the whole program, besides its commands and options."""


def build_parser() -> Parser:
    """Return the parser of the whole command line; each command adds its arguments when it is used."""
    parser = Parser(
        prog=PROGRAM, usage=f"{PROGRAM} [OPTION ...] COMMAND ...", description=DESCRIPTION, sections=SECTIONS
    )
    parser.add_argument(
        "-V", "--version", action="version", version=f"{PROGRAM} {__version__}", help="print the version and exit"
    )
    parser.set_defaults(program=parser)
    commands = parser.add_commands()
    for name, about in ABOUT.items():
        commands.add_parser(name, help=list_entry(about), description=about, build=functools.partial(_build, name))
    add_output_options(parser, default=False)
    add_connection_options(parser, default=None)
    return parser


def _build(command: str, parser: Parser) -> None:
    """Add the arguments of *command* to its *parser*."""
    # A trailing underscore keeps a module from hiding a built-in name.
    module = "help_" if command == "help" else command
    importlib.import_module(f".commands.{module}", __package__).build(parser)
