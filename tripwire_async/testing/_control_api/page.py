"""Page of the test server: one HTML file with its style and script, and a policy that permits nothing else."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib.resources import files

import attrs


@attrs.frozen
class Page:
    """The page and its Content-Security-Policy."""

    body: bytes
    policy: str


@functools.cache
def load_page() -> Page:
    """Return the page; its parts are read once."""
    folder = files(__name__.rpartition(".")[0])
    style = (folder / "page.css").read_text(encoding="utf-8")
    script = "\n".join((folder / name).read_text(encoding="utf-8") for name in ("elements.js", "panels.js", "page.js"))
    html = (folder / "page.html").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Page(html.replace("/*style*/", style).replace("/*script*/", script).encode(), policy)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
