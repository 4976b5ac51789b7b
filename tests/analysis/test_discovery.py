"""Boxes in which cases are dense are found where they were planted, as EMA Workbench finds them, and not by chance."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxes_of_ema import STORED, cases_to_find
from helpers_input import caught, only_fault
from made_sweeps import experiment_of, made, unit_of
from qispread.analysis.discovery import LIMITS, TRAJECTORY, Search, discover, discover_models
from qispread.analysis.prim import Cases, Patience, Range, meets, step_to, trajectory
from qispread.analysis.restrictions import balance, chance, chosen, pruned, quasi_p_values

HYPERCUBE = {"kind": "latin_hypercube", "points": 600}
KNOWN = json.loads(STORED.read_text(encoding="utf-8"))
QUICK = Search(shuffles=0)
FACTORS = {
    "copying.copy_loss": {},
    "copying.lineage": {},
    "network": {"values": [{"kind": "ring"}, {"kind": "complete"}, {"kind": "systems"}]},
}


def planted(points=2000, seed=1, noise=0.0):
    """Return points whose cases fill a corner of two numbers and two labels, with some dealt elsewhere."""
    rng = np.random.default_rng(seed)
    columns = {name: rng.random(points) for name in "pqrs"} | {"kind": rng.choice(["a", "b", "c"], points)}
    corner = (columns["p"] > 0.7) & (columns["q"] < 0.5) & (columns["kind"] != "b")
    return Cases(columns, corner ^ (rng.random(points) < noise))


def drawn(seed, points=60, columns=2, share=0.3):
    """Return points whose cases are dealt by chance."""
    rng = np.random.default_rng(seed)
    return Cases({f"x{place}": rng.random(points) for place in range(columns)}, rng.random(points) < share)


class TestAgainstEma:
    @pytest.mark.parametrize("name", KNOWN)
    def test_every_box_and_limit_is_the_same(self, name):
        points, kinds = name.split()
        known = KNOWN[name]
        columns, cases = cases_to_find(int(points), kinds == "True")
        steps = trajectory(Cases(columns, cases), Patience())
        assert [one.kind for one in steps].count("peel") > 25
        whole = steps[0]
        assert [one.cases / whole.cases for one in steps] == pytest.approx(known["coverage"])
        assert [one.density for one in steps] == pytest.approx(known["density"])
        assert [one.points / whole.points for one in steps] == pytest.approx(known["mass"])
        for step, limits in zip(steps, known["limits"], strict=True):
            for column, limit in limits.items():
                assert self.told(step.box.get(column), columns[column]) == pytest.approx(limit)

    @staticmethod
    def told(limit, column):
        """Return a limit as EMA Workbench has it: the ends of everything where there is none."""
        if not np.issubdtype(column.dtype, np.number):
            return sorted(set(column.tolist()) if limit is None else limit)
        limit = limit or Range()
        return [max(limit.low, float(column.min())), min(limit.high, float(column.max()))]

    @pytest.mark.parametrize("name", KNOWN)
    def test_quasi_p_values_are_the_same(self, name):
        points, kinds = name.split()
        data = Cases(*cases_to_find(int(points), kinds == "True"))
        sides = {"low": 0, "high": 1, "labels": 0}
        for step, known in zip(trajectory(data, Patience()), KNOWN[name]["p_values"], strict=True):
            for (column, side), value in quasi_p_values(data, step).items():
                assert value == pytest.approx(known[column][sides[side]], rel=1e-6, abs=1e-300)


class TestBoxes:
    def test_a_planted_corner_is_found(self):
        data = planted()
        steps = trajectory(data, Patience())
        one = steps[chosen(steps)]
        assert one.box["kind"] == {"a", "c"}
        assert one.box["p"].low == pytest.approx(0.7, abs=0.02)
        assert one.box["q"].high == pytest.approx(0.5, abs=0.02)
        assert one.density > 0.97
        assert one.cases / steps[0].cases > 0.97

    def test_a_corner_among_noise_is_found_without_limits_on_what_tells_nothing(self):
        data = planted(noise=0.05)
        steps = trajectory(data, Patience())
        one = pruned(data, steps[chosen(steps)])
        assert set(one.box) == {"p", "q", "kind"}
        assert one.box["p"].low == pytest.approx(0.7, abs=0.04)
        assert one.box["q"].high == pytest.approx(0.5, abs=0.04)

    def test_whole_numbers_are_cut_between_two_of_them(self):
        number = np.repeat(np.arange(8), 40)
        data = Cases({"n": number}, number >= 5)
        steps = trajectory(data, Patience())
        assert steps[chosen(steps)].box == {"n": Range(low=4.5)}
        assert steps[-1].density == 1.0

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 2**31), st.sampled_from([0.02, 0.05, 0.2]), st.sampled_from([0.05, 0.2]), st.booleans())
    def test_boxes_are_what_they_say(self, seed, alpha, mass, paste):
        data = planted(points=150, seed=seed, noise=0.3)
        steps = trajectory(data, Patience(alpha, mass, paste))
        assert [one.kind for one in steps] == sorted((one.kind for one in steps), key=["whole", "peel", "paste"].index)
        for before, after in pairwise(steps):
            assert after.density > before.density
            assert after.points >= mass * 150
            assert (after.points < before.points) == (after.kind == "peel")
            if after.kind == "peel":
                assert not (data.inside(after.box) & ~data.inside(before.box)).any()
        for one in steps:
            inside = np.logical_and.reduce(
                [meets(data.columns[name], limit) for name, limit in one.box.items()], axis=0
            )
            assert one.points == np.broadcast_to(inside, 150).sum()
            assert one.cases == (data.cases & inside).sum()

    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 2**31))
    def test_pruning_never_makes_a_box_worse_or_narrower(self, seed):
        data = planted(points=200, seed=seed, noise=0.2)
        number = int(data.cases.sum())
        for step in trajectory(data, Patience()):
            simple = pruned(data, step)
            assert balance(simple, number) >= balance(step, number)
            assert not (data.inside(step.box) & ~data.inside(simple.box)).any()

    def test_the_box_with_some_coverage_is_the_last_that_has_it(self):
        steps = trajectory(planted(noise=0.1), Patience())
        place = chosen(steps, 0.8)
        assert steps[place].cases >= 0.8 * steps[0].cases
        assert all(one.cases < 0.8 * steps[0].cases for one in steps[place + 1 :])


class TestChance:
    def test_quasi_p_values_of_a_box_named_beforehand_are_not_too_small(self):
        box = {"x0": Range(low=0.5), "x1": Range(high=0.6)}
        found = []
        for seed in range(400):
            data = drawn(seed, points=200)
            found += quasi_p_values(data, step_to(data, "", box)).values()
        shares = [np.mean(np.array(found) <= level) for level in (0.05, 0.2, 0.5)]
        assert (np.array(shares) <= np.array([0.05, 0.2, 0.5]) + 0.03).all()

    @pytest.mark.parametrize("columns", [2, 5])
    def test_nor_are_those_of_boxes_that_were_searched_in_noise(self, columns):
        found = []
        for seed in range(40):
            data = drawn(seed, points=200, columns=columns)
            found += [one for step in trajectory(data, Patience()) for one in quasi_p_values(data, step).values()]
        assert np.mean(np.array(found) <= 0.05) <= 0.05

    def test_but_such_boxes_are_dense_which_is_why_cases_are_shuffled(self):
        denser = []
        for seed in range(40):
            steps = trajectory(drawn(seed, points=200, columns=5), Patience())
            denser.append(steps[chosen(steps)].density / steps[0].density)
        assert np.mean(denser) > 1.2

    def test_the_chance_of_noise_is_uniform(self):
        found = np.array([chance(drawn(seed), Patience(mass=0.2), 19) for seed in range(150)])
        assert found.mean() == pytest.approx(0.525, abs=0.1)
        assert np.mean(found <= 0.05) <= 0.12
        assert np.mean(found <= 0.5) == pytest.approx(0.5, abs=0.17)

    def test_a_planted_corner_is_beyond_chance(self):
        assert chance(planted(points=300, noise=0.05), Patience(), 99) == 0.01

    def test_the_same_cases_give_the_same_chance(self):
        assert chance(drawn(1), Patience(), 19) == chance(drawn(1), Patience(), 19)


class TestOfASweep:
    def sweep(self, replicates=4):
        """Return a sweep in which the effect is low where copies lose much in a ring or a complete network."""
        experiment = experiment_of(FACTORS, HYPERCUBE, replicates=replicates)
        unit = unit_of(experiment)
        low = (unit[:, 0] > 0.6) & (unit[:, 2] < 2.0 / 3.0)
        return made(experiment, np.where(low, 0.2, 0.8)[:, None] + np.linspace(-0.1, 0.1, replicates))

    @pytest.mark.parametrize("question", [{"below": 0.5}, {"below": 0.25, "in_worlds": 0.5}])
    def test_the_corner_is_told_in_the_units_of_the_parameters(self, question):
        found = discover(self.sweep(), "effect", **question, search=QUICK)
        limits = pd.DataFrame(found.limits_of(found.suggested)).set_index("parameter")
        ranges = found.data.columns["copying.copy_loss"]
        edge = ranges.min() + 0.6 * (ranges.max() - ranges.min())
        assert set(limits.index) == {"copying.copy_loss", "network"}
        assert limits.loc["copying.copy_loss", "low"] == pytest.approx(edge, abs=0.01)
        assert limits.loc["copying.copy_loss", "high"] == ranges.max()
        assert limits.loc["network", "labels"] == "complete, ring"
        assert limits.loc["copying.copy_loss", "p_low"] < 1e-6
        assert np.isnan(limits.loc["copying.copy_loss", "p_high"])

    def test_above_is_the_opposite_of_below(self):
        one, other = (discover(self.sweep(), "effect", **{side: 0.5}, search=QUICK) for side in ("below", "above"))
        assert (one.data.cases == ~other.data.cases).all()

    def test_a_point_without_the_measure_is_left_out_and_said(self):
        sweep = self.sweep()
        values = sweep.values("effect").copy()
        values[7], values[9, 0] = np.nan, np.nan
        found = discover(made(sweep.experiment, values), "effect", below=0.5, search=QUICK)
        assert found.data.cases.size == 599
        assert found.notes == ("1 of 600 points are left out: no world has 'effect'",)

    @pytest.mark.parametrize(("below", "met"), [(0.1, "met by none"), (0.9, "met by all")])
    def test_a_threshold_that_tells_nothing_apart_is_refused_with_the_range(self, below, met):
        problem = only_fault(discover, self.sweep(), "effect", below=below).problem
        assert f"{met} of 600 points; effect goes from 0.2 to 0.8 with median 0.8" in problem

    def test_questions_without_meaning_are_refused(self):
        sweep = self.sweep()
        assert "got 0 thresholds" in only_fault(discover, sweep, "effect").problem
        assert "got 2 thresholds" in only_fault(discover, sweep, "effect", below=0.1, above=0.2).problem
        assert "needed: a number" in only_fault(discover, sweep, "effect", below=float("nan")).problem
        assert only_fault(discover, sweep, "effect", below=0.5, in_worlds=0.0).where == "in_worlds"
        assert "did you mean 'effect'?" in only_fault(discover, sweep, "efect", below=0.5).problem
        assert len(caught(Search, Patience(alpha=0.7, mass=0.0), 1.2, -1).faults) == 4

    def test_too_few_points_are_refused(self):
        experiment = experiment_of(2, {"kind": "latin_hypercube", "points": 12})
        problem = only_fault(discover, made(experiment, np.arange(12.0)), "effect", below=3.0).problem
        assert problem == "12 points have 'effect'; needed: at least 20"

    def test_tables_have_the_columns_that_are_declared(self):
        found = discover(self.sweep(), "effect", below=0.5, search=QUICK)
        assert list(found.trajectory) == list(TRAJECTORY)
        assert list(found.limits) == list(LIMITS)
        assert found.trajectory["suggested"].sum() == 1
        assert found.trajectory["coverage"].iloc[0] == 1.0
        assert "from 0 to" in only_fault(found.limits_of, len(found.steps)).problem


class TestOfAComparison:
    def models(self):
        """Return plausible models in which an arm is worse, or the same, where a parameter is small."""
        rng = np.random.default_rng(2)
        table = pd.DataFrame({"copying.copy_loss": rng.random(300), "copying.lineage": rng.random(300)})
        gain = np.where(table["copying.copy_loss"] < 0.3, rng.choice([0.0, -2.0], 300), 1.0)
        return table.assign(**{"value.base": 5.0, "value.coaching": 5.0 + gain})

    def test_models_in_which_an_arm_does_not_beat_the_base_are_told(self):
        found = discover_models(self.models(), "coaching", "effect", "more", QUICK)
        (limit,) = found.limits_of(found.suggested)
        assert (found.unit, limit["parameter"]) == ("models", "copying.copy_loss")
        assert limit["high"] == pytest.approx(0.3, abs=0.02)
        assert found.question == "coaching is not better than the base in effect"

    def test_less_is_better_of_some_measures(self):
        one, other = (discover_models(self.models(), "coaching", "harm", way, QUICK) for way in ("more", "less"))
        ties = self.models()["value.coaching"] == 5.0
        assert ((one.data.cases & other.data.cases) == ties).all()
        assert (one.data.cases | other.data.cases).all()

    def test_an_arm_that_there_is_not_is_refused(self):
        problem = only_fault(discover_models, self.models(), "coachin", "effect", "more").problem
        assert "did you mean 'coaching'?" in problem
        assert only_fault(discover_models, self.models(), "base", "effect", "more").where == "arm"
