"""Results have the same distribution with either generator of draws."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ks_2samp

ROOT = Path(__file__).parents[2]
MEASURES = ("current_use", "fidelity", "effect", "discontinued", "event_rate", "event_rate_gini", "events_averted")
WORLDS = 600
LEAST_P = 1e-4
CODE = """
import json, sys
import qispread as qs
scenario = qs.read_scenario(sys.argv[1]).with_policy("learning_network").with_policy("coaching", target={"random": 40})
runs = qs.simulate(scenario.replace(seed=int(sys.argv[2])), replicates=int(sys.argv[3]))
print(json.dumps({name: list(runs.final_values(name)) for name in sys.argv[4:]}))
"""


def results_in_process(seed, **environment):
    arguments = [str(ROOT / "configs/prompt.yaml"), str(seed), str(WORLDS), *MEASURES]
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: np.array(values) for name, values in json.loads(done.stdout).items()}


@pytest.mark.science
def test_splitmix_and_philox_give_the_same_distributions():
    ours, philox = results_in_process(1), results_in_process(1, QISPREAD_DRAWS="philox")
    for name in MEASURES:
        assert not np.array_equal(ours[name], philox[name])
        assert ks_2samp(ours[name], philox[name]).pvalue > LEAST_P, name
