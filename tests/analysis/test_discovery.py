"""Boxes in which cases are dense are found where they were planted, as EMA Workbench finds them, and not by chance."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ema_boxes import STORED_BOXES, synthetic_cases
from helpers_input import catch_input_error, only_fault
from qispread.analysis.box_pruning import chance_probability, f1_score, prune_box, quasi_p_values, suggest_box
from qispread.analysis.discovery import LIMIT_COLUMNS, TRAJECTORY_COLUMNS, BoxSearchOptions, discover, discover_models
from qispread.analysis.prim import CaseData, NumberRange, PrimOptions, make_step, satisfies, search_boxes
from synthetic_sweeps import synthetic_experiment, synthetic_sweep, unit_points

HYPERCUBE = {"kind": "latin_hypercube", "points": 600}
KNOWN = json.loads(STORED_BOXES.read_text(encoding="utf-8"))
QUICK = BoxSearchOptions(permutations=0)
FACTORS = {
    "copying.copy_loss": {},
    "copying.lineage": {},
    "network": {"values": [{"kind": "ring"}, {"kind": "complete"}, {"kind": "partnerships"}]},
}


def planted_cases(points=2000, seed=1, noise=0.0):
    """Return points whose cases fill a corner of two numbers and two labels, with some dealt elsewhere."""
    rng = np.random.default_rng(seed)
    columns = {name: rng.random(points) for name in "pqrs"} | {"kind": rng.choice(["a", "b", "c"], points)}
    corner = (columns["p"] > 0.7) & (columns["q"] < 0.5) & (columns["kind"] != "b")
    return CaseData(columns, corner ^ (rng.random(points) < noise))


def random_cases(seed, points=60, columns=2, share=0.3):
    """Return points whose cases are dealt by chance."""
    rng = np.random.default_rng(seed)
    return CaseData({f"x{place}": rng.random(points) for place in range(columns)}, rng.random(points) < share)


class TestAgainstEma:
    @pytest.mark.parametrize("name", KNOWN)
    def test_every_box_and_limit_is_the_same(self, name):
        points, kinds = name.split()
        known = KNOWN[name]
        columns, cases = synthetic_cases(int(points), kinds == "True")
        steps = search_boxes(CaseData(columns, cases), PrimOptions())
        assert [one.kind for one in steps].count("peel") > 25
        whole = steps[0]
        assert [one.case_count / whole.case_count for one in steps] == pytest.approx(known["coverage"])
        assert [one.density for one in steps] == pytest.approx(known["density"])
        assert [one.point_count / whole.point_count for one in steps] == pytest.approx(known["mass"])
        for step, limits in zip(steps, known["limits"], strict=True):
            for column, limit in limits.items():
                assert self.told(step.box.get(column), columns[column]) == pytest.approx(limit)

    @staticmethod
    def told(limit, column):
        """Return a limit as EMA Workbench has it: the ends of everything where there is none."""
        if not np.issubdtype(column.dtype, np.number):
            return sorted(set(column.tolist()) if limit is None else limit)
        limit = limit or NumberRange()
        return [max(limit.low, float(column.min())), min(limit.high, float(column.max()))]

    @pytest.mark.parametrize("name", KNOWN)
    def test_quasi_p_values_are_the_same(self, name):
        points, kinds = name.split()
        data = CaseData(*synthetic_cases(int(points), kinds == "True"))
        sides = {"low": 0, "high": 1, "labels": 0}
        for step, known in zip(search_boxes(data, PrimOptions()), KNOWN[name]["p_values"], strict=True):
            for (column, side), value in quasi_p_values(data, step).items():
                assert value == pytest.approx(known[column][sides[side]], rel=1e-6, abs=1e-300)


class TestBoxes:
    def test_a_planted_corner_is_found(self):
        data = planted_cases()
        steps = search_boxes(data, PrimOptions())
        one = steps[suggest_box(steps)]
        assert one.box["kind"] == {"a", "c"}
        assert one.box["p"].low == pytest.approx(0.7, abs=0.02)
        assert one.box["q"].high == pytest.approx(0.5, abs=0.02)
        assert one.density > 0.97
        assert one.case_count / steps[0].case_count > 0.97

    def test_a_corner_among_noise_is_found_without_limits_on_what_tells_nothing(self):
        data = planted_cases(noise=0.05)
        steps = search_boxes(data, PrimOptions())
        one = prune_box(data, steps[suggest_box(steps)])
        assert set(one.box) == {"p", "q", "kind"}
        assert one.box["p"].low == pytest.approx(0.7, abs=0.04)
        assert one.box["q"].high == pytest.approx(0.5, abs=0.04)

    def test_whole_numbers_are_cut_between_two_of_them(self):
        number = np.repeat(np.arange(8), 40)
        data = CaseData({"n": number}, number >= 5)
        steps = search_boxes(data, PrimOptions())
        assert steps[suggest_box(steps)].box == {"n": NumberRange(low=4.5)}
        assert steps[-1].density == 1.0

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 2**31), st.sampled_from([0.02, 0.05, 0.2]), st.sampled_from([0.05, 0.2]), st.booleans())
    def test_boxes_are_what_they_say(self, seed, alpha, mass, paste):
        data = planted_cases(points=150, seed=seed, noise=0.3)
        steps = search_boxes(data, PrimOptions(alpha, mass, paste))
        assert [one.kind for one in steps] == sorted((one.kind for one in steps), key=["whole", "peel", "paste"].index)
        for before, after in pairwise(steps):
            assert after.density > before.density
            assert after.point_count >= mass * 150
            assert (after.point_count < before.point_count) == (after.kind == "peel")
            if after.kind == "peel":
                assert not (data.inside(after.box) & ~data.inside(before.box)).any()
        for one in steps:
            inside = np.logical_and.reduce(
                [satisfies(data.columns[name], limit) for name, limit in one.box.items()], axis=0
            )
            assert one.point_count == np.broadcast_to(inside, 150).sum()
            assert one.case_count == (data.is_case & inside).sum()

    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 2**31))
    def test_pruning_never_makes_a_box_worse_or_narrower(self, seed):
        data = planted_cases(points=200, seed=seed, noise=0.2)
        number = int(data.is_case.sum())
        for step in search_boxes(data, PrimOptions()):
            simple = prune_box(data, step)
            assert f1_score(simple, number) >= f1_score(step, number)
            assert not (data.inside(step.box) & ~data.inside(simple.box)).any()

    def test_the_box_with_some_coverage_is_the_last_that_has_it(self):
        steps = search_boxes(planted_cases(noise=0.1), PrimOptions())
        place = suggest_box(steps, 0.8)
        assert steps[place].case_count >= 0.8 * steps[0].case_count
        assert all(one.case_count < 0.8 * steps[0].case_count for one in steps[place + 1 :])


class TestChance:
    def test_quasi_p_values_of_a_box_named_beforehand_are_not_too_small(self):
        box = {"x0": NumberRange(low=0.5), "x1": NumberRange(high=0.6)}
        found = []
        for seed in range(400):
            data = random_cases(seed, points=200)
            found += quasi_p_values(data, make_step(data, "", box)).values()
        shares = [np.mean(np.array(found) <= level) for level in (0.05, 0.2, 0.5)]
        assert (np.array(shares) <= np.array([0.05, 0.2, 0.5]) + 0.03).all()

    @pytest.mark.parametrize("columns", [2, 5])
    def test_nor_are_those_of_boxes_that_were_searched_in_noise(self, columns):
        found = []
        for seed in range(40):
            data = random_cases(seed, points=200, columns=columns)
            found += [one for step in search_boxes(data, PrimOptions()) for one in quasi_p_values(data, step).values()]
        assert np.mean(np.array(found) <= 0.05) <= 0.05

    def test_but_such_boxes_are_dense_which_is_why_cases_are_shuffled(self):
        denser = []
        for seed in range(40):
            steps = search_boxes(random_cases(seed, points=200, columns=5), PrimOptions())
            denser.append(steps[suggest_box(steps)].density / steps[0].density)
        assert np.mean(denser) > 1.2

    def test_the_chance_of_noise_is_uniform(self):
        found = np.array([chance_probability(random_cases(seed), PrimOptions(mass=0.2), 19) for seed in range(150)])
        assert found.mean() == pytest.approx(0.525, abs=0.1)
        assert np.mean(found <= 0.05) <= 0.12
        assert np.mean(found <= 0.5) == pytest.approx(0.5, abs=0.17)

    def test_a_planted_corner_is_beyond_chance(self):
        assert chance_probability(planted_cases(points=300, noise=0.05), PrimOptions(), 99) == 0.01

    def test_the_same_cases_give_the_same_chance(self):
        assert chance_probability(random_cases(1), PrimOptions(), 19) == chance_probability(
            random_cases(1), PrimOptions(), 19
        )


class TestOfASweep:
    def sweep(self, replicates=4):
        """Return a sweep in which the effect is low where copies lose much in a ring or a complete network."""
        experiment = synthetic_experiment(FACTORS, HYPERCUBE, replicates=replicates)
        unit = unit_points(experiment)
        low = (unit[:, 0] > 0.6) & (unit[:, 2] < 2.0 / 3.0)
        return synthetic_sweep(experiment, np.where(low, 0.2, 0.8)[:, None] + np.linspace(-0.1, 0.1, replicates))

    @pytest.mark.parametrize("question", [{"below": 0.5}, {"below": 0.25, "replicate_share": 0.5}])
    def test_the_corner_is_told_in_the_units_of_the_parameters(self, question):
        found = discover(self.sweep(), "effect", **question, options=QUICK)
        limits = pd.DataFrame(found.box_limits(found.suggested_index)).set_index("parameter")
        ranges = found.cases.columns["copying.copy_loss"]
        edge = ranges.min() + 0.6 * (ranges.max() - ranges.min())
        assert set(limits.index) == {"copying.copy_loss", "network"}
        assert limits.loc["copying.copy_loss", "low"] == pytest.approx(edge, abs=0.01)
        assert limits.loc["copying.copy_loss", "high"] == ranges.max()
        assert limits.loc["network", "labels"] == "complete, ring"
        assert limits.loc["copying.copy_loss", "p_low"] < 1e-6
        assert np.isnan(limits.loc["copying.copy_loss", "p_high"])

    def test_above_is_the_opposite_of_below(self):
        one, other = (discover(self.sweep(), "effect", **{side: 0.5}, options=QUICK) for side in ("below", "above"))
        assert (one.cases.is_case == ~other.cases.is_case).all()

    def test_a_point_without_the_measure_is_left_out_and_said(self):
        sweep = self.sweep()
        values = sweep.values("effect").copy()
        values[7], values[9, 0] = np.nan, np.nan
        found = discover(synthetic_sweep(sweep.experiment, values), "effect", below=0.5, options=QUICK)
        assert found.cases.is_case.size == 599
        assert found.notes == ("1 of 600 points are left out: no replicate has 'effect'",)

    @pytest.mark.parametrize(("below", "met"), [(0.1, "true for none"), (0.9, "true for all")])
    def test_a_threshold_that_tells_nothing_apart_is_refused_with_the_range(self, below, met):
        problem = only_fault(discover, self.sweep(), "effect", below=below).problem
        assert f"{met} of 600 points; effect ranges from 0.2 to 0.8, median 0.8" in problem

    def test_questions_without_meaning_are_refused(self):
        sweep = self.sweep()
        assert "got 0 thresholds" in only_fault(discover, sweep, "effect").problem
        assert "got 2 thresholds" in only_fault(discover, sweep, "effect", below=0.1, above=0.2).problem
        assert "needed: a number" in only_fault(discover, sweep, "effect", below=float("nan")).problem
        assert only_fault(discover, sweep, "effect", below=0.5, replicate_share=0.0).path == "replicate_share"
        assert "did you mean 'effect'?" in only_fault(discover, sweep, "efect", below=0.5).problem
        assert len(catch_input_error(BoxSearchOptions, PrimOptions(alpha=0.7, mass=0.0), 1.2, -1).faults) == 4

    def test_too_few_points_are_refused(self):
        experiment = synthetic_experiment(2, {"kind": "latin_hypercube", "points": 12})
        problem = only_fault(discover, synthetic_sweep(experiment, np.arange(12.0)), "effect", below=3.0).problem
        assert problem == "12 points have 'effect'; needed: at least 20"

    def test_tables_have_the_columns_that_are_declared(self):
        found = discover(self.sweep(), "effect", below=0.5, options=QUICK)
        assert list(found.trajectory) == list(TRAJECTORY_COLUMNS)
        assert list(found.limits) == list(LIMIT_COLUMNS)
        assert found.trajectory["suggested"].sum() == 1
        assert found.trajectory["coverage"].iloc[0] == 1.0
        assert "from 0 to" in only_fault(found.box_limits, len(found.steps)).problem


class TestOfAComparison:
    def models(self):
        """Return plausible models in which an arm is worse, or the same, where a parameter is small."""
        rng = np.random.default_rng(2)
        table = pd.DataFrame({"copying.copy_loss": rng.random(300), "copying.lineage": rng.random(300)})
        gain = np.where(table["copying.copy_loss"] < 0.3, rng.choice([0.0, -2.0], 300), 1.0)
        return table.assign(**{"value.baseline": 5.0, "value.coaching": 5.0 + gain})

    def test_models_in_which_an_arm_does_not_beat_the_base_are_told(self):
        found = discover_models(self.models(), "coaching", "effect", "more", QUICK)
        (limit,) = found.box_limits(found.suggested_index)
        assert (found.unit, limit["parameter"]) == ("models", "copying.copy_loss")
        assert limit["high"] == pytest.approx(0.3, abs=0.02)
        assert found.question == "coaching is not better than the baseline in effect"

    def test_less_is_better_of_some_measures(self):
        one, other = (discover_models(self.models(), "coaching", "event_rate", way, QUICK) for way in ("more", "less"))
        ties = self.models()["value.coaching"] == 5.0
        assert ((one.cases.is_case & other.cases.is_case) == ties).all()
        assert (one.cases.is_case | other.cases.is_case).all()

    def test_an_arm_that_there_is_not_is_refused(self):
        problem = only_fault(discover_models, self.models(), "coachin", "effect", "more").problem
        assert "did you mean 'coaching'?" in problem
        assert only_fault(discover_models, self.models(), "baseline", "effect", "more").path == "arm"
