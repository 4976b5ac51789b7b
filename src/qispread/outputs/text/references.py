"""The sources of parameters, as reports and the page cite them."""

import json
import re
from importlib.resources import files

CITATION_KEY = re.compile(r"[a-z]+(?:19|20)\d\d")
"""A key of the bibliography, such as "kaplan2012"."""


def load_references() -> dict[str, str]:
    """Return the citation of each source by key."""
    text = files("qispread.outputs.text").joinpath("references.json").read_text(encoding="utf-8")
    return dict(json.loads(text))
