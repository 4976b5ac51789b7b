"""Positions on a map: in the square, never on top of each other, partnerships together, the same bytes each time."""

import dataclasses
import hashlib
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from qispread.inputs.load_scenario import build_scenario
from qispread.model.world.run_inputs import prepare_scenario
from qispread.model.world.state_arrays import SIZE
from qispread.outputs.figures.map_layout import (
    honeycomb_lattice,
    map_positions,
    min_distance,
    separate_circles,
    spread_evenly,
)

LEAST_TIMES_ROOT = 0.3
"""The least distance of two organisations, times the square root of their number: 1.07 is the densest there is."""


def small_world_of(number=60, partnerships=12, kind="partnerships", **network):
    """Return the world of a small scenario."""
    places = {"number": number, "partnerships": partnerships, "regions": min(3, partnerships)}
    network = {"kind": kind} | network
    return prepare_scenario(
        build_scenario({"organisations": places, "network": network, "interventions": {"x": {}}})
    ).world(0)


def world_with_ties(number, pairs, partnerships=None):
    """Return a world of given ties between organisations 0, 1, ... of given partnerships."""
    rows = [{"id": f"o{i}"} | ({"partnership": f"s{partnerships[i]}"} if partnerships else {}) for i in range(number)]
    ties = [{"first": f"o{a}", "second": f"o{b}"} for a, b in pairs]
    data = {"organisations": {"rows": rows}, "network": {"kind": "ties", "ties": ties}, "interventions": {"x": {}}}
    return prepare_scenario(build_scenario(data)).world(0)


