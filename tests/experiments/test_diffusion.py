"""The two studies, where their data are; their page shows the stored table."""

import numpy as np
import pandas as pd
import pytest
from experiments.diffusion.__main__ import main
from experiments.diffusion.diffusion_page import BLOCKS, PAGE, read_stored_table, render_page, share_with_interval
from experiments.diffusion.run_studies import COLUMNS
from experiments.diffusion.studies import (
    STUDIES,
    alternative_ties,
    data_folder,
    missing_files,
    read_nominations,
    read_study,
)
from experiments.validation.validation_page import BLOCK

from qispread.runs.diffusion_fit.fit_diffusion import judge_contagion
from qispread.runs.diffusion_fit.fit_tables import adoption_curve
from qispread.runs.diffusion_fit.tie_correlation import adoption_times, permutation_test, tie_correlation

ABSENT = missing_files(data_folder())
needs_data = pytest.mark.skipif(bool(ABSENT), reason=f"the data are not here: {', '.join(map(str, ABSENT))}")
MEDICAL_INNOVATION = (
    0.088, 0.160, 0.232, 0.320, 0.408, 0.496, 0.600, 0.656, 0.688, 0.696, 0.736, 0.760, 0.784, 0.816, 0.848, 0.864,
    0.872,
)  # fmt: skip
"""Cumulative share by month, as the description of the data has it."""


def test_the_page_shows_the_stored_table():
    assert PAGE.read_text(encoding="utf-8") == render_page()
    assert {found[2] for found in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))} == set(BLOCKS)


def test_the_stored_table_holds_both_studies():
    table = read_stored_table()
    assert list(table) == list(COLUMNS)
    assert set(table["study"]) == {study.name for study in STUDIES}


@pytest.mark.parametrize(
    ("share", "count", "shown"),
    [
        (0.0, 200, "0.000 (0.000 to 0.019)"),
        (1.0, 100, "1.000 (0.963 to 1.000)"),
        (0.5, 100, "0.500 (0.404 to 0.596)"),
    ],
)
def test_shares_of_histories_have_an_interval_though_they_are_none_or_all(share, count, shown):
    assert share_with_interval(pd.Series({"value": share, "count": count})) == shown


def test_the_verdict_of_histories_is_judged_and_agrees_with_its_signs():
    table = read_stored_table()
    shares = table[table["kind"] == "self-check"].pivot_table(
        index=["study", "name"], columns="quantity", values="value", sort=False
    )
    assert len(shares) == 2 * len(STUDIES)
    assert (shares["needed"] <= shares[["across", "evidence", "held_out"]].min(axis=1)).all()
    none = shares[["not_needed", "too_little"]].sum(axis=1)
    assert (none <= 1.0 - shares[["evidence", "held_out"]].max(axis=1) + 1e-9).all()
    assert (shares["needed"] + none <= 1.0 + 1e-9).all()


def test_the_stored_verdicts_follow_from_the_stored_signs_and_what_ties_may_bring():
    table = read_stored_table()
    for study, rows in table.groupby("study"):
        signs = rows.loc[rows["kind"] == "sign", "value"].astype(bool)
        (most,), (verdict,) = (
            rows.loc[rows["kind"] == "most by ties", "value"],
            rows.loc[rows["kind"] == "verdict", "name"],
        )
        assert verdict == judge_contagion(signs, most), study


def test_missing_data_are_refused_by_name(tmp_path, capsys):
    assert main(["--data", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "medinnov_nodes.csv: no such file" in told
    assert "kfamily_edges.csv: no such file" in told
    assert "Traceback" not in told


@needs_data
class TestWithData:
    def test_they_are_what_their_description_says(self):
        doctors, women = (read_study(study, data_folder()) for study in STUDIES)
        assert (doctors.person_count, len(doctors.communities), doctors.periods) == (125, 4, 17)
        assert (women.person_count, len(women.communities), women.periods) == (1047, 25, 10)
        assert adoption_curve(doctors.adopted, 17) == pytest.approx(MEDICAL_INNOVATION)
        assert any("29 self-ties" in note for note in women.notes)

    @pytest.mark.parametrize(("study", "correlation", "ties"), [(STUDIES[0], 0.025, 294), (STUDIES[1], 0.172, 4999)])
    def test_times_across_nominations_are_as_known(self, study, correlation, ties):
        observed = read_study(study, data_folder())
        named = read_nominations(study, data_folder(), observed)
        ways = dict(alternative_ties(study, data_folder(), observed))
        seen = ways["people see only those that they name"]
        assert named.drop_duplicates(["first", "second"]).shape[0] == seen.ties.indices.size == ties
        found = tie_correlation(adoption_times(seen.adopted, seen.periods), seen.ties)
        assert found == pytest.approx(correlation, abs=5e-4)

    def test_only_the_women_adopt_at_like_times_as_their_ties(self):
        doctors, women = (permutation_test(read_study(study, data_folder()), 199) for study in STUDIES)
        assert doctors.p_value > 0.2
        assert women.p_value <= 0.005

    def test_ties_read_in_other_ways_are_among_the_same_people(self):
        observed = read_study(STUDIES[0], data_folder())
        for words, other in alternative_ties(STUDIES[0], data_folder(), observed):
            assert other.ties.indptr.size == observed.person_count + 1, words
            assert np.all(np.diff(other.ties.indptr) >= 0)
            assert pd.Series(other.ties.indices).isin(range(observed.person_count)).all()
