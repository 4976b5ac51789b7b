"""Threshold cascades from one seed on random graphs: frequency, size, and the window of mean degrees."""

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pandas as pd

import qispread as qs
from experiments.validation.exact_cascades import Array, cascade_size, cascade_window, trigger_probability
from experiments.validation.known_limit import KnownLimit, LimitFinding, frequency_finding, mean_finding, standard_error
from experiments.validation.scenarios import measure_by_month, single_mechanism_scenario, threshold_changes
from qispread.model.rules.random_draws import hash_name

SHARE = 0.18
NUMBER, SMALL = 2000, 500
MONTHS = 120
SEED_NAME = "cascades"
SWEPT_SEED = hash_name(SEED_NAME) % 2**31
GLOBAL = 0.05
"""Share of organisations above which a cascade is called global."""
LOWER, UPPER = (0.9, 0.95, 1.0, 1.05, 1.1), (5.25, 5.5, 5.75, 6.0, 6.25)
"""Mean degrees around either edge of the window at which two sizes are compared."""
SWEEP = (0.5, 0.7, *LOWER, 1.2, 1.35, 1.5, 2.0, 3.0, 4.0, 4.5, 5.0, *UPPER, 6.5, 7.0, 7.5, 8.0)
INSIDE, OUTSIDE = (1.1, 1.5, 2.0, 3.0, 4.0, 5.0, 5.5), (0.5, 0.7, 7.5, 8.0)
SIZES = {500: 800, 2000: 400, 8000: 60}
"""Replicates beyond the upper edge, by the number of organisations."""
BEYOND = 6.0
AT_LOWER, AT_UPPER = 2.0 / 3.0, 1.0 / 3.0
"""Powers of the number by which the mean share falls at either edge: of a critical random graph, and of its seeds."""


def reached_shares(degree: float, number: int, replicates: int, seed: int) -> Array:
    """Return the share of the others that one random seed has reached at the end, by replicate."""
    network = {"kind": "random", "mean_degree": float(degree)}
    scenario = single_mechanism_scenario(
        MONTHS, network, number, threshold_changes(SHARE), {"origin": "random"}, seed=seed
    )
    return measure_by_month(qs.simulate(scenario, replicates), "ever_adopted")[:, -1]


@lru_cache(maxsize=1)
def sweep_degrees(replicates: int) -> dict[float, Array]:
    """Return the shares that one seed reaches at each mean degree of the sweep; several limits read the same runs."""
    return {float(degree): reached_shares(degree, NUMBER, replicates, SWEPT_SEED) for degree in SWEEP}


def cascade_frequencies(replicates: int, _: int) -> Iterator[LimitFinding]:
    """Yield the frequency with which one seed starts a global cascade."""
    sizes = sweep_degrees(replicates)
    for degree in INSIDE:
        expected = trigger_probability(degree, NUMBER, SHARE)
        yield frequency_finding(f"frequency at mean degree {degree:g}", sizes[degree] > GLOBAL, expected)
    for degree in OUTSIDE:
        yield frequency_finding(f"frequency at mean degree {degree:g}", sizes[degree] > GLOBAL, 0.0)


def cascade_sizes(replicates: int, _: int) -> Iterator[LimitFinding]:
    """Yield the mean share that global cascades reach."""
    for degree in INSIDE:
        sizes = sweep_degrees(replicates)[degree]
        large = sizes[sizes > GLOBAL]
        yield mean_finding(f"size at mean degree {degree:g}", large, cascade_size(degree, NUMBER, SHARE))


