"""Configuration of Sphinx, which builds the documentation without network access."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from docutils import nodes
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.nodes import make_refnode

from tripwire_async import models

sys.path.insert(0, str(Path(__file__).parent))

from model_pages import models_on

if TYPE_CHECKING:
    from docutils.nodes import Element, reference
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "tripwire-async"
copyright = "The tripwire-async contributors"  # noqa: A001 - the name that Sphinx reads
version = release = version_of("tripwire-async")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build", "examples"]
# `name` in a docstring is a link if an object has that name, and code otherwise.
default_role = "py:obj"

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
maximum_signature_line_length = 72
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"tripwire-async {release}"
html_theme_options = {"light_css_variables": {"code-font-size": "0.76rem"}}
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_js_files = ["copy.js", "landmarks.js"]
html_use_index = False  # one page of 19,000 pixels; the search finds the same names
html_copy_source = False
html_show_sphinx = False

_NOT_FOR_USERS = re.compile(r"call: Caller|sender: Sender|^\(\*args, \*\*kwargs\)$")
_FIELDS_DEFAULT = re.compile(r"attr_dict\['(\w+)'\]\.default")
# The modules before a class or function, of which at least one is private.
_PRIVATE_MODULE = re.compile(r"\btripwire_async\.(?:\w+\.)*_\w+\.(?:\w+\.)*(?=\w)")
_PARAMETERS = re.compile(r"<dl>\n((?:<dd>.*</dd>\n)+)</dl>")
_ANNOTATED = re.compile(r"~?\w+\.Annotated\[([\w.~]+), [^\[\]]+\]")


def list_models(_app: Sphinx, page: str, source: list[str]) -> None:
    """Append the models to the pages of their reference, which would otherwise be one page of 70,000 pixels."""
    folder, _, name = page.rpartition("/")
    if folder == "reference/models":
        entries = "\n".join(f".. auto{_kind(model)}:: {model}" for model in models_on(name))
        source[0] += f"\n```{{eval-rst}}\n.. currentmodule:: tripwire_async.models\n\n{entries}\n```\n"


def _kind(name: str) -> str:
    return "class" if isinstance(getattr(models, name), type) else "data"


def tidy_signature(
    _app: Sphinx, what: str, _name: str, documented: Any, _options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Remove constructor arguments that only the library passes, and msgspec's annotations."""
    if what == "exception" or (what == "class" and signature and _NOT_FOR_USERS.search(signature)):
        return "", None
    if signature and attrs.has(documented):
        fields = attrs.fields_dict(documented)
        # A default that a factory creates has no text.
        signature = _FIELDS_DEFAULT.sub(lambda found: repr(fields[found[1]].default), signature)
        signature = signature.replace("= NOTHING", "= ...")
    return signature and _ANNOTATED.sub(r"\1", signature), returns


def describe_alias(_app: Sphinx, what: str, name: str, documented: Any, _options: Any, lines: list[str]) -> None:
    """Describe an alias or a constant, which has no docstring, by the text in its module."""
    if what != "data":
        return
    last = name.rpartition(".")[2]
    for module_name, module in sorted(sys.modules.items()):
        if module_name.startswith("tripwire_async.") and vars(module).get(last) is documented:
            described = ModuleAnalyzer.for_module(module_name).find_attr_docs().get(("", last))
            if described:
                lines[:] = described
                return


def find_by_its_last_name(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Element) -> reference | None:
    """Link a name without its module in a docstring, if only one public object has that name."""
    if node.get("refdomain") != "py":
        return None
    python = env.domains.python_domain
    name = "." + node["reftarget"].rpartition("tripwire_async.")[2]
    targets = {entry.node_id: (full, entry) for full, entry in python.objects.items() if full.endswith(name)}
    if len(targets) != 1:
        return None
    ((full, entry),) = targets.values()
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, content, full)


def correct_html(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _document: nodes.document | None
) -> None:
    """Correct what an accessibility checker reports about the HTML that Sphinx writes."""
    body = str(context.get("body", ""))
    # A signature on several lines is a definition list without terms.
    body = _PARAMETERS.sub(
        lambda found: (
            '<div class="sig-parameters">' + found[1].replace("<dd>", "<div>").replace("</dd>", "</div>") + "</div>"
        ),
        body,
    )
    context["body"] = body.replace('role="heading"', 'role="heading" aria-level="2"')


def hide_private_modules(_app: Sphinx, document: nodes.document, _page: str) -> None:
    """Show public classes without the private modules that define them."""
    for text in list(document.findall(nodes.Text)):
        if _PRIVATE_MODULE.search(text):
            text.parent.replace(text, nodes.Text(_PRIVATE_MODULE.sub("", text)))
    for link in document.findall(nodes.reference):
        if "reftitle" in link:
            link["reftitle"] = _PRIVATE_MODULE.sub("", link["reftitle"])


def setup(app: Sphinx) -> None:
    """Connect the functions above to the events of Sphinx."""
    app.connect("source-read", list_models)
    app.connect("autodoc-process-signature", tidy_signature)
    app.connect("autodoc-process-docstring", describe_alias)
    app.connect("doctree-resolved", hide_private_modules)
    app.connect("html-page-context", correct_html)
    app.connect("missing-reference", find_by_its_last_name)
