"""The tables of a fit: the meanings of their columns, and how they are built."""

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
    "p5": "5th percentile over simulations, each with its own draw from the posterior.",
    "median": "Median over simulations.",
    "p95": "95th percentile over simulations.",
}
PARAMETER_COLUMNS = {
    **MODEL_COLUMN,
    "meaning": "Description of the model.",
    "parameter": "push (external influence), push in a period, or strength of contagion: contact, mixing or weight.",
    "unit": "Probability per period, or log-odds for all ties.",
    "low": "2.5th percentile of the posterior.",
    "median": "Median of the posterior.",
    "high": "97.5th percentile of the posterior.",
}
COMPARISON_COLUMNS = {
    **MODEL_COLUMN,
    "against": "Name of the model that it is compared with.",
    "evidence": "Log Bayes factor: how much more likely the model makes all observations, averaged over the prior.",
    "most": "Log-likelihood ratio at the best strength of contagion, for nested models: an upper bound for any prior.",
    "communities": "Number of communities held out, each in turn.",
    "gain": "Difference in the log predictive probability of a held-out community's history; mean over communities.",
    "low": "Lower end of the 95% interval of that mean, over communities.",
    "high": "Upper end of the 95% interval of that mean.",
    "gain_a_person": "Sum of the gains divided by the number of people.",
}
SCORE_COLUMNS = {
    **MODEL_COLUMN,
    "community": "Community that was held out.",
    "people": "Number of people in it.",
    "adoptions": "Number of explained adoptions in it.",
    "score": "Log predictive probability of its history, given all other communities.",
}
CURVE_COLUMNS = {**MODEL_COLUMN, "period": "Period, from 1.", **SIMULATED_COLUMNS}
CURVE_COLUMNS["observed"] = "Share of people who had adopted by the end of the period."
THRESHOLD_COLUMNS = {
    **MODEL_COLUMN,
    "share_of_ties": "Share of a person's ties that had adopted before the person did.",
    **SIMULATED_COLUMNS,
}
THRESHOLD_COLUMNS["observed"] = "Share of adopters with ties."
CHECK_COLUMNS = {
    **MODEL_COLUMN,
    "quantity": "Quantity that is compared.",
    **SIMULATED_COLUMNS,
    "at_least": "Share of simulations with at least the observed value.",
}
SHUFFLE_COLUMNS = {
    "statistic": "Statistic that is tested.",
    "observed": "Observed value.",
    "mean": "Mean with adoption times shuffled within groups.",
    "spread": "Standard deviation over shuffles.",
    "z": "Observed value less mean, in standard deviations.",
    "p": "Share of all values, including the observed one, that are at least as large; empty if that is undefined.",
    "error": "Monte Carlo standard error of p.",
    "shuffles": "Number of shuffles.",
}
FIT_TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "parameters": ("The parameters of every model.", PARAMETER_COLUMNS),
    "comparisons": ("Which models predict held-out communities better.", COMPARISON_COLUMNS),
    "scores": ("The score of every model in every held-out community.", SCORE_COLUMNS),
    "curve": ("The adoption curve, observed and simulated.", CURVE_COLUMNS),
    "thresholds": ("Exposure at adoption, observed and simulated.", THRESHOLD_COLUMNS),
    "checks": ("Other quantities of the observed history among those of simulated ones.", CHECK_COLUMNS),
    "shuffles": ("Adoption times across ties, compared with chance.", SHUFFLE_COLUMNS),
}
"""Title and columns of each table, by name."""

