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
from qispread.model.engines.simulation import map_in_threads
from qispread.runs.comparison.paired_statistics import mean_and_half_width
from qispread.runs.comparison.robustness import draw_plausible_models

Array = NDArray[np.float64]
Values = Mapping[tuple[str, str], Array]
"""What was measured, by arm and quantity: a number a world."""


@dataclass(frozen=True)
class DifferenceEstimate:
    """A difference over worlds with its 95 % interval."""

    difference: float
    low: float
    high: float
    worlds: int


@dataclass(frozen=True)
class PartEvidence:
    """What was found about one part of a claim.

    Attributes
    ----------
    part : ClaimPart
    defaults, ablated : DifferenceEstimate
        At the defaults, as it is and with the mechanism off; no number where there is nothing to switch off.
    models : DataFrame
        The plausible models in which the part has a meaning, a row each: parameters by path.
    gains, ablated_gains : array
        The difference in each of them, as it is and with the mechanism off; no number in those without ablation.
    telling : array of bool
        Whether the interval of the model's own worlds leaves out 0.
    factors : tuple of Factor
        What was varied.
    """

    part: ClaimPart
    defaults: DifferenceEstimate
    ablated: DifferenceEstimate
    models: pd.DataFrame
    gains: Array
    ablated_gains: Array
    telling: NDArray[np.bool_]
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class ExperimentResult:
    """All that was found in an experiment.

    Attributes
    ----------
    experiment : ClaimTest
    size : RunSize
    evidence : tuple of PartEvidence
        A part each.
    arms : DataFrame
        Means and paired differences of every quantity by arm, at the defaults.
    curves : DataFrame
        The quantity that the figure shows, by arm and month, mean over worlds.
    """

    experiment: ClaimTest
    size: RunSize
    evidence: tuple[PartEvidence, ...]
    arms: pd.DataFrame
    curves: pd.DataFrame


ABLATED = 4
"""Of plausible models, one in so many is run with the mechanism off too."""
CHUNK = 10
"""Plausible models that a process is asked for at a time."""
NOTHING = DifferenceEstimate(np.nan, np.nan, np.nan, 0)


def measure_quantities(
    lives: Mapping[str, Sequence[ReplicateOutcome]], quantities: Collection[str]
) -> dict[tuple[str, str], Array]:
    """Return every quantity of every arm, a number a world."""
    functions = {name: find_quantity(name).value for name in quantities}
    return {
        (arm, name): np.array([function(life) for life in own])
        for arm, own in lives.items()
        for name, function in functions.items()
    }


def required_quantities(parts: Sequence[ClaimPart]) -> dict[str, tuple[str, ...]]:
    """Return the quantities that contrasts need, by arm."""
    found: dict[str, dict[str, None]] = {}
    for part in parts:
        for contrast in part.contrasts:
            for arm, quantity in contrast.required_values:
                found.setdefault(arm, {})[quantity] = None
    return {arm: tuple(names) for arm, names in found.items()}


def contrast_by_replicate(contrast: ArmContrast, values: Values) -> Array:
    """Return a contrast in each world where all that it takes has a meaning."""
    total = np.full(len(values[contrast.required_values[0]]), contrast.constant)
    for weight, arm, quantity in contrast.terms:
        total = total + weight * values[arm, quantity]
    if contrast.per is not None:
        total = total / np.nanmean(values[contrast.per])
    known: Array = total[~np.isnan(total)]
    return known


def smallest_contrast(part: ClaimPart, values: Values) -> DifferenceEstimate:
    """Return the smallest of a part's contrasts, the one on which all depends; no number where one has no meaning."""
    found = []
    for contrast in part.contrasts:
        worlds = contrast_by_replicate(contrast, values)
        mean, half = mean_and_half_width(worlds)
        found.append(DifferenceEstimate(mean, mean - half, mean + half, worlds.size))
    if any(np.isnan(one.low) for one in found):
        return NOTHING
    return min(found, key=lambda one: one.difference)


