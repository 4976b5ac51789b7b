"""Reports on results at the edge of what there can be."""

import shutil

import html5lib
import pandas as pd
import pytest

from qispread import InputError
from qispread.outputs.report import build_report, write_report
from result_fixtures import small_scenario, with_coaching, write_comparison_folder, write_run_folder

EVIL = "<script>alert(1)</script>"
LONG = "an arm whose name has a great many characters in it, sixty-five"


def report_text(report):
    """Return all words of a report."""
    words = [report.headline.question, report.headline.sentence, *report.headline.details]
    for section in report.sections:
        for kind, block in section.typed_blocks:
            words += [block.text] if kind == "paragraph" else list(block.items) if kind == "bulletlist" else []
    return " ".join(words)


def section_anchors(report):
    return [section.anchor for section in report.sections]


def write_and_report(folder, scenario, arms=None, **how):
    return build_report(write_comparison_folder(folder, scenario, arms or {"coaching": with_coaching(scenario)}, **how))


@pytest.mark.slow
def test_a_run_is_reported_without_what_only_a_comparison_has(run_folder):
    report = build_report(run_folder)
    assert section_anchors(report) == [
        *("spread", "gap", "event_rate", "maps", "run-charts", "classes", "assumptions", "limits", "reproduce"),
    ]
    assert report.headline.question == "Something small spreads through fifteen places."
    assert "of organisations use the intervention" in report.headline.sentence
    paths = write_report(run_folder)
    assert paths[0].name == "report.html"


def test_nothing_adopted(tmp_path):
    report = write_and_report(tmp_path, small_scenario(**{"hearing.contact": 0.0, "hearing.broadcast": 0.0}))
    assert "fidelity and effect have no meaning" in report_text(report)
    assert "No organisation other than the pilot site adopted" in report_text(report)
    names = [figure.name for section in report.sections for figure in section.figures]
    assert "fidelity-over-time" not in names
    assert "response-classes" not in names


def test_an_arm_that_changes_nothing(tmp_path):
    base = small_scenario()
    report = write_and_report(tmp_path, base, {"idle": with_coaching(base, support=0.0, protected_time=0.0, cost=5.0)})
    assert report.headline.sentence == "Idle does not change adverse events averted over 3 years in any run."


@pytest.mark.slow
def test_what_a_policy_file_says_of_its_arm_stands_beside_what_the_model_has(tmp_path):
    base = small_scenario()
    arm = with_coaching(base).model_copy(update={"description": "As in Wales."})
    report = write_and_report(tmp_path, base, {"coaching": arm, "mandate": base.with_policy("mandate")})
    assert "coaching: As in Wales. In the model: an implementation team" in report_text(report)
    assert "mandate: organisations are required to adopt" in report_text(report)


@pytest.mark.slow
def test_the_order_of_many_arms_is_not_told_as_that_of_those_named(comparison_copy, edit_manifest):
    edit_manifest(comparison_copy, comparison={"ranking": ["a", "b", "c", "baseline", "d", "e"]})
    assert "the full ranking (a, b, c, the baseline, and two more) held in" in report_text(
        build_report(comparison_copy)
    )
    edit_manifest(comparison_copy, comparison={"ranking": ["a", "b", "c", "baseline"]})
    assert "the full ranking (a, b, c, the baseline) held in" in report_text(build_report(comparison_copy))


@pytest.mark.slow
def test_a_seeding_policy_is_warned_of(tmp_path):
    base = small_scenario()
    report = write_and_report(tmp_path, base, {"hubs": base.with_policy("seeding")})
    assert "not comparable between options with different pilot sites" in report_text(report)


@pytest.mark.slow
def test_many_organisations_and_a_long_run_stay_within_size(tmp_path):
    many = {"organisations.number": 700, "organisations.partnerships": 100, "network.mean_degree": 10.0}
    base = small_scenario(horizon=1300, replicates=1, **many)
    page = write_report(write_run_folder(tmp_path, base))[0]
    assert page.stat().st_size < 3_000_000


@pytest.mark.slow
def test_no_costs(tmp_path):
    base = small_scenario()
    report = write_and_report(tmp_path, base, {"coaching": with_coaching(base, cost=0.0)})
    (section,) = (one for one in report.sections if one.anchor == "cost")
    assert not section.figures
    assert "value for money cannot be assessed" in report_text(report)


def test_one_world(tmp_path):
    base = small_scenario(replicates=1)
    report = write_and_report(tmp_path, base, {"coaching": with_coaching(base), "mandate": base.with_policy("mandate")})
    assert "in the one run simulated" in report.headline.sentence
    assert "Of the one run simulated." in report_text(report)


@pytest.mark.slow
def test_six_months_and_three_organisations_and_a_long_name(tmp_path):
    few = {
        "organisations.number": 3,
        "organisations.partnerships": 1,
        "organisations.regions": 1,
        "network.mean_degree": 2.0,
    }
    base = small_scenario(horizon=6, **few)
    folder = write_comparison_folder(tmp_path, base, {LONG: with_coaching(base)})
    figures = [one for section in build_report(folder).sections for one in section.figures]
    assert any("Months since the start" in str(figure.chart.to_dict()) for figure in figures)
    assert all(len(figure.name) <= 60 for figure in figures)
    assert len({figure.name for figure in figures}) == len(figures)


