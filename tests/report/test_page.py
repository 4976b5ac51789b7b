"""The page and its charts: complete, accessible, self-contained, and the same each time."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import html5lib
import pandas as pd
import pytest

from qispread.inputs.errors import InputError
from qispread.outputs.report import write_report
from qispread.outputs.results.results_folder import chart_files

LARGEST = 3_000_000
SVG = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(scope="module")
def page_tree(written_report):
    """Return the page, read by a parser that refuses whatever the standard calls an error."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(written_report.page)


def figure_elements(written):
    return [written.report.headline.chart, *(one for part in written.report.sections for one in part.figures)]


def element_text(element):
    return " ".join("".join(element.itertext()).split())


def test_every_chart_has_words_a_picture_to_read_a_picture_to_keep_and_its_numbers(written_report, page_tree):
    figures = figure_elements(written_report)
    names = [figure.name for figure in figures]
    assert len(set(names)) == len(names)
    spoken = {svg.get("aria-label") for svg in page_tree.iter() if svg.get("role") == "img"}
    for figure in figures:
        assert len(figure.alt) > 20
        assert figure.alt in spoken
        stem = written_report.folder / "charts" / figure.name
        assert ET.fromstring(stem.with_suffix(".svg").read_text(encoding="utf-8")).tag.endswith("svg")  # noqa: S314
        assert stem.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
        assert len(pd.read_csv(stem.with_suffix(".csv"))) == len(figure.table)
    assert {path.stem for path in written_report.paths} - {"report"} == set(names)


def test_all_sections_are_there_and_the_contents_lead_to_them(written_report, page_tree):
    anchors = [part.anchor for part in written_report.report.sections]
    assert anchors == [
        *("changes", "spread", "gap", "event_rate", "gains", "cost", "maps", "run-charts", "classes", "robustness"),
        *("factorial", "assumptions", "limits", "reproduce"),
    ]
    assert [link.get("href") for link in page_tree.iter("a")] == [f"#{anchor}" for anchor in anchors]
    assert set(anchors) <= {one.get("id") for one in page_tree.iter() if one.get("id")}


def test_the_page_is_self_contained_and_small(written_report, page_tree):
    assert len(written_report.page.encode()) < LARGEST
    assert not list(page_tree.iter("script"))
    assert "http" not in written_report.page
    assert "@import" not in written_report.page
    for element in page_tree.iter():
        for name, value in element.attrib.items():
            assert str(name) not in {"src", "srcset"}
            assert not str(name).startswith("on")
            if "href" in str(name):
                assert value.startswith("#")
            assert not re.search(r"url\((?!#)", value)


def test_ids_are_used_once_and_references_within_the_page_hold(written_report):
    ids = re.findall(r'\sid="([^"]*)"', written_report.page)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r"url\(#([^)]*)\)", written_report.page)) <= set(ids)


def test_headings_are_in_order_and_the_language_is_said(page_tree):
    assert page_tree.find(".").get("lang") == "en-GB"
    levels = [int(one.tag[1]) for one in page_tree.iter() if isinstance(one.tag, str) and re.fullmatch(r"h\d", one.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_have_captions_and_every_heading_cell_says_of_what(page_tree):
    tables = list(page_tree.iter("table"))
    assert tables
    for table in tables:
        assert element_text(table.find("caption"))
        assert all(cell.get("scope") in {"col", "row", "rowgroup"} for cell in table.iter("th"))
        widths = {len(row.findall("th")) + len(row.findall("td")) for row in table.iter("tr")}
        assert widths - {1} == {len(table.find("thead").find("tr"))}


def test_the_answer_is_the_first_thing_said_and_in_the_table(written_report):
    rows = pd.read_csv(written_report.folder / "differences.csv")
    rows = rows[(rows["measure"] == "events_averted") & (rows["intervention"] == "all")].set_index("arm")
    best = rows["difference"].idxmax()
    assert best in written_report.report.headline.sentence
    assert f"{rows.loc[best, 'per_100_organisations']:,.0f}" in written_report.report.headline.sentence
    assert written_report.report.headline.question == "What would coaching and mandate change, alone and together?"


@pytest.mark.slow
def test_the_same_results_give_the_same_bytes(written_report, comparison_copy):
    again = write_report(comparison_copy)
    assert [path.name for path in again] == [path.name for path in written_report.paths]
    for before, after in zip(written_report.paths[1:], again[1:], strict=True):
        assert before.read_bytes() == after.read_bytes()
    assert again[0].read_text(encoding="utf-8") == written_report.page.replace("from compared.", "from copied.")


@pytest.mark.slow
def test_charts_of_an_earlier_report_go_and_other_files_stay(comparison_copy):
    charts = comparison_copy / "charts"
    charts.mkdir()
    mine = {f"thesis.{kind}" for kind in ("svg", "png", "csv")}
    for name in ("old.svg", "old.png", "old.csv", *mine):
        (charts / name).write_text("x", encoding="utf-8")
    (comparison_copy / "report.html").write_text(
        '<meta name="qispread-charts" content="old map-key">', encoding="utf-8"
    )
    paths = write_report(comparison_copy)
    assert {path.name for path in charts.iterdir()} == {path.name for path in paths[1:]} | mine
    assert chart_files(comparison_copy) == list(dict.fromkeys(path.stem for path in paths[1:]))
    assert not list(comparison_copy.glob(".report-*"))


@pytest.mark.parametrize("there", [False, True])
def test_a_report_on_no_results_leaves_no_folder_behind_that_was_not_there(tmp_path, there):
    (tmp_path / "empty").mkdir()
    out = tmp_path / "new" / "below"
    if there:
        out.mkdir(parents=True)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="holds no results"):
        write_report(tmp_path / "empty", out)
    assert set(tmp_path.rglob("*")) == before
