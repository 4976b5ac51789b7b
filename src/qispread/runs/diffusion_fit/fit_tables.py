"""The tables of a fit: what their columns mean, declared once, and how they are filled."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from qispread.runs.comparison.paired_statistics import mean_and_half_width
from qispread.runs.diffusion_fit.contagion_posterior import ContagionPosterior
from qispread.runs.diffusion_fit.exposure import exposure_at_adoption
from qispread.runs.diffusion_fit.observed_diffusion import NEVER_ADOPTED, FloatArray, IntArray, ObservedDiffusion
from qispread.runs.diffusion_fit.tie_correlation import (
    ROUNDING_TOLERANCE,
    PermutationTest,
    adoption_times,
    tie_correlation,
)

BAND_LEVELS = (0.05, 0.5, 0.95)
MODEL_COLUMN = {"model": "Name of the model."}
SIMULATED_COLUMNS = {
    "observed": "Observed.",
    "p5": "5th percentile over simulated worlds, each with parameters of its own from the posterior.",
    "median": "Median over them.",
    "p95": "95th percentile over them.",
}
PARAMETER_COLUMNS = {
    **MODEL_COLUMN,
    "meaning": "What the model says.",
    "parameter": "push, push in a period, or the strength of contagion: contact, mixing or weight.",
    "unit": "Chance a period, or log-odds for the whole share of ties.",
    "low": "2.5th percentile of the posterior.",
    "median": "Its median.",
    "high": "97.5th percentile of it.",
}
COMPARISON_COLUMNS = {
    **MODEL_COLUMN,
    "against": "Name of the model that it is compared with.",
    "evidence": "Log of how much likelier the model makes all that was observed, parameters averaged over their prior.",
    "most": "The same at the likeliest strength of contagion, where it alone differs: the most that any prior gives.",
    "communities": "Communities that were held out, each in turn.",
    "gain": "Log of how much more likely it makes the history of a community of which it was not told; mean over them.",
    "low": "Lower end of the 95 % interval of that mean, over communities.",
    "high": "Upper end of it.",
    "gain_a_person": "The sum of the gains over all people.",
}
SCORE_COLUMNS = {
    **MODEL_COLUMN,
    "community": "Community that was held out.",
    "people": "How many it has.",
    "adoptions": "Of them, those whose adoption is explained.",
    "score": "Log of the probability of its history under the model, told of all others.",
}
CURVE_COLUMNS = {**MODEL_COLUMN, "period": "Period, from 1.", **SIMULATED_COLUMNS}
CURVE_COLUMNS["observed"] = "Share of people who had adopted by its end."
THRESHOLD_COLUMNS = {
    **MODEL_COLUMN,
    "share_of_ties": "Share of one's ties that had adopted before one did.",
    **SIMULATED_COLUMNS,
}
THRESHOLD_COLUMNS["observed"] = "Share of those who adopted and have ties."
CHECK_COLUMNS = {
    **MODEL_COLUMN,
    "quantity": "What is compared.",
    **SIMULATED_COLUMNS,
    "at_least": "Share of simulated worlds with at least as much as was observed.",
}
SHUFFLE_COLUMNS = {
    "statistic": "What is compared.",
    "observed": "Its value as observed.",
    "mean": "Its mean with times of adoption shuffled among people who are alike.",
    "spread": "Its standard deviation then.",
    "z": "How many of these the observed is above the mean.",
    "p": "Share of all, the observed among them, that are at least as large; nothing where the observed is not known.",
    "error": "Monte Carlo standard error of p.",
    "shuffles": "How many shuffles.",
}
FIT_TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "parameters": ("The parameters of every model.", PARAMETER_COLUMNS),
    "comparisons": ("Which models foretell held-out communities better.", COMPARISON_COLUMNS),
    "scores": ("The score of every model in every held-out community.", SCORE_COLUMNS),
    "curve": ("The adoption curve, observed and simulated.", CURVE_COLUMNS),
    "thresholds": ("Exposure at adoption, observed and simulated.", THRESHOLD_COLUMNS),
    "checks": ("Other quantities of the observed history among those of simulated ones.", CHECK_COLUMNS),
    "shuffles": ("Times of adoption across ties, against chance.", SHUFFLE_COLUMNS),
}
"""The tables by the rest of their names."""

STRENGTH_LABELS = {
    "everybody": ("mixing", "chance a period from all others together, once all have adopted"),
    "community": ("mixing", "chance a period from all of the community together, once all have adopted"),
    "ties": ("contact", "chance a period from each tie of weight 1 that has adopted"),
    "share": ("weight", "log-odds for the whole share of ties"),
}
COMPARED_MODELS = (
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
EXPOSURE_CLASSES = ("none", "to 25 %", "to 50 %", "to 75 %", "to 100 %")
EXPOSURE_EDGES = (0.0, 0.25, 0.5, 0.75)
"""The largest share of each class but the last."""


def build_parameters_table(posteriors: Mapping[str, ContagionPosterior], first: int) -> pd.DataFrame:
    """Return the parameters of all models; `first` is the first period that is explained."""
    rows = [row for one in posteriors.values() for row in parameter_rows(one, first)]
    return pd.DataFrame(rows, columns=list(PARAMETER_COLUMNS))


def parameter_rows(posterior: ContagionPosterior, first: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each parameter of a model."""
    told = {"model": posterior.model.name, "meaning": posterior.model.description}
    if posterior.model.contagion != "none":
        name, unit = STRENGTH_LABELS[posterior.model.contagion]
        yield {**told, "parameter": name, "unit": unit, **label_quantiles(posterior.strength_quantiles())}
    for place in range(posterior.pushes.shape[1]):
        name = "push" if posterior.model.push == "constant" else f"push in period {first + place}"
        yield {
            **told,
            "parameter": name,
            "unit": "chance a period without users around",
            **label_quantiles(posterior.push_quantiles(place)),
        }


