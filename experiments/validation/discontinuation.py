"""Users who discontinue for ever: susceptible, infected, removed."""

from collections.abc import Iterator

import numpy as np

import qispread as qs
from experiments.validation.exact_discontinuation import final_size, removal_chain, transmissibility
from experiments.validation.known_limit import KnownLimit, LimitFinding, frequency_finding, mean_finding
from experiments.validation.scenarios import discontinuing_changes, measure_by_month, single_mechanism_scenario

FOLLOWERS, CONTACT, DISCONTINUATION, MONTHS = 29, 0.02, 0.25, 80
DEGREE, NUMBER, LARGE = 4.0, 1000, 0.1
TIE_CONTACT, TIE_DISCONTINUATION = 0.1, 0.15


def complete_graph_findings(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield current use over time, and the distribution of the share that ever adopted."""
    changes = {"hearing.broadcast": 0.0, "hearing.contact": CONTACT, **discontinuing_changes(DISCONTINUATION)}
    runs = qs.simulate(
        single_mechanism_scenario(MONTHS, {"kind": "complete"}, FOLLOWERS + 1, changes, seed=seed), replicates
    )
    chances = removal_chain(FOLLOWERS, CONTACT, DISCONTINUATION, MONTHS)
    unaware, users = np.arange(FOLLOWERS + 1), np.arange(FOLLOWERS + 2)
    for month in (6, 12, 24):
        in_use = chances[month].sum(axis=0) @ users - (1.0 - DISCONTINUATION) ** (month - 1)
        yield mean_finding(
            f"current use in month {month}", measure_by_month(runs, "current_use")[:, month], in_use / FOLLOWERS
        )
    ever, left = measure_by_month(runs, "ever_adopted")[:, -1], chances[-1].sum(axis=1)
    yield mean_finding("share that ever adopted", ever, 1.0 - float(left @ unaware) / FOLLOWERS)
    yield frequency_finding("runs in which no organisation adopts", ever == 0.0, float(left[FOLLOWERS]))
    over_half = unaware < FOLLOWERS / 2.0
    yield frequency_finding("runs in which more than half adopt", ever > 0.5, float(left[over_half].sum()))


def random_graph_findings(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield the share that a large outbreak reaches, and the frequency of large outbreaks below the threshold."""
    passed = transmissibility(TIE_CONTACT, TIE_DISCONTINUATION)
    for degree in (DEGREE, 0.6 / passed):
        changes = {
            "hearing.broadcast": 0.0,
            "hearing.contact": TIE_CONTACT,
            **discontinuing_changes(TIE_DISCONTINUATION),
        }
        network = {"kind": "random", "mean_degree": degree}
        ever = measure_by_month(
            qs.simulate(single_mechanism_scenario(240, network, NUMBER, changes, seed=seed), replicates), "ever_adopted"
        )[:, -1]
        where = f"T z = {degree * passed:.2f}"
        if degree * passed > 1.0:
            yield mean_finding(
                f"share reached by large outbreaks, {where}", ever[ever > LARGE], final_size(degree, passed)
            )
        else:
            yield frequency_finding(f"frequency of large outbreaks, {where}", ever > LARGE, 0.0)


LIMITS = (
    KnownLimit(
        "Users who discontinue for ever, complete graph",
        "newman2002",
        "exact Markov chain of unaware s and users i: each unaware hears with probability 1 - (1 - c)^i and each user "
        f"discontinues with probability g a month; {FOLLOWERS + 1} organisations, c = {CONTACT:g}, g = "
        f"{DISCONTINUATION:g}",
        0.02,
        8000,
        complete_graph_findings,
        seed_name="Users who lapse for ever, complete graph",
    ),
    KnownLimit(
        "Users who discontinue for ever, random graph",
        "newman2002",
        "R = 1 - e^(-T z R), T = 1 - g (1 - c) / (1 - (1 - g)(1 - c)), and no large outbreak where T z < 1; "
        f"1,000 organisations, c = {TIE_CONTACT:g}, g = {TIE_DISCONTINUATION:g}; large is more than a tenth",
        0.02,
        300,
        random_graph_findings,
        seed_name="Users who lapse for ever, random graph",
    ),
)
