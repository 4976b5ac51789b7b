"""A rule or a constant replaced from outside is taken by both engines, and leaves nothing behind."""

import hashlib
import inspect
import json
import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from qispread import Scenario, simulate
from qispread.inputs.interventions import Intervention
from qispread.model import measures
from qispread.model.engines import measure_kernel, stages_context
from qispread.model.engines.kernel import run_months_in_order
from qispread.model.rules import capacity, code_replacement, deciding, jit, random_draws
from qispread.model.rules.code_replacement import apply_replacements, replaced_rules
from qispread.model.world import run_inputs

SCENARIO = Scenario(interventions={"prompt": Intervention()}, horizon=12)
COMPILES = pytest.mark.skipif(jit.INTERPRETED, reason="nothing is compiled")


def additive(leadership, alignment, culture):
    return (leadership + alignment + culture) / 3.0


def alike(squared_distance, similarity_range):
    return 1.0 / (1.0 + squared_distance / similarity_range)


def digests(replicates=2, horizon=12):
    """Return the hash of all measures of each engine."""
    scenario = SCENARIO.replace(horizon=horizon)
    runs = [simulate(scenario, replicates, engine=engine, workers=1) for engine in ("kernel", "mesa")]
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
    (said,) = replaced_rules()
    assert said.startswith("qispread.model.rules.capacity.climate=")
    assert len(said.partition("=")[2]) == 16
    replace(capacity, "climate", original)
    assert replaced_rules() == ()
    assert digests() == shipped


def test_a_rule_that_was_imported_by_name_follows(replace):
    shipped = digests(horizon=60)  # earlier, nobody has two peers to choose from
    replace(deciding, "similarity", alike)
    mine = digests(horizon=60)
    assert mine[0] == mine[1] != shipped[0]
    assert run_inputs.similarity is deciding.similarity


def test_what_a_replaced_rule_does_is_what_is_said_of_it(replace):
    def said(function):
        replace(capacity, "dose", function)
        return replaced_rules()

    first, same, other = lambda a, b: a / b, lambda a, b: a / b, lambda a, b: a / (b + 1.0)
    assert said(first) == said(same) != said(other)
    assert len(replaced_rules()) == 1


@COMPILES
def test_a_compiled_function_may_take_the_place_of_a_rule(replace):
    mine = numba.njit(error_model="numpy")(alike)
    replace(deciding, "similarity", mine)
    apply_replacements()
    assert deciding.similarity is run_inputs.similarity is mine


def test_a_constant_of_a_rules_module_is_taken_by_both_engines(replace):
    before = digests()
    replace(random_draws, "ADOPTS", random_draws.ADOPTS + 40)
    changed = digests()
    assert changed[0] == changed[1] != before[0]
    assert replaced_rules() == (f"qispread.model.rules.random_draws.ADOPTS={random_draws.ADOPTS}",)


@pytest.mark.slow
def test_a_constant_that_was_imported_by_name_follows(replace):
    before = digests()
    replace(measures, "REPLICATED_THRESHOLD", 0.01)
    changed = digests()
    assert changed[0] == changed[1] != before[0]
    assert measure_kernel.REPLICATED_THRESHOLD == 0.01
    assert replaced_rules() == ("qispread.model.measures.REPLICATED_THRESHOLD=0.01",)


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
    with pytest.raises(TypeError, match=r"qispread\.model\.rules\.capacity\.dose was removed; needed: a function"):
        simulate(SCENARIO, 1, workers=1)
    assert replaced_rules() == ("qispread.model.rules.capacity.dose=missing",)


@COMPILES
def test_nothing_is_compiled_again_where_nothing_changed():
    digests(1)
    before = list(run_months_in_order.overloads.values())
    digests(1)
    apply_replacements()
    assert list(run_months_in_order.overloads.values()) == before


EARLY = """
import hashlib, json, sys
from qispread.model.rules import capacity
if sys.argv[1] == "replaced":
    capacity.climate = lambda leadership, alignment, culture: (leadership + alignment + culture) / 3.0
from qispread import Scenario, simulate
from qispread.inputs.interventions import Intervention
from qispread.model.rules.code_replacement import replaced_rules
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


COMPILED_BEFORE = """
import hashlib, json, sys
from enum import Enum
import numba
from qispread import Scenario, simulate
from qispread.inputs.interventions import Intervention
from qispread.model.rules import capacity
START = float(sys.argv[2])
G = START
class K(Enum):
    A = START
@numba.njit
def helper():
    return G
@numba.njit
def by_name(leadership, alignment, culture):
    return helper()
def by_member(leadership, alignment, culture):
    return K.A.value
helper()  # compiled before anybody looks
mine = {"name": by_name, "member": by_member}[sys.argv[1]]
capacity.climate = mine
scenario = Scenario(interventions={"prompt": Intervention()}, horizon=12)
def run():
    return hashlib.sha256(simulate(scenario, 2, workers=1).measures.tobytes()).hexdigest()
found = [run()]
G = 0.8
K = Enum("K", {"A": 0.8})
print(json.dumps([*found, run()]))
"""


@pytest.mark.slow
@COMPILES
@pytest.mark.parametrize("kind", ["name", "member"])
def test_what_a_replacement_reads_is_neither_ignored_nor_taken_from_the_cache(tmp_path, kind):
    def found(start):
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", COMPILED_BEFORE, kind, str(start)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    first, changed = found(0.0)
    assert first != changed
    assert found(0.8) == [changed, changed]


@COMPILES
def test_what_is_replaced_while_another_thread_looks_is_taken(replace, monkeypatch):
    first, second = (numba.njit(error_model="numpy")(alike) for _ in range(2))
    compile_again = code_replacement._recompile
    waiting = [second]

    def replaced_meanwhile(walk):
        compile_again(walk)
        if waiting:
            deciding.similarity = waiting.pop()

    with monkeypatch.context() as patched:
        patched.setattr(code_replacement, "_recompile", replaced_meanwhile)
        replace(deciding, "similarity", first)
        apply_replacements()
    assert run_inputs.similarity is deciding.similarity is second


@pytest.mark.slow
def test_a_closure_and_an_array_that_change_in_place_are_looked_at_at_every_run(replace):
    value = 0.0
    values = np.array([0.0])

    def closed(leadership, alignment, culture):
        return value + values[0]

    replace(capacity, "climate", closed)
    apply_replacements()
    assert capacity.climate(0.1, 0.2, 0.3) == 0.0
    assert not code_replacement._BOUND.holds()
    value = 0.5
    apply_replacements()
    assert capacity.climate(0.1, 0.2, 0.3) == 0.5
    values = np.array([0.25])
    values[0] = 0.125
    apply_replacements()
    assert capacity.climate(0.1, 0.2, 0.3) == 0.625


@COMPILES
def test_a_plain_function_may_take_the_place_of_an_imported_one(replace):
    replace(stages_context, "uniform", lambda *_: 0.5)
    with pytest.raises(TypeError, match=r"stages_context\.uniform was replaced by a function of 1 arguments"):
        apply_replacements()
    arguments = ", ".join(inspect.signature(random_draws.uniform.py_func).parameters)
    replace(stages_context, "uniform", eval(f"lambda {arguments}: 0.5"))  # noqa: S307
    apply_replacements()
    assert hasattr(stages_context.uniform, "py_func")
    assert random_draws.uniform is not stages_context.uniform


def test_all_that_is_shipped_is_watched_by_name_alone():
    apply_replacements()
    assert code_replacement._BOUND.holds()
