"""Settings of the documentation site, which Sphinx builds from the Markdown pages and the docstrings.

The source folder is the whole repository, so that links between pages, to code and to results are the same on the site
and in the repository (decision 84). `python docs/build.py` builds it.
"""

import sys
from importlib import import_module
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS), str(DOCS.parent / "src")]

project = "qispread"
author = "the qispread authors"
project_copyright = author
release = version = import_module("qispread").__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "site_hooks"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/*.md", "docs/**/*.md", "docs/api/*.rst", "results/published/*.md"]
exclude_patterns = ["**/.*", "build", "dist", "results/*/*/**"]
nitpicky = True

# Headings of four levels can be linked to by the addresses that GitHub gives them.
myst_heading_anchors = 4

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
# What stands between single marks in a docstring is code.
default_role = "code"
# A block that names no language is an equation or output.
highlight_language = "text"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
numpydoc_show_class_members = False

# Everything that a page loads is beside it: no fonts, scripts or pictures of other servers.
html_theme = "furo"
html_title = "qispread"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "start.html"}
templates_path = ["_templates"]
html_copy_source = False
html_theme_options: dict[str, list[str]] = {"top_of_page_buttons": []}

# Of `-b linkcheck`, which needs the network.
linkcheck_timeout = 20
linkcheck_retries = 2
