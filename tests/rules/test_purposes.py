"""No number is drawn twice: each purpose belongs to one kind of decision, and normal draws take two."""

import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from qispread.inputs.organisations import CONTEXT_FACTORS
from qispread.model.rules import random_draws

TESTS = Path(__file__).parents[1]
NORMAL = 2
"""Purposes that a normal draw takes."""
OF_A_MONTH = {
    "LEADER_LEAVES": 1,
    "SUCCESSOR": 1,
    "DROPPED": 1,
    "HEARS": 1,
    "ADOPTS": 1,
    "COPIES_STANDARD": 1,
    "REAL_CYCLE": 1,
    "REACTIVE_CHANGE": 1,
    "REVIEW_NOISE": NORMAL,
    "DISCONTINUES": 1,
    "READOPTS": 1,
    "PEER_CHOICE": 1,
    "OBSERVED_EVENTS": 1,
}
OF_MONTH_0 = {
    "COMMON_FACTOR": NORMAL,
    "CONTEXT_FACTOR": NORMAL * len(CONTEXT_FACTORS),
    "SIZE": NORMAL,
    "BASELINE": NORMAL,
    "SETTING": NORMAL * 2,
    "ORIGIN": 1,
    "TARGET": 1,
    "TIE": 1,
}
NO_PURPOSES = {"PURPOSES_PER_MONTH", "FIRST_FREE", "REVIEW_NOISE_SECOND", "MASK_64_BITS", "LOW_32_BITS", "GOLDEN_GAMMA"}
"""Whole numbers of the module that are something else, or the second half of a purpose."""


def taken(purposes):
    """Return the numbers that each purpose takes."""
    return {
        name: range(getattr(random_draws, name), getattr(random_draws, name) + count)
        for name, count in purposes.items()
    }


@pytest.mark.parametrize("purposes", [OF_A_MONTH, OF_MONTH_0], ids=["of a month", "of month 0"])
def test_no_two_purposes_share_a_number(purposes):
    for (one, numbers), (other, others) in combinations(taken(purposes).items(), 2):
        assert not set(numbers) & set(others), f"{one} and {other}"
    assert all(
        0 <= number < random_draws.PURPOSES_PER_MONTH for numbers in taken(purposes).values() for number in numbers
    )


def test_a_normal_draw_takes_its_purpose_and_the_next():
    assert random_draws.REVIEW_NOISE_SECOND == random_draws.REVIEW_NOISE + 1


def test_every_purpose_is_listed_here():
    numbers = {name for name, value in vars(random_draws).items() if name.isupper() and isinstance(value, int)}
    assert numbers == {*OF_A_MONTH, *OF_MONTH_0, *NO_PURPOSES}


SPY = """
import collections, json, sys
sys.path.insert(0, {tests!r})
from qispread.model.rules import random_draws

asked = collections.defaultdict(collections.Counter)
uniform = random_draws.uniform

def site():
    frame = sys._getframe(2)
    while frame.f_code.co_filename == random_draws.__file__ or frame.f_code.co_name == "draw_uniform":
        frame = frame.f_back
    return f"{{frame.f_globals['__name__']}}:{{frame.f_code.co_name}}:{{frame.f_lineno}}"

def watched(stream, month, purpose):
    asked[int(stream), int(month), int(purpose)][site()] += 1
    return uniform(stream, month, purpose)

random_draws.uniform = watched

from all_features import all_features_scenario
from qispread.model.engines.simulation import run_replicate
from qispread.model.world.run_inputs import prepare_scenario

scenario = all_features_scenario(**json.loads({changes!r}))
for replicate, engine in enumerate(("kernel", "mesa")):
    asked.clear()
    run = run_replicate(prepare_scenario(scenario), replicate, engine, keep_events=engine == "mesa")
    assert not run.error, run.error
    sites = collections.defaultdict(set)
    for (stream, month, purpose), who in asked.items():
        sites["month 0" if month == 0 else "later", purpose] |= set(who)
    print(json.dumps({{
        "engine": engine,
        "draws": len(asked),
        "twice": [[key, dict(who)] for key, who in asked.items() if sum(who.values()) > 1][:5],
        "sites": [[when, purpose, sorted(who)] for (when, purpose), who in sorted(sites.items())],
    }}))
"""


@pytest.fixture(scope="module")
def runs_watched():
    """Return what was drawn in a run of everything on each engine, interpreted so that each draw can be seen."""
    changes = {
        "leaders": {"leader_exit": 1.0, "new_broom": 0.5},
        "reviewing": {"discontinuing": 3.0, "readopting": 0.2, "interval": 6},
        "rules": {"deciding.attraction": "random_peer"},
    }
    done = subprocess.run(
        [sys.executable, "-c", SPY.format(tests=str(TESTS), changes=json.dumps(changes))],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {one["engine"]: one for one in found}


@pytest.mark.parametrize("engine", ["kernel", "mesa"])
def test_no_number_is_asked_for_twice(runs_watched, engine):
    found = runs_watched[engine]
    assert found["draws"] > 10_000
    assert found["twice"] == []


@pytest.mark.parametrize("engine", ["kernel", "mesa"])
def test_each_purpose_is_asked_for_by_one_kind_of_decision(runs_watched, engine):
    for when, purpose, sites in runs_watched[engine]["sites"]:
        assert len(sites) == 1, f"purpose {purpose} of {when} is asked for by {sites}"


@pytest.mark.parametrize("engine", ["kernel", "mesa"])
def test_every_purpose_is_asked_for(runs_watched, engine):
    seen = {"month 0": set(), "later": set()}
    for when, purpose, _ in runs_watched[engine]["sites"]:
        seen[when].add(purpose)
    later = {number for numbers in taken(OF_A_MONTH).values() for number in numbers}
    assert seen["later"] == later - ({random_draws.OBSERVED_EVENTS} if engine == "kernel" else set())
    assert seen["month 0"] == {number for numbers in taken(OF_MONTH_0).values() for number in numbers}
