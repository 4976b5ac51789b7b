"""Events that depend on chance alone: leaders who leave, hearing from outside, observed events."""

import math
from collections.abc import Iterator

import numpy as np

import qispread as qs
from experiments.validation.known_limit import KnownLimit, LimitFinding, deviation_finding, mean_finding
from experiments.validation.scenarios import Changes, measure_by_month, single_mechanism_scenario
from qispread.model.world.state_arrays import LEADERSHIP

EXIT, BROADCAST = 0.23, 0.03


def leader_survival(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield the share of organisations that keep their leader, from what each new one drops."""
    changes = {"leaders.leader_exit": EXIT, "leaders.new_broom": 1.0}
    found = measure_by_month(
        qs.simulate(single_mechanism_scenario(61, {"kind": "ring"}, 101, changes, seed=seed), replicates), "current_use"
    )
    for years in (1, 3, 5):
        yield mean_finding(f"share never left after {years} years", found[:, 12 * years + 1], math.exp(-EXIT * years))
    yield deviation_finding(
        "its standard deviation over replicates, 3 years", found[:, 37], binomial_deviation(math.exp(-3.0 * EXIT))
    )


def binomial_deviation(share: float, number: int = 100) -> float:
    """Return the standard deviation of a binomial share."""
    return math.sqrt(share * (1.0 - share) / number)


def successor_leadership_moments(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield mean and variance of leadership after many successors, against those of the leadership at the start."""
    changes: Changes = {"leaders.leader_exit": 12.0, "leaders.continuity": 0.5}
    runs = qs.simulate(single_mechanism_scenario(60, {"kind": "ring"}, 101, changes, seed=seed), replicates).runs
    first = np.array([run.initial_organisations[LEADERSHIP] for run in runs])
    last = np.array([run.final_state.organisations[LEADERSHIP] for run in runs])
    pool = first.mean(axis=1)
    yield mean_finding("change of mean leadership", last.mean(axis=1) - pool, 0.0)
    apart = ((last - pool[:, None]) ** 2).mean(axis=1) / first.var(axis=1)
    yield mean_finding("variance of leadership, as a share of that at the start", apart, 1.0 / 3.0)


def hearing_from_outside(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield mean and standard deviation of the share that has heard from outside."""
    changes = {"hearing.broadcast": BROADCAST}
    found = measure_by_month(
        qs.simulate(single_mechanism_scenario(48, {"kind": "ring"}, 101, changes, seed=seed), replicates), "awareness"
    )
    for month in (12, 24, 48):
        share = 1.0 - (1.0 - BROADCAST) ** month
        yield mean_finding(f"share that has heard by month {month}", found[:, month], share)
        yield deviation_finding(
            f"its standard deviation over replicates, month {month}", found[:, month], binomial_deviation(share)
        )


def observed_event_moments(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield mean and dispersion of observed events against those expected, and the frequency of none."""
    sections = {"outcome.secular": 0.05, "organisations.size.mean": 800.0}
    scenario = single_mechanism_scenario(36, {"kind": "ring"}, 20, sections, seed=seed)
    counts = np.array([run.observed for run in qs.simulate(scenario, replicates, keep_events=True).runs])
    expected, seen = counts[:, :, 0], counts[:, :, 1]
    yield mean_finding("events observed over events expected", seen.sum(axis=(1, 2)) / expected.sum(axis=(1, 2)), 1.0)
    dispersion = ((seen - expected) ** 2 / expected).mean(axis=(1, 2))
    yield mean_finding("index of dispersion", dispersion, 1.0)
    none = (seen == 0).mean(axis=(1, 2)) - np.exp(-expected).mean(axis=(1, 2))
    yield mean_finding("share of months without events, minus the expected share", none, 0.0)


LIMITS = (
    KnownLimit(
        "Leaders who leave",
        "kingsfund2018",
        "e^(-rate years) have never left; counts over 100 organisations are binomial; rate 0.23 a year",
        0.01,
        1200,
        leader_survival,
    ),
    KnownLimit(
        "Successors",
        "assumption",
        "L' = L / 2 + (a draw from the leadership at the start) / 2 keeps the mean; the variance converges to a third",
        0.01,
        400,
        successor_leadership_moments,
    ),
    KnownLimit(
        "News from outside",
        "assumption",
        "1 - (1 - b)^months, counts over 100 organisations binomial; b = 0.03",
        0.01,
        1000,
        hearing_from_outside,
        seed_name="Word from outside",
    ),
    KnownLimit(
        "Observed events",
        "assumption",
        "Poisson with mean event rate times cases: mean and variance equal, none with probability e^(-mean)",
        0.05,
        100,
        observed_event_moments,
    ),
)
