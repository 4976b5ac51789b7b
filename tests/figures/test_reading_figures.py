"""Charts of sensitivity and discovery hold the numbers of their tables, and say them in words."""

import altair as alt
import numpy as np
import pytest

from qispread.analysis.discovery import BoxSearchOptions, discover
from qispread.analysis.sensitivity import sensitivity
from qispread.common.formatting import format_short
from qispread.outputs.figures.discovery_figures import discovery_figures, limit_rows
from qispread.outputs.figures.figure import vega_specification
from qispread.outputs.figures.sensitivity_figures import MAX_LINES, MAX_ROWS, sensitivity_figures
from synthetic_sweeps import FACTOR_PATHS, SyntheticSweep, ishigami, synthetic_experiment, unit_points

KINDS = [{"kind": "ring"}, {"kind": "complete"}, {"kind": "partnerships"}]
FACTORS = {"copying.copy_loss": {}, "copying.lineage": {}, "network": {"values": KINDS}}
DESIGNS = {
    "sobol": {"kind": "saltelli", "points": 64},
    "morris": {"kind": "morris"},
    "first_order": {"kind": "latin_hypercube", "points": 200},
}


def example_sweep(design, factors=FACTORS):
    """Return a sweep whose effect grows over the months, with noise."""
    experiment = synthetic_experiment(factors, design, replicates=2, monthly=("effect",))
    unit = unit_points(experiment)
    values = ishigami(unit[:, :3])[:, None, None] * np.arange(25.0)
    return SyntheticSweep(experiment, values + np.random.default_rng(1).normal(size=(len(unit), 2, 25)))


def valid_specification(figure):
    """Return the specification of a figure that is valid and holds all that it draws."""
    found = vega_specification(figure)
    alt.Chart.from_dict(found)
    assert "url" not in str(found["datasets"])
    return found


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("method", DESIGNS)
def test_charts_of_sensitivity_are_valid_and_say_their_numbers(method):
    found = sensitivity(example_sweep(DESIGNS[method]), "effect")
    figures = {one.name: one for one in sensitivity_figures(found, 24)}
    expected = {"sensitivity-indices", "sensitivity-over-time", "sensitivity-noise"}
    assert set(figures) == expected | ({"sensitivity-effects"} if method == "morris" else set())
    for one in figures.values():
        valid_specification(one)
    for row in found.final_indices.to_dict("records"):
        assert f"{row['parameter']} {format_short(row[found.ranking_column])}" in figures["sensitivity-indices"].alt


def test_intervals_are_drawn_as_the_table_has_them():
    found = sensitivity(example_sweep(DESIGNS["sobol"]), "effect")
    chart = valid_specification(sensitivity_figures(found, 24)[0])
    rows = [row for data in chart["datasets"].values() for row in data if "low" in row]
    assert len(rows) == 6
    by_name = found.final_indices.set_index("parameter")
    for row in rows:
        kind = "first" if row["arm"].startswith("Alone") else "total"
        assert [row["value"], row["low"], row["high"]] == pytest.approx(
            by_name.loc[row["parameter"], [kind, f"{kind}_low", f"{kind}_high"]].tolist()
        )


def test_many_parameters_are_drawn_in_part_and_said_to_be():
    import qispread as qs
    from qispread.inputs.factors import plausible_factors

    names = [one.path for one in plausible_factors(qs.Scenario())][: MAX_ROWS + 5]
    found = sensitivity(example_sweep({"kind": "morris"}, {name: {} for name in names}), "effect")
    figures = {one.name: one for one in sensitivity_figures(found, 24)}
    assert figures["sensitivity-indices"].note == "Not drawn: 5 parameters with smaller effects."
    assert (
        figures["sensitivity-over-time"].note
        == f"Not drawn: {MAX_ROWS + 5 - MAX_LINES} parameters with smaller effects."
    )
    assert len(figures["sensitivity-indices"].table) == MAX_ROWS + 5
    for one in figures.values():
        valid_specification(one)


@pytest.fixture(scope="module")
def corner_discovery():
    experiment = synthetic_experiment(FACTORS, {"kind": "latin_hypercube", "points": 400})
    unit = unit_points(experiment)
    low = (unit[:, 0] > 0.5) & (unit[:, 1] < 0.6) & (unit[:, 2] < 2.0 / 3.0)
    return discover(
        SyntheticSweep(experiment, np.where(low, 0.1, 0.9)[:, None, None]),
        "effect",
        below=0.5,
        options=BoxSearchOptions(permutations=0),
    )


def test_charts_of_a_discovery_are_valid_and_say_their_numbers(corner_discovery):
    figures = {one.name: one for one in discovery_figures(corner_discovery)}
    assert set(figures) == {"discovery-trajectory", "discovery-limits", "discovery-corner"}
    for one in figures.values():
        valid_specification(one)
        assert "effect below 0.5 in month 24" in one.alt
    assert set(figures["discovery-corner"].table) == {*FACTOR_PATHS[:2], "case"}
    assert "network complete, ring" in figures["discovery-limits"].alt


def test_bars_are_the_shares_of_each_range_that_are_inside(corner_discovery):
    rows = limit_rows(corner_discovery).groupby("parameter")[["start", "end"]].agg(list)
    assert rows.loc["copying.copy_loss", "start"] == pytest.approx([0.5], abs=0.02)
    assert rows.loc["copying.copy_loss", "end"] == pytest.approx([1.0])
    assert rows.loc["copying.lineage", "end"] == pytest.approx([0.6], abs=0.02)
    assert rows.loc["network", "start"] == pytest.approx([0.0, 2.0 / 3.0])


def test_a_search_that_finds_nothing_draws_its_boxes_alone():
    experiment = synthetic_experiment(2, {"kind": "latin_hypercube", "points": 40})
    cases = np.arange(40) % 2 == 0
    found = discover(
        SyntheticSweep(experiment, np.where(cases, 0.1, 0.9)[:, None, None]),
        "effect",
        below=0.5,
        options=BoxSearchOptions(permutations=0),
    )
    names = [one.name for one in discovery_figures(found)]
    assert names[0] == "discovery-trajectory"
    assert ("discovery-limits" in names) == bool(found.steps[found.suggested_index].box)
