"""``token``: sealed tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import add_command, add_connection_options, add_group, read_secret_keys

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser


def build(parser: Parser) -> None:
    """Add the commands of the group."""
    group = add_group(parser)
    verify = add_command(
        group, "verify", verify_token, "Verify a sealed token and print its payload, without a request to the API."
    )
    verify.add_argument("token", metavar="TOKEN", help="the token as the browser sent it; - reads it from stdin")
    add_connection_options(verify, api=False)


async def verify_token(arguments: argparse.Namespace, output: Output) -> int:
    """Verify a token and print its payload."""
    import sys

    from tripwire_async import sealed_tokens
    from tripwire_async.errors import ConfigurationError

    if arguments.token == arguments.secret_key_file == "-":  # noqa: S105 - the usual name of stdin
        msg = "stdin can provide the token or the secret key, but not both"
        raise ConfigurationError(msg)
    keys = read_secret_keys(arguments.secret_key_file)
    text = sys.stdin.read().strip() if arguments.token == "-" else arguments.token  # noqa: S105 - the usual name of stdin
    token = sealed_tokens.verify_token(text, keys)
    visitor = token.visitor_fingerprint
    if output.as_json:
        output.emit({"data": dict(token.raw)})
        return ExitCode.OK
    output.record(
        token,
        session=token.session_id,
        verdict=token.decision.verdict,
        risk_score=token.decision.risk_score,
        evaluated=output.timestamp(token.decision.evaluated_at),
        url=token.request.url,
        address=token.request.ip_address,
        user_agent=token.request.user_agent,
        visitor=None if visitor is None else visitor.id,
    )
    return ExitCode.OK