STRENGTH_LABELS = {
    "everybody": ("mixing", "probability per period from all others together, once all have adopted"),
    "community": ("mixing", "probability per period from the whole community, once all have adopted"),
    "ties": ("contact", "probability per period from each tie of weight 1 that has adopted"),
    "share": ("weight", "log-odds if all ties have adopted"),
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
"""Pairs of models that are compared."""
EXPOSURE_CLASSES = ("none", "to 25%", "to 50%", "to 75%", "to 100%")
EXPOSURE_EDGES = (0.0, 0.25, 0.5, 0.75)
"""The largest share of each class but the last."""


def build_parameters_table(posteriors: Mapping[str, ContagionPosterior], first: int) -> pd.DataFrame:
    """Return the parameters of all models; `first` is the first explained period."""
    rows = [row for posterior in posteriors.values() for row in parameter_rows(posterior, first)]
    return pd.DataFrame(rows, columns=list(PARAMETER_COLUMNS))


def parameter_rows(posterior: ContagionPosterior, first: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each parameter of a model."""
    shared = {"model": posterior.model.name, "meaning": posterior.model.description}
    if posterior.model.contagion != "none":
        name, unit = STRENGTH_LABELS[posterior.model.contagion]
        yield {**shared, "parameter": name, "unit": unit, **label_quantiles(posterior.strength_quantiles())}
    for index in range(posterior.pushes.shape[1]):
        name = "push" if posterior.model.push == "constant" else f"push in period {first + index}"
        yield {
            **shared,
            "parameter": name,
            "unit": "probability per period without adopters around",
            **label_quantiles(posterior.push_quantiles(index)),
        }


def label_quantiles(points: FloatArray) -> dict[str, float]:
    """Return three points of a posterior by name."""
    return dict(zip(("low", "median", "high"), points.tolist(), strict=True))


def build_comparisons_table(posteriors: Mapping[str, ContagionPosterior], observed: ObservedDiffusion) -> pd.DataFrame:
    """Return how much better models predict than others, without gains if there is only one community."""
    has_communities = len(observed.communities) > 1
    rows = []
    for name, other in COMPARED_MODELS:
        if name not in posteriors or other not in posteriors:
            continue
        posterior, reference = posteriors[name], posteriors[other]
        row: dict[str, Any] = {"model": name, "against": other, "evidence": posterior.evidence - reference.evidence}
        is_nested = reference.model.contagion == "none" and posterior.model.push == reference.model.push
        row["most"] = posterior.max_log_likelihood if is_nested else np.nan
        row["communities"] = len(observed.communities) if has_communities else 0
        if has_communities:
            gains = posterior.scores - reference.scores
            middle, half_width = mean_and_half_width(gains)
            row |= {"gain": middle, "low": middle - half_width, "high": middle + half_width}
            row["gain_a_person"] = float(np.sum(gains)) / observed.person_count
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS))


def build_scores_table(posteriors: Mapping[str, ContagionPosterior], observed: ObservedDiffusion) -> pd.DataFrame:
    """Return the score of each model in each community; no rows with only one community."""
    if len(observed.communities) < 2:
        return pd.DataFrame(columns=list(SCORE_COLUMNS))
    people = np.bincount(observed.community)
    explained = np.bincount(observed.community, observed.adopted >= observed.first_explained).astype(int)
    rows = [
        (name, *row)
        for name, posterior in posteriors.items()
        for row in zip(
            observed.communities, people.tolist(), explained.tolist(), posterior.scores.tolist(), strict=True
        )
    ]
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def percentile_bands(simulated: FloatArray) -> dict[str, FloatArray]:
    """Return the percentiles over simulations (rows); NaN without any."""
    if not len(simulated):
        return dict.fromkeys(("p5", "median", "p95"), np.full(simulated.shape[1:], np.nan))
    return dict(zip(("p5", "median", "p95"), np.quantile(simulated, BAND_LEVELS, axis=0), strict=True))


def adoption_curve(adopted: IntArray, periods: int) -> FloatArray:
    """Return the share of people who had adopted by the end of each period, along the last axis."""
    times = np.arange(1, periods + 1)
    return np.asarray(np.mean((adopted[..., None] != NEVER_ADOPTED) & (adopted[..., None] <= times), axis=-2))


def build_curve_table(simulated: Mapping[str, IntArray], observed: ObservedDiffusion) -> pd.DataFrame:
    """Return the adoption curves of all models with the observed one."""
    periods, observed_curve = np.arange(1, observed.periods + 1), adoption_curve(observed.adopted, observed.periods)
    tables = [
        pd.DataFrame(
            {
                "model": name,
                "period": periods,
                "observed": observed_curve,
                **percentile_bands(adoption_curve(histories, observed.periods)),
            }
        )
        for name, histories in simulated.items()
    ]
    return pd.concat(tables, ignore_index=True)[list(CURVE_COLUMNS)]


def exposure_distribution(observed: ObservedDiffusion) -> FloatArray:
    """Return the share of adopters in each class of exposure at adoption; NaN without adopters."""
    classes = np.searchsorted(EXPOSURE_EDGES, exposure_at_adoption(observed), side="left")
    counts = np.bincount(classes, minlength=len(EXPOSURE_CLASSES)).astype(np.float64)
    return counts / counts.sum() if counts.sum() else np.full(len(EXPOSURE_CLASSES), np.nan)


def build_thresholds_table(simulated: Mapping[str, IntArray], observed: ObservedDiffusion) -> pd.DataFrame:
    """Return the distributions of exposure at adoption of all models with the observed one."""
    tables = [
        pd.DataFrame(
            {
                "model": name,
                "share_of_ties": EXPOSURE_CLASSES,
                "observed": exposure_distribution(observed),
                **percentile_bands(values),
            }
        )
        for name, values in (
            (name, simulated_quantity(observed, histories, exposure_distribution))
            for name, histories in simulated.items()
        )
    ]
    return pd.concat(tables, ignore_index=True)[list(THRESHOLD_COLUMNS)]


def simulated_quantity(observed: ObservedDiffusion, histories: IntArray, quantity: Any) -> FloatArray:
    """Return a quantity of each simulated history in which it is defined."""
    values = np.array([quantity(observed.with_adopted(adopted)) for adopted in histories])
    known = ~np.isnan(values.reshape(len(values), -1)).any(axis=1)
    return np.asarray(values[known])


def observed_correlation(observed: ObservedDiffusion) -> float:
    """Return the correlation of adoption times over ties."""
    return tie_correlation(adoption_times(observed.adopted, observed.periods), observed.ties)


def mean_exposure_at_adoption(observed: ObservedDiffusion) -> float:
    """Return the mean exposure at adoption."""
    exposure = exposure_at_adoption(observed)
    return float(exposure.mean()) if exposure.size else np.nan


def adopted_share(observed: ObservedDiffusion) -> float:
    """Return the share of people who had adopted by the end."""
    return float(np.mean(observed.adopted != NEVER_ADOPTED))


CHECKED_QUANTITIES = {
    "correlation of times across ties": observed_correlation,
    "mean exposure at adoption": mean_exposure_at_adoption,
    "share who adopted by the end": adopted_share,
}


def build_checks_table(simulated: Mapping[str, IntArray], observed: ObservedDiffusion) -> pd.DataFrame:
    """Return quantities of the observed history with their distributions in simulations of each model."""
    rows = []
    for name, histories in simulated.items():
        for label, quantity in CHECKED_QUANTITIES.items():
            observed_value, values = quantity(observed), simulated_quantity(observed, histories, quantity)
            points = {end: float(value) for end, value in percentile_bands(values).items()}
            rows.append({"model": name, "quantity": label, "observed": observed_value, **points})
            known = values.size and not np.isnan(observed_value)
            rows[-1]["at_least"] = float(np.mean(values >= observed_value - ROUNDING_TOLERANCE)) if known else np.nan
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))


def build_shuffles_table(tests: Mapping[str, PermutationTest]) -> pd.DataFrame:
    """Return each statistic with the distribution over its shuffles."""
    rows = [
        (
            name,
            test.observed,
            test.mean,
            test.standard_deviation,
            test.z_score,
            test.p_value,
            test.p_value_error,
            test.permuted.size,
        )
        for name, test in tests.items()
    ]
    return pd.DataFrame(rows, columns=list(SHUFFLE_COLUMNS))
