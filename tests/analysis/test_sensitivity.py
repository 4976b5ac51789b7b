"""What a measure depends on is told as it is known to be, and never by a table of nothing."""

import re
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from SALib.analyze.sobol import analyze

from helpers_input import catch_input_error, only_fault
from qispread.analysis.rbd_fast import between_class_variance
from qispread.analysis.sensitivity import morris_effects, sensitivity, sobol_indices
from qispread.analysis.sensitivity_tables import INDEX_COLUMNS, PAIR_COLUMNS, VARIANCE_COLUMNS
from qispread.inputs.errors import InputError
from synthetic_sweeps import (
    FACTOR_PATHS,
    SyntheticSweep,
    ishigami,
    ishigami_indices,
    sobol_g,
    sobol_g_indices,
    synthetic_experiment,
    synthetic_sweep,
    unit_points,
)

SALTELLI = {"kind": "saltelli", "points": 16}
MANY = {"kind": "saltelli", "points": 1024}


def function_sweep(function, factors, design, noise=0.0, replicates=1):
    """Return a sweep of a function of the unit cube, with noise in each run."""
    experiment = synthetic_experiment(factors, design, replicates=replicates)
    exact = function(unit_points(experiment))
    chance = np.random.default_rng(3).normal(scale=noise, size=(len(exact), replicates))
    return synthetic_sweep(experiment, exact[:, None] + chance)


def replace_values(sweep, values):
    """Return a sweep with other values."""
    return synthetic_sweep(sweep.experiment, values)


