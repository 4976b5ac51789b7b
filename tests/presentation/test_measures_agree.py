"""Terminal, page, report and charts write each measure in the same digits, as its declaration says."""

import io
import math

import pandas as pd
import pytest
from rich.console import Console

from qispread.common.formatting import format_difference, format_value
from qispread.interfaces.cli import terminal
from qispread.model.measures import MEASURE_REGISTRY, MEASURES
from qispread.outputs.figures.curve_figures import curve_figure, curve_spec
from qispread.outputs.figures.distribution_figures import distribution_figure
from qispread.outputs.figures.figure import vega_specification
from qispread.outputs.figures.palette import assign_styles
from qispread.outputs.report import build_report
from qispread.outputs.report.blocks import ReportTable
from qispread.outputs.report.headline import build_headline
from qispread.outputs.report.read_results import read_results
from qispread.outputs.report.report_data import ReportData
from qispread.outputs.text.display_tables import between_table, difference_cells, difference_rows
from qispread.outputs.text.labels import PERCENTAGE_POINTS, difference_axis, scale_per_100
from qispread.outputs.text.sentences import difference_from_row, difference_sentence
from qispread.runs.comparison import compare
from result_fixtures import small_scenario, with_coaching, write_comparison_folder

IN_PERCENT = {one.name for one in MEASURE_REGISTRY if one.is_percent}


@pytest.fixture(scope="module")
def comparison():
    base = small_scenario()
    return compare(base, {"coaching": with_coaching(base), "mandate": base.with_policy("mandate")})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = small_scenario()
    arms = {"coaching": with_coaching(base), "mandate": base.with_policy("mandate")}
    return write_comparison_folder(tmp_path_factory.mktemp("agree") / "compared", base, arms)


def asked_for(comparison, measure):
    return type(comparison)(comparison.runs, measure=measure)


def printed(show, *arguments):
    out = io.StringIO()
    show(*arguments, Console(file=out, width=200, color_system=None))
    return out.getvalue()


def test_shares_and_ratios_are_in_percent_and_nothing_else():
    assert {one.name for one in MEASURE_REGISTRY if one.unit in {"share", "ratio"}} - IN_PERCENT == {"event_rate_gini"}
    assert {MEASURES[name].unit for name in IN_PERCENT} == {"share", "ratio"}


@pytest.mark.parametrize("measure", MEASURES)
def test_terminal_and_report_write_a_difference_alike(measure, comparison, folder):
    """The terminal's table of options against each other, the report's, and the sentence of the report."""
    view = ReportData(read_results(folder))
    row = comparison.difference_between("coaching", "mandate", measure)
    expected = format_difference(
        scale_per_100(measure, comparison.organisation_count) * row["difference"], MEASURES[measure].form
    )
    if math.isnan(row["difference"]):
        pytest.skip("no run of this small comparison has the measure")
    same = row["difference"] == 0.0 and not row["low"] < 0.0
    shown = printed(terminal.show_arm_differences, asked_for(comparison, measure))
    line = next(one for one in shown.splitlines() if "mandate against coaching" in one)
    assert ("none" if same else expected) in line
    apart = view.pairwise_difference("mandate", "coaching", measure)
    cells = difference_cells(apart, measure)
    if not same and scale_per_100(measure, comparison.organisation_count) == 1.0:
        assert cells[0] == expected
        assert cells[1] in line
    sentence = difference_sentence(difference_from_row(apart), 36)
    assert ("percentage points" in sentence) == (measure in IN_PERCENT and not same)
    if not same:
        assert expected.lstrip("+\N{MINUS SIGN}") in sentence


@pytest.mark.parametrize("measure", MEASURES)
def test_charts_write_a_measure_as_sentences_do(measure):
    styles = assign_styles(["baseline"], "baseline")
    table = pd.DataFrame(
        {"arm": "baseline", "month": [0, 12], "median": [0.0, 0.25], "p5": [0.0, 0.2], "p95": [0.0, 0.3]}
    )
    figure = curve_figure(table, curve_spec(measure), styles, 12)
    assert figure.title == MEASURES[measure].label
    assert f"baseline {format_value(0.25, MEASURES[measure].form)} (" in figure.alt
    axis = vega_specification(figure)["layer"][0]["encoding"]["y"]
    assert axis["title"] == MEASURES[measure].axis
    assert axis["axis"]["format"].endswith("%") == (measure in IN_PERCENT)
    assert (difference_axis(measure) == PERCENTAGE_POINTS) == (measure in IN_PERCENT)
    ends = {"baseline": table["median"].to_numpy()}
    assert distribution_figure(ends, measure, "t", "u", MEASURES[measure].form, styles).alt.count("%") == 3 * (
        measure in IN_PERCENT
    )


def test_the_page_and_the_terminal_show_the_same_rows(comparison):
    rows = difference_rows(comparison, "coaching")
    answer = type("Answer", (), {"comparison": comparison, "tables": {"subgroup_gains": for_whom()}})()
    shown = printed(terminal.show_differences, answer, "coaching")
    for row in rows:
        line = next(one for one in shown.splitlines() if one.strip().startswith(row.cells[0]))
        assert all(cell in line for cell in row.cells)


def for_whom():
    return pd.DataFrame(columns=["arm", "grouping", "measure", "group", "difference"])


def test_the_report_writes_the_headline_in_the_digits_of_the_terminal(comparison, folder):
    """Once printed +0.0388 in the terminal and 3.9 percentage points in the report."""
    results = read_results(folder)
    results.manifest["comparison"]["measure"] = "replication_ratio"
    view = ReportData(results)
    row = comparison.difference("coaching", "replication_ratio")
    expected = format_difference(row["difference"], "percent")
    answer = build_headline(view)
    text = " ".join([answer.sentence, *answer.details])
    assert f"{expected.lstrip('+')} percentage points" in text.replace("\N{MINUS SIGN}", "")
    groups = [
        group
        for part in build_report(folder).sections
        for block in part.blocks
        if isinstance(block, ReportTable)
        for group in block.groups
        if group.heading.startswith(MEASURES["effect"].label)
    ]
    lines = {line[0]: line for line in groups[0].rows}
    effect = comparison.difference("coaching", "effect")
    assert lines["coaching"][2] == format_difference(effect["difference"], "percent")


def test_options_against_each_other_have_the_title_of_the_measure(comparison):
    assert between_table(asked_for(comparison, "cost")).title.endswith("Cost of policies *")
