"""How Sphinx builds the documentation: from this folder and the installed package, without the network."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "tripwire-async"
copyright = "The tripwire-async contributors"  # noqa: A001 - the name that Sphinx reads
version = release = version_of("tripwire-async")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build", "examples"]
default_role = "any"
nitpicky = False

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"tripwire-async {release}"
html_copy_source = False
html_show_sphinx = False