class TestSobol:
    @pytest.mark.parametrize(
        ("function", "factors", "indices"), [(ishigami, 3, ishigami_indices), (sobol_g, 4, sobol_g_indices)]
    )
    def test_known_indices_are_found_and_lie_within_their_intervals(self, function, factors, indices):
        found = sensitivity(function_sweep(function, factors, MANY), "effect")
        first, total, *_ = indices()
        assert found.method == "sobol"
        table = found.indices
        assert list(table["parameter"]) == list(FACTOR_PATHS[:factors])
        assert np.abs(table["first"] - first).max() < 0.05
        assert np.abs(table["total"] - total).max() < 0.05
        for name, known in (("first", first), ("total", total)):
            assert ((table[f"{name}_low"] <= known) & (known <= table[f"{name}_high"])).all()

    def test_what_two_make_together_is_found(self):
        found = sensitivity(function_sweep(ishigami, 3, MANY | {"second_order": True}), "effect")
        *_, both = ishigami_indices()
        assert list(found.pairs["second"]) == pytest.approx([0.0, both, 0.0], abs=0.06)
        assert list(zip(found.pairs["parameter"], found.pairs["other"], strict=True)) == [
            (FACTOR_PATHS[0], FACTOR_PATHS[1]),
            (FACTOR_PATHS[0], FACTOR_PATHS[2]),
            (FACTOR_PATHS[1], FACTOR_PATHS[2]),
        ]

    def test_the_same_sweep_gives_the_same_tables(self):
        sweep = function_sweep(sobol_g, 4, SALTELLI)
        one, other = sensitivity(sweep, "effect"), sensitivity(sweep, "effect")
        assert one.indices.equals(other.indices)

    def test_a_block_with_a_missing_point_is_left_out_whole_and_said(self):
        sweep = function_sweep(sobol_g, 4, SALTELLI)
        values = sweep.values("effect").copy()
        values[6 * 5 + 3] = np.nan
        found = sensitivity(replace_values(sweep, values), "effect")
        assert (found.indices["blocks"] == 15).all()
        assert found.notes[0] == ("month 24: 1 of 16 blocks are left out: no replicate has 'effect' at a point of each")
        kept = np.delete(values[:, 0], np.s_[30:36])
        known = analyze(
            {"num_vars": 4, "names": [*FACTOR_PATHS[:4]], "bounds": [[0, 1]] * 4}, kept, calc_second_order=False
        )
        assert list(found.indices["first"]) == known["S1"].tolist()
        assert list(found.indices["total"]) == known["ST"].tolist()

    def test_a_run_that_failed_leaves_its_point_to_its_other_worlds(self):
        sweep = function_sweep(sobol_g, 4, SALTELLI, replicates=3)
        values = sweep.values("effect").copy()
        whole = sensitivity(sweep, "effect").indices
        values[7, 1] = np.nan
        found = sensitivity(replace_values(sweep, values), "effect")
        assert (found.indices["blocks"] == 16).all()
        assert found.indices["total"].to_numpy() == pytest.approx(whole["total"].to_numpy())
        assert any("1 of 288 completed runs have no 'effect'" in note for note in found.notes)

    def test_what_differs_between_months_is_said_once_with_the_month_that_lacks_most(self):
        sweep = function_sweep(sobol_g, 4, SALTELLI, replicates=3)
        table = np.repeat(sweep.table, 25, axis=2)
        table[7, 1, 12:], table[8, 1, 24:] = np.nan, np.nan
        monthly = synthetic_experiment(4, SALTELLI, replicates=3, monthly=("effect",))
        found = sensitivity(SyntheticSweep(monthly, table), "effect", months=(6, 12, 24))
        told = "up to (month 24) 2 of 288 completed runs have no 'effect'; the means of points are adjusted for"
        assert [note for note in found.notes if note.startswith(told)] == list(found.notes)

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 2**31), st.floats(0.0, 0.4))
    def test_whatever_is_missing_there_is_no_table_of_nothing(self, seed, share):
        sweep = function_sweep(lambda unit: unit[:, 0] + unit[:, 1] * unit[:, 2], 4, SALTELLI, replicates=2)
        gone = np.random.default_rng(seed).random((96, 2)) < share
        try:
            found = sensitivity(replace_values(sweep, np.where(gone, np.nan, sweep.values("effect"))), "effect")
        except InputError as error:
            assert re.search(r"available for [0-7] of 16 blocks; needed: at least 8", str(error))  # noqa: PT017
            return
        assert np.isfinite(found.indices.drop(columns="parameter").to_numpy()).all()
        assert found.indices["total"].max() > 0.1

    def test_one_missing_run_would_otherwise_have_made_every_index_nothing(self):
        values = function_sweep(sobol_g, 4, SALTELLI).values("effect")[:, 0].copy()
        values[3] = np.nan
        known = analyze(
            {"num_vars": 4, "names": [*FACTOR_PATHS[:4]], "bounds": [[0, 1]] * 4}, values, calc_second_order=False
        )
        assert not np.any(np.nan_to_num(known["S1"]))

    @pytest.mark.parametrize("design", [SALTELLI, {"kind": "morris"}, {"kind": "latin_hypercube", "points": 80}])
    def test_a_measure_that_is_the_same_everywhere_is_refused(self, design):
        sweep = function_sweep(lambda unit: np.full(len(unit), 0.3), 4, design)
        values = sweep.values("effect").copy()
        assert "is the same at all points, 0.3" in only_fault(sensitivity, sweep, "effect").problem
        values[3] = np.nan
        assert (
            "is the same at all points, 0.3" in only_fault(sensitivity, replace_values(sweep, values), "effect").problem
        )

    def test_a_design_for_something_else_is_refused_with_what_is_needed(self):
        sweep = function_sweep(sobol_g, 4, {"kind": "latin_hypercube", "points": 80})
        for method, kind in ((sobol_indices, "saltelli"), (morris_effects, "morris")):
            fault = only_fault(method, sweep, "effect")
            assert fault.path == "design.kind"
            assert fault.problem.endswith(f"needed: design: {{kind: {kind}}} in the experiment")


