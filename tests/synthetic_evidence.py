"""Evidence made up for tests of the verdict rule."""

import numpy as np
import pandas as pd
from experiments.claim_test import ClaimPart, MechanismAblation, difference_contrast
from experiments.run_experiment import DifferenceEstimate, PartEvidence

from qispread.inputs.factors import Factor

SMALLEST_DIFFERENCE = 0.02
MODELS = 400
FACTORS = (Factor("informative", 0.0, 1.0), Factor("silent", 0.0, 1.0), Factor("also silent", 0.0, 1.0))
PART = ClaimPart(
    "part",
    "Something is more",
    "current_use",
    (difference_contrast("new", "old", "current_use"),),
    SMALLEST_DIFFERENCE,
    MechanismAblation("it off", {}),
)
PART_WITHOUT_ABLATION = ClaimPart(
    "part", "Nothing changes", "current_use", (difference_contrast("new", "old", "current_use"),), 0.0, None
)


def difference_estimate(difference, half=0.005):
    """Return a difference with an interval of this half-width."""
    return DifferenceEstimate(difference, difference - half, difference + half, 200)


def synthetic_models(seed=1):
    """Return plausible models with three parameters."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({factor.path: rng.random(MODELS) for factor in FACTORS})


def synthetic_evidence(gains, *, defaults=0.1, ablated=0.0, ablated_gains=0.0, part=PART, table=None):
    """Return the evidence of a part in made-up models."""
    gains = np.asarray(gains, dtype=np.float64)
    return PartEvidence(
        part=part,
        defaults=difference_estimate(defaults),
        ablated=difference_estimate(ablated),
        models=synthetic_models() if table is None else table,
        gains=gains,
        ablated_gains=np.full(gains.size, ablated_gains),
        conclusive=np.abs(gains) > 0.01,
        factors=FACTORS,
    )
