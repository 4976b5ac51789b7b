"""The tables of a calibration: what their columns mean, declared once."""

from typing import Any

import numpy as np
import pandas as pd

from qispread.inputs.factors import number_at_path
from qispread.runs.calibration.abc_posterior import INTERVAL_LEVELS, FloatArray, ParameterPosterior
from qispread.runs.calibration.load_calibration import CalibrationSpec
from qispread.runs.calibration.self_check import PriorPredictiveCheck, SelfCheck
from qispread.runs.sweep.sweep_outcomes import is_nearly_constant

CONSTANT = "constant"
"""Verdict on a target that runs show alike whatever the parameters."""
UNCLEAR = "unclear"
"""What is said of parameters where a warning says that the targets cannot be met."""
MIN_REACH_SHARE = 0.005
"""Share of the runs that come as far as the interval of a target, below which it is out of reach."""
LOWER_END, UPPER_END = "Lower end of its {} % interval.", "Upper end of it."
PARAMETER_COLUMNS = {
    "parameter": "Path of the parameter.",
    "default": "Its value in the base scenario.",
    "low": "Where the range begins that was believed possible before.",
    "high": "Where it ends.",
    "mean": "Mean of the posterior.",
    "median": "Median of the posterior, which the calibrated scenario has.",
    **{
        f"{end}_{level:.0%}".rstrip("%"): (LOWER_END.format(f"{100 * level:.0f}") if end == "low" else UPPER_END)
        for level in INTERVAL_LEVELS
        for end in ("low", "high")
    },
    "shrinkage": "By how much the 90 % interval has become narrower: 1 is a point, 0 nothing learnt, below 0 wider.",
    "identified": "identified from a shrinkage of 0.5, partly from 0.2, else not identified; unclear where the targets "
    "cannot be met (the notes then report it): a parameter at an end of its range may then only reflect the misfit.",
}
TARGET_COLUMNS = {
    "target": "Name of the target.",
    "about": "What in a run it is compared with.",
    "value": "What was observed.",
    "error": "Its standard error; the mean of those to both sides where its value is not the middle of its interval.",
    "low": "Lower end of its 95 % interval.",
    "high": "Upper end of it.",
    "prior_median": "Median of what runs show over the whole ranges.",
    "prior_low": LOWER_END.format(95),
    "prior_high": UPPER_END,
    "prior_below": "Share of these runs, with errors of measurement, that lie below what was observed.",
    "prior_reaching": "Share of these runs, without errors, that come as far as the interval of the target: the "
    "smaller of those at or above its lower end and those at or below its upper end.",
    "reachable": f"Whether that share is at least {MIN_REACH_SHARE:g}: else the target is out of reach.",
    "posterior_median": "Median of what runs at draws of the posterior show.",
    "posterior_low": LOWER_END.format(95),
    "posterior_high": UPPER_END,
    "verdict": "near where the posterior median lies within the interval of the target, else missed; constant where "
    "all runs over the full ranges give the same value within it, so that it contains no information.",
    "within_reach": "Whether the interval of those runs overlaps that of the target.",
}
CORRELATION_COLUMNS = {
    "parameter": "Path of the parameter.",
    "other": "Path of another parameter.",
    "correlation": "Between them in the posterior: near 1 or -1 where the targets fix only what they do together.",
}
SELF_CHECK_COLUMNS = {
    "parameter": "Path of the parameter.",
    "error": "Root mean square of posterior mean less truth, in standard deviations of what was believed before.",
    "level": "Level of the interval.",
    "covered": "Share of the truths that lie within it.",
    "low": "Lower end of the 95 % interval of that share.",
    "high": "Upper end of it.",
    "truths": "Synthetic truths.",
}
WEIGHT_COLUMN = {"weight": "Weight of the draw; all sum to 1."}


def build_parameters_table(plan: CalibrationSpec, found: ParameterPosterior, *, doubtful: bool) -> pd.DataFrame:
    """Return what is known of each parameter, a row each; `doubtful` where targets are out of reach."""
    rows = pd.DataFrame(
        {
            "parameter": [one.path for one in plan.factors],
            "default": [number_at_path(plan.calibration.scenario, one.path) for one in plan.factors],
            "low": [one.low for one in plan.factors],
            "high": [one.high for one in plan.factors],
            "mean": found.mean,
            "median": found.median,
        }
    )
    for level in INTERVAL_LEVELS:
        rows[f"low_{100 * level:.0f}"], rows[f"high_{100 * level:.0f}"] = found.interval(level).T
    identified = [UNCLEAR] * len(plan.factors) if doubtful else list(found.identifiability)
    return rows.assign(shrinkage=found.shrinkage, identified=identified)[list(PARAMETER_COLUMNS)]


