"""The tables of a fit: what their columns mean, declared once, and how they are filled."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from qispread.comparison.statistics import mean_and_half_width
from qispread.fitting.correlation import CLOSE, Shuffled, tie_correlation, times_of
from qispread.fitting.exposure import thresholds
from qispread.fitting.people import NEVER, Numbers, Observed, Whole
from qispread.fitting.posterior import Posterior

BANDS = (0.05, 0.5, 0.95)
MODEL = {"model": "Name of the model."}
SIMULATED = {
    "observed": "Observed.",
    "p5": "5th percentile over simulated worlds, each with parameters of its own from the posterior.",
    "median": "Median over them.",
    "p95": "95th percentile over them.",
}
PARAMETERS = {
    **MODEL,
    "meaning": "What the model says.",
    "parameter": "push, push in a period, or the strength of contagion: contact, mixing or weight.",
    "unit": "Chance a period, or log-odds for the whole share of ties.",
    "low": "2.5th percentile of the posterior.",
    "median": "Its median.",
    "high": "97.5th percentile of it.",
}
COMPARISONS = {
    **MODEL,
    "against": "Name of the model that it is compared with.",
    "evidence": "Log of how much likelier the model makes all that was observed, parameters averaged over their prior.",
    "most": "The same at the likeliest strength of contagion, where it alone differs: the most that any prior gives.",
    "communities": "Communities that were held out, each in turn.",
    "gain": "Log of how much more likely it makes the history of a community of which it was not told; mean over them.",
    "low": "Lower end of the 95 % interval of that mean, over communities.",
    "high": "Upper end of it.",
    "gain_a_person": "The sum of the gains over all people.",
}
SCORES = {
    **MODEL,
    "community": "Community that was held out.",
    "people": "How many it has.",
    "adoptions": "Of them, those whose adoption is explained.",
    "score": "Log of the probability of its history under the model, told of all others.",
}
CURVE = {**MODEL, "period": "Period, from 1.", **SIMULATED}
CURVE["observed"] = "Share of people who had adopted by its end."
THRESHOLDS = {**MODEL, "share_of_ties": "Share of one's ties that had adopted before one did.", **SIMULATED}
THRESHOLDS["observed"] = "Share of those who adopted and have ties."
CHECKS = {
    **MODEL,
    "quantity": "What is compared.",
    **SIMULATED,
    "at_least": "Share of simulated worlds with at least as much as was observed.",
}
SHUFFLES = {
    "statistic": "What is compared.",
    "observed": "Its value as observed.",
    "mean": "Its mean with times of adoption shuffled among people who are alike.",
    "spread": "Its standard deviation then.",
    "z": "How many of these the observed is above the mean.",
    "p": "Share of all, the observed among them, that are at least as large; nothing where the observed is not known.",
    "error": "Monte Carlo standard error of p.",
    "shuffles": "How many shuffles.",
}
TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "parameters": ("The parameters of every model.", PARAMETERS),
    "comparisons": ("Which models foretell held-out communities better.", COMPARISONS),
    "scores": ("The score of every model in every held-out community.", SCORES),
    "curve": ("The adoption curve, observed and simulated.", CURVE),
    "thresholds": ("Exposure at adoption, observed and simulated.", THRESHOLDS),
    "checks": ("Other quantities of the observed history among those of simulated ones.", CHECKS),
    "shuffles": ("Times of adoption across ties, against chance.", SHUFFLES),
}
"""The tables by the rest of their names."""

STRENGTHS = {
    "everybody": ("mixing", "chance a period from all others together, once all have adopted"),
    "community": ("mixing", "chance a period from all of the community together, once all have adopted"),
    "ties": ("contact", "chance a period from each tie of weight 1 that has adopted"),
    "share": ("weight", "log-odds for the whole share of ties"),
}
PAIRS = (
    ("bass", "independent"),
    ("contact", "independent"),
    ("contact", "bass"),
    ("contact", "community"),
    ("reinforcement", "independent"),
    ("reinforcement", "bass"),
    ("reinforcement", "contact"),
    ("community_by_period", "independent_by_period"),
    ("contact_by_period", "independent_by_period"),
    ("contact_by_period", "community_by_period"),
    ("reinforcement_by_period", "independent_by_period"),
)
"""What is compared with what."""
CLASSES = ("none", "to 25 %", "to 50 %", "to 75 %", "to 100 %")
EDGES = (0.0, 0.25, 0.5, 0.75)
"""The largest share of each class but the last."""


def parameters_table(posteriors: Mapping[str, Posterior], first: int) -> pd.DataFrame:
    """Return the parameters of all models; `first` is the first period that is explained."""
    rows = [row for one in posteriors.values() for row in parameter_rows(one, first)]
    return pd.DataFrame(rows, columns=list(PARAMETERS))


def parameter_rows(one: Posterior, first: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each parameter of a model."""
    told = {"model": one.model.name, "meaning": one.model.words}
    if one.model.contagion != "none":
        name, unit = STRENGTHS[one.model.contagion]
        yield {**told, "parameter": name, "unit": unit, **named(one.strength())}
    for place in range(one.pushes.shape[1]):
        name = "push" if one.model.push == "constant" else f"push in period {first + place}"
        yield {**told, "parameter": name, "unit": "chance a period without users around", **named(one.push(place))}


def named(points: Numbers) -> dict[str, float]:
    """Return three points of a posterior by name."""
    return dict(zip(("low", "median", "high"), points.tolist(), strict=True))


