"""The charts draw the numbers of the tables, and say which world and which arms they show."""

import numpy as np
import pandas as pd
import pytest

from qispread.common.formatting import format_difference
from qispread.common.formatting import format_value as written_as
from qispread.model.measures import MEASURES
from qispread.outputs.figures.figure import vega_specification
from qispread.outputs.figures.palette import assign_styles
from qispread.outputs.figures.robustness_figures import best_arm_figure
from qispread.outputs.report.example_organisations import select_example_replicate
from qispread.outputs.report.headline import simulation_facts
from qispread.outputs.report.read_results import read_results
from qispread.outputs.report.report_data import MAX_SHOWN_ARMS, ReportData

STYLES = assign_styles(["baseline", "coaching", "mandate", "coaching+mandate"])


@pytest.fixture(scope="module")
def figures(written_report):
    return {one.name: one for part in written_report.report.sections for one in part.figures}


def chart_rows(figure):
    """Return the rows that a chart has within it."""
    return [row for rows in vega_specification(figure)["datasets"].values() for row in rows]


def test_curves_draw_the_summary(written_report, figures):
    for measure in ("current_use", "fidelity", "effect", "event_rate"):
        rows = chart_rows(figures[f"{measure.replace('_', '-')}-over-time"])
        for arm in ("baseline", "coaching", "mandate"):
            summary = pd.read_csv(written_report.folder / arm / "summary.csv")
            own = summary[(summary["intervention"] == "all") & (summary["measure"] == measure)]
            shown = pd.DataFrame([row for row in rows if row["arm"] == arm and "median" in row]).drop_duplicates()
            for column in ("median", "p5", "p95"):
                np.testing.assert_allclose(shown[column].astype(float), own[column], rtol=1e-12)


def test_the_gap_is_adoption_times_the_share_that_replicates(written_report, figures):
    months = pd.read_parquet(written_report.folder / "coaching" / "months.parquet")
    last = months[(months["month"] == 36) & (months["intervention"] == "all")]
    expected = (last["current_use"] * last["replicated"].fillna(0.0)).mean()
    figure = next(one for name, one in figures.items() if name.startswith("gap") and one.title == "coaching")
    assert figure.table["reached"].iloc[-1] == pytest.approx(expected)
    assert figure.table["current_use"].iloc[-1] == pytest.approx(last["current_use"].mean())


def test_what_adoption_hides_is_told_with_the_numbers_of_the_table_of_differences(written_report):
    found = pd.read_csv(written_report.folder / "differences.csv")
    use = found[(found["measure"] == "current_use") & (found["intervention"] == "all")].set_index("arm")
    gap = next(part for part in written_report.report.sections if part.anchor == "gap").blocks[0].text
    for arm in ("coaching", "mandate"):
        assert f"{arm} {100 * use['arm_mean'][arm]:.0f}% and" in gap


def test_arms_are_told_against_each_other_as_in_between(written_report):
    between = pd.read_csv(written_report.folder / "arm_differences.csv")
    row = between[(between["measure"] == "current_use") & (between["arm"].isin(["coaching", "mandate"]))]
    row = row[row["against"].isin(["coaching", "mandate"])].iloc[0]
    section = next(part for part in written_report.report.sections if part.anchor == "changes")
    sheet = section.blocks[-1]
    lines = {
        line[0]: line for group in sheet.groups if group.heading == MEASURES["current_use"].label for line in group.rows
    }
    straight = lines.get(f"{row['arm']} against {row['against']}")
    turned = lines.get(f"{row['against']} against {row['arm']}")
    assert (straight is None) != (turned is None)
    sign = 1.0 if straight else -1.0
    assert (straight or turned)[1] == format_difference(sign * row["difference"], "percent")
    low, high = sorted((sign * row["low"], sign * row["high"]))
    assert (straight or turned)[2] == " to ".join(format_difference(end, "percent") for end in (low, high))


def test_without_colour_no_two_lines_of_a_chart_look_alike(figures):
    layers = vega_specification(figures["current-use-over-time"])["layer"]
    dashes = [
        tuple(one)
        for layer in layers
        for one in layer["encoding"].get("strokeDash", {}).get("scale", {}).get("range", [])
    ]
    assert len(dashes) == len(set(dashes)) == 4


