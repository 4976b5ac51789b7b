"""Whether a calibration can be trusted: synthetic truths recovered, and what was observed within the cloud of runs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qispread.analysis.calibration import (
    ACCEPT,
    LEVELS,
    Numbers,
    Runs,
    Whole,
    conditioned,
    refuse_few,
    scaled_by,
    spreads,
    with_errors,
)

TRUTHS = 200
"""Synthetic truths unless told otherwise."""
TRUTH_DRAWS = 0x7472757468
Z = 1.959963984540054
OUTSIDE = 0.01
"""Share of the runs at least as lonely as what was observed, below which that lies outside the cloud."""


@dataclass(frozen=True, eq=False)
class SelfCheck:
    """How well truths that are known are found again.

    Attributes
    ----------
    error : array of (parameters,) float64
        Root mean square of posterior mean less truth, in standard deviations of the prior: 1 is nothing learnt.
    covered : array of (levels, parameters) float64
        Share of the truths within the interval of each of `LEVELS`.
    truths : int
    """

    error: Numbers
    covered: Numbers
    truths: int

    def interval(self, share: Numbers) -> tuple[Numbers, Numbers]:
        """Return the 95 % interval of shares of so many truths (wilson1927)."""
        middle = (share + Z**2 / (2.0 * self.truths)) / (1.0 + Z**2 / self.truths)
        half = Z * np.sqrt(share * (1.0 - share) / self.truths + (Z / (2.0 * self.truths)) ** 2)
        half = half / (1.0 + Z**2 / self.truths)
        return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def self_check(
    parameters: Numbers,
    summaries: Numbers,
    *,
    bounds: Numbers,
    scales: Numbers,
    accept: float = ACCEPT,
    truths: int = TRUTHS,
    worlds: Whole | None = None,
    seed: int = 0,
) -> SelfCheck:
    """Return how well the parameters of some of the runs are found again from what these show, with errors.

    Each truth is a run drawn by chance, which is left out, with all others of its world, while its posterior is found:
    what was observed comes from none of the worlds that are run. The same share is kept of what is left.

    Parameters
    ----------
    worlds : array of (runs,) int64, optional
        In which world each run is; each in its own unless given.

    Others as for `posterior`.

    Raises
    ------
    InputError
        Where too few runs are left to tell anything, as where all are in one world.
    """
    used = np.flatnonzero(~(np.isnan(parameters).any(axis=1) | np.isnan(summaries).any(axis=1)))
    kept, (count, targets) = round(accept * used.size), (used.size, summaries.shape[1])
    refuse_few(count, kept, targets)
    of_world = used if worlds is None else worlds[used]
    noisy = with_errors(summaries, scales, seed)[used]
    chosen = np.random.default_rng((seed, TRUTH_DRAWS)).permutation(count)[:truths]
    apart, within = [], []
    for row in chosen:
        others = np.flatnonzero(of_world != of_world[row])
        rest, taken = used[others], round(accept * others.size)
        refuse_few(rest.size, taken, targets)
        runs = Runs(parameters[rest], noisy[others], bounds, rest)
        found, truth = conditioned(runs, noisy[row], taken, rest.size), parameters[used[row]]
        apart.append((found.mean - truth) / parameters[used].std(axis=0))
        ends = [found.interval(level) for level in LEVELS]
        within.append([(one[:, 0] <= truth) & (truth <= one[:, 1]) for one in ends])
    return SelfCheck(np.sqrt(np.mean(np.square(apart), axis=0)), np.mean(within, axis=0), len(chosen))


@dataclass(frozen=True, eq=False)
class Reach:
    """Whether what was observed lies where runs do.

    Attributes
    ----------
    shares : array of (summaries,) float64
        Share of the runs, with errors, that lie below what was observed.
    lonely : float
        Share of the runs that have as little company or less: those nearest to them are as far away.
    """

    shares: Numbers
    lonely: float

    @property
    def inside(self) -> bool:
        """Whether it lies within the cloud of the runs."""
        return self.lonely >= OUTSIDE


def reach(
    summaries: Numbers, observed: Numbers, *, scales: Numbers, probes: int = 500, company: int = 20, seed: int = 0
) -> Reach:
    """Return whether what was observed lies within the cloud of runs with errors (prior predictive check).

    Equation: the mean distance to the `company` nearest runs, in spreads, of what was observed against that of some
    of the runs themselves: the share of those for which it is at least as large, plus one of each for itself.
    """
    from scipy.spatial import cKDTree

    noisy = with_errors(summaries[~np.isnan(summaries).any(axis=1)], scales, seed)
    spread = spreads(noisy)
    places = scaled_by(noisy, spread)
    tree = cKDTree(places)
    chosen = np.random.default_rng((seed, TRUTH_DRAWS)).permutation(len(noisy))[:probes]
    nearest = min(company, len(noisy) - 1)
    alone = mean_distance(tree.query(places[chosen], nearest + 1)[0][:, 1:])
    own = mean_distance(tree.query(scaled_by(observed[None], spread), nearest)[0].reshape(1, -1))[0]
    lonely = (int((alone >= own).sum()) + 1) / (alone.size + 1)
    below = (noisy < observed).mean(axis=0) + 0.5 * (noisy == observed).mean(axis=0)
    return Reach(below, float(lonely))


def mean_distance(distances: NDArray[np.float64]) -> Numbers:
    """Return the mean distance of each row."""
    return np.asarray(distances.mean(axis=1))
