"""The tables of a calibration and the meanings of their columns."""

from typing import Any

import numpy as np
import pandas as pd

from qispread.inputs.factors import number_at_path
from qispread.runs.calibration.abc_posterior import INTERVAL_LEVELS, FloatArray, ParameterPosterior
from qispread.runs.calibration.load_calibration import CalibrationSpec
from qispread.runs.calibration.self_check import PriorPredictiveCheck, SelfCheck
from qispread.runs.sweep.sweep_outcomes import is_nearly_constant

CONSTANT = "constant"
"""Verdict on a target with the same value in all runs."""
UNCLEAR = "unclear"
"""Verdict on parameters if a warning reports that the targets cannot be met."""
MIN_REACH_SHARE = 0.005
"""Share of runs that reach the interval of a target, below which it is out of reach (decision 50)."""
LOWER_END, UPPER_END = "Lower end of its {}% interval.", "Upper end of that interval."
PARAMETER_COLUMNS = {
    "parameter": "Path of the parameter.",
    "default": "Value in the base scenario.",
    "low": "Lower end of the prior range.",
    "high": "Upper end of the prior range.",
    "mean": "Mean of the posterior.",
    "median": "Median of the posterior, used in the calibrated scenario.",
    **{
        f"{end}_{level:.0%}".rstrip("%"): (LOWER_END.format(f"{100 * level:.0f}") if end == "low" else UPPER_END)
        for level in INTERVAL_LEVELS
        for end in ("low", "high")
    },
    "shrinkage": "Shrinkage of the 90% interval from prior to posterior: 1 a point, 0 no information, below 0 wider.",
    "identified": "identified from a shrinkage of 0.5, partly from 0.2, else not identified; unclear where the targets "
    "cannot be met (the notes then report it): a parameter at an end of its range may then only reflect the misfit.",
}
TARGET_COLUMNS = {
    "target": "Name of the target.",
    "about": "The quantity in a run that it is compared with.",
    "value": "Observed value.",
    "error": "Standard error; the mean of the lower and upper ones for an asymmetric interval.",
    "low": "Lower end of its 95% interval.",
    "high": "Upper end of its 95% interval.",
    "prior_median": "Median of runs over the full ranges.",
    "prior_low": LOWER_END.format(95),
    "prior_high": UPPER_END,
    "prior_below": "Share of these runs, with measurement errors, below the observed value.",
    "prior_reaching": "Share of these runs, without errors, that reach the interval of the target: the smaller of the "
    "shares at or above its lower end and at or below its upper end.",
    "reachable": f"Whether that share is at least {MIN_REACH_SHARE:g}; otherwise the target is out of reach.",
    "posterior_median": "Median of runs at draws of the posterior.",
    "posterior_low": LOWER_END.format(95),
    "posterior_high": UPPER_END,
    "verdict": "near if the posterior median is within the interval of the target, else missed; constant if all runs "
    "over the full ranges give the same value within it, so that it contains no information.",
    "within_reach": "Whether the interval of runs at draws of the posterior overlaps that of the target.",
}
CORRELATION_COLUMNS = {
    "parameter": "Path of the parameter.",
    "other": "Path of another parameter.",
    "correlation": "Correlation in the posterior: near 1 or -1 if targets only identify a combination of the two.",
}
SELF_CHECK_COLUMNS = {
    "parameter": "Path of the parameter.",
    "error": "Root mean square of posterior mean less truth, in standard deviations of the prior.",
    "level": "Level of the interval.",
    "covered": "Share of the truths within the interval.",
    "low": "Lower end of the 95% interval of that share.",
    "high": "Upper end of the 95% interval of that share.",
    "truths": "Number of synthetic truths.",
}
WEIGHT_COLUMN = {"weight": "Weight of the draw; all sum to 1."}


def build_parameters_table(plan: CalibrationSpec, posterior: ParameterPosterior, *, doubtful: bool) -> pd.DataFrame:
    """Return the table of parameters, one row each; `doubtful` if targets are out of reach."""
    rows = pd.DataFrame(
        {
            "parameter": [factor.path for factor in plan.factors],
            "default": [number_at_path(plan.calibration.scenario, factor.path) for factor in plan.factors],
            "low": [factor.low for factor in plan.factors],
            "high": [factor.high for factor in plan.factors],
            "mean": posterior.mean,
            "median": posterior.median,
        }
    )
    for level in INTERVAL_LEVELS:
        rows[f"low_{100 * level:.0f}"], rows[f"high_{100 * level:.0f}"] = posterior.interval(level).T
    identified = [UNCLEAR] * len(plan.factors) if doubtful else list(posterior.identifiability)
    return rows.assign(shrinkage=posterior.shrinkage, identified=identified)[list(PARAMETER_COLUMNS)]


