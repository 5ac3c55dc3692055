"""How Sphinx builds the documentation: from this folder and the installed package, without the network."""

from __future__ import annotations

import re
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "tripwire-async"
copyright = "The tripwire-async contributors"  # noqa: A001 - the name that Sphinx reads
version = release = version_of("tripwire-async")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build", "examples"]
# In a docstring `name` is a link where there is something of that name, and plain code elsewhere.
default_role = "py:obj"

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
maximum_signature_line_length = 88
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"tripwire-async {release}"
html_theme_options = {"light_css_variables": {"code-font-size": "0.76rem"}}
html_copy_source = False
html_show_sphinx = False

_ANNOTATED = re.compile(r"~?\w+\.Annotated\[([\w.~]+), [^\[\]]+\]")


def tidy_signature(_app: Sphinx, what: str, *rest: Any) -> tuple[str | None, str | None]:
    """Leave out what no reader needs: how we make our errors, and what msgspec is told about a field."""
    *_, signature, returns = rest
    if what == "exception":
        return "", None
    return signature and _ANNOTATED.sub(r"\1", signature), returns


def setup(app: Sphinx) -> None:
    """Connect the function above; Sphinx calls this."""
    app.connect("autodoc-process-signature", tidy_signature)
