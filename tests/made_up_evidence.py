"""Evidence made up for tests of the verdict rule."""

import numpy as np
import pandas as pd
from experiments.design import Ablation, Part, more
from experiments.running import Evidence, Told

from qispread.config.factors import Factor

SMALLEST = 0.02
MODELS = 400
FACTORS = (Factor("telling", 0.0, 1.0), Factor("silent", 0.0, 1.0), Factor("also silent", 0.0, 1.0))
PART = Part(
    "part", "Something is more", "adoption", (more("new", "old", "adoption"),), SMALLEST, Ablation("it off", {})
)
WITHOUT = Part("part", "Nothing changes", "adoption", (more("new", "old", "adoption"),), 0.0, None)


def told(difference, half=0.005):
    """Return a difference with an interval of this half-width."""
    return Told(difference, difference - half, difference + half, 200)


def models(seed=1):
    """Return plausible models with three parameters."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({factor.path: rng.random(MODELS) for factor in FACTORS})


def evidence(gains, *, defaults=0.1, ablated=0.0, ablated_gains=0.0, part=PART, table=None):
    """Return the evidence of a part in made-up models."""
    gains = np.asarray(gains, dtype=np.float64)
    return Evidence(
        part=part,
        defaults=told(defaults),
        ablated=told(ablated),
        models=models() if table is None else table,
        gains=gains,
        ablated_gains=np.full(gains.size, ablated_gains),
        telling=np.abs(gains) > 0.01,
        factors=FACTORS,
    )