class TestNoise:
    def test_total_indices_without_noise_are_those_of_the_function(self):
        sweep = function_sweep(sobol_g, 4, MANY, noise=1.0, replicates=4)
        found = sensitivity(sweep, "effect")
        first, total = sobol_g_indices()
        table = found.indices
        share = 0.25 / (0.25 + np.var(sobol_g(unit_points(sweep.experiment))))
        assert found.noise["noise_of_points"].item() == pytest.approx(share, abs=0.04)
        assert table["total"].to_numpy() == pytest.approx((1.0 - share) * total + share, abs=0.07)
        assert table["total"].min() > 0.3
        assert table["total_without_noise"].to_numpy() == pytest.approx(total, abs=0.1)
        assert table["first_without_noise"].to_numpy() == pytest.approx(first, abs=0.1)

    def test_one_world_a_point_cannot_tell_noise_and_says_so(self):
        found = sensitivity(function_sweep(sobol_g, 4, SALTELLI), "effect")
        assert found.noise.empty
        assert "total_without_noise" not in found.indices
        assert "one replicate per point cannot separate noise from effects" in found.notes[-1]


class TestMorris:
    WEIGHTS = np.array([3.0, -2.0, 0.0, 0.5])

    def test_effects_of_a_straight_line_are_its_slopes(self):
        found = sensitivity(function_sweep(lambda unit: unit @ self.WEIGHTS, 4, {"kind": "morris"}), "effect")
        assert found.method == "morris"
        assert list(found.indices["mu"]) == pytest.approx(self.WEIGHTS.tolist())
        assert list(found.indices["mu_star"]) == pytest.approx(np.abs(self.WEIGHTS).tolist())
        assert list(found.indices["sigma"]) == pytest.approx([0.0] * 4, abs=1e-12)
        assert list(found.final_indices["parameter"]) == [FACTOR_PATHS[place] for place in (0, 1, 3, 2)]

    def test_what_depends_on_others_has_a_spread(self):
        found = sensitivity(
            function_sweep(lambda unit: unit[:, 0] * unit[:, 1] + unit[:, 2], 3, {"kind": "morris"}), "effect"
        )
        spread = found.indices["sigma"].to_numpy()
        assert spread[:2].min() > 0.1
        assert spread[2] == pytest.approx(0.0, abs=1e-12)

    def test_a_walk_with_a_missing_point_is_left_out_whole(self):
        sweep = function_sweep(lambda unit: unit @ self.WEIGHTS, 4, {"kind": "morris", "trajectories": 12})
        values = sweep.values("effect").copy()
        values[[2, 7]] = np.nan
        found = sensitivity(replace_values(sweep, values), "effect")
        assert (found.indices["trajectories"] == 10).all()
        assert list(found.indices["mu"]) == pytest.approx(self.WEIGHTS.tolist())
        assert "2 of 12 trajectories are left out" in found.notes[0]

    def test_a_factor_without_a_scale_is_named(self):
        kinds = [{"kind": "ring"}, {"kind": "complete"}, {"kind": "partnerships"}]
        factors = {"copying.copy_loss": {}, "network": {"values": kinds}}
        found = sensitivity(function_sweep(lambda unit: unit.sum(axis=1), factors, {"kind": "morris"}), "effect")
        assert any("effects of network depend on the order" in note for note in found.notes)


