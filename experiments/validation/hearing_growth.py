"""Spread by hearing alone: susceptible-infected and Bass, on a complete graph and on a ring."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import qispread as qs
from experiments.validation.exact_growth import (
    Array,
    bass_chain,
    bass_curve,
    bass_ring_curve,
    complete_chain,
    logistic_growth,
    ring_bass,
    ring_chain,
    step_probability,
)
from experiments.validation.known_limit import (
    KnownLimit,
    LimitFinding,
    deviation_finding,
    frequency_finding,
    mean_finding,
)
from experiments.validation.scenarios import first_adoption_months, measure_by_month, single_mechanism_scenario

LEVELS = (0.1, 0.5, 0.9)
"""Shares of users at which a curve is compared: at its start, its middle and its end."""
COMPLETE, RING = {"kind": "complete"}, {"kind": "ring", "degree": 2}
INNOVATION, IMITATION, YEARS = 0.03, 0.4, 15
"""Rates a year of the usual order for Bass."""
STEP = 1.0 / 12.0
"""Years in a month: the step at which the continuous curves are compared."""


@dataclass(frozen=True)
class HearingGrowth:
    """Spread by hearing: the number of organisations besides the pilot site, and the monthly probabilities."""

    followers: int
    broadcast: float
    contact: float
    months: int


SI_COMPLETE = HearingGrowth(49, 0.0, 0.004, 60)
BASS_COMPLETE = HearingGrowth(59, 0.005, 0.003, 60)
SI_RING = HearingGrowth(24, 0.0, 0.3, 60)
BASS_RING = HearingGrowth(59, 0.01, 0.2, 60)


def simulate_growth(growth: HearingGrowth, network: dict[str, object], replicates: int, seed: int) -> qs.Runs:
    """Return the runs of a growth on a network."""
    changes = {"hearing.broadcast": growth.broadcast, "hearing.contact": growth.contact}
    return qs.simulate(
        single_mechanism_scenario(growth.months, network, growth.followers + 1, changes, seed=seed), replicates
    )


def nearest_months(curve: Array) -> list[int]:
    """Return the months in which a curve is nearest to each of `LEVELS`."""
    return [int(np.argmin(np.abs(curve - level))) for level in LEVELS]


def mean_along_curve(curve: Array, shares: NDArray[np.float64]) -> Iterator[LimitFinding]:
    """Yield the mean share of users in the months in which a curve is near each level."""
    for month in nearest_months(curve):
        yield mean_finding(f"share of users in month {month}", shares[:, month], float(curve[month]))


def complete_graph_findings(growth: HearingGrowth, replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield mean and standard deviation of current use, and the frequency with which all use it by some month."""
    shares = measure_by_month(simulate_growth(growth, COMPLETE, replicates, seed), "current_use")
    chances, counts = (
        complete_chain(growth.followers, growth.broadcast, growth.contact, growth.months),
        np.arange(growth.followers + 1),
    )
    mean = chances @ counts / growth.followers
    yield from mean_along_curve(mean, shares)
    middle = nearest_months(mean)[1]
    deviation = float(np.sqrt(chances[middle] @ (counts / growth.followers - mean[middle]) ** 2))
    yield deviation_finding(f"its standard deviation over replicates in month {middle}", shares[:, middle], deviation)
    late = int(np.argmin(np.abs(chances[:, -1] - 0.5)))
    yield frequency_finding(
        f"runs in which all use it by month {late}", shares[:, late] == 1.0, float(chances[late, -1])
    )


