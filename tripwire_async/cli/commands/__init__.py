"""One module per command, each with a function `build` that adds the arguments of the command to its parser."""

from __future__ import annotations

from typing import Final

ABOUT: Final = {
    "demo": "Send tests to three local receivers and show the result of each delivery; no account.",
    "serve": "Run the test server of the API on this machine, with three endpoints to try.",
    "listen": "Receive webhooks, verify and print each, and optionally forward it.",
    "test": "Send a test webhook to endpoints and report each delivery.",
    "runs": "List, show, pause and drop the durable runs in a journal.",
    "endpoints": "List and change the webhook endpoints of an organization.",
    "events": "Read the events of an organization and their deliveries.",
    "sessions": "Read sessions and their verdicts.",
    "fingerprints": "Read visitor fingerprints.",
    "keys": "List, create, rotate and revoke the API keys of an organization.",
    "token": "Verify sealed tokens.",
    "api": "Send one request to the API and print the response.",
    "doctor": "Check the key, its scopes, the organization, the connection, the clock and the versions.",
    "completion": "Print a script that completes commands and options in bash, zsh or fish.",
    "version": "Print the versions of the program and of its dependencies.",
    "help": "Print the help of a command.",
}
"""Each command and its sentence in the help. The module of a command is imported when the command is used."""