@pytest.mark.parametrize("share", [0.625, 0.015625, 0.125])
def test_a_share_of_a_chart_is_rounded_as_in_the_table_beside_it(figures, share):
    table = figures["robustness-best"].table.assign(share_best=share)
    rows = [
        row for row in chart_rows(best_arm_figure(table, {arm: STYLES[arm] for arm in table["arm"]})) if "shown" in row
    ]
    assert {row["shown"] for row in rows} == {written_as(share, "percent")}


def test_the_plane_draws_differences_between_worlds(written_report, figures):
    worlds = pd.read_csv(written_report.folder / "replicates.csv").pivot_table(
        index="replicate", columns="arm", values=["events_averted", "total_cost"]
    )
    table = figures["cost-plane"].table.set_index("replicate")
    for arm in ("coaching", "mandate"):
        own = table[table["arm"] == arm]
        expected = worlds["events_averted"][arm] - worlds["events_averted"]["baseline"]
        np.testing.assert_allclose(own["averted"], expected)
        np.testing.assert_allclose(own["spent"], worlds["total_cost"][arm] - worlds["total_cost"]["baseline"])


def test_groups_effects_and_models_are_those_of_their_tables(written_report, figures):
    gains = pd.read_csv(written_report.folder / "subgroup_gains.csv")
    own = gains[(gains["grouping"] == "size") & (gains["measure"] == "event_rate_reduction")].reset_index(drop=True)
    shown = figures["for-whom-size-event-rate-reduction"].table.reset_index(drop=True)
    pd.testing.assert_frame_equal(shown, own, check_dtype=False)
    robust = pd.read_csv(written_report.folder / "robustness.csv").set_index("arm")
    best = figures["robustness-best"].table.set_index("arm")
    pd.testing.assert_series_equal(
        best["share_best"].sort_index(), robust["share_best"].sort_index(), check_dtype=False
    )


def test_maps_show_the_same_places_in_every_month_and_arm(figures):
    maps = [figure.table for name, figure in figures.items() if name.startswith("map-") and name != "map-key"]
    assert len(maps) == 8
    for table in maps:
        pd.testing.assert_frame_equal(table[["organisation", "x", "y"]], maps[0][["organisation", "x", "y"]])
        assert table["origin"].sum() == 1
        assert table["fidelity"].notna().tolist() == table["uses"].tolist()


def test_worlds_that_failed_are_left_out_and_counted(comparison_copy):
    path = comparison_copy / "coaching" / "runs.parquet"
    runs = pd.read_parquet(path)
    runs["status"] = ["failed", *["done"] * (len(runs) - 1)]
    runs.to_parquet(path)
    view = ReportData(read_results(comparison_copy))
    values = view.results.arms["coaching"].replicate_values(["current_use"])["current_use"]
    assert np.isnan(values[0]).all()
    assert not np.isnan(values[1:]).any()
    assert "1 failed" in simulation_facts(view)


def test_the_world_shown_is_the_one_nearest_the_median(comparison_folder):
    view = ReportData(read_results(comparison_folder))
    worlds = pd.read_csv(comparison_folder / "replicates.csv").pivot_table(
        index="replicate", columns="arm", values="value"
    )
    apart = worlds[view.best_arm] - worlds["baseline"]
    nearest = (apart - apart.median()).abs()
    assert select_example_replicate(view) == nearest.idxmin()


def test_an_arm_looks_the_same_in_every_chart(figures):
    looks = {}
    for figure in figures.values():
        for layer in vega_specification(figure)["layer"]:
            scale = layer.get("encoding", {}).get("color", {}).get("scale", {})
            if set(scale.get("domain", [])) & {"coaching", "mandate"} and "range" in scale:
                looks |= {figure.name: dict(zip(scale["domain"], scale["range"], strict=True))}
    assert len(looks) > 5
    for look in looks.values():
        for arm in ("coaching", "mandate"):
            assert look.get(arm) == looks["current-use-over-time"][arm]


def test_no_more_than_the_best_arms_are_drawn_and_the_base_is_always(comparison_folder):
    view = ReportData(read_results(comparison_folder))
    assert view.shown_arms[0] == "baseline"
    assert len(view.shown_arms) <= MAX_SHOWN_ARMS + 1
    found = view.differences("events_averted")
    assert [found[name].value for name in view.ranked_arms] == sorted(
        (one.value for one in found.values()), reverse=True
    )
