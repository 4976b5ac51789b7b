"""Comparison with the facts: at the defaults, and at the medians of a calibration to all of them at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.facts.file_names import CONFIGS, MISSED, NEAR, SHORT, WAYS
from experiments.facts.observed_facts import FACTS, FACTS_FILE, target_fact_id
from experiments.facts.screening import TRAJECTORIES, screen_parameters
from qispread.inputs.factors import number_at_path
from qispread.outputs.figures.calibration_figures import parameters_figure, targets_figure
from qispread.outputs.figures.figure import Figure
from qispread.runs.calibration.calibrated_scenario import render_calibrated_scenario
from qispread.runs.calibration.calibration_runs import CalibrationRunOptions, run_draws
from qispread.runs.calibration.calibration_tables import build_self_check_table, percentiles_95
from qispread.runs.calibration.load_calibration import CalibrationSpec, read_calibration
from qispread.runs.calibration.run_calibration import (
    CalibrationResult,
    calibrate,
    compute_posterior,
    run_coverage_check,
    run_self_check,
)

WORLDS, TRUTHS = 400, 200


@dataclass(frozen=True)
class FactsRunSize:
    """Size of a run."""

    points: int
    worlds: int
    trajectories: int
    truths: int


FULL, SMOKE = FactsRunSize(0, WORLDS, TRAJECTORIES, TRUTHS), FactsRunSize(500, 20, 4, 20)


@dataclass(frozen=True, eq=False)
class FactsResult:
    """The results: tables by name, figures, and the calibrated scenario."""

    tables: dict[str, pd.DataFrame]
    figures: list[Figure]
    config: str


def facts_calibration(size: FactsRunSize) -> CalibrationSpec:
    """Return the calibration of the facts, with fewer points if the size has a number."""
    plan = read_calibration(FACTS_FILE)
    changes = {"points": size.points, "predictive": 20} if size.points else {}
    return replace(plan, calibration=plan.calibration.model_copy(update=changes))


def run_facts(size: FactsRunSize, folder: Path, workers: int | None) -> FactsResult:
    """Run screening, defaults, calibration and medians; their runs go to `folder`."""
    plan, doing = facts_calibration(size), CalibrationRunOptions(folder, {"workers": workers}, print)
    screened = screen_parameters(plan, doing, trajectories=size.trajectories)
    every = calibrate(plan, folder, workers=workers, confirmed=True, log=print)
    within = calibrate_within_reach(every, doing, size.truths)
    tables = {"facts": build_facts_table(plan, doing, size.worlds, {"all": every, "within": within})}
    tables |= {"facts_screen": screened, "facts_check": run_self_checks(within, every)}
    tables |= {"facts_parameters_all": every.parameters, "facts_parameters": within.parameters}
    tables |= {"facts_targets": within.targets, "facts_correlations": within.correlations}
    title = "What the facts within reach reveal about each parameter"
    figures = [
        replace(parameters_figure(within.parameters, title), name="facts-parameters"),
        replace(targets_figure(within.targets), name="facts-targets"),
    ]
    beyond = [
        name for name in every.specification.calibration.targets if name not in within.specification.calibration.targets
    ]
    remarks = [f"Left out of the targets, because {SHORT} their intervals: {', '.join(beyond)}."] if beyond else []
    remarks += ["docs/validation.md lists the measured facts, met and missed."]
    config = render_calibrated_scenario(within, CONFIGS, "python -m experiments.facts --write", remarks)
    return FactsResult(tables, figures, config)


def calibrate_within_reach(every: CalibrationResult, doing: CalibrationRunOptions, truths: int) -> CalibrationResult:
    """Return the calibration, with its self-check, to only the targets within reach, from the same runs."""
    reachable = np.flatnonzero(every.targets["reachable"].to_numpy())
    names = list(every.specification.calibration.targets)
    targets = {names[index]: every.specification.calibration.targets[names[index]] for index in reachable}
    plan = replace(
        every.specification, calibration=every.specification.calibration.model_copy(update={"targets": targets})
    )
    before = replace(every.prior_runs, summaries=every.prior_runs.summaries[:, reachable])
    posterior = compute_posterior(plan, before)
    after = run_draws(
        every.specification, posterior.resample(plan.calibration.posterior_runs, plan.calibration.seed), doing
    )
    after = replace(after, summaries=after.summaries[:, reachable])
    return replace(
        every,
        specification=plan,
        posterior=posterior,
        prior_runs=before,
        posterior_runs=after,
        coverage_check=run_coverage_check(plan, before),
        self_check_result=run_self_check(plan, before, truths),
    )


def run_self_checks(within: CalibrationResult, every: CalibrationResult) -> pd.DataFrame:
    """Return how well the facts within reach recover synthetic truths, and how isolated these and all facts are."""
    if within.self_check_result is None:
        return pd.DataFrame()
    table = build_self_check_table(within.specification, within.self_check_result).assign(
        targets=len(within.specification.calibration.targets)
    )
    return table.assign(lonely=within.coverage_check.isolation, lonely_all=every.coverage_check.isolation)


def build_facts_table(
    plan: CalibrationSpec, doing: CalibrationRunOptions, worlds: int, calibrated: Mapping[str, CalibrationResult]
) -> pd.DataFrame:
    """Return each counterpart with the values of runs at the defaults and at the calibrated medians, one row each."""
    scenario = plan.calibration.scenario
    sets = {"default": [number_at_path(scenario, factor.path) for factor in plan.factors]}
    sets |= {way: [result.medians[factor.path] for factor in plan.factors] for way, result in calibrated.items()}
    summaries = {
        way: run_draws(plan, np.tile(np.array(values), (worlds, 1)), doing).summaries for way, values in sets.items()
    }
    rows = []
    for index, (name, target) in enumerate(plan.calibration.targets.items()):
        fact = target_fact_id(name)
        row: dict[str, object] = {"fact": fact, "counterpart": name, "about": str(target), "measured": target.value}
        row |= dict(zip(("low", "high"), target.interval_95, strict=True)) | {"confidence": FACTS[fact].confidence}
        row |= {"reachable": name in calibrated["within"].specification.calibration.targets}
        for way in WAYS:
            row |= assess_fact(way, summaries[way][:, index], target.interval_95)
        rows.append(row)
    return pd.DataFrame(rows)


def assess_fact(way: str, values: np.ndarray, ends: tuple[float, float]) -> dict[str, object]:
    """Return median and interval over runs, and the verdict."""
    low, middle, high = percentiles_95(values)
    verdict = NEAR if ends[0] <= middle <= ends[1] else MISSED
    reaches = bool(low <= ends[1] and high >= ends[0])
    return {
        way: middle,
        f"{way}_low": low,
        f"{way}_high": high,
        f"{way}_verdict": verdict,
        f"{way}_within_reach": reaches,
    }
