"""Whether a calibration can be trusted: synthetic truths recovered, and what was observed within the cloud of runs."""

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
"""Synthetic truths unless told otherwise."""
TRUTH_SEED = 0x7472757468
NORMAL_QUANTILE_975 = 1.959963984540054
MIN_COVERED_SHARE = 0.01
"""Share of the runs at least as lonely as what was observed, below which that lies outside the cloud."""


@dataclass(frozen=True, eq=False)
class SelfCheck:
    """How well truths that are known are found again.

    Attributes
    ----------
    error : array of (parameters,) float64
        Root mean square of posterior mean less truth, in standard deviations of the prior: 1 is nothing learnt.
    coverage : array of (levels, parameters) float64
        Share of the truths within the interval of each of `INTERVAL_LEVELS`.
    truths : int
    """

    error: FloatArray
    coverage: FloatArray
    truths: int

    def interval(self, share: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the 95 % interval of shares of so many truths (wilson1927)."""
        middle = (share + NORMAL_QUANTILE_975**2 / (2.0 * self.truths)) / (1.0 + NORMAL_QUANTILE_975**2 / self.truths)
        half = NORMAL_QUANTILE_975 * np.sqrt(
            share * (1.0 - share) / self.truths + (NORMAL_QUANTILE_975 / (2.0 * self.truths)) ** 2
        )
        half = half / (1.0 + NORMAL_QUANTILE_975**2 / self.truths)
        return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


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
    """Return how well the parameters of some of the runs are found again from what these show, with errors.

    Each truth is a run drawn by chance, which is left out, with all others of its world, while its posterior is found:
    what was observed comes from none of the worlds that are run. The same share is kept of what is left.

    Parameters
    ----------
    replicates : array of (runs,) int64, optional
        In which world each run is; each in its own unless given.

    Others as for `posterior`.

    Raises
    ------
    InputError
        Where too few runs are left to tell anything, as where all are in one world.
    """
    used = np.flatnonzero(~(np.isnan(parameters).any(axis=1) | np.isnan(summaries).any(axis=1)))
    kept, (count, targets) = round(accept * used.size), (used.size, summaries.shape[1])
    check_enough_runs(count, kept, targets)
    of_world = used if replicates is None else replicates[used]
    noisy = add_measurement_error(summaries, scales, seed)[used]
    chosen = np.random.default_rng((seed, TRUTH_SEED)).permutation(count)[:truths]
    apart, within = [], []
    for row in chosen:
        others = np.flatnonzero(of_world != of_world[row])
        rest, taken = used[others], round(accept * others.size)
        check_enough_runs(rest.size, taken, targets)
        runs = CompleteRuns(parameters[rest], noisy[others], bounds, rest)
        found, truth = accept_and_adjust(runs, noisy[row], taken, rest.size), parameters[used[row]]
        apart.append((found.mean - truth) / parameters[used].std(axis=0))
        ends = [found.interval(level) for level in INTERVAL_LEVELS]
        within.append([(one[:, 0] <= truth) & (truth <= one[:, 1]) for one in ends])
    return SelfCheck(np.sqrt(np.mean(np.square(apart), axis=0)), np.mean(within, axis=0), len(chosen))


@dataclass(frozen=True, eq=False)
class PriorPredictiveCheck:
    """Whether what was observed lies where runs do.

    Attributes
    ----------
    neighbour_shares : array of (summaries,) float64
        Share of the runs, with errors, that lie below what was observed.
    isolation : float
        Share of the runs that have as little company or less: those nearest to them are as far away.
    """

    neighbour_shares: FloatArray
    isolation: float

    @property
    def is_covered(self) -> bool:
        """Whether it lies within the cloud of the runs."""
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
    """Return whether what was observed lies within the cloud of runs with errors (prior predictive check).

    Equation: the mean distance to the `neighbours` nearest runs, in spreads, of what was observed against that of some
    of the runs themselves: the share of those for which it is at least as large, plus one of each for itself.
    """
    from scipy.spatial import cKDTree

    noisy = add_measurement_error(summaries[~np.isnan(summaries).any(axis=1)], scales, seed)
    spread = column_spreads(noisy)
    places = scale_columns(noisy, spread)
    tree = cKDTree(places)
    chosen = np.random.default_rng((seed, TRUTH_SEED)).permutation(len(noisy))[:probes]
    nearest = min(neighbours, len(noisy) - 1)
    alone = row_mean(tree.query(places[chosen], nearest + 1)[0][:, 1:])
    own = row_mean(tree.query(scale_columns(observed[None], spread), nearest)[0].reshape(1, -1))[0]
    lonely = (int((alone >= own).sum()) + 1) / (alone.size + 1)
    below = (noisy < observed).mean(axis=0) + 0.5 * (noisy == observed).mean(axis=0)
    return PriorPredictiveCheck(below, float(lonely))


def row_mean(distances: NDArray[np.float64]) -> FloatArray:
    """Return the mean distance of each row."""
    return np.asarray(distances.mean(axis=1))