WORLDS = {
    "partnerships": small_world_of,
    "few large partnerships": lambda: small_world_of(240, 4),
    "scale free": lambda: small_world_of(215, 44, "scale_free"),
    "hub and spoke": lambda: small_world_of(100, 20, "hub_and_spoke"),
    "complete": lambda: small_world_of(60, 8, "complete"),
    "ring": lambda: small_world_of(60, 8, "ring"),
    "one partnership": lambda: small_world_of(60, 1, "small_world"),
    "each its own partnership": lambda: small_world_of(80, 80, "scale_free"),
    "many partnerships, by community": lambda: small_world_of(400, 400, "small_world"),
    "many partnerships, one tie": lambda: world_with_ties(230, [(0, 1)]),
    "one partnership, very many ties": lambda: small_world_of(220, 1, "complete"),
    "islands": lambda: world_with_ties(40, [(i, i + 1) for i in range(0, 40, 2)]),
    "ties within alone": lambda: world_with_ties(9, [(0, 1), (3, 4), (6, 7)], [i // 3 for i in range(9)]),
    "partnerships of very different size": lambda: world_with_ties(
        90, [(i, 60 + i) for i in range(30)], [0] * 60 + list(range(1, 31))
    ),
    "two": lambda: small_world_of(2, 1, "complete"),
    "two apart": lambda: small_world_of(2, 2, "complete"),
}


@pytest.fixture(scope="module", params=WORLDS)
def placed_world(request):
    made = WORLDS[request.param]()
    return made, map_positions(made)


def test_everyone_stands_in_the_square_and_apart(placed_world):
    made, points = placed_world
    number = made.static_world.organisation_count
    assert points.shape == (2, number)
    assert points.min() >= 0.0
    assert points.max() <= 1.0
    assert min_distance(points) * math.sqrt(number) > LEAST_TIMES_ROOT


def test_the_map_is_filled_in_one_direction_at_least(placed_world):
    _, points = placed_world
    assert np.ptp(points, axis=1).max() > 0.9


def test_the_same_world_gives_the_same_bytes(placed_world):
    made, points = placed_world
    assert map_positions(dataclasses.replace(made)).tobytes() == points.tobytes()


def test_members_stand_nearer_to_each_other_than_partnerships_do(placed_world):
    made, points = placed_world
    system = made.static_world.partnership
    distance = np.hypot(*(points[:, :, None] - points[:, None, :]))
    other = system[:, None] != system[None, :]
    if other.any() and np.bincount(system).max() > 1:
        assert distance[other].min() > 1.7 * min_distance(points)


def test_one_organisation_alone_stands_in_the_middle():
    whole = small_world_of(4, 2, "complete")
    none = np.empty(0, np.int64)
    frame = dataclasses.replace(whole.static_world, ids=("a",), names=("a",), partnership=np.zeros(1, np.int64))
    alone = dataclasses.replace(
        whole, static_world=frame, organisations=whole.organisations[:, :1], edges=(none, none, np.empty(0))
    )
    np.testing.assert_array_equal(map_positions(alone), [[0.5], [0.5]])
    assert math.isnan(min_distance(map_positions(alone)))


def test_the_largest_stands_in_the_middle_of_its_partnership():
    made = small_world_of(240, 12)
    points, size = map_positions(made), made.organisations[SIZE]
    for system in range(12):
        members = np.flatnonzero(made.static_world.partnership == system)
        middle = points[:, members].mean(axis=1, keepdims=True)
        from_middle = np.hypot(*(points[:, members] - middle))
        order = from_middle[np.argsort(-size[members])]
        assert order[0] < min_distance(points)
        assert order[: members.size // 2].mean() < order[members.size // 2 :].mean()


def test_partnerships_that_are_tied_stand_nearer():
    halves = [0] * 8 + [1] * 8
    pairs = [(a, b) for a in range(16) for b in range(a) if halves[a] == halves[b]]
    points = map_positions(world_with_ties(16, [*pairs, (0, 15)]))
    distance = np.hypot(*(points[:, :, None] - points[:, None, :]))
    same = np.equal.outer(halves, halves)
    assert distance[same].mean() < 0.7 * distance[~same].mean()


def test_policies_move_nobody():
    scenario = build_scenario({"organisations": {"number": 60, "partnerships": 12}, "interventions": {"x": {}}})
    arm = scenario.with_policy("learning_network", ties=6)
    before, after = (map_positions(prepare_scenario(one).world(0)) for one in (scenario, arm))
    assert before.tobytes() == after.tobytes()


@pytest.mark.slow
def test_another_process_gives_the_same_bytes():
    code = (
        "import hashlib\n"
        "from qispread.outputs.figures.map_layout import map_positions\n"
        "from qispread.inputs.load_scenario import build_scenario\n"
        "from qispread.model.world.run_inputs import prepare_scenario\n"
        "data = {'organisations': {'number': 400, 'partnerships': 400, 'regions': 3}, 'interventions': {'x': {}}}\n"
        "data['network'] = {'kind': 'small_world'}\n"
        "print(hashlib.sha256(map_positions(prepare_scenario(build_scenario(data)).world(0)).tobytes()).hexdigest())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = map_positions(small_world_of(400, 400, "small_world"))
    assert done.stdout.strip() == hashlib.sha256(here.tobytes()).hexdigest()


@pytest.mark.parametrize("number", range(1, 62))
def test_honeycombs_hold_their_members_one_apart_and_are_round(number):
    cells = honeycomb_lattice(number)
    assert cells.shape == (2, number)
    if number > 1:
        assert min_distance(cells) == pytest.approx(1.0)
    # A hexagonal cell takes sqrt(3) / 2, and the rim at most one cell more.
    assert np.hypot(*cells).max() <= math.sqrt(number * math.sqrt(0.75) / math.pi) + 0.5


@pytest.mark.parametrize(("number", "radius"), [(1, 0.0), (2, 0.5), (3, math.sqrt(1 / 3)), (7, 1.0), (19, 2.0)])
def test_honeycombs_are_as_small_as_can_be(number, radius):
    assert np.hypot(*honeycomb_lattice(number)).max() == pytest.approx(radius)


@given(
    st.integers(1, 25).flatmap(
        lambda n: st.tuples(
            arrays(float, (2, n), elements=st.floats(-9, 9)), arrays(float, n, elements=st.floats(0.5, 8))
        )
    )
)
def test_circles_are_pushed_apart_wherever_they_lie(drawn):
    points, radius = drawn
    centres = separate_circles(spread_evenly(points), radius)
    distance = np.hypot(*(centres[:, :, None] - centres[:, None, :]))
    room = np.add.outer(radius, radius)
    apart = ~np.eye(radius.size, dtype=bool)
    assert np.all(distance[apart] >= room[apart] * (1 - 1e-9))
