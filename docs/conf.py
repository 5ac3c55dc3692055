"""How Sphinx builds the documentation: from this folder and the installed package, without the network."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any

import attrs
from docutils import nodes
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.nodes import make_refnode

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
# In a docstring `name` is a link where there is something of that name, and plain code elsewhere.
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
html_copy_source = False
html_show_sphinx = False

_NOT_FOR_USERS = re.compile(r"call: Caller|sender: Sender|^\(\*args, \*\*kwargs\)$")
_FIELDS_DEFAULT = re.compile(r"attr_dict\['(\w+)'\]\.default")
_ANNOTATED = re.compile(r"~?\w+\.Annotated\[([\w.~]+), [^\[\]]+\]")


def tidy_signature(
    _app: Sphinx, what: str, _name: str, documented: Any, _options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Leave out what no reader needs: how we make our errors and what hangs on a client, and msgspec's marks."""
    if what == "exception" or (what == "class" and signature and _NOT_FOR_USERS.search(signature)):
        return "", None
    if signature and attrs.has(documented):
        fields = attrs.fields_dict(documented)
        # A default that is made anew each time has no text.
        signature = _FIELDS_DEFAULT.sub(lambda found: repr(fields[found[1]].default), signature)
        signature = signature.replace("= NOTHING", "= ...")
    return signature and _ANNOTATED.sub(r"\1", signature), returns


def describe_alias(_app: Sphinx, what: str, name: str, documented: Any, _options: Any, lines: list[str]) -> None:
    """Describe an alias or a constant as the module does that it comes from: it has no docstring to carry along."""
    if what != "data":
        return
    last = name.rpartition(".")[2]
    for home, module in sorted(sys.modules.items()):
        if home.startswith("tripwire_async.") and vars(module).get(last) is documented:
            described = ModuleAnalyzer.for_module(home).find_attr_docs().get(("", last))
            if described:
                lines[:] = described
                return


def find_by_its_last_name(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Element) -> reference | None:
    """Link a name of the package that a docstring mentions without saying where it lives, if there is only one."""
    if node.get("refdomain") != "py":
        return None
    python = env.domains.python_domain
    name = "." + node["reftarget"].rpartition("tripwire_async.")[2]
    homes = {entry.node_id: (full, entry) for full, entry in python.objects.items() if full.endswith(name)}
    if len(homes) != 1:
        return None
    ((full, entry),) = homes.values()
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, content, full)


def trim_programs(_app: Sphinx, document: nodes.document) -> None:
    """Show a part of a program without the blank lines that part it from the rest."""
    for block in document.findall(nodes.literal_block):
        block.rawsource = block.rawsource.strip("\n")
        block[:] = [nodes.Text(block.rawsource)]


def setup(app: Sphinx) -> None:
    """Connect the functions above; Sphinx calls this."""
    app.connect("autodoc-process-signature", tidy_signature)
    app.connect("autodoc-process-docstring", describe_alias)
    app.connect("doctree-read", trim_programs)
    app.connect("missing-reference", find_by_its_last_name)
