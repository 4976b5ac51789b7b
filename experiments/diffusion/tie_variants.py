"""The strength of contact by reading of the ties, and with an external push that differs between groups."""

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
    observed: ObservedDiffusion, label: str, shuffles: int, groups: IntArray | None = None
) -> dict[str, Any]:
    """Return the strength of contact and its evidence, with a push free in each period and, if given, each group.

    With groups, times of adoption are also shuffled within them.
    """
    pushes = assign_pushes(observed, FREE)
    if groups is not None:
        pushes = pushes * (int(groups.max()) + 1) + groups[:, None]
        observed = replace(observed, permutation_groups=observed.permutation_groups * (int(groups.max()) + 1) + groups)
    contact = fit_model(observed, FREE, count_risk_sets(observed, FREE, pushes=pushes))
    alone = fit_model(observed, ALONE, count_risk_sets(observed, ALONE, pushes=pushes))
    low, median, high = contact.strength_quantiles().tolist()
    shuffled = permutation_test(observed, shuffles)
    return {
        "name": label,
        "value": median,
        "low": low,
        "high": high,
        "evidence": contact.evidence - alone.evidence,
        "most": contact.max_log_likelihood,
        "observed": shuffled.observed,
        "p": shuffled.p_value,
        "error": shuffled.p_value_error,
    }


def iterate_variants(
    study: Study, folder: Path, observed: ObservedDiffusion, shuffles: int
) -> Iterator[dict[str, Any]]:
    """Yield a row for each reading of the ties, and for pushes that differ between groups of people."""
    for label, other in alternative_ties(study, folder, observed):
        yield contact_rows(other, label, shuffles)
    degrees = np.diff(observed.ties.indptr)
    yield contact_rows(
        observed, "the push also differs by thirds of the number of ties", shuffles, assign_thirds(degrees)
    )
    yield contact_rows(observed, "the push also differs by community", shuffles, observed.community)
