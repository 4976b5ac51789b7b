"""What the tests of sweeps share: small experiments, and the bytes of a folder."""

import subprocess
import sys
from pathlib import Path

import qispread as qs

SMALL = qs.Scenario().replace(
    {"organisations.number": 12, "organisations.systems": 4, "organisations.regions": 2},
    name="small",
    horizon=12,
    network={"kind": "systems", "mean_degree": 4},
    hearing={"broadcast": 0.3},
)
FACTORS = {"copying.copy_loss": {}, "improving.decay": {"low": 0.01, "high": 0.05, "scale": "log"}}
FILE = """\
name: small
horizon: 12
organisations: {number: 12, systems: 4, regions: 2}
network: {kind: systems, mean_degree: 4}
hearing: {broadcast: 0.3}
"""
EXPERIMENT = """\
name: trial
base: small.yaml
factors:
  copying.copy_loss: {}
  improving.decay: {low: 0.01, high: 0.05, scale: log}
design: {kind: latin_hypercube, points: 40}
replicates: 5
measures: {final: [effect, adoption], monthly: [effect]}
"""


def experiment(points=40, replicates=5, **fields):
    """Return what describes a small experiment."""
    described = {
        "name": "trial",
        "base": SMALL,
        "factors": FACTORS,
        "design": {"kind": "latin_hypercube", "points": points},
        "replicates": replicates,
        "measures": {"final": ("effect", "adoption"), "monthly": ("effect",)},
    }
    return {**described, **fields}


def tables(folder):
    """Return the bytes of all tables of a sweep, by their place in its folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(Path(folder).rglob("*.parquet"))}


def command(*words):
    """Return the words that start the command line in a process of its own."""
    return [sys.executable, "-m", "qispread.cli", *map(str, words)]


def run_command(*words, **named):
    """Run the command line to its end."""
    return subprocess.run(command(*words), capture_output=True, text=True, check=False, **named)