def build_targets_table(
    plan: CalibrationSpec, before: FloatArray, after: FloatArray, where: PriorPredictiveCheck
) -> pd.DataFrame:
    """Return what runs show of each target before and after, a row each."""
    rows: list[dict[str, Any]] = []
    for place, (name, one) in enumerate(plan.calibration.targets.items()):
        low, high = one.interval_95
        told: dict[str, Any] = dict(
            zip(("prior_low", "prior_median", "prior_high"), percentiles_95(before[:, place]), strict=True)
        )
        told |= dict(
            zip(("posterior_low", "posterior_median", "posterior_high"), percentiles_95(after[:, place]), strict=True)
        )
        told |= {"target": name, "about": str(one), "value": one.value, "error": one.standard_error}
        told |= {"low": low, "high": high, "prior_below": where.neighbour_shares[place]}
        told["prior_reaching"] = share_reaching(before[:, place], low, high)
        told["reachable"] = told["prior_reaching"] >= MIN_REACH_SHARE
        told["verdict"] = judge_parameter(before[:, place], told["posterior_median"], low, high)
        told["within_reach"] = bool(told["posterior_low"] <= high and told["posterior_high"] >= low)
        rows.append(told)
    return pd.DataFrame(rows)[list(TARGET_COLUMNS)]


def judge_parameter(before: FloatArray, median: float, low: float, high: float) -> str:
    """Return whether runs at draws of the posterior meet a target, or whether no parameter could have missed it."""
    if not low <= median <= high:
        return "missed"
    return CONSTANT if is_nearly_constant(before[~np.isnan(before)]) else "near"


def share_reaching(values: FloatArray, low: float, high: float) -> float:
    """Return the share of runs that come as far as an interval, from the side on which fewer do; 0 where none does."""
    known = values[~np.isnan(values)]
    return float(min((known >= low).mean(), (known <= high).mean())) if known.size else 0.0


def percentiles_95(values: FloatArray) -> tuple[float, float, float]:
    """Return the 2.5th, 50th and 97.5th percentile of what runs show, leaving out those that show nothing."""
    known = values[~np.isnan(values)]
    if known.size == 0:
        return np.nan, np.nan, np.nan
    low, middle, high = np.quantile(known, (0.025, 0.5, 0.975)).tolist()
    return low, middle, high


def build_correlations_table(plan: CalibrationSpec, found: ParameterPosterior) -> pd.DataFrame:
    """Return the correlation of every two parameters, the strongest first."""
    paths = [one.path for one in plan.factors]
    rows = [
        (paths[one], paths[other], found.correlation[one, other])
        for one in range(len(paths))
        for other in range(one + 1, len(paths))
    ]
    table = pd.DataFrame(rows, columns=list(CORRELATION_COLUMNS))
    return table.sort_values("correlation", key=np.abs, ascending=False, kind="stable", ignore_index=True)


def build_draws_table(plan: CalibrationSpec, found: ParameterPosterior) -> pd.DataFrame:
    """Return the draws of the posterior with their weights, a row each."""
    columns = {one.path: found.draws[:, place] for place, one in enumerate(plan.factors)}
    return pd.DataFrame({**columns, "weight": found.weights})


def draws_column_meanings(plan: CalibrationSpec) -> dict[str, str]:
    """Return what the columns of the draws mean."""
    return {one.path: "Parameter." for one in plan.factors} | WEIGHT_COLUMN


def build_self_check_table(plan: CalibrationSpec, check: SelfCheck) -> pd.DataFrame:
    """Return how well synthetic truths were found again, a row a parameter and level."""
    rows = []
    low, high = check.interval(check.coverage)
    for place, one in enumerate(plan.factors):
        for number, level in enumerate(INTERVAL_LEVELS):
            told = (check.coverage[number, place], low[number, place], high[number, place])
            rows.append((one.path, check.error[place], level, *told, check.truths))
    return pd.DataFrame(rows, columns=list(SELF_CHECK_COLUMNS))
