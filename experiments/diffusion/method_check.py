"""The method on histories whose truth is known: made on the kernel, on the studies' own people and ties."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.diffusion.studies import Study
from experiments.diffusion.tie_variants import ALONE, FREE
from qispread.model.engines.simulation import map_in_threads
from qispread.runs.calibration.abc_posterior import estimate_posterior
from qispread.runs.comparison.paired_statistics import mean_and_half_width
from qispread.runs.diffusion_fit.contagion_models import CONTACT
from qispread.runs.diffusion_fit.contagion_posterior import fit_model
from qispread.runs.diffusion_fit.fit_diffusion import (
    NEEDED,
    NOT_NEEDED,
    SIGNIFICANCE_LEVEL,
    TOO_LITTLE,
    judge_contagion,
    max_share_by_ties,
)
from qispread.runs.diffusion_fit.fit_tables import adoption_curve, mean_exposure_at_adoption, observed_correlation
from qispread.runs.diffusion_fit.observed_diffusion import ObservedDiffusion
from qispread.runs.diffusion_fit.simulate_diffusion import DiffusionSimulator, create_simulator
from qispread.runs.diffusion_fit.tie_correlation import permutation_test

SHUFFLES = 199
WIDEST = (0.4, 0.15)
"""Of push and contact: the ranges from which the runs of the approximate computation are drawn."""
RUNS, ACCEPT = 10_000, 0.03
FIRST_WORLD = 10_000
"""So that the worlds of the self-check are not those of the fits."""


@dataclass(frozen=True)
class HistoryVerdict:
    """What the method says of one history."""

    across: bool
    evidence: bool
    held_out: bool
    covers: bool
    right: bool
    needed: bool
    not_needed: bool
    too_little: bool


def judge_history(observed: ObservedDiffusion, truth: float) -> HistoryVerdict:
    """Return what the method says of a history that was made with a contact."""
    one, none = fit_model(observed, FREE), fit_model(observed, ALONE)
    middle, half = mean_and_half_width(one.scores - none.scores)
    low, _, high = one.strength_quantiles()
    better = float(np.sum(one.scores - none.scores)) > 0.0
    p, evidence, held_out = (
        permutation_test(observed, SHUFFLES).p_value,
        one.evidence > none.evidence,
        middle - half > 0.0,
    )
    signs = (p < SIGNIFICANCE_LEVEL, evidence, held_out)  # as `DiffusionFit.signs` has them, below and not at the level
    verdict = judge_contagion(signs, max_share_by_ties(observed, one))
    return HistoryVerdict(
        across=p <= SIGNIFICANCE_LEVEL,
        evidence=evidence,
        held_out=held_out,
        covers=bool(low <= truth <= high),
        right=better == (truth > 0.0),
        needed=verdict == NEEDED,
        not_needed=verdict == NOT_NEEDED,
        too_little=verdict == TOO_LITTLE,
    )


def judge_histories(observed: ObservedDiffusion, truth: float, count: int) -> list[HistoryVerdict]:
    """Return what the method says of histories made with a contact, their pushes the medians of what was observed."""
    theatre, model = create_simulator(observed), FREE if truth > 0.0 else ALONE
    found = fit_model(observed, model)
    pushes = np.array([found.push_quantiles(place)[1] for place in range(found.pushes.shape[1])])

    def some(part: range) -> list[tuple[int, HistoryVerdict]]:
        return [(world, judge_history(simulate_history(theatre, truth, pushes, world), truth)) for world in part]

    return [one for _, one in sorted(map_in_threads(some, range(count)), key=lambda pair: pair[0])]


def simulate_history(
    theatre: DiffusionSimulator, truth: float, pushes: NDArray[np.float64], world: int
) -> ObservedDiffusion:
    """Return a history that was made with a contact."""
    made = theatre.simulate_adoption(FREE if truth > 0.0 else ALONE, truth, pushes, FIRST_WORLD + world)
    return theatre.observed.with_adopted(made)


def run_self_check(study: Study, observed: ObservedDiffusion, cut: int = 1) -> Iterator[dict[str, Any]]:
    """Yield what shares of histories without and with contact the method judges how."""
    count = max(4, study.histories // cut)
    for truth in (0.0, study.truth):
        found = judge_histories(observed, truth, count)
        for quantity in ("across", "evidence", "held_out", "covers", "right", "needed", "not_needed", "too_little"):
            if quantity == "covers" and truth == 0.0:
                continue
            share = float(np.mean([getattr(one, quantity) for one in found]))
            error = float(np.sqrt(share * (1.0 - share) / count))
            yield {"name": f"contact {truth:g}", "quantity": quantity, "value": share, "error": error, "count": count}


def abc_summaries(observed: ObservedDiffusion) -> NDArray[np.float64]:
    """Return what the approximate computation compares: a curve at its quarters, and how it stands across ties."""
    curve = adoption_curve(observed.adopted, observed.periods)
    quarters = np.linspace(1, observed.periods - 1, 5).astype(int)[1:]
    return np.array([*curve[quarters], observed_correlation(observed), mean_exposure_at_adoption(observed)])


def approximate_posteriors(observed: ObservedDiffusion, runs: int = RUNS) -> Iterator[dict[str, Any]]:
    """Yield push and contact by the exact posterior and by approximate Bayesian computation with regression.

    The push is drawn as the exact posterior has it before, Beta(1/2, 1/2), from 0 to its widest; the contact evenly.
    """
    theatre, rng = create_simulator(observed), np.random.default_rng(1)
    pushes = np.sin(rng.random(runs) * np.arcsin(np.sqrt(WIDEST[0]))) ** 2
    drawn = np.column_stack((pushes, rng.random(runs) * WIDEST[1]))

    def some(part: range) -> list[tuple[int, NDArray[np.float64]]]:
        made = (
            (run, theatre.simulate_adoption(CONTACT, drawn[run, 1], drawn[run, :1], FIRST_WORLD + run)) for run in part
        )
        return [(run, abc_summaries(observed.with_adopted(adopted))) for run, adopted in made]

    shown = np.array([one for _, one in sorted(map_in_threads(some, range(runs)), key=lambda pair: pair[0])])
    bounds = np.array([(0.0, WIDEST[0]), (0.0, WIDEST[1])])
    seen = abc_summaries(observed)
    near = estimate_posterior(drawn, shown, seen, bounds=bounds, scales=np.zeros(seen.size), accept=ACCEPT)
    points, exact = near.quantiles(np.array([0.025, 0.5, 0.975])).T, fit_model(observed, CONTACT)
    for quantity, one, other in (
        ("push", exact.push_quantiles(0), points[0]),
        ("contact", exact.strength_quantiles(), points[1]),
    ):
        for name, (low, middle, high) in (("exact", one.tolist()), ("approximate", other.tolist())):
            yield {"name": name, "quantity": quantity, "value": middle, "low": low, "high": high, "count": runs}
