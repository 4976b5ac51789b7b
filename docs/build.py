"""Build the documentation site from docs/ and the docstrings, without a network: `python docs/build.py [FOLDER]`.

Every warning of Sphinx is an error: a link to a page, heading or file that is missing, a page that no list names, a
docstring that cannot be read. `--links` asks the network for every external link instead, which CI does not.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sphinx.cmd.build import main as sphinx

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent


def main(typed: Sequence[str] | None = None) -> int:
    """Build the site and return the exit code of Sphinx."""
    parser = argparse.ArgumentParser(description="Build the documentation site.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build/site", help="default: build/site")
    parser.add_argument("--links", action="store_true", help="check external links, over the network")
    asked = parser.parse_args(typed)
    builder = "linkcheck" if asked.links else "html"
    # Everything is read again (-E), since Sphinx repeats no warning about a page that has not changed.
    kept = asked.folder.with_name(asked.folder.name + ".doctrees")
    options = ["-E", "-W", "--keep-going", "-n", "-q", "-b", builder, "-c", str(DOCS), "-d", str(kept)]
    code = sphinx([*options, str(ROOT), str(asked.folder)])
    if code == 0 and not asked.links:
        print(f"docs: {asked.folder / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
