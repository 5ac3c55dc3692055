"""Messages of the library on the command line: they name options and variables, not Python."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tripwire_async.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Elsewhere, Ended

FAULTS = {
    **{str(status): Fault.status(status, retryable=False) for status in (400, 401, 403, 404, 409, 410, 422, 429, 500)},
    "429 for a while": Fault.status(429, retry_after=600),
    "lost response": Fault.lost_response(),
    "a page": Fault.html(200),
    "a page with a status of a proxy": Fault.html(502),
    "another shape": Fault.malformed("data", 7),
}
CODES = {"auth.missing_api_key", "request.not_found", "request.validation_failed"}


@pytest.mark.parametrize("form", ["--json", ""])
@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_names_no_argument_of_python(
    fault: str, form: str, cli: Callable[..., Ended], elsewhere: Elsewhere
) -> None:
    """Whatever the service responds."""
    elsewhere.ask(lambda server: server.fail("listWebhookEndpoints", FAULTS[fault]))
    ended = cli("endpoints", "list", "--attempt-timeout", "5", "--deadline", "5", *form.split())
    assert ended.status in {3, 4}
    message = json.loads(ended.out)["error"]["message"] if form else ended.err
    names = set(re.findall(r"[a-z.]+(?:_[a-z]+)+\b|\w+=|\w+\(\)", message))
    assert names <= CODES


@pytest.mark.parametrize("form", ["--json", ""])
def test_a_key_that_is_rejected_names_the_variable_and_the_option(
    form: str, cli: Callable[..., Ended], elsewhere: Elsewhere
) -> None:
    """There is no option for the key itself."""
    elsewhere.ask(lambda server: server.fail("listWebhookEndpoints", Fault.status(401)))
    ended = cli("endpoints", "list", *form.split())
    message = json.loads(ended.out)["error"]["message"] if form else ended.err
    assert "set TRIPWIRE_SECRET_KEY, or pass --secret-key-file, with an active secret key of Tripwire" in message
