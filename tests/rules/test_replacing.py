"""A rule or a constant replaced from outside is taken by both engines, and leaves nothing behind."""

import hashlib
import json
import os
import subprocess
import sys

import numba
import pytest

from qispread import Scenario, measures, simulate
from qispread.config.interventions import Intervention
from qispread.engines import measuring
from qispread.engines.kernel import run_months_in_order
from qispread.rules import capacity, compiling, draws
from qispread.rules.replacing import apply_replacements, replaced_rules
from qispread.world import build

SCENARIO = Scenario(interventions={"prompt": Intervention()}, horizon=12)
COMPILES = pytest.mark.skipif(compiling.INTERPRETED, reason="nothing is compiled")


def additive(leadership, alignment, culture):
    return (leadership + alignment + culture) / 3.0


def digests(replicates=2):
    """Return the hash of all measures of each engine."""
    runs = [simulate(SCENARIO, replicates, engine=engine, workers=1) for engine in ("kernel", "mesa")]
    return [hashlib.sha256(one.measures.tobytes()).hexdigest() for one in runs]


@pytest.fixture
def replace(monkeypatch):
    """Replace what a module holds, and bind what was shipped again at the end."""
    yield monkeypatch.setattr
    monkeypatch.undo()
    apply_replacements()
    assert replaced_rules() == ()


def test_a_rule_replaced_after_a_run_is_taken_by_both_engines_and_given_up_again(replace):
    shipped = digests()
    assert shipped[0] == shipped[1]
    original = capacity.climate
    replace(capacity, "climate", additive)
    mine = digests()
    assert mine[0] == mine[1] != shipped[0]
    assert build.climate is capacity.climate  # what was imported by name follows
    (said,) = replaced_rules()
    assert said.startswith("qispread.rules.capacity.climate=")
    assert len(said.partition("=")[2]) == 16
    replace(capacity, "climate", original)
    assert replaced_rules() == ()
    assert digests() == shipped


def test_what_a_replaced_rule_does_is_what_is_said_of_it(replace):
    def said(function):
        replace(capacity, "dose", function)
        return replaced_rules()

    first, same, other = lambda a, b: a / b, lambda a, b: a / b, lambda a, b: a / (b + 1.0)
    assert said(first) == said(same) != said(other)
    assert len(replaced_rules()) == 1


@COMPILES
def test_a_compiled_function_may_take_the_place_of_a_rule(replace):
    mine = numba.njit(error_model="numpy")(additive)
    replace(capacity, "climate", mine)
    apply_replacements()
    assert capacity.climate is build.climate is mine


def test_a_constant_of_a_rules_module_is_taken_by_both_engines(replace):
    before = digests()
    replace(draws, "BEGINS", draws.BEGINS + 40)
    changed = digests()
    assert changed[0] == changed[1] != before[0]
    assert replaced_rules() == (f"qispread.rules.draws.BEGINS={draws.BEGINS}",)


def test_a_constant_that_was_imported_by_name_follows(replace):
    before = digests()
    replace(measures, "REPLICATED", 0.01)
    changed = digests()
    assert changed[0] == changed[1] != before[0]
    assert measuring.REPLICATED == 0.01
    assert replaced_rules() == ("qispread.measures.REPLICATED=0.01",)


@pytest.mark.parametrize(
    ("mine", "needed"),
    [
        (lambda leadership: leadership, r"climate was replaced by a function of 1 arguments \(leadership\); needed: 3"),
        (0.5, "climate was replaced by 0.5; needed: a function"),
    ],
)
def test_what_cannot_take_the_place_of_a_rule_is_refused_at_every_run(replace, mine, needed):
    replace(capacity, "climate", mine)
    for _ in range(2):
        with pytest.raises(TypeError, match=needed):
            simulate(SCENARIO, 1, workers=1)


def test_a_removed_rule_is_refused(replace, monkeypatch):
    monkeypatch.delattr(capacity, "dose")
    with pytest.raises(TypeError, match=r"qispread\.rules\.capacity\.dose was removed; needed: a function"):
        simulate(SCENARIO, 1, workers=1)
    assert replaced_rules() == ("qispread.rules.capacity.dose=missing",)


@COMPILES
def test_nothing_is_compiled_again_where_nothing_changed():
    digests(1)
    before = list(run_months_in_order.overloads.values())
    digests(1)
    apply_replacements()
    assert list(run_months_in_order.overloads.values()) == before


EARLY = """
import hashlib, json, sys
from qispread.rules import capacity
if sys.argv[1] == "replaced":
    capacity.climate = lambda leadership, alignment, culture: (leadership + alignment + culture) / 3.0
from qispread import Scenario, simulate
from qispread.config.interventions import Intervention
from qispread.rules.replacing import replaced_rules
scenario = Scenario(interventions={"prompt": Intervention()}, horizon=12)
found = [simulate(scenario, 2, engine=engine, workers=1).measures for engine in ("kernel", "mesa")]
print(json.dumps([*(hashlib.sha256(one.tobytes()).hexdigest() for one in found), len(replaced_rules())]))
"""


def early(cache, which):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", EARLY, which], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@COMPILES
def test_a_rule_replaced_before_the_first_run_neither_is_ignored_nor_stays_in_the_cache(tmp_path):
    shipped = digests()
    replaced = early(tmp_path, "replaced")  # nothing is in the cache
    assert replaced[0] == replaced[1] != shipped[0]
    assert early(tmp_path, "shipped") == [*shipped, 0]  # the other's code is
    assert early(tmp_path, "replaced") == replaced == [replaced[0], replaced[0], 1]  # both are