def ring_findings(growth: HearingGrowth, replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield the mean share of users."""
    shares = measure_by_month(simulate_growth(growth, RING, replicates, seed), "current_use")
    yield from mean_along_curve(ring_chain(growth.followers, growth.broadcast, growth.contact, growth.months), shares)


def small_step_growth(number: int, neighbours: int) -> HearingGrowth:
    """Return the growth of `number` at the rates of Bass in steps of a month, from `neighbours` of each."""
    contact = step_probability(STEP, IMITATION / neighbours)
    return HearingGrowth(number - 1, step_probability(STEP, INNOVATION), contact, round(YEARS / STEP))


def bass_curve_findings(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield the mean share of users among many on a complete graph."""
    growth = small_step_growth(400, 400)
    curve = bass_curve(INNOVATION, IMITATION, STEP * np.arange(growth.months + 1))
    yield from mean_along_curve(
        curve, measure_by_month(simulate_growth(growth, COMPLETE, replicates, seed), "current_use")
    )


def bass_ring_findings(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield the mean share of users on a long ring, of those too far from the pilot site to have heard of it."""
    growth = small_step_growth(1000, 2)
    began = first_adoption_months(simulate_growth(growth, RING, replicates, seed))[
        :, growth.months + 1 : 1000 - growth.months
    ]
    curve = bass_ring_curve(INNOVATION, IMITATION, STEP * np.arange(growth.months + 1))
    shares = np.array([np.mean((began > 0) & (began <= month), axis=1) for month in range(growth.months + 1)]).T
    yield from mean_along_curve(curve, shares)


def step_size_table() -> list[dict[str, float | str]]:
    """Return the distance of the exact means from the continuous curves, by step and number of organisations."""
    sizes = [(400, steps) for steps in (1, 2, 4, 12, 48)] + [(number, 48) for number in (50, 100, 200)]
    return [
        *(_step_row("Bass, infinite ring", math.inf, steps, _ring_rows(steps)) for steps in (1, 2, 4, 12, 48)),
        *(_step_row("Bass, complete", number, steps, _bass_rows(number, steps)) for number, steps in sizes),
        *(_step_row("by contact, complete", number, 48, _mean_field_rows(number, 48)) for number in (50, 400)),
    ]


def _step_row(kind: str, number: float, steps: int, apart: Array) -> dict[str, float | str]:
    return {"growth": kind, "organisations": number, "steps a year": steps, "distance": float(np.abs(apart).max())}


def _ring_rows(steps: int) -> Array:
    step, count = 1.0 / steps, YEARS * steps
    exact = ring_bass(step_probability(step, INNOVATION), step_probability(step, IMITATION / 2.0), count)
    return exact - bass_ring_curve(INNOVATION, IMITATION, step * np.arange(count + 1))


def _bass_rows(number: int, steps: int) -> Array:
    step, count = 1.0 / steps, YEARS * steps
    exact = bass_chain(
        number - 1, step_probability(step, INNOVATION), step_probability(step, IMITATION / number), count
    )[0]
    return exact - bass_curve(INNOVATION, IMITATION, step * np.arange(count + 1))


def _mean_field_rows(number: int, steps: int) -> Array:
    step, count = 1.0 / steps, 2 * YEARS * steps
    exact = bass_chain(number - 1, 0.0, step_probability(step, IMITATION / number), count)[0]
    grown = logistic_growth(1.0 / number, IMITATION, step * np.arange(count + 1))
    return exact - (number * grown - 1.0) / (number - 1)


LIMITS = (
    KnownLimit(
        "Susceptible-infected growth, complete graph",
        "fibich2010",
        "exact Markov chain of the number of users k: each non-user hears with probability 1 - (1 - c)^k a "
        f"month; 50 organisations, c = {SI_COMPLETE.contact:g}",
        0.02,
        10000,
        lambda replicates, seed: complete_graph_findings(SI_COMPLETE, replicates, seed),
    ),
    KnownLimit(
        "Bass, complete graph",
        "bass1969,fibich2010",
        "the same chain with news from outside: 1 - (1 - b)(1 - c)^k; 60 organisations, "
        f"b = {BASS_COMPLETE.broadcast:g}, c = {BASS_COMPLETE.contact:g}",
        0.02,
        10000,
        lambda replicates, seed: complete_graph_findings(BASS_COMPLETE, replicates, seed),
    ),
    KnownLimit(
        "Susceptible-infected growth, ring",
        "fibich2010",
        "exact recursion of the expected number of gaps of each length between users; 25 organisations, 2 neighbours, "
        f"c = {SI_RING.contact:g}",
        0.01,
        10000,
        lambda replicates, seed: ring_findings(SI_RING, replicates, seed),
    ),
    KnownLimit(
        "Bass, ring",
        "fibich2010",
        f"the same recursion with news from outside; 60 organisations, b = {BASS_RING.broadcast:g}, "
        f"c = {BASS_RING.contact:g}",
        0.01,
        10000,
        lambda replicates, seed: ring_findings(BASS_RING, replicates, seed),
    ),
    KnownLimit(
        "Curve of Bass, complete graph",
        "bass1969",
        "f = (1 - e^(-(p + q) t)) / (1 + (q / p) e^(-(p + q) t)), reached as the step goes to 0 and the number to "
        f"infinity; p = {INNOVATION:g}, q = {IMITATION:g} a year, in steps of a month, 400 organisations",
        0.02,
        150,
        bass_curve_findings,
    ),
    KnownLimit(
        "Curve of Bass, ring",
        "fibich2010",
        "f = 1 - exp(-(p + q) t + q (1 - e^(-p t)) / p), reached as the step goes to 0; the same rates, q / 2 from "
        "either neighbour, 1,000 organisations",
        0.02,
        300,
        bass_ring_findings,
    ),
)
