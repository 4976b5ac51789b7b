"""Running an experiment: at the defaults, with the mechanism off, and in plausible models."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import experiments
import qispread as qs
from experiments.claim_test import (
    INTERVENTION_NAME,
    ArmContrast,
    ClaimPart,
    ClaimTest,
    RunSize,
    baseline_scenario,
    declared_strengths,
    policy_strength,
)
from experiments.replicate_outcomes import OutcomeArm, ReplicateOutcome, find_quantity
from qispread.inputs.factors import Factor, plausible_factors
from qispread.model.engines.thread_map import map_in_threads
from qispread.runs.comparison.paired_statistics import mean_and_half_width
from qispread.runs.comparison.robustness import draw_plausible_models

Array = NDArray[np.float64]
Values = Mapping[tuple[str, str], Array]
"""Measured values by arm and quantity: one number for each replicate."""


@dataclass(frozen=True)
class DifferenceEstimate:
    """A difference over replicates with its 95% interval."""

    difference: float
    low: float
    high: float
    replicates: int


@dataclass(frozen=True)
class PartEvidence:
    """The evidence on one part of a claim.

    Attributes
    ----------
    part : ClaimPart
    defaults, ablated : DifferenceEstimate
        At the defaults, with the mechanism on and off; no number if the part has no mechanism to switch off.
    models : DataFrame
        The plausible models in which the part is defined, one row each: parameters by path.
    gains, ablated_gains : array
        The difference in each model, with the mechanism on and off; no number in models without ablation.
    conclusive : array of bool
        Whether the interval of the model's own replicates excludes 0.
    factors : tuple of Factor
        The parameters varied.
    """

    part: ClaimPart
    defaults: DifferenceEstimate
    ablated: DifferenceEstimate
    models: pd.DataFrame
    gains: Array
    ablated_gains: Array
    conclusive: NDArray[np.bool_]
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class ExperimentResult:
    """The results of an experiment.

    Attributes
    ----------
    experiment : ClaimTest
    size : RunSize
    evidence : tuple of PartEvidence
        One for each part.
    arms : DataFrame
        Means and paired differences of every quantity by arm, at the defaults.
    curves : DataFrame
        The quantity that the figure shows, by arm and month, mean over replicates.
    """

    experiment: ClaimTest
    size: RunSize
    evidence: tuple[PartEvidence, ...]
    arms: pd.DataFrame
    curves: pd.DataFrame


ABLATED = 4
"""One in this many plausible models is run with the mechanism off too."""
CHUNK = 10
"""Plausible models in one task of a process."""
NO_ESTIMATE = DifferenceEstimate(np.nan, np.nan, np.nan, 0)


def measure_quantities(
    outcomes: Mapping[str, Sequence[ReplicateOutcome]], quantities: Collection[str]
) -> dict[tuple[str, str], Array]:
    """Return every quantity of every arm, one number for each replicate."""
    functions = {name: find_quantity(name).value for name in quantities}
    return {
        (arm, name): np.array([function(outcome) for outcome in arm_outcomes])
        for arm, arm_outcomes in outcomes.items()
        for name, function in functions.items()
    }


def required_quantities(parts: Sequence[ClaimPart]) -> dict[str, tuple[str, ...]]:
    """Return the quantities that contrasts need, by arm."""
    required: dict[str, dict[str, None]] = {}
    for part in parts:
        for contrast in part.contrasts:
            for arm, quantity in contrast.required_values:
                required.setdefault(arm, {})[quantity] = None
    return {arm: tuple(names) for arm, names in required.items()}


def contrast_by_replicate(contrast: ArmContrast, values: Values) -> Array:
    """Return a contrast in each replicate in which all its values are defined."""
    total = np.full(len(values[contrast.required_values[0]]), contrast.constant)
    for weight, arm, quantity in contrast.terms:
        total = total + weight * values[arm, quantity]
    if contrast.per is not None:
        total = total / np.nanmean(values[contrast.per])
    known: Array = total[~np.isnan(total)]
    return known


def smallest_contrast(part: ClaimPart, values: Values) -> DifferenceEstimate:
    """Return the smallest of a part's contrasts, which decides the part; no number if one is not defined."""
    estimates = []
    for contrast in part.contrasts:
        differences = contrast_by_replicate(contrast, values)
        mean, half = mean_and_half_width(differences)
        estimates.append(DifferenceEstimate(mean, mean - half, mean + half, differences.size))
    if any(np.isnan(estimate.low) for estimate in estimates):
        return NO_ESTIMATE
    return min(estimates, key=lambda estimate: estimate.difference)