def run_parts(arms: Mapping[str, OutcomeArm], parts: Sequence[ClaimPart], worlds: int) -> Values:
    """Return what some parts need, in some worlds, one after the other."""
    found: dict[tuple[str, str], Array] = {}
    for arm, quantities in required_quantities(parts).items():
        found |= measure_quantities({arm: [arms[arm].simulate(world) for world in range(worlds)]}, quantities)
    return found


def uncertain_factors(experiment: ClaimTest, base: qs.Scenario) -> tuple[Factor, ...]:
    """Return what plausible models vary: every declared plausible range, and strengths of policies."""
    uncertain = [one for one in plausible_factors(base) if one.path not in experiment.fixed]
    strengths = [policy_strength(name)[1] for name in experiment.strengths]
    return (*uncertain, *(one for one in strengths if one is not None))


def arms_in_model(experiment: ClaimTest, base: qs.Scenario, model: Mapping[str, float]) -> Mapping[str, OutcomeArm]:
    """Return the arms of an experiment in one model."""
    strengths = declared_strengths(experiment)
    changes = {path: value for path, value in model.items() if path not in strengths}
    return experiment.build_arms(
        base.replace(changes), strengths | {name: model[name] for name in strengths if name in model}
    )


def ablation_groups(experiment: ClaimTest) -> list[list[ClaimPart]]:
    """Return the parts that share an ablation, together."""
    found: dict[str, list[ClaimPart]] = {}
    for part in experiment.parts:
        found.setdefault(part.ablation.description if part.ablation else "", []).append(part)
    return list(found.values())


def evaluate_model(
    experiment: ClaimTest, base: qs.Scenario, model: Mapping[str, float], worlds: int, *, ablate: bool = True
) -> "Tolds":
    """Return, for each part by name, what one model tells as it is and, if asked, with the mechanism off."""
    values = run_parts(arms_in_model(experiment, base, model), experiment.parts, worlds)
    off: dict[str, DifferenceEstimate] = {}
    for parts in ablation_groups(experiment):
        ablation = parts[0].ablation
        if ablation is None or not ablate:
            off |= dict.fromkeys((part.name for part in parts), NOTHING)
            continue
        kept = {path: value for path, value in model.items() if path not in ablation.changes}
        ablated = run_parts(arms_in_model(experiment, base.replace(dict(ablation.changes)), kept), parts, worlds)
        off |= {part.name: smallest_contrast(part, ablated) for part in parts}
    return {part.name: (smallest_contrast(part, values), off[part.name]) for part in experiment.parts}


Tolds = dict[str, tuple[DifferenceEstimate, DifferenceEstimate]]
"""What one model tells of each part by name, as it is and with the mechanism off."""


def draw_models(experiment: ClaimTest, size: RunSize) -> tuple[tuple[Factor, ...], pd.DataFrame]:
    """Return what is varied, and the plausible models."""
    factors = uncertain_factors(experiment, baseline_scenario(experiment.horizon))
    return factors, draw_plausible_models(factors, size.models, seed=experiment.number)


def evaluate_models(name: str, size: RunSize, places: range) -> list[tuple[int, Tolds]]:
    """Return what some plausible models tell, each with its place; by name, so that another process can be asked."""
    experiment = experiments.load_experiment_module(name)
    base, (_, table) = baseline_scenario(experiment.horizon), draw_models(experiment, size)
    rows = [{str(path): value for path, value in row.items()} for row in table.iloc[list(places)].to_dict("records")]
    found = [
        evaluate_model(experiment, base, row, size.model_worlds, ablate=place % ABLATED == 0)
        for place, row in zip(places, rows, strict=True)
    ]
    return list(zip(places, found, strict=True))


def evaluate_plausible_models(experiment: ClaimTest, size: RunSize, executor: Executor | None) -> list[Tolds]:
    """Return what each plausible model tells, in order; by an executor where one is given."""
    if executor is None:
        return [told for _, told in evaluate_models(experiment.name, size, range(size.models))]
    parts = [range(first, min(first + CHUNK, size.models)) for first in range(0, size.models, CHUNK)]
    tasks = [executor.submit(evaluate_models, experiment.name, size, part) for part in parts]
    return [told for task in tasks for _, told in task.result()]