class TestOtherDesigns:
    def test_first_order_shares_are_found_in_a_latin_hypercube(self):
        found = sensitivity(function_sweep(ishigami, 3, {"kind": "latin_hypercube", "points": 1024}), "effect")
        first, *_ = ishigami_indices()
        assert found.method == "first_order"
        assert np.abs(found.indices["first"] - first).max() < 0.05
        assert ((found.indices["first_low"] <= first) & (first <= found.indices["first_high"])).all()
        assert set(found.indices["estimator"]) == {"rbd_fast"}

    def test_first_order_shares_of_a_grid_are_exact_but_for_the_correction(self):
        weights = np.array([3.0, 1.0, 0.0])
        experiment = synthetic_experiment(3, {"kind": "grid", "levels": 5})
        places = np.stack(np.meshgrid(*[np.arange(5.0)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        found = sensitivity(synthetic_sweep(experiment, places @ weights), "effect")
        assert set(found.indices["estimator"]) == {"classes"}
        assert list(found.indices["first"]) == pytest.approx([0.9, 0.1, 0.0], abs=0.04)

    def test_classes_without_a_scale_have_their_whole_share(self):
        kinds = [{"kind": "ring"}, {"kind": "complete"}, {"kind": "partnerships"}]
        factors = {"copying.copy_loss": {}, "network": {"values": kinds}}
        experiment = synthetic_experiment(factors, {"kind": "latin_hypercube", "points": 300})
        unit = unit_points(experiment)
        middle = (np.floor(3.0 * unit[:, 1]) == 1.0).astype(float)
        found = sensitivity(synthetic_sweep(experiment, unit[:, 0] + middle), "effect")
        known = np.array([1.0 / 12.0, 2.0 / 9.0])
        assert found.indices["first"].to_numpy() == pytest.approx(known / known.sum(), abs=0.05)

    def test_classes_that_do_nothing_have_a_share_of_nothing_on_average(self):
        rng = np.random.default_rng(5)
        found = [between_class_variance(rng.integers(0, 6, 70), rng.normal(size=70)) for _ in range(2000)]
        assert np.mean(found) == pytest.approx(0.0, abs=0.005)

    def test_what_a_list_of_points_must_be_like_is_said(self, tmp_path):
        unit = np.random.default_rng(6).random((200, 2))
        path = tmp_path / "points.csv"
        path.write_text("copying.copy_loss,copying.lineage\n" + "\n".join(f"{a},{b}" for a, b in unit.tolist()))
        experiment = synthetic_experiment({}, {"kind": "list", "file": str(path)})
        found = sensitivity(synthetic_sweep(experiment, unit @ [3.0, 1.0]), "effect")
        assert list(found.indices["first"]) == pytest.approx([0.9, 0.1], abs=0.1)
        assert any("vary independently" in note for note in found.notes)

    def test_too_few_points_are_refused(self):
        sweep = function_sweep(sobol_g, 4, {"kind": "latin_hypercube", "points": 63})
        assert "available for 63 of 63 points; needed: at least 64" in only_fault(sensitivity, sweep, "effect").problem


class TestMonths:
    def sweep(self, monthly=("effect",)):
        experiment = synthetic_experiment(3, SALTELLI, replicates=2, monthly=monthly, horizon=30)
        values = ishigami(unit_points(experiment))[:, None, None] * np.arange(31.0)
        return SyntheticSweep(experiment, np.broadcast_to(values, (80, 2, 31)).copy())

    def test_every_twelfth_month_and_the_last_are_looked_at(self):
        assert sorted(set(sensitivity(self.sweep(), "effect").indices["month"])) == [12, 24, 30]

    def test_the_end_alone_is_there_where_no_months_were_kept(self):
        assert set(sensitivity(self.sweep(monthly=()), "effect").indices["month"]) == {30}

    def test_a_month_in_which_nothing_differs_is_left_out_and_said(self):
        found = sensitivity(self.sweep(), "effect", months=(0, 6))
        assert set(found.indices["month"]) == {6}
        assert any(
            note.startswith("month 0 is left out: 'effect' is the same at all points, 0") for note in found.notes
        )

    def test_what_was_not_kept_is_refused_with_what_was(self):
        assert "needed: a month from 0 to 30" in only_fault(sensitivity, self.sweep(), "effect", months=(31,)).problem
        assert "only kept at the end" in only_fault(sensitivity, self.sweep(()), "effect", months=(6,)).problem
        assert "did you mean 'effect'?" in only_fault(sensitivity, self.sweep(), "efect").problem
        assert only_fault(sensitivity, self.sweep(), "effect", intervention="other").path == "intervention"
        assert len(catch_input_error(sensitivity, self.sweep(), "effect", months=(-1, 99)).faults) == 2

    def test_tables_have_the_columns_that_are_declared(self):
        found = sensitivity(self.sweep(), "effect")
        assert set(found.indices) <= set(INDEX_COLUMNS["sobol"])
        assert list(found.noise) == list(VARIANCE_COLUMNS)
        assert list(found.pairs) == list(PAIR_COLUMNS)


def test_without_salib_what_to_install_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    monkeypatch.delitem(sys.modules, "SALib.analyze.sobol", raising=False)
    sweep = function_sweep(sobol_g, 4, SALTELLI)
    assert "pip install 'qispread[sensitivity]'" in only_fault(sensitivity, sweep, "effect").problem