def run_parts(arms: Mapping[str, OutcomeArm], parts: Sequence[ClaimPart], replicates: int) -> Values:
    """Return the values that some parts require, from replicates that are run one after the other."""
    values: dict[tuple[str, str], Array] = {}
    for arm, quantities in required_quantities(parts).items():
        outcomes = [arms[arm].simulate(replicate) for replicate in range(replicates)]
        values |= measure_quantities({arm: outcomes}, quantities)
    return values


def uncertain_factors(experiment: ClaimTest, base: qs.Scenario) -> tuple[Factor, ...]:
    """Return the factors of plausible models: every declared plausible range, and strengths of policies."""
    uncertain = [factor for factor in plausible_factors(base) if factor.path not in experiment.fixed]
    strengths = [policy_strength(name)[1] for name in experiment.strengths]
    return (*uncertain, *(factor for factor in strengths if factor is not None))


def arms_in_model(experiment: ClaimTest, base: qs.Scenario, model: Mapping[str, float]) -> Mapping[str, OutcomeArm]:
    """Return the arms of an experiment in one model."""
    strengths = declared_strengths(experiment)
    changes = {path: value for path, value in model.items() if path not in strengths}
    return experiment.build_arms(
        base.replace(changes), strengths | {name: model[name] for name in strengths if name in model}
    )


def ablation_groups(experiment: ClaimTest) -> list[list[ClaimPart]]:
    """Return the parts that share an ablation, together."""
    groups: dict[str, list[ClaimPart]] = {}
    for part in experiment.parts:
        groups.setdefault(part.ablation.description if part.ablation else "", []).append(part)
    return list(groups.values())


def evaluate_model(
    experiment: ClaimTest, base: qs.Scenario, model: Mapping[str, float], replicates: int, *, ablate: bool = True
) -> "ModelEstimates":
    """Return the estimates of one model for each part by name, with the mechanism on and, if requested, off."""
    values = run_parts(arms_in_model(experiment, base, model), experiment.parts, replicates)
    off: dict[str, DifferenceEstimate] = {}
    for parts in ablation_groups(experiment):
        ablation = parts[0].ablation
        if ablation is None or not ablate:
            off |= dict.fromkeys((part.name for part in parts), NO_ESTIMATE)
            continue
        kept = {path: value for path, value in model.items() if path not in ablation.changes}
        ablated = run_parts(arms_in_model(experiment, base.replace(dict(ablation.changes)), kept), parts, replicates)
        off |= {part.name: smallest_contrast(part, ablated) for part in parts}
    return {part.name: (smallest_contrast(part, values), off[part.name]) for part in experiment.parts}


ModelEstimates = dict[str, tuple[DifferenceEstimate, DifferenceEstimate]]
"""The estimates of one model for each part by name, with the mechanism on and off."""


def draw_models(experiment: ClaimTest, size: RunSize) -> tuple[tuple[Factor, ...], pd.DataFrame]:
    """Return the factors, and the plausible models."""
    factors = uncertain_factors(experiment, baseline_scenario(experiment.horizon))
    return factors, draw_plausible_models(factors, size.models, seed=experiment.number)


def evaluate_models(name: str, size: RunSize, indices: range) -> list[tuple[int, ModelEstimates]]:
    """Return the estimates of some plausible models with their indices; by name, so that another process can run it."""
    experiment = experiments.load_experiment_module(name)
    base, (_, table) = baseline_scenario(experiment.horizon), draw_models(experiment, size)
    rows = [{str(path): value for path, value in row.items()} for row in table.iloc[list(indices)].to_dict("records")]
    estimates = [
        evaluate_model(experiment, base, row, size.model_replicates, ablate=index % ABLATED == 0)
        for index, row in zip(indices, rows, strict=True)
    ]
    return list(zip(indices, estimates, strict=True))


def evaluate_plausible_models(experiment: ClaimTest, size: RunSize, executor: Executor | None) -> list[ModelEstimates]:
    """Return the estimates of each plausible model, in order; by an executor if one is given."""
    if executor is None:
        return [estimates for _, estimates in evaluate_models(experiment.name, size, range(size.models))]
    parts = [range(first, min(first + CHUNK, size.models)) for first in range(0, size.models, CHUNK)]
    tasks = [executor.submit(evaluate_models, experiment.name, size, part) for part in parts]
    return [estimates for task in tasks for _, estimates in task.result()]


def simulate_arm(arm: OutcomeArm, replicates: int, workers: int | None) -> list[ReplicateOutcome]:
    """Return the outcomes of one arm in some replicates."""

    def simulate_part(part: range) -> list[tuple[int, ReplicateOutcome]]:
        return [(replicate, arm.simulate(replicate)) for replicate in part]

    outcomes = dict(map_in_threads(simulate_part, range(replicates), workers=workers))
    return [outcomes[replicate] for replicate in range(replicates)]