def simulate_arm(arm: OutcomeArm, worlds: int, workers: int | None) -> list[ReplicateOutcome]:
    """Return the lives of one arm in some worlds."""

    def some(part: range) -> list[tuple[int, ReplicateOutcome]]:
        return [(world, arm.simulate(world)) for world in part]

    found = dict(map_in_threads(some, range(worlds), workers=workers))
    return [found[world] for world in range(worlds)]


def run_defaults(
    experiment: ClaimTest, base: qs.Scenario, worlds: int, workers: int | None
) -> tuple[dict[tuple[str, str], Array], pd.DataFrame]:
    """Return every quantity of every arm by world, and the curve of each arm."""
    arms = experiment.build_arms(base, declared_strengths(experiment))
    also = required_quantities(experiment.parts)
    values: dict[tuple[str, str], Array] = {}
    curves = []
    for name, arm in arms.items():
        lives = simulate_arm(arm, worlds, workers)
        quantities = dict.fromkeys((*also.get(name, ()), *(experiment.secondary if name in experiment.arms else ())))
        values |= measure_quantities({name: lives}, tuple(quantities))
        series = find_quantity(experiment.curve).series if experiment.curve and name in experiment.arms else None
        if series is not None:
            mean = np.mean([series(life) for life in lives], axis=0)
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
    experiment: ClaimTest, base: qs.Scenario, worlds: int, workers: int | None
) -> dict[str, DifferenceEstimate]:
    """Return what each part, by name, comes to at the defaults with its mechanism off."""
    found: dict[str, DifferenceEstimate] = {}
    for parts in ablation_groups(experiment):
        ablation = parts[0].ablation
        if ablation is None:
            found |= dict.fromkeys((part.name for part in parts), NOTHING)
            continue
        arms = experiment.build_arms(base.replace(dict(ablation.changes)), declared_strengths(experiment))
        values: dict[tuple[str, str], Array] = {}
        for arm, quantities in required_quantities(parts).items():
            values |= measure_quantities({arm: simulate_arm(arms[arm], worlds, workers)}, quantities)
        found |= {part.name: smallest_contrast(part, values) for part in parts}
    return found


def run_experiment(
    experiment: ClaimTest, size: RunSize, workers: int | None = None, executor: Executor | None = None
) -> ExperimentResult:
    """Return all that is found in an experiment.

    Parameters
    ----------
    experiment : ClaimTest
    size : RunSize
    workers : int, optional
        Threads for the worlds at the defaults; one for each core unless given.
    executor : concurrent.futures.Executor, optional
        Of processes, for the plausible models; without one they are run here, one after the other.
    """
    base = baseline_scenario(experiment.horizon)
    if INTERVENTION_NAME not in base.interventions:
        raise ValueError(f"experiments are about '{INTERVENTION_NAME}', which the base does not spread")
    values, curves = run_defaults(experiment, base, size.worlds, workers)
    off = run_ablations(experiment, base, size.worlds, workers)
    factors, table = draw_models(experiment, size)
    models = evaluate_plausible_models(experiment, size, executor)
    evidence = []
    for part in experiment.parts:
        own, ablated = ([one[part.name][place] for one in models] for place in (0, 1))
        known = np.array([one.worlds > 0 for one in own])
        evidence.append(
            PartEvidence(
                part=part,
                defaults=smallest_contrast(part, values),
                ablated=off[part.name],
                models=table[known].reset_index(drop=True),
                gains=np.array([one.difference for one in own])[known],
                ablated_gains=np.array([one.difference for one in ablated])[known],
                telling=np.array([one.low > 0.0 or one.high < 0.0 for one in own])[known],
                factors=factors,
            )
        )
    return ExperimentResult(experiment, size, tuple(evidence), build_arms_table(experiment, values), curves)
