"""Designs fill the ranges as they should, and the order of runs makes every first stretch an even sample."""

import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_input import only_fault
from helpers_sweep import FACTORS, small_experiment
from qispread.inputs.factors import Factor
from qispread.runs.sweep.designs import block_size, build_points, count_points
from qispread.runs.sweep.load_experiment import read_experiment
from qispread.runs.sweep.run_order import RunOrder, build_run_order

THREE = {
    **FACTORS,
    "network": {"values": [{"kind": "ring"}, {"kind": "partnerships", "mean_degree": 4}, {"kind": "complete"}]},
}
DESIGNS = {
    "grid": ({"kind": "grid", "levels": 4}, 4 * 4 * 3),
    "latin_hypercube": ({"kind": "latin_hypercube", "points": 30}, 30),
    "sobol": ({"kind": "sobol", "points": 32}, 32),
    "saltelli": ({"kind": "saltelli", "points": 8}, 8 * 5),
    "saltelli, pairs": ({"kind": "saltelli", "points": 8, "second_order": True}, 8 * 8),
    "morris": ({"kind": "morris", "trajectories": 6}, 6 * 4),
}


def make_experiment(name, **fields):
    return read_experiment(small_experiment(factors=THREE, design=DESIGNS[name][0], **fields))


@pytest.mark.parametrize("name", DESIGNS)
def test_a_design_has_so_many_points_all_within_the_ranges(name):
    found = make_experiment(name)
    numbers = build_points(found).numbers
    assert len(numbers) == count_points(found) == DESIGNS[name][1]
    for factor, column in zip(found.resolved_factors, numbers.T, strict=True):
        assert factor.low <= column.min() < column.max() <= factor.high


@pytest.mark.parametrize("name", DESIGNS)
def test_the_same_seed_gives_the_same_points_and_another_others(name):
    first, again, other = (build_points(make_experiment(name, seed=seed)).numbers for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert (first.tobytes() == other.tobytes()) == (name == "grid")


@pytest.mark.parametrize("name", ["latin_hypercube", "sobol"])
def test_each_stretch_of_a_range_has_its_share_of_points(name):
    points = build_points(make_experiment(name))
    count = len(points.numbers)
    assert (np.sort(np.floor(points.unit * count), axis=0) == np.arange(count)[:, None]).all()
    assert np.bincount(points.numbers[:, 2].astype(int)).tolist() == pytest.approx([count / 3] * 3, abs=1)


def test_a_grid_has_every_combination_once():
    numbers = build_points(make_experiment("grid")).numbers
    assert len({row.tobytes() for row in numbers}) == len(numbers)


@pytest.mark.parametrize("name", ["saltelli", "saltelli, pairs", "morris"])
def test_in_a_block_points_differ_in_one_factor_as_the_design_says(name):
    found = make_experiment(name)
    unit, block = build_points(found).unit, block_size(found)
    for first in range(0, len(unit), block):
        rows = unit[first : first + block]
        if name == "morris":
            assert all((a != b).sum() == 1 for a, b in pairwise(rows))
        else:  # the first row is A, then A with one column of B each
            assert [(rows[0] != row).sum() for row in rows[1:4]] == [1, 1, 1]


def test_without_salib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "SALib.sample", None)
    monkeypatch.delitem(sys.modules, "SALib.sample.sobol", raising=False)
    assert "pip install 'qispread[sensitivity]'" in only_fault(build_points, make_experiment("saltelli")).problem


units = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20).map(np.array)


@given(units, st.floats(0.001, 10.0), st.floats(0.001, 10.0), st.sampled_from(["linear", "log"]))
def test_a_range_is_filled_in_order_and_kept(unit, low, width, scale):
    numbers = Factor("x", low, low + width, scale=scale).from_unit(np.sort(unit))
    assert ((numbers >= low) & (numbers <= low + width)).all()
    assert (np.diff(numbers) >= 0.0).all()


@given(st.integers(-5, 5), st.integers(1, 9))
def test_each_whole_number_has_the_same_share(low, width):
    factor = Factor("x", low, low + width, integer=True)
    numbers = factor.from_unit((np.arange(600 * (width + 1)) + 0.5) / (600 * (width + 1)))
    assert np.unique(numbers, return_counts=True)[1].tolist() == [600] * (width + 1)
    assert set(numbers) <= set(range(low, low + width + 1))


def test_levels_take_both_ends_and_differ():
    assert Factor("x", 0.0, 1.0).levels(3).tolist() == [0.0, 0.5, 1.0]
    assert Factor("x", 1.0, 100.0, scale="log").levels(3).tolist() == pytest.approx([1.0, 10.0, 100.0])
    assert Factor("x", 1, 3, integer=True).levels(9).tolist() == [1.0, 2.0, 3.0]


@st.composite
def draw_run_order(draw):
    """Draw the order of the runs of some design."""
    block, blocks = draw(st.integers(1, 4)), draw(st.integers(1, 8))
    points = draw(st.permutations(range(block * blocks)))
    return RunOrder(np.array(points), draw(st.integers(1, 7)), block, draw(st.integers(1, 20)))


@given(draw_run_order())
def test_every_run_has_one_place_and_every_place_one_part(order):
    points, replicates = order.runs_at(np.arange(order.runs))
    runs = list(zip(points.tolist(), replicates.tolist(), strict=True))
    assert len(set(runs)) == order.runs == order.points.size * order.replicates
    assert [order.position_of(*run) for run in runs] == list(range(order.runs))
    assert [place for part in range(order.parts) for place in order.part_positions(part)] == list(range(order.runs))


@given(draw_run_order(), st.data())
def test_a_sweep_that_is_stopped_anywhere_is_an_even_sample(order, data):
    done = data.draw(st.integers(0, order.runs))
    points, replicates = order.runs_at(np.arange(done))
    by_point = np.bincount(points, minlength=order.points.size)
    assert by_point.max(initial=0) - by_point.min() <= 1
    by_replicate = np.bincount(replicates, minlength=order.replicates)
    passes = done // order.points.size + 1
    assert by_replicate.max() - by_replicate.min() <= passes * order.block


@given(draw_run_order())
def test_points_that_belong_together_share_their_worlds(order):
    _, replicates = order.runs_at(np.arange(order.runs))
    assert (np.ptp(replicates.reshape(-1, order.block), axis=1) == 0).all()


def test_the_order_does_not_follow_the_points_of_a_grid_but_keeps_a_sequence():
    def order(name):
        found = make_experiment(name)
        return build_run_order(found, count_points(found)).points

    assert (np.diff(order("grid")) != 1).any()
    assert (np.diff(order("sobol")) == 1).all()