def frequency_beyond_edge(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield the frequency of global cascades beyond the upper edge, where an infinite graph has none, by size."""
    for number, full in SIZES.items():
        sizes = reached_shares(BEYOND, number, max(4, full * replicates // SIZES[NUMBER]), seed)
        yield frequency_finding(f"frequency at mean degree {BEYOND:g} of {number:,}", sizes > GLOBAL, 0.0)


def window_edges(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield the edges of the window, from the crossing of two sizes."""
    lower, upper = cascade_window(SHARE)
    for name, degrees, power, edge in (("lower", LOWER, AT_LOWER, lower), ("upper", UPPER, AT_UPPER, upper)):
        small = {degree: reached_shares(degree, SMALL, 4 * replicates, seed) for degree in degrees}
        large = {degree: sweep_degrees(replicates)[degree] for degree in degrees}
        at, error = curve_crossing(
            fit_scaled_parabola(small, SMALL, power),
            fit_scaled_parabola(large, NUMBER, power),
            float(np.median(degrees)),
        )
        yield LimitFinding(f"{name} edge, mean degree", edge, at, error)


def fit_scaled_parabola(shares_by_degree: dict[float, Array], number: int, power: float) -> tuple[Array, Array]:
    """Return the parabola of log(number^power * mean share reached) over the mean degree, and its covariance.

    The seed counts as reached. Points are weighted by their errors, which are no smaller than one organisation.
    """
    shares = [(1.0 + reached * (number - 1)) / number for reached in shares_by_degree.values()]
    means = np.array([np.mean(share) for share in shares])
    errors = np.maximum([standard_error(share) for share in shares], 1.0 / number) / means
    heights = np.log(means) + power * math.log(number)
    return np.polyfit(list(shares_by_degree), heights, 2, w=1.0 / errors, cov="unscaled")


def curve_crossing(first: tuple[Array, Array], second: tuple[Array, Array], near: float) -> tuple[float, float]:
    """Return the crossing of two curves of `fit_scaled_parabola` nearest to a point, and its standard error.

    At a critical point the mean share reached falls as a power of the number, so the scaled curves of all sizes meet.
    """
    apart, spread = second[0] - first[0], first[1] + second[1]
    roots = np.roots(apart).real
    at = float(roots[np.argmin(np.abs(roots - near))])
    direction = np.array([at**2, at, 1.0])
    return at, math.sqrt(direction @ spread @ direction) / abs(float(np.polyval(np.polyder(apart), at)))


def sweep_table(replicates: int) -> pd.DataFrame:
    """Return frequency and size of global cascades by mean degree, with standard errors and exact values."""
    rows = []
    for degree, sizes in sweep_degrees(replicates).items():
        large = sizes[sizes > GLOBAL]
        often = frequency_finding("", sizes > GLOBAL, trigger_probability(degree, NUMBER, SHARE))
        rows.append(
            {
                "mean_degree": degree,
                "frequency": often.ours,
                "frequency_error": often.standard_error,
                "frequency_exact": often.reference,
                "size": large.mean() if large.size else np.nan,
                "size_error": standard_error(large),
                "size_exact": cascade_size(degree, NUMBER, SHARE) if often.reference > 0.0 else np.nan,
                "replicates": sizes.size,
            }
        )
    return pd.DataFrame(rows)


LIMITS = (
    KnownLimit(
        "Cascade window, frequency",
        "watts2002",
        "the probability that one seed is beside the giant cluster of those that one tie persuades: 1 - sum_k p_k a^k, "
        "a = 1 - sum_{1 <= k <= 1 / 0.18} (k p_k / z)(1 - a^(k - 1)); 0 outside the window; 2,000 organisations, a "
        "cascade is called global above 5% of them",
        0.1,
        400,
        cascade_frequencies,
        seed_name=SEED_NAME,
    ),
    KnownLimit(
        "Cascade window, size",
        "gleeson2007",
        "q = sum_k (k p_k / z) P(Bin(k - 1, q) / k >= 0.18), size = sum_k p_k P(Bin(k, q) / k >= 0.18), q growing from "
        "a vanishing seed; the same runs",
        0.02,
        400,
        cascade_sizes,
        seed_name=SEED_NAME,
    ),
    KnownLimit(
        "Cascade window, beyond its upper edge",
        "watts2002,whitney2010",
        "none on an infinite graph; among few, some seeds still find enough easily persuaded neighbours; 800, 400 and "
        "60 replicates of 500, 2,000 and 8,000 organisations",
        0.1,
        400,
        frequency_beyond_edge,
    ),
    KnownLimit(
        "Cascade window, edges",
        "watts2002",
        "z P(X <= 3) = 1, X Poisson with mean z: 1.02 and 5.76; at an edge the mean share falls as number^(-2/3) and "
        "number^(-1/3), so that the scaled curves of 500 and of 2,000 organisations cross there; four times as "
        "many replicates of the smaller; those of the larger are shared with the frequency",
        0.25,
        400,
        window_edges,
    ),
)
