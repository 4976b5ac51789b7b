"""The documentation site is built without a warning, needs no network, finds words, and refuses what is broken."""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import qispread
from optional import require

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}
"""Elements with the attribute that names what a browser loads with the page."""

BROKEN = {
    "[a page](no_such_page.md)": "no_such_page.md",
    "[a heading](model.md#no-such-heading)": "no-such-heading",
    "[a file](../src/no_such_file.py)": "no_such_file.py",
    "![a picture](no_such_picture.svg)": "no_such_picture.svg",
}
"""Links that lead nowhere, with what the warning must name."""


def copied(folder):
    """Return a copy of the checkout, so that tests that build at the same time write into folders of their own."""
    ignored = shutil.ignore_patterns(".*", "build", "tests", "benchmarks", "__pycache__")
    return Path(shutil.copytree(ROOT, folder / "checkout", ignore=ignored))


def build(root, folder):
    """Build the site of a checkout and return the finished process."""
    require("sphinx", "docs")
    command = [sys.executable, str(root / "docs/build.py"), str(folder)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site once."""
    folder = tmp_path_factory.mktemp("site")
    done = build(copied(folder), folder / "site")
    assert done.returncode == 0, done.stderr
    return folder / "site"


class Assets(HTMLParser):
    """What a page loads."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs).get(LOADING.get(tag, ""))
        if named:
            self.found.append(named)


def loaded_by(page):
    """Return what a page loads, by the addresses in its HTML."""
    assets = Assets()
    assets.feed(page.read_text(encoding="utf-8"))
    return assets.found


def test_the_front_page_is_reached_from_the_index(site):
    target = re.search(r'url=([^"]+)"', (site / "index.html").read_text(encoding="utf-8"))[1]
    front = (site / target).read_text(encoding="utf-8")
    for caption in ("Start", "How-tos", "The model", "Evidence", "API reference", "Project"):
        assert re.search(rf'class="caption"[^>]*><span class="caption-text">{caption}</span>', front), caption


def test_there_is_a_page_for_every_public_name(site):
    names = [name for name in dir(qispread) if not name.startswith("__")]
    assert [name for name in names if not (site / f"docs/api/qispread.{name}.html").exists()] == []


def test_the_page_of_compare_shows_its_docstring(site):
    page = (site / "docs/api/qispread.compare.html").read_text(encoding="utf-8")
    assert 'id="qispread.compare"' in page
    first, *_ = (qispread.compare.__doc__ or "").strip().split("\n")
    assert first in page
    assert all(f"<strong>{name}</strong>" in page for name in ("arms", "replicates", "precision"))


def test_the_search_finds_words_of_the_model(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    terms = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))["terms"]
    assert {"fidel", "adopt", "leader", "region", "coach"} <= set(terms)


def test_nothing_is_loaded_from_another_server(site):
    pages = sorted(site.rglob("*.html"))
    loaded = {(page, found) for page in pages for found in loaded_by(page)}
    assert len(loaded) > len(pages) > 50
    assert {found for _, found in loaded if re.match(r"(?:\w+:)?//", found)} == set()
    styles = "\n".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.search(r"url\([\"']?(?:https?:)?//|@import", styles)


def test_what_pages_load_is_there(site):
    for page in site.rglob("*.html"):
        for found in loaded_by(page):
            path = found.partition("?")[0].partition("#")[0]
            assert found.startswith("data:") or not path or (page.parent / path).exists(), (page, found)


def test_broken_links_fail_the_build(tmp_path):
    root = copied(tmp_path)
    page = root / "docs/what_the_model_cannot_say.md"
    with page.open("a", encoding="utf-8") as file:
        file.write("\n" + "\n".join(BROKEN))
    done = build(root, tmp_path / "site")
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert done.returncode == 1
    assert len(warnings) == len(BROKEN)
    assert [name for name in BROKEN.values() if not any(name in line for line in warnings)] == []