def label_quantiles(points: FloatArray) -> dict[str, float]:
    """Return three points of a posterior by name."""
    return dict(zip(("low", "median", "high"), points.tolist(), strict=True))


def build_comparisons_table(posteriors: Mapping[str, ContagionPosterior], observed: ObservedDiffusion) -> pd.DataFrame:
    """Return how much better models foretell than others; the gains are left out where there is one community."""
    several = len(observed.communities) > 1
    rows = []
    for name, other in COMPARED_MODELS:
        if name not in posteriors or other not in posteriors:
            continue
        one, two = posteriors[name], posteriors[other]
        row: dict[str, Any] = {"model": name, "against": other, "evidence": one.evidence - two.evidence}
        alone = two.model.contagion == "none" and one.model.push == two.model.push
        row["most"] = one.max_log_likelihood if alone else np.nan
        row["communities"] = len(observed.communities) if several else 0
        if several:
            gains = one.scores - two.scores
            middle, half = mean_and_half_width(gains)
            row |= {"gain": middle, "low": middle - half, "high": middle + half}
            row["gain_a_person"] = float(np.sum(gains)) / observed.person_count
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS))


def build_scores_table(posteriors: Mapping[str, ContagionPosterior], observed: ObservedDiffusion) -> pd.DataFrame:
    """Return the score of each model in each community; no rows where there is one community."""
    if len(observed.communities) < 2:
        return pd.DataFrame(columns=list(SCORE_COLUMNS))
    people = np.bincount(observed.community)
    explained = np.bincount(observed.community, observed.adopted >= observed.first_explained).astype(int)
    rows = [
        (name, *row)
        for name, one in posteriors.items()
        for row in zip(observed.communities, people.tolist(), explained.tolist(), one.scores.tolist(), strict=True)
    ]
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def percentile_bands(simulated: FloatArray) -> dict[str, FloatArray]:
    """Return the percentiles over worlds, the rows; NaN where there is none."""
    if not len(simulated):
        return dict.fromkeys(("p5", "median", "p95"), np.full(simulated.shape[1:], np.nan))
    return dict(zip(("p5", "median", "p95"), np.quantile(simulated, BAND_LEVELS, axis=0), strict=True))


def adoption_curve(adopted: IntArray, periods: int) -> FloatArray:
    """Return the share who had adopted by the end of each period, along the last axis."""
    times = np.arange(1, periods + 1)
    return np.asarray(np.mean((adopted[..., None] != NEVER_ADOPTED) & (adopted[..., None] <= times), axis=-2))