@pytest.mark.slow
def test_several_interventions_are_pooled_and_it_is_said(tmp_path):
    one = small_scenario().interventions["intervention"]
    report = write_and_report(tmp_path, small_scenario(interventions={"first": one, EVIL: one}))
    assert "for all interventions together" in report_text(report)
    assert "The intervention shown is first, the first." in report_text(report)


@pytest.mark.slow
def test_names_with_markup_or_formulas_do_nothing(tmp_path):
    rows = "\n".join(f"o{i},{EVIL if i % 2 else '=1+1'}" for i in range(8))
    (tmp_path / "places.csv").write_text(f"id,name\n{rows}\n", encoding="utf-8")
    scenario = small_scenario(**{"organisations.file": str(tmp_path / "places.csv")}, description=EVIL)
    folder = write_run_folder(tmp_path / "ran", scenario.replace(network={"kind": "complete"}))
    paths = write_report(folder)
    page = paths[0].read_text(encoding="utf-8")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert not list(tree.iter("script"))
    assert EVIL in "".join(tree.find("body").itertext())
    for path in folder.glob("charts/*.csv"):
        for column in pd.read_csv(path, dtype=str).fillna(""):
            assert not column.startswith("=")


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize(
    "values",
    [
        {"identity": {"qispread": "0.0.9"}},
        {"identity": {"model": "0123456789abcdef"}},
        {"identity": {"draws": "philox"}},
    ],
)
def test_results_of_another_program_say_so_and_are_not_run_again(comparison_copy, edit_manifest, values):
    edit_manifest(comparison_copy, **values)
    report = build_report(comparison_copy)
    assert report.data.results.version_differences
    assert not [one for section in report.sections for one in section.figures if one.name.startswith(("map", "run-"))]
    assert "Maps and run charts are left out" in report_text(report)


@pytest.mark.slow
def test_the_note_on_another_version_stands_first(comparison_copy, edit_manifest):
    edit_manifest(comparison_copy, identity={"qispread": "0.0.9"})
    page = write_report(comparison_copy)[0].read_text(encoding="utf-8")
    assert page.index("Made by qispread 0.0.9;") < page.index("<h1>")


def test_a_scenario_of_another_version_that_cannot_be_read_is_reported_without_its_assumptions(
    comparison_copy, edit_manifest
):
    for folder in (
        comparison_copy,
        *(comparison_copy / arm for arm in ("baseline", "coaching", "mandate", "coaching+mandate")),
    ):
        edit_manifest(folder, identity={"qispread": "0.0.9"})
    edit_manifest(comparison_copy / "baseline", scenario={"of_old": 1})
    assert "cannot be read by this one" in report_text(build_report(comparison_copy))


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize(
    "table",
    [
        "robustness",
        "subgroup_gains",
        "inequality",
        "factorial",
        "cost_effectiveness",
        "best_arm_drivers",
        "order_drivers",
    ],
)
def test_a_table_that_is_not_there_leaves_its_part_out(comparison_copy, table):
    (comparison_copy / f"{table}.parquet").unlink()
    whole = {
        "robustness": "robustness",
        "subgroup_gains": "gains",
        "factorial": "factorial",
        "cost_effectiveness": "cost",
    }
    assert whole.get(table) not in section_anchors(build_report(comparison_copy))


def spoil_json(folder):
    (folder / "manifest.json").write_text("{", encoding="utf-8")


def spoil_table(folder):
    (folder / "subgroup_gains.parquet").write_bytes(b"no table")


def drop_column(folder):
    pd.read_parquet(folder / "replicates.parquet").drop(columns="value").to_parquet(folder / "replicates.parquet")


@pytest.mark.quick_cases(2)
@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (shutil.rmtree, "copied"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json"),
        (spoil_json, "manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{}", encoding="utf-8"), "manifest.json"),
        (lambda folder: (folder / "differences.parquet").unlink(), "differences.parquet"),
        (spoil_table, "subgroup_gains.parquet"),
        (drop_column, "value"),
        (lambda folder: shutil.rmtree(folder / "coaching"), "coaching"),
        (lambda folder: (folder / "baseline" / "summary.csv").unlink(), "summary.csv"),
        (lambda folder: (folder / "mandate" / "months.parquet").write_bytes(b""), "months.parquet"),
    ],
)
def test_folders_that_cannot_be_read_are_refused_by_name_and_nothing_is_written(comparison_copy, spoil, named):
    spoil(comparison_copy)
    with pytest.raises(InputError) as refusal:
        write_report(comparison_copy)
    assert named in str(refusal.value)
    assert not (comparison_copy / "report.html").exists()
    assert not list(comparison_copy.glob(".report-*"))
