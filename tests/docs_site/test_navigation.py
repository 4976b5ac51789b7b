"""The front page of the site lists every page, and the sidebar is made from that list."""

from pathlib import Path

import navigation

DOCS = Path(__file__).parents[2] / "docs"
FRONT = """# A

## Start
- [Set-up](../README.md), and a run

## The model
- [Rules](model.md)
"""


def test_sections_are_read_from_the_list_of_links():
    assert navigation.sections(FRONT) == {
        "Start": {"/README": "Set-up"},
        "The model": {"/docs/model": "Rules"},
    }


def test_a_page_that_no_section_lists_goes_to_the_sidebar_all_the_same(tmp_path):
    for name in ("index", "model", "glossary"):
        (tmp_path / f"{name}.md").touch()
    found = navigation.toctrees(FRONT, tmp_path)
    assert ":caption: The model\n\nRules </docs/model>\nGlossary </docs/glossary>\n" in found
    assert "/docs/index" not in found


def test_every_how_to_is_listed():
    listed = navigation.sections((DOCS / "index.md").read_text(encoding="utf-8"))
    pages = {page for found in listed.values() for page in found}
    assert {f"/docs/how-to/{path.stem}" for path in (DOCS / "how-to").glob("*.md")} <= pages
