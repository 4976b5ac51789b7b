"""What the strength of contact depends on: how ties are read, and what the push from outside may differ by."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.diffusion.studies import Study, alternative_ties, assign_thirds
from qispread.runs.diffusion_fit.contagion_models import ContagionModel, assign_pushes, count_risk_sets
from qispread.runs.diffusion_fit.contagion_posterior import fit_model
from qispread.runs.diffusion_fit.observed_diffusion import IntArray, ObservedDiffusion
from qispread.runs.diffusion_fit.tie_correlation import permutation_test

FREE, ALONE = ContagionModel("by period", "ties"), ContagionModel("by period", "none")


def contact_rows(
    observed: ObservedDiffusion, words: str, shuffles: int, groups: IntArray | None = None
) -> dict[str, Any]:
    """Return the strength of contact and the evidence for it, the push free in each period and, if given, each group.

    Where there are groups, times of adoption are shuffled within them too.
    """
    pushes = assign_pushes(observed, FREE)
    if groups is not None:
        pushes = pushes * (int(groups.max()) + 1) + groups[:, None]
        observed = replace(observed, permutation_groups=observed.permutation_groups * (int(groups.max()) + 1) + groups)
    one = fit_model(observed, FREE, count_risk_sets(observed, FREE, pushes=pushes))
    none = fit_model(observed, ALONE, count_risk_sets(observed, ALONE, pushes=pushes))
    low, middle, high = one.strength_quantiles().tolist()
    shuffled = permutation_test(observed, shuffles)
    return {
        "name": words,
        "value": middle,
        "low": low,
        "high": high,
        "evidence": one.evidence - none.evidence,
        "most": one.max_log_likelihood,
        "observed": shuffled.observed,
        "p": shuffled.p_value,
        "error": shuffled.p_value_error,
    }


def iterate_variants(
    study: Study, folder: Path, observed: ObservedDiffusion, shuffles: int
) -> Iterator[dict[str, Any]]:
    """Yield a row for each way to read the ties, and for pushes that differ between groups of people."""
    for words, other in alternative_ties(study, folder, observed):
        yield contact_rows(other, words, shuffles)
    degrees = np.diff(observed.ties.indptr)
    yield contact_rows(
        observed, "the push differs by thirds of the number of ties too", shuffles, assign_thirds(degrees)
    )
    yield contact_rows(observed, "the push differs by community too", shuffles, observed.community)
