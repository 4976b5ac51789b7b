"""The page and the figures of the claims: they say what the tables say, in words a reader of policy can follow."""

import math
import re
import shutil
from itertools import pairwise
from pathlib import Path

import altair as alt
import pandas as pd
import pytest
from experiments.claim_figures import curve_panel, heat_map
from experiments.claim_test import FULL
from experiments.claims_table import read_arm_means, read_claims
from experiments.condition_text import condition_parameters, explain_condition, short_meaning
from experiments.results_page import find_part, list_differences, write_page

import experiments

EVERY = {one.number: one for one in experiments.load_all_experiments()}
PUBLISHED = Path(__file__).parents[2] / "results/published"
CLAIMS = read_claims(PUBLISHED / "claims.csv")
PAGE = (PUBLISHED / "README.md").read_text(encoding="utf-8")
CONDITIONAL = CLAIMS[CLAIMS["verdict"] == "supported under a condition"]


def brief_table_cells():
    """Return the cells of the brief table, a row each."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("| [")]


def test_the_published_page_is_what_the_published_tables_say(tmp_path):
    for path in PUBLISHED.glob("*.csv"):
        shutil.copy(path, tmp_path)
    write_page(tmp_path, CLAIMS, EVERY, FULL)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == PAGE


def test_the_brief_table_has_the_condition_of_each_claim_that_holds_under_one_and_of_no_other():
    rows = brief_table_cells()
    assert len(rows) == len(CLAIMS)
    for cells, verdict, condition in zip(rows, CLAIMS["verdict"], CLAIMS["condition"], strict=True):
        paths = re.findall(r"(\S+) (?:above|at most) \S+ \(plausible", condition)
        if verdict == "supported under a condition":
            assert all(f"(`{path}`)" in cells[3] for path in paths)
            assert cells[3].endswith(("the defaults meet it", "the defaults do not meet it"))
        else:
            assert cells[3] == ""


def test_no_two_parts_of_a_claim_are_told_alike():
    for one, other in pairwise(brief_table_cells()):
        assert one[3:] != other[3:]


def test_a_condition_says_what_a_parameter_is_before_its_path():
    known = condition_parameters(EVERY[1])
    told = explain_condition(
        "the sign holds in 90 % of models with deciding.reluctance at most 4.97 (plausible: 1.8 to 7.2)", known
    )
    assert told.endswith(
        "models with reluctance to start (`deciding.reluctance`) at most 4.97 (plausible: 1.8 to 7.2; by default 3.6)"
    )
    for number, condition in zip(CLAIMS["claim"], CLAIMS["condition"], strict=True):
        assert not re.search(
            r" [a-z_]+\.[a-z_.]+ (above|at most)", explain_condition(condition, condition_parameters(EVERY[number]))
        )


@pytest.mark.parametrize(
    ("meaning", "clause"),
    [
        (
            "Goal as a multiple of what is seen: realistic 0.4, usual 0.8.",
            "goal as a multiple of what is seen",
        ),
        ("Standard deviation of each coordinate: how different places are.", "how different places are"),
        ("Probability a month of hearing (journals, media).", "probability a month of hearing"),
        ("Fidelity around which most is gained; 0.85 for a bundle.", "fidelity around which most is gained"),
    ],
)
def test_a_parameter_is_told_without_remarks_and_examples(meaning, clause):
    assert short_meaning(meaning) == clause


@pytest.mark.parametrize("number", EVERY)
def test_of_several_differences_the_smallest_is_the_one_in_the_table_of_claims(number):
    means = read_arm_means(PUBLISHED, EVERY[number])
    for row in CLAIMS[CLAIMS["claim"] == number].itertuples():
        part = find_part(EVERY[number], row.part)
        several = list_differences(part, means)
        assert len(several) in {0, len(part.contrasts)}
        if several:
            assert float(several[0][0].split()[0]) == pytest.approx(100.0 * row.difference, abs=0.051)


def test_the_differences_that_stand_side_by_side_are_told_for_claim_1():
    assert len(list_differences(find_part(EVERY[1], "hidden by adoption"), read_arm_means(PUBLISHED, EVERY[1]))) == 2


def test_a_page_is_written_where_a_table_of_arms_is_gone_or_older(tmp_path):
    for path in PUBLISHED.glob("*.csv"):
        shutil.copy(path, tmp_path)
    (tmp_path / "e01_rarely_replicates.csv").unlink()
    older = pd.read_csv(tmp_path / "e09_networks_learn.csv").query("quantity != 'halfway'")
    older.to_csv(tmp_path / "e09_networks_learn.csv", index=False)
    write_page(tmp_path, CLAIMS, EVERY, FULL)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "beside the verdicts" not in text
    assert "+49.6 percentage points" not in text


def test_claim_9_tells_how_much_sooner_ties_bring_adoption():
    means = read_arm_means(PUBLISHED, EVERY[9])
    gained = (means["none", "halfway"] - means["ties alone", "halfway"]) / 12.0
    assert f"{gained:.1f} years sooner" in EVERY[9].remark(means)
    assert EVERY[9].remark(means) in PAGE
    never = {key: math.nan if key[1] == "halfway" else value for key, value in means.items()}
    assert "cannot be told" in EVERY[9].remark(never)


@pytest.mark.parametrize("number", EVERY)
def test_panels_show_every_arm_once(number):
    shown = [arm for arms in EVERY[number].panels.values() for arm in arms]
    assert sorted(shown) == sorted(EVERY[number].arms) if shown else True


def test_curves_that_share_a_panel_differ_in_colour_and_in_dash_and_panels_in_nothing_but_their_arms():
    table = pd.DataFrame({"arm": list("abcd"), "year": 0.0, "value": [0.0, 1.0, 2.0, 30.0]})
    panels = [curve_panel(table, arms, "title", "y", 100).to_dict()["encoding"] for arms in ("abc", "d")]
    first = panels[0]
    assert len(set(first["stroke"]["scale"]["range"])) == 3
    assert len({tuple(dash) for dash in first["strokeDash"]["scale"]["range"]}) == 3
    assert panels[0]["y"]["scale"] == panels[1]["y"]["scale"]


def test_a_map_is_told_in_percentage_points_with_its_own_words():
    table = pd.DataFrame({"a": [0, 1], "b": [0, 0], "gain": [-0.06, 0.14]})
    chart = heat_map(table, x=("a", "A"), y=("b", "B"), value=("gain", "Gain, points"), title="", domain=(-0.06, 0.14))
    assert isinstance(chart, alt.Chart)
    colour = chart.to_dict()["encoding"]["color"]
    assert colour["scale"]["domain"] == pytest.approx([-6.0, 14.0])
    assert colour["legend"]["title"] == "Gain, points"
    assert list(chart.data["gain"]) == pytest.approx([-6.0, 14.0])
