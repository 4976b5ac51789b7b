"""The method on histories with a known contact: simulated with the kernel, on the studies' own people and ties."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.diffusion.studies import Study
from experiments.diffusion.tie_variants import ALONE, FREE
from qispread.model.engines.thread_map import map_in_threads
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
FIRST_REPLICATE = 10_000
"""First replicate of the self-check, so that its runs are not those of the fits."""


@dataclass(frozen=True)
class HistoryVerdict:
    """The verdict of the method on one history."""

    across: bool
    evidence: bool
    held_out: bool
    covers: bool
    right: bool
    needed: bool
    not_needed: bool
    too_little: bool


def judge_history(observed: ObservedDiffusion, truth: float) -> HistoryVerdict:
    """Return the verdict on a history that was simulated with a contact."""
    contact, alone = fit_model(observed, FREE), fit_model(observed, ALONE)
    mean, half = mean_and_half_width(contact.scores - alone.scores)
    low, _, high = contact.strength_quantiles()
    better = float(np.sum(contact.scores - alone.scores)) > 0.0
    p, evidence, held_out = (
        permutation_test(observed, SHUFFLES).p_value,
        contact.evidence > alone.evidence,
        mean - half > 0.0,
    )
    signs = (p < SIGNIFICANCE_LEVEL, evidence, held_out)  # as in `DiffusionFit.signs`: below the level, not at it
    verdict = judge_contagion(signs, max_share_by_ties(observed, contact))
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
    """Return the verdicts on histories simulated with a contact, with the median pushes of the observed history."""
    simulator, model = create_simulator(observed), FREE if truth > 0.0 else ALONE
    posterior = fit_model(observed, model)
    pushes = np.array([posterior.push_quantiles(index)[1] for index in range(posterior.pushes.shape[1])])

    def judge_part(part: range) -> list[tuple[int, HistoryVerdict]]:
        return [
            (replicate, judge_history(simulate_history(simulator, truth, pushes, replicate), truth))
            for replicate in part
        ]

    return [verdict for _, verdict in sorted(map_in_threads(judge_part, range(count)), key=lambda pair: pair[0])]


def simulate_history(
    simulator: DiffusionSimulator, truth: float, pushes: NDArray[np.float64], replicate: int
) -> ObservedDiffusion:
    """Return a history that was simulated with a contact."""
    adopted = simulator.simulate_adoption(FREE if truth > 0.0 else ALONE, truth, pushes, FIRST_REPLICATE + replicate)
    return simulator.observed.with_adopted(adopted)


def run_self_check(study: Study, observed: ObservedDiffusion, cut: int = 1) -> Iterator[dict[str, Any]]:
    """Yield the shares of verdicts on histories without and with contact."""
    count = max(4, study.histories // cut)
    for truth in (0.0, study.truth):
        verdicts = judge_histories(observed, truth, count)
        for quantity in ("across", "evidence", "held_out", "covers", "right", "needed", "not_needed", "too_little"):
            if quantity == "covers" and truth == 0.0:
                continue
            share = float(np.mean([getattr(verdict, quantity) for verdict in verdicts]))
            error = float(np.sqrt(share * (1.0 - share) / count))
            yield {"name": f"contact {truth:g}", "quantity": quantity, "value": share, "error": error, "count": count}


def abc_summaries(observed: ObservedDiffusion) -> NDArray[np.float64]:
    """Return the summaries of approximate Bayesian computation: quarters of the curve, and two statistics of ties."""
    curve = adoption_curve(observed.adopted, observed.periods)
    quarters = np.linspace(1, observed.periods - 1, 5).astype(int)[1:]
    return np.array([*curve[quarters], observed_correlation(observed), mean_exposure_at_adoption(observed)])


def approximate_posteriors(observed: ObservedDiffusion, runs: int = RUNS) -> Iterator[dict[str, Any]]:
    """Yield push and contact by the exact posterior and by approximate Bayesian computation with regression.

    The push is drawn from the prior of the exact posterior, Beta(1/2, 1/2), up to its widest; the contact uniformly.
    """
    simulator, rng = create_simulator(observed), np.random.default_rng(1)
    pushes = np.sin(rng.random(runs) * np.arcsin(np.sqrt(WIDEST[0]))) ** 2
    drawn = np.column_stack((pushes, rng.random(runs) * WIDEST[1]))

    def summarise_part(part: range) -> list[tuple[int, NDArray[np.float64]]]:
        histories = (
            (run, simulator.simulate_adoption(CONTACT, drawn[run, 1], drawn[run, :1], FIRST_REPLICATE + run))
            for run in part
        )
        return [(run, abc_summaries(observed.with_adopted(adopted))) for run, adopted in histories]

    summarised = sorted(map_in_threads(summarise_part, range(runs)), key=lambda pair: pair[0])
    summaries = np.array([values for _, values in summarised])
    bounds = np.array([(0.0, WIDEST[0]), (0.0, WIDEST[1])])
    target = abc_summaries(observed)
    approximate = estimate_posterior(
        drawn, summaries, target, bounds=bounds, scales=np.zeros(target.size), accept=ACCEPT
    )
    points, exact = approximate.quantiles(np.array([0.025, 0.5, 0.975])).T, fit_model(observed, CONTACT)
    for quantity, exact_quantiles, approximate_quantiles in (
        ("push", exact.push_quantiles(0), points[0]),
        ("contact", exact.strength_quantiles(), points[1]),
    ):
        for name, quantiles in (("exact", exact_quantiles), ("approximate", approximate_quantiles)):
            low, median, high = quantiles.tolist()
            yield {"name": name, "quantity": quantity, "value": median, "low": low, "high": high, "count": runs}