def build_targets_table(
    plan: CalibrationSpec, prior: FloatArray, posterior: FloatArray, check: PriorPredictiveCheck
) -> pd.DataFrame:
    """Return the table of targets, one row each, in prior and posterior runs."""
    rows: list[dict[str, Any]] = []
    for index, (name, target) in enumerate(plan.calibration.targets.items()):
        low, high = target.interval_95
        row: dict[str, Any] = dict(
            zip(("prior_low", "prior_median", "prior_high"), percentiles_95(prior[:, index]), strict=True)
        )
        row |= dict(
            zip(
                ("posterior_low", "posterior_median", "posterior_high"),
                percentiles_95(posterior[:, index]),
                strict=True,
            )
        )
        row |= {"target": name, "about": str(target), "value": target.value, "error": target.standard_error}
        row |= {"low": low, "high": high, "prior_below": check.neighbour_shares[index]}
        row["prior_reaching"] = share_reaching(prior[:, index], low, high)
        row["reachable"] = row["prior_reaching"] >= MIN_REACH_SHARE
        row["verdict"] = judge_parameter(prior[:, index], row["posterior_median"], low, high)
        row["within_reach"] = bool(row["posterior_low"] <= high and row["posterior_high"] >= low)
        rows.append(row)
    return pd.DataFrame(rows)[list(TARGET_COLUMNS)]


def judge_parameter(prior_values: FloatArray, median: float, low: float, high: float) -> str:
    """Return the verdict on a target from its median at draws of the posterior."""
    if not low <= median <= high:
        return "missed"
    return CONSTANT if is_nearly_constant(prior_values[~np.isnan(prior_values)]) else "near"


def share_reaching(values: FloatArray, low: float, high: float) -> float:
    """Return the share of runs that reach an interval, from the side where fewer do; 0 without any."""
    known = values[~np.isnan(values)]
    return float(min((known >= low).mean(), (known <= high).mean())) if known.size else 0.0


def percentiles_95(values: FloatArray) -> tuple[float, float, float]:
    """Return the 2.5th, 50th and 97.5th percentile of values that are not NaN."""
    known = values[~np.isnan(values)]
    if known.size == 0:
        return np.nan, np.nan, np.nan
    low, middle, high = np.quantile(known, (0.025, 0.5, 0.975)).tolist()
    return low, middle, high


def build_correlations_table(plan: CalibrationSpec, posterior: ParameterPosterior) -> pd.DataFrame:
    """Return the correlation of every two parameters, the strongest first."""
    paths = [row.path for row in plan.factors]
    rows = [
        (paths[row], paths[other], posterior.correlation[row, other])
        for row in range(len(paths))
        for other in range(row + 1, len(paths))
    ]
    table = pd.DataFrame(rows, columns=list(CORRELATION_COLUMNS))
    return table.sort_values("correlation", key=np.abs, ascending=False, kind="stable", ignore_index=True)


def build_draws_table(plan: CalibrationSpec, posterior: ParameterPosterior) -> pd.DataFrame:
    """Return the draws of the posterior with their weights, one row each."""
    columns = {factor.path: posterior.draws[:, index] for index, factor in enumerate(plan.factors)}
    return pd.DataFrame({**columns, "weight": posterior.weights})


def draws_column_meanings(plan: CalibrationSpec) -> dict[str, str]:
    """Return the meanings of the columns of the draws."""
    return {factor.path: "Parameter." for factor in plan.factors} | WEIGHT_COLUMN


def build_self_check_table(plan: CalibrationSpec, check: SelfCheck) -> pd.DataFrame:
    """Return how well synthetic truths were recovered, one row for each parameter and level."""
    rows = []
    low, high = check.interval(check.coverage)
    for column, factor in enumerate(plan.factors):
        for level_index, level in enumerate(INTERVAL_LEVELS):
            coverage = (check.coverage[level_index, column], low[level_index, column], high[level_index, column])
            rows.append((factor.path, check.error[column], level, *coverage, check.truths))
    return pd.DataFrame(rows, columns=list(SELF_CHECK_COLUMNS))
