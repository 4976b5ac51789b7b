"""The two engines give the same bytes, whatever is on and in whatever order organisations are visited."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import qispread as qs
from all_features import all_features_scenario
from qispread.inputs.load_scenario import build_scenario
from qispread.inputs.rule_forms import CODED_RULES, RULE_FORMS
from qispread.model.engines.mesa_model import SpreadModel
from qispread.model.engines.simulation import run_replicate
from qispread.model.world import state_arrays as at
from qispread.model.world.run_inputs import SimulationState, prepare_scenario
from strategies import identical_rows, scenarios

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


def assert_same_bytes(first, second):
    assert first.measures.tobytes() == second.measures.tobytes()
    assert not first.error
    for name, one, other in zip(SimulationState._fields, first.final_state, second.final_state, strict=True):
        assert one.tobytes() == other.tobytes(), name


def run_both_engines(scenario, replicate=0):
    blueprint = prepare_scenario(scenario)
    return run_replicate(blueprint, replicate, "kernel"), run_replicate(blueprint, replicate, "mesa")


@given(scenarios())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_engines_agree_on_drawn_scenarios(scenario):
    assert_same_bytes(*run_both_engines(scenario, replicate=1))


@pytest.mark.parametrize("replicate", range(3))
def test_engines_agree_with_everything_on(replicate):
    assert_same_bytes(*run_both_engines(all_features_scenario(), replicate))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_engines_agree_on_every_scenario_in_configs(path):
    if "nhs" in path.stem and not (ROOT / "../shared/data/nhs").exists():
        pytest.skip("the NHS data are not at ../shared/data/nhs")
    assert_same_bytes(*run_both_engines(qs.read_scenario(path)))


@pytest.mark.quick_cases(5)
@pytest.mark.parametrize("file", sorted((ROOT / "configs/policies").glob("*.yaml")), ids=lambda path: path.stem)
def test_engines_agree_under_every_policy_in_configs(file):
    assert_same_bytes(
        *run_both_engines(qs.read_scenario(CONFIGS[-1], policies=[file]).replace({"organisations.number": 60}))
    )


TIED = {
    "organisations": {"rows": identical_rows()},
    "network": {"kind": "complete"},
    "hearing": {"broadcast": 0.3},
    "interventions": {"prompt": {"origin": {"organisations": [f"organisation-{i:03d}" for i in (3, 7, 11)]}}},
    "horizon": 8,
}


@pytest.mark.parametrize("replicate", range(3))
def test_of_peers_that_attract_alike_the_first_is_copied_on_either_engine(replicate):
    # Three origins are the same in everything, since nothing changes their versions: nobody can tell them apart.
    still = dict.fromkeys(("improving.reactive", "improving.repair", "improving.learning"), 0.0)
    kernel, agents = run_both_engines(build_scenario(TIED).replace(still), replicate)
    assert_same_bytes(kernel, agents)
    since, copied_from = (kernel.final_state.histories[0, row] for row in (at.LAST_ADOPTED, at.COPIED_FROM))
    assert set(copied_from[since > 1]) == {2}


class ShuffledOrderModel(SpreadModel):
    """Visits the organisations in another order at every step of every month."""

    def _do(self, what):
        order = np.random.default_rng([self.month, *what.encode()])
        for place in order.permutation(len(self.organisations)):
            getattr(self.organisations[place], what)()


def test_order_of_visits_does_not_matter():
    scenario = all_features_scenario()
    usual, shuffled = SpreadModel(scenario, replicate=0), ShuffledOrderModel(scenario, replicate=0)
    for model in (usual, shuffled):
        model.run_model()
    assert np.array(usual.measures).tobytes() == np.array(shuffled.measures).tobytes()


OTHER_FORMS = {rule: list(RULE_FORMS[rule])[1] for rule in CODED_RULES}
CHECKSUM = """
import hashlib, sys
sys.path.insert(0, {tests!r})
from all_features import all_features_scenario
from qispread.model.engines.simulation import run_replicate
from qispread.model.world.run_inputs import prepare_scenario
digest = hashlib.sha256()
for rules in ({{}}, {forms!r}):
    run = run_replicate(prepare_scenario(all_features_scenario(rules=rules)), 2)
    assert not run.error, run.error
    digest.update(run.measures.tobytes())
    for array in run.final_state:
        digest.update(array.tobytes())
print(digest.hexdigest())
"""


def checksum_in_process(**environment):
    code = CHECKSUM.format(tests=str(ROOT / "tests"), forms=OTHER_FORMS)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_interpreted_kernel_gives_the_same_bytes():
    assert checksum_in_process(NUMBA_DISABLE_JIT="1") == checksum_in_process()