def run_defaults(
    experiment: ClaimTest, base: qs.Scenario, replicates: int, workers: int | None
) -> tuple[dict[tuple[str, str], Array], pd.DataFrame]:
    """Return every quantity of every arm by replicate, and the curve of each arm."""
    arms = experiment.build_arms(base, declared_strengths(experiment))
    required = required_quantities(experiment.parts)
    values: dict[tuple[str, str], Array] = {}
    curves = []
    for name, arm in arms.items():
        outcomes = simulate_arm(arm, replicates, workers)
        secondary = experiment.secondary if name in experiment.arms else ()
        quantities = dict.fromkeys((*required.get(name, ()), *secondary))
        values |= measure_quantities({name: outcomes}, tuple(quantities))
        series = find_quantity(experiment.curve).series if experiment.curve and name in experiment.arms else None
        if series is not None:
            mean = np.mean([series(outcome) for outcome in outcomes], axis=0)
            curves.append(pd.DataFrame({"arm": name, "month": np.arange(mean.size), "value": mean}))
    return values, pd.concat(curves, ignore_index=True) if curves else pd.DataFrame()


def build_arms_table(experiment: ClaimTest, values: Values) -> pd.DataFrame:
    """Return means of every secondary quantity by arm, with paired differences from the first arm."""
    reference, rows = next(iter(experiment.arms)), []
    for quantity in experiment.secondary:
        for arm in experiment.arms:
            own, first = values[arm, quantity], values[reference, quantity]
            apart = own - first
            mean, half = mean_and_half_width(apart[~np.isnan(apart)])
            rows.append(
                {
                    "quantity": quantity,
                    "arm": arm,
                    "mean": float(np.nanmean(own)) if not np.isnan(own).all() else np.nan,
                    "difference": mean,
                    "low": mean - half,
                    "high": mean + half,
                    "replicates": int((~np.isnan(apart)).sum()),
                }
            )
    return pd.DataFrame(rows)


def run_ablations(
    experiment: ClaimTest, base: qs.Scenario, replicates: int, workers: int | None
) -> dict[str, DifferenceEstimate]:
    """Return the estimate of each part, by name, at the defaults with its mechanism off."""
    estimates: dict[str, DifferenceEstimate] = {}
    for parts in ablation_groups(experiment):
        ablation = parts[0].ablation
        if ablation is None:
            estimates |= dict.fromkeys((part.name for part in parts), NO_ESTIMATE)
            continue
        arms = experiment.build_arms(base.replace(dict(ablation.changes)), declared_strengths(experiment))
        values: dict[tuple[str, str], Array] = {}
        for arm, quantities in required_quantities(parts).items():
            values |= measure_quantities({arm: simulate_arm(arms[arm], replicates, workers)}, quantities)
        estimates |= {part.name: smallest_contrast(part, values) for part in parts}
    return estimates


def run_experiment(
    experiment: ClaimTest, size: RunSize, workers: int | None = None, executor: Executor | None = None
) -> ExperimentResult:
    """Run an experiment and return its results.

    Parameters
    ----------
    experiment : ClaimTest
    size : RunSize
    workers : int, optional
        Threads for the replicates at the defaults; one for each core unless given.
    executor : concurrent.futures.Executor, optional
        Of processes, for the plausible models; without one they are run here, one after the other.
    """
    base = baseline_scenario(experiment.horizon)
    if INTERVENTION_NAME not in base.interventions:
        raise ValueError(f"experiments are about '{INTERVENTION_NAME}', which is not in the baseline scenario")
    values, curves = run_defaults(experiment, base, size.replicates, workers)
    off = run_ablations(experiment, base, size.replicates, workers)
    factors, table = draw_models(experiment, size)
    models = evaluate_plausible_models(experiment, size, executor)
    evidence = []
    for part in experiment.parts:
        on, ablated = ([estimates[part.name][index] for estimates in models] for index in (0, 1))
        known = np.array([estimate.replicates > 0 for estimate in on])
        evidence.append(
            PartEvidence(
                part=part,
                defaults=smallest_contrast(part, values),
                ablated=off[part.name],
                models=table[known].reset_index(drop=True),
                gains=np.array([estimate.difference for estimate in on])[known],
                ablated_gains=np.array([estimate.difference for estimate in ablated])[known],
                conclusive=np.array([estimate.low > 0.0 or estimate.high < 0.0 for estimate in on])[known],
                factors=factors,
            )
        )
    return ExperimentResult(experiment, size, tuple(evidence), build_arms_table(experiment, values), curves)
