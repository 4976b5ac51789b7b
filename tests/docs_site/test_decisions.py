"""Decisions are numbered without a gap, dated, and there where the code cites them."""

import re
from pathlib import Path

import pytest
from decision_log import DECISIONS, cited_numbers, contents, decisions_page, find_problems, read_decisions

ROOT = Path(__file__).parents[2]
TEXT = DECISIONS.read_text(encoding="utf-8")
FOLDERS = (".ci", "src", "tests", "docs", "experiments", "benchmarks", "configs")
CITING = {"", ".css", ".html", ".js", ".md", ".py", ".toml", ".yaml"}
PAGE = """# Decisions

## Rules

### 1. The first

*2026-11-23, amended by 2*

Why.

## House

### 2. The second, `coded`

*2026-11-27, accepted*

Why.
"""


def citing_files():
    """Return the text files of the project that may cite a decision, without these tests."""
    found = [*ROOT.glob("*.*"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]
    kept = [path for path in found if path.suffix in CITING and path.is_file()]
    return [path for path in kept if Path(__file__).parent not in path.parents]


def test_nothing_is_wrong_with_the_decisions():
    assert find_problems(TEXT) == []


def test_every_decision_of_the_page_is_read():
    assert len(read_decisions(TEXT)) == len(re.findall(r"^#+ \d+\.", TEXT, flags=re.MULTILINE)) > 80


def test_the_contents_list_every_decision_under_its_area():
    assert decisions_page() == TEXT
    for decision in read_decisions(TEXT):
        assert f"- [{decision.number}. {decision.title}](#{decision.number}-" in TEXT


def test_every_decision_that_is_cited_exists():
    known = {decision.number for decision in read_decisions(TEXT)}
    cited = {path: cited_numbers(path.read_text(encoding="utf-8")) for path in citing_files()}
    assert len([path for path, numbers in cited.items() if numbers]) > 5
    assert {str(path): sorted(numbers - known) for path, numbers in cited.items() if numbers - known} == {}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("### 2.", "### 3.", "decision 2 is missing"),
        ("### 2.", "### 1.", "decision 1 is there 2 times"),
        ("2026-11-27, accepted", "accepted", "decision 2: got '*accepted*' below the heading"),
        ("2026-11-27", "2026-11-31", "decision 2: there is no day 2026-11-31"),
        ("amended by 2", "superseded by 7", "decision 1: superseded by 7, which is no later decision"),
        ("accepted", "amended by 1", "decision 2: amended by 1, which is no later decision"),
    ],
)
def test_what_is_wrong_is_found(old, new, problem):
    assert find_problems(PAGE) == []
    assert any(found.startswith(problem) for found in find_problems(PAGE.replace(old, new)))


def test_contents_name_area_and_change():
    assert contents(PAGE).split("\n") == [
        "**Rules**",
        "",
        "- [1. The first](#1-the-first), *amended by 2*",
        "",
        "**House**",
        "",
        "- [2. The second, `coded`](#2-the-second-coded)",
    ]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("as asked (decision 12).", {12}),
        ("# of all\n    # (decision\n    # 13)", {13}),
        ("Decisions 1, 2 and 30 say why", {1, 2, 30}),
        ("[decision 15](docs/decisions.md)", {15}),
        ("(docs/decisions.md, 23)", {23}),
        ("decision TBD, 7 days", set()),
    ],
)
def test_numbers_that_are_cited_are_found(text, numbers):
    assert cited_numbers(text) == numbers
