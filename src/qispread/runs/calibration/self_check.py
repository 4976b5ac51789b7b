"""Checks of a calibration: recovery of synthetic truths, and observed values within the range of runs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qispread.runs.calibration.abc_posterior import (
    DEFAULT_ACCEPT,
    INTERVAL_LEVELS,
    CompleteRuns,
    FloatArray,
    IntArray,
    accept_and_adjust,
    add_measurement_error,
    check_enough_runs,
    column_spreads,
    scale_columns,
)

DEFAULT_TRUTHS = 200
"""Default number of synthetic truths."""
TRUTH_SEED = 0x7472757468
NORMAL_QUANTILE_975 = 1.959963984540054
MIN_COVERED_SHARE = 0.01
"""Share of runs at least as isolated as the observed values, below which these are outside the range of runs."""


@dataclass(frozen=True, eq=False)
class SelfCheck:
    """How well synthetic truths are recovered.

    Attributes
    ----------
    error : array of (parameters,) float64
        Root mean square of posterior mean less truth, in standard deviations of the prior: 1 is no information.
    coverage : array of (levels, parameters) float64
        Share of the truths within the interval of each of `INTERVAL_LEVELS`.
    truths : int
    """

    error: FloatArray
    coverage: FloatArray
    truths: int

    def interval(self, share: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the 95% interval of shares of the truths (wilson1927)."""
        middle = (share + NORMAL_QUANTILE_975**2 / (2.0 * self.truths)) / (1.0 + NORMAL_QUANTILE_975**2 / self.truths)
        half_width = NORMAL_QUANTILE_975 * np.sqrt(
            share * (1.0 - share) / self.truths + (NORMAL_QUANTILE_975 / (2.0 * self.truths)) ** 2
        )
        half_width = half_width / (1.0 + NORMAL_QUANTILE_975**2 / self.truths)
        return np.maximum(middle - half_width, 0.0), np.minimum(middle + half_width, 1.0)


def self_check(
    parameters: FloatArray,
    summaries: FloatArray,
    *,
    bounds: FloatArray,
    scales: FloatArray,
    accept: float = DEFAULT_ACCEPT,
    truths: int = DEFAULT_TRUTHS,
    replicates: IntArray | None = None,
    seed: int = 0,
) -> SelfCheck:
    """Return how well the parameters of some runs are recovered from their summaries with errors.

    Each truth is a random run; its posterior excludes all runs of its replicate, because real observations come from
    none of the replicates. The same share of the remaining runs is accepted.

    Parameters
    ----------
    replicates : array of (runs,) int64, optional
        Replicate of each run; by default, all differ.

    Others as for `estimate_posterior`.

    Raises
    ------
    InputError
        If too few runs remain, for example with only one replicate.
    """
    used = np.flatnonzero(~(np.isnan(parameters).any(axis=1) | np.isnan(summaries).any(axis=1)))
    accepted_count, (count, targets) = round(accept * used.size), (used.size, summaries.shape[1])
    check_enough_runs(count, accepted_count, targets)
    run_replicates = used if replicates is None else replicates[used]
    noisy = add_measurement_error(summaries, scales, seed)[used]
    truth_rows = np.random.default_rng((seed, TRUTH_SEED)).permutation(count)[:truths]
    errors, covered = [], []
    for row in truth_rows:
        other_rows = np.flatnonzero(run_replicates != run_replicates[row])
        remaining, accepted = used[other_rows], round(accept * other_rows.size)
        check_enough_runs(remaining.size, accepted, targets)
        runs = CompleteRuns(parameters[remaining], noisy[other_rows], bounds, remaining)
        posterior, truth = accept_and_adjust(runs, noisy[row], accepted, remaining.size), parameters[used[row]]
        errors.append((posterior.mean - truth) / parameters[used].std(axis=0))
        intervals = [posterior.interval(level) for level in INTERVAL_LEVELS]
        covered.append([(interval[:, 0] <= truth) & (truth <= interval[:, 1]) for interval in intervals])
    return SelfCheck(np.sqrt(np.mean(np.square(errors), axis=0)), np.mean(covered, axis=0), len(truth_rows))


@dataclass(frozen=True, eq=False)
class PriorPredictiveCheck:
    """Whether the observed values are within the range of the runs.

    Attributes
    ----------
    neighbour_shares : array of (summaries,) float64
        Share of the runs, with errors, below the observed value.
    isolation : float
        Share of the runs that are at least as far from their neighbours.
    """

    neighbour_shares: FloatArray
    isolation: float

    @property
    def is_covered(self) -> bool:
        """Whether the observed values are within the range of the runs."""
        return self.isolation >= MIN_COVERED_SHARE


def prior_predictive_check(
    summaries: FloatArray,
    observed: FloatArray,
    *,
    scales: FloatArray,
    probes: int = 500,
    neighbours: int = 20,
    seed: int = 0,
) -> PriorPredictiveCheck:
    """Return whether the observed values are within the range of runs with errors (prior predictive check).

    Equation: the mean distance to the `neighbours` nearest runs, in spreads, for the observed values and for some runs;
    the share of these runs whose distance is at least as large, with one added to both counts.
    """
    from scipy.spatial import cKDTree

    noisy = add_measurement_error(summaries[~np.isnan(summaries).any(axis=1)], scales, seed)
    spread = column_spreads(noisy)
    scaled = scale_columns(noisy, spread)
    tree = cKDTree(scaled)
    probe_rows = np.random.default_rng((seed, TRUTH_SEED)).permutation(len(noisy))[:probes]
    neighbour_count = min(neighbours, len(noisy) - 1)
    probe_distances = row_mean(tree.query(scaled[probe_rows], neighbour_count + 1)[0][:, 1:])
    observed_distance = row_mean(tree.query(scale_columns(observed[None], spread), neighbour_count)[0].reshape(1, -1))[
        0
    ]
    isolation = (int((probe_distances >= observed_distance).sum()) + 1) / (probe_distances.size + 1)
    shares_below = (noisy < observed).mean(axis=0) + 0.5 * (noisy == observed).mean(axis=0)
    return PriorPredictiveCheck(shares_below, float(isolation))


def row_mean(distances: NDArray[np.float64]) -> FloatArray:
    """Return the mean distance of each row."""
    return np.asarray(distances.mean(axis=1))
