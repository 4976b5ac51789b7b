"""What the tests of sweeps share: small experiments, and the bytes of a folder."""

import os
import subprocess
import sys
import time
from pathlib import Path

import qispread as qs
from qispread.model.engines.simulation import run_replicate
from qispread.model.world.run_inputs import prepare_scenario
from qispread.runs.sweep.designs import build_points
from qispread.runs.sweep.load_experiment import read_experiment
from qispread.runs.sweep.worker import pickle_job, run_months_until_stopped, unpickle_job

SMALL_SCENARIO = qs.Scenario().replace(
    {"organisations.number": 12, "organisations.partnerships": 4, "organisations.regions": 2},
    name="small",
    horizon=12,
    network={"kind": "partnerships", "mean_degree": 4},
    hearing={"broadcast": 0.3},
)
FACTORS = {"copying.copy_loss": {}, "improving.decay": {"low": 0.01, "high": 0.05, "scale": "log"}}
SCENARIO_YAML = """\
name: small
horizon: 12
organisations: {number: 12, partnerships: 4, regions: 2}
network: {kind: partnerships, mean_degree: 4}
hearing: {broadcast: 0.3}
"""
EXPERIMENT_YAML = """\
name: trial
base: small.yaml
factors:
  copying.copy_loss: {}
  improving.decay: {low: 0.01, high: 0.05, scale: log}
design: {kind: latin_hypercube, points: 40}
replicates: 5
measures: {final: [effect, current_use], monthly: [effect]}
"""


def small_experiment(points=40, replicates=5, **fields):
    """Return what describes a small experiment."""
    described = {
        "name": "trial",
        "base": SMALL_SCENARIO,
        "factors": FACTORS,
        "design": {"kind": "latin_hypercube", "points": points},
        "replicates": replicates,
        "measures": {"final": ("effect", "current_use"), "monthly": ("effect",)},
    }
    return {**described, **fields}


def table_bytes(folder):
    """Return the bytes of all tables of a sweep, by their place in its folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(Path(folder).rglob("*.parquet"))}


def command_words(*words):
    """Return the words that start the command line in a process of its own."""
    return [sys.executable, "-m", "qispread.interfaces.cli.main", *map(str, words)]


def run_command(*words, **named):
    """Run the command line to its end."""
    return subprocess.run(command_words(*words), capture_output=True, text=True, check=False, **named)


def children_of(pid):
    """Return the ids of the processes that a process has started, and theirs."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *children_of(child)]
    return found


def is_alive(pid):
    """Return whether a process is there and not only waiting to be forgotten."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def count_log_rows(folder):
    """Return how many lines the log of a sweep has."""
    log = Path(folder, "log.jsonl")
    return log.read_bytes().count(b"\n") if log.exists() else 0


FAILING_VALUE = 0.8733
"""Copy loss above which, in world 1, the poisoned workers come to harm."""


def init_failing_worker(harm):
    """Make a process a worker that comes to harm in a few runs."""
    from qispread.model.engines.composed_model import ComposedModel
    from qispread.runs.sweep import watchdog, worker_pools

    worker_pools.init_worker()
    watchdog.KILL_TIMEOUT_SECONDS = 0.5
    start_run = ComposedModel.initialise_run

    def start(model, blueprint, world):
        if world.replicate == 1 and blueprint.scenario.copying.copy_loss > FAILING_VALUE:
            if harm == "die":
                os._exit(3)
            time.sleep(1e6)
        return start_run(model, blueprint, world)

    ComposedModel.initialise_run = start


LARGE = small_experiment(points=300)
"""An experiment whose sweep has three parts."""


def assert_same_bytes_as_full_scenario(given, points=4):
    """Make sure that some points of an experiment give the bytes of scenarios changed whole, in two worlds."""
    found = read_experiment(
        {**given, "design": {"kind": "latin_hypercube", "points": points}, "measures": {"final": "all"}}
    )
    job = unpickle_job(pickle_job(found, None, "test"))
    for numbers in build_points(found).numbers:
        values = {
            factor.path: factor.value(number) for factor, number in zip(found.resolved_factors, numbers, strict=True)
        }
        blueprint = prepare_scenario(found.scenario.replace(values))
        for replicate in (0, 1):
            expected, measured = run_replicate(blueprint, replicate), run_months_until_stopped(job, numbers, replicate)
            assert not expected.error
            assert measured.tobytes() == expected.measures.tobytes()
