"""Stored results: a change of the model's numbers is noticed, and renewed by `python tests/renew_baselines.py`."""

import json
from pathlib import Path

import pytest

import qispread as qs
from all_features import all_features_scenario
from qispread.model.measures import MEASURE_NAMES

FILE = Path(__file__).parent / "baselines/measures.json"
ROOT = Path(__file__).parents[1]
SCENARIOS = {
    "everything": all_features_scenario,
    "prompt": lambda: qs.read_scenario(ROOT / "configs/prompt.yaml").replace(replicates=3),
}


def final_measures(scenario):
    """Return the last month's measures of each replicate and intervention."""
    runs = qs.simulate(scenario)
    return {
        f"{run.replicate} {name}": dict(zip(MEASURE_NAMES, map(float, row), strict=True))
        for run in runs.runs
        for name, row in zip(runs.interventions, run.measures[-1], strict=True)
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_results_are_those_stored(name):
    stored, now = json.loads(FILE.read_text())[name], final_measures(SCENARIOS[name]())
    assert stored.keys() == now.keys()
    for row, values in stored.items():
        assert now[row] == pytest.approx(values, rel=1e-9, nan_ok=True), row
