"""The topics of the documentation: each has a page with code, links and advice, which names what a reader looks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"

TOPICS = {
    "how-to/authentication.md": "TRIPWIRE_SECRET_KEY Secret use_key scope whsec_ grace_expires_at",
    "how-to/timeouts.md": "timeout deadline settled send_tests with_options maybe_sent timeouts.svg",
    "how-to/retries.md": "GET POST 503 Retry budget max_attempts maybe_sent",
    "how-to/share-a-limit.md": "RateLimit RedisStore process REDIS_URL shared cooldown",
    "explanation/rate-limiting.md": "process cooldown probe limiter.svg",
    "how-to/logging.md": "tripwire_async tripwire_async.receiver INFO WARNING request_id structlog JSON",
    "how-to/tracing.md": "Tracing Metrics span tripwire.operation http.client.request.duration OTLP",
    "how-to/proxies-and-tls.md": "HTTPS_PROXY NO_PROXY trust_env proxy= SSL_CERT_FILE ClientSession certificate netrc",
    "how-to/synchronous-programs.md": "asyncio.Runner thread Jupyter await",
    "how-to/web-frameworks.md": "lifespan FastAPI Starlette aiohttp Django Flask fork worker",
    "how-to/receive-webhooks.md": "Router FastAPI Starlette aiohttp Django Flask verify_signature receiver.svg",
    "how-to/migrate.md": "tripwire-server retries send_test ListResult TripwireApiError",
    "reference/versioning.md": "3.11 3.12 3.13 DeprecationWarning __version__",
    "reference/guarantees.md": "at-least-once order duplicate cancel failed skipped timed_out refused unknown",
    "how-to/troubleshoot.md": "doctor request id",
    "how-to/foil.md": "FOIL_SECRET_KEY profile=FOIL X-Foil-Signature",
    "how-to/test-your-code.md": "tripwire_server_thread ManualClock advance autojump emit loop_scope operations.md",
    "how-to/local-webhooks.md": "cloudflared ngrok listen --forward",
}


@pytest.mark.parametrize("page", TOPICS)
def test_a_topic_names_what_a_reader_looks_for(page: str) -> None:
    """On a page of some length, with code and links to related pages."""
    text = (DOCS / page).read_text(encoding="utf-8")
    assert [] == [word for word in TOPICS[page].split() if word not in text]
    assert len(text.split()) >= 200
    assert re.search(r"^```(?:python|console|bash|toml)\n", text, flags=re.MULTILINE) or "{raw} html" in text
    assert re.search(r"\]\([^)]*\.md", text)


@pytest.mark.parametrize("page", [page for page in TOPICS if page.startswith(("how-to", "reference"))])
def test_a_topic_has_advice_for_problems(page: str) -> None:
    """Each problem is followed by its reason or remedy. The troubleshooting page itself has messages as headings."""
    _, _, advice = (DOCS / page).read_text(encoding="utf-8").partition("\n## Troubleshooting\n")
    assert "troubleshoot" in page or len(re.findall(r"^: ", advice, flags=re.MULTILINE)) >= 2


def test_the_glossary_has_at_least_25_terms() -> None:
    """In alphabetical order, so that a reader finds one."""
    text = (DOCS / "explanation" / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^(\w.*)\n  \S", text, flags=re.MULTILINE)
    assert len(terms) >= 25
    assert sorted(terms, key=str.casefold) == terms