def build_curve_table(simulated: Mapping[str, IntArray], observed: ObservedDiffusion) -> pd.DataFrame:
    """Return the adoption curve of all models beside the observed."""
    periods, seen = np.arange(1, observed.periods + 1), adoption_curve(observed.adopted, observed.periods)
    tables = [
        pd.DataFrame(
            {
                "model": name,
                "period": periods,
                "observed": seen,
                **percentile_bands(adoption_curve(worlds, observed.periods)),
            }
        )
        for name, worlds in simulated.items()
    ]
    return pd.concat(tables, ignore_index=True)[list(CURVE_COLUMNS)]


def exposure_distribution(observed: ObservedDiffusion) -> FloatArray:
    """Return the share of adopters in each class of exposure at adoption; NaN where nobody adopted."""
    found = np.searchsorted(EXPOSURE_EDGES, exposure_at_adoption(observed), side="left")
    counts = np.bincount(found, minlength=len(EXPOSURE_CLASSES)).astype(np.float64)
    return counts / counts.sum() if counts.sum() else np.full(len(EXPOSURE_CLASSES), np.nan)


def build_thresholds_table(simulated: Mapping[str, IntArray], observed: ObservedDiffusion) -> pd.DataFrame:
    """Return the distribution of exposure at adoption in all models beside the observed."""
    tables = [
        pd.DataFrame(
            {
                "model": name,
                "share_of_ties": EXPOSURE_CLASSES,
                "observed": exposure_distribution(observed),
                **percentile_bands(found),
            }
        )
        for name, found in (
            (name, simulated_quantity(observed, worlds, exposure_distribution)) for name, worlds in simulated.items()
        )
    ]
    return pd.concat(tables, ignore_index=True)[list(THRESHOLD_COLUMNS)]


def simulated_quantity(observed: ObservedDiffusion, histories: IntArray, quantity: Any) -> FloatArray:
    """Return a quantity of each simulated history that has one."""
    found = np.array([quantity(observed.with_adopted(adopted)) for adopted in histories])
    known = ~np.isnan(found.reshape(len(found), -1)).any(axis=1)
    return np.asarray(found[known])


def observed_correlation(observed: ObservedDiffusion) -> float:
    """Return the correlation of times of adoption over ties."""
    return tie_correlation(adoption_times(observed.adopted, observed.periods), observed.ties)


def mean_exposure_at_adoption(observed: ObservedDiffusion) -> float:
    """Return the mean exposure at adoption."""
    found = exposure_at_adoption(observed)
    return float(found.mean()) if found.size else np.nan


def adopted_share(observed: ObservedDiffusion) -> float:
    """Return the share who had adopted by the end."""
    return float(np.mean(observed.adopted != NEVER_ADOPTED))


CHECKED_QUANTITIES = {
    "correlation of times across ties": observed_correlation,
    "mean exposure at adoption": mean_exposure_at_adoption,
    "share who adopted by the end": adopted_share,
}


def build_checks_table(simulated: Mapping[str, IntArray], observed: ObservedDiffusion) -> pd.DataFrame:
    """Return where the observed stands among what each model makes."""
    rows = []
    for name, worlds in simulated.items():
        for words, quantity in CHECKED_QUANTITIES.items():
            seen, found = quantity(observed), simulated_quantity(observed, worlds, quantity)
            points = {end: float(value) for end, value in percentile_bands(found).items()}
            rows.append({"model": name, "quantity": words, "observed": seen, **points})
            known = found.size and not np.isnan(seen)
            rows[-1]["at_least"] = float(np.mean(found >= seen - ROUNDING_TOLERANCE)) if known else np.nan
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))


def build_shuffles_table(test: Mapping[str, PermutationTest]) -> pd.DataFrame:
    """Return each statistic against its shuffles."""
    rows = [
        (
            name,
            one.observed,
            one.mean,
            one.standard_deviation,
            one.z_score,
            one.p_value,
            one.p_value_error,
            one.permuted.size,
        )
        for name, one in test.items()
    ]
    return pd.DataFrame(rows, columns=list(SHUFFLE_COLUMNS))