def comparisons_table(posteriors: Mapping[str, Posterior], observed: Observed) -> pd.DataFrame:
    """Return how much better models foretell than others; the gains are left out where there is one community."""
    several = len(observed.communities) > 1
    rows = []
    for name, other in PAIRS:
        if name not in posteriors or other not in posteriors:
            continue
        one, two = posteriors[name], posteriors[other]
        row: dict[str, Any] = {"model": name, "against": other, "evidence": one.evidence - two.evidence}
        alone = two.model.contagion == "none" and one.model.push == two.model.push
        row["most"] = one.most if alone else np.nan
        row["communities"] = len(observed.communities) if several else 0
        if several:
            gains = one.scores - two.scores
            middle, half = mean_and_half_width(gains)
            row |= {"gain": middle, "low": middle - half, "high": middle + half}
            row["gain_a_person"] = float(np.sum(gains)) / observed.number
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COMPARISONS))


def scores_table(posteriors: Mapping[str, Posterior], observed: Observed) -> pd.DataFrame:
    """Return the score of each model in each community; no rows where there is one community."""
    if len(observed.communities) < 2:
        return pd.DataFrame(columns=list(SCORES))
    people = np.bincount(observed.community)
    explained = np.bincount(observed.community, observed.adopted >= observed.first_explained).astype(int)
    rows = [
        (name, *row)
        for name, one in posteriors.items()
        for row in zip(observed.communities, people.tolist(), explained.tolist(), one.scores.tolist(), strict=True)
    ]
    return pd.DataFrame(rows, columns=list(SCORES))


def bands(simulated: Numbers) -> dict[str, Numbers]:
    """Return the percentiles over worlds, the rows; NaN where there is none."""
    if not len(simulated):
        return dict.fromkeys(("p5", "median", "p95"), np.full(simulated.shape[1:], np.nan))
    return dict(zip(("p5", "median", "p95"), np.quantile(simulated, BANDS, axis=0), strict=True))


def curve_of(adopted: Whole, periods: int) -> Numbers:
    """Return the share who had adopted by the end of each period, along the last axis."""
    times = np.arange(1, periods + 1)
    return np.asarray(np.mean((adopted[..., None] != NEVER) & (adopted[..., None] <= times), axis=-2))


def curve_table(simulated: Mapping[str, Whole], observed: Observed) -> pd.DataFrame:
    """Return the adoption curve of all models beside the observed."""
    periods, seen = np.arange(1, observed.periods + 1), curve_of(observed.adopted, observed.periods)
    tables = [
        pd.DataFrame({"model": name, "period": periods, "observed": seen, **bands(curve_of(worlds, observed.periods))})
        for name, worlds in simulated.items()
    ]
    return pd.concat(tables, ignore_index=True)[list(CURVE)]


def classes_of(observed: Observed) -> Numbers:
    """Return the share of adopters in each class of exposure at adoption; NaN where nobody adopted."""
    found = np.searchsorted(EDGES, thresholds(observed), side="left")
    counts = np.bincount(found, minlength=len(CLASSES)).astype(np.float64)
    return counts / counts.sum() if counts.sum() else np.full(len(CLASSES), np.nan)


def thresholds_table(simulated: Mapping[str, Whole], observed: Observed) -> pd.DataFrame:
    """Return the distribution of exposure at adoption in all models beside the observed."""
    tables = [
        pd.DataFrame({"model": name, "share_of_ties": CLASSES, "observed": classes_of(observed), **bands(found)})
        for name, found in ((name, worlds_of(observed, worlds, classes_of)) for name, worlds in simulated.items())
    ]
    return pd.concat(tables, ignore_index=True)[list(THRESHOLDS)]


def worlds_of(observed: Observed, worlds: Whole, quantity: Any) -> Numbers:
    """Return a quantity of each simulated history that has one."""
    found = np.array([quantity(observed.with_adopted(adopted)) for adopted in worlds])
    known = ~np.isnan(found.reshape(len(found), -1)).any(axis=1)
    return np.asarray(found[known])


def correlation_of(observed: Observed) -> float:
    """Return the correlation of times of adoption over ties."""
    return tie_correlation(times_of(observed.adopted, observed.periods), observed.ties)


def mean_threshold(observed: Observed) -> float:
    """Return the mean exposure at adoption."""
    found = thresholds(observed)
    return float(found.mean()) if found.size else np.nan


def adopted_share(observed: Observed) -> float:
    """Return the share who had adopted by the end."""
    return float(np.mean(observed.adopted != NEVER))


QUANTITIES = {
    "correlation of times across ties": correlation_of,
    "mean exposure at adoption": mean_threshold,
    "share who adopted by the end": adopted_share,
}


def checks_table(simulated: Mapping[str, Whole], observed: Observed) -> pd.DataFrame:
    """Return where the observed stands among what each model makes."""
    rows = []
    for name, worlds in simulated.items():
        for words, quantity in QUANTITIES.items():
            seen, found = quantity(observed), worlds_of(observed, worlds, quantity)
            points = {end: float(value) for end, value in bands(found).items()}
            rows.append({"model": name, "quantity": words, "observed": seen, **points})
            known = found.size and not np.isnan(seen)
            rows[-1]["at_least"] = float(np.mean(found >= seen - CLOSE)) if known else np.nan
    return pd.DataFrame(rows, columns=list(CHECKS))


def shuffles_table(found: Mapping[str, Shuffled]) -> pd.DataFrame:
    """Return each statistic against its shuffles."""
    rows = [
        (
            name,
            one.observed,
            one.mean,
            one.spread,
            one.z,
            one.p,
            one.error,
            one.shuffled.size,
        )
        for name, one in found.items()
    ]
    return pd.DataFrame(rows, columns=list(SHUFFLES))
