"""Running a calibration from its file to its posterior."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qispread.common.deprecation import keep_former_members
from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario import Scenario
from qispread.runs.calibration import calibration_tables
from qispread.runs.calibration.abc_posterior import (
    FloatArray,
    ParameterPosterior,
    describe_shortfall,
    estimate_posterior,
    min_accepted,
)
from qispread.runs.calibration.calibration_runs import (
    CalibrationRunOptions,
    SimulatedTargets,
    remove_older_draws,
    run_draws,
    run_prior,
)
from qispread.runs.calibration.load_calibration import CALIBRATION, CalibrationSource, CalibrationSpec, read_calibration
from qispread.runs.calibration.self_check import PriorPredictiveCheck, SelfCheck, prior_predictive_check, self_check
from qispread.runs.sweep.run_sweep import discard_message

if TYPE_CHECKING:
    from qispread.runs.sweep.scheduler import SweepProgress

MEDIAN_DIGITS = 4
"""Significant digits of the medians in the calibrated scenario."""
STRONG_CORRELATION = 0.6
"""Correlation from which two parameters are reported as identified only in combination."""
MIN_RELIABLE_REPLICATES = 50
"""Replicates below which intervals are reported as too narrow: chance in few replicates is mistaken for effects."""


@keep_former_members
@dataclass(frozen=True, eq=False)
class CalibrationResult:
    """The result of a calibration.

    Attributes
    ----------
    specification : CalibrationSpec
        The calibration, its scenarios and parameters.
    posterior : ParameterPosterior
    prior_runs, posterior_runs : SimulatedTargets
        Targets in runs over the prior ranges, and at draws of the posterior.
    coverage_check : PriorPredictiveCheck
        Whether the observed values are within the range of the runs.
    self_check_result : SelfCheck or None
        How well synthetic truths are recovered, if requested.
    folder : Path
    """

    specification: CalibrationSpec
    posterior: ParameterPosterior
    prior_runs: SimulatedTargets
    posterior_runs: SimulatedTargets
    coverage_check: PriorPredictiveCheck
    self_check_result: SelfCheck | None
    folder: Path

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """The table of parameters, one row each."""
        return calibration_tables.build_parameters_table(
            self.specification, self.posterior, doubtful=bool(self.warnings)
        )

    @cached_property
    def targets(self) -> pd.DataFrame:
        """The table of targets, one row each, in prior and posterior runs."""
        return calibration_tables.build_targets_table(
            self.specification, self.prior_runs.summaries, self.posterior_runs.summaries, self.coverage_check
        )

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """The correlation of every two parameters, the strongest first."""
        return calibration_tables.build_correlations_table(self.specification, self.posterior)

    @cached_property
    def draws(self) -> pd.DataFrame:
        """The draws of the posterior with their weights."""
        return calibration_tables.build_draws_table(self.specification, self.posterior)

    @property
    def medians(self) -> dict[str, float]:
        """The posterior median of each parameter by path, to four significant digits and within its range."""
        medians = {}
        for factor, median in zip(self.specification.factors, self.posterior.median, strict=True):
            medians[factor.path] = float(np.clip(float(f"{median:.{MEDIAN_DIGITS}g}"), factor.low, factor.high))
        return medians

    @property
    def scenario(self) -> Scenario:
        """The base scenario with the posterior medians."""
        return self.specification.calibration.scenario.replace(self.medians)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons why the posterior may be misleading: targets that cannot be met pull parameters to their bounds."""
        warnings = []
        unreachable = list(self.targets.loc[~self.targets["reachable"], "target"])
        if unreachable:
            min_share = f"{100 * calibration_tables.MIN_REACH_SHARE:g}%"
            warnings.append(
                f"out of reach: {', '.join(unreachable)}; fewer than {min_share} of the runs over the full "
                "ranges reach its 95% interval, and it pulls parameters to the ends of their ranges: leave it out"
            )
        if not self.coverage_check.is_covered:
            warnings.append(
                "the targets together are outside all runs over the full ranges: no parameters meet them all, and the "
                "posterior is extrapolated by regression; see which are missed"
            )
        return tuple(warnings)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on the result, the warnings first."""
        notes = list(self.warnings)
        if self.specification.calibration.replicates < MIN_RELIABLE_REPLICATES:
            notes.append(
                f"only {self.specification.calibration.replicates} replicates: chance is mistaken for effects of "
                f"parameters, and intervals are far too narrow; give at least {MIN_RELIABLE_REPLICATES}"
            )
        if self.posterior.excluded_runs:
            notes.append(
                f"{self.posterior.excluded_runs} of {len(self.prior_runs.summaries)} runs failed or lack a target"
            )
        constant = list(self.targets.loc[self.targets["verdict"] == calibration_tables.CONSTANT, "target"])
        if constant:
            notes.append(
                f"{', '.join(constant)}: all runs over the full ranges give the same value, so that it "
                "contains no information about the parameters"
            )
        correlated = self.correlations[self.correlations["correlation"].abs() >= STRONG_CORRELATION]
        notes += [
            f"{pair.parameter} and {pair.other} are only identified in combination (correlation {pair.correlation:.2f})"
            for pair in correlated.itertuples()
        ]
        return tuple(notes)


@argument_checks.validate_arguments(
    targets=argument_checks.described_check(CalibrationSpec, CALIBRATION),
    folder=argument_checks.optional_check(argument_checks.check_path),
    executor=argument_checks.instance_check((str, Executor), "the name of an executor, or one of concurrent.futures"),
    workers=argument_checks.optional_check(argument_checks.integer_check()),
    scheduler=argument_checks.optional_check(argument_checks.check_text),
    timeout=argument_checks.optional_check(argument_checks.check_number),
    confirmed=argument_checks.check_flag,
    retry_failed=argument_checks.check_flag,
    self_check_runs=argument_checks.optional_check(argument_checks.integer_check()),
    progress=argument_checks.optional_check(argument_checks.check_callable),
    log=argument_checks.check_callable,
)
def calibrate(
    targets: CalibrationSource | CalibrationSpec,
    folder: str | Path | None = None,
    *,
    executor: str | Executor = "threads",
    workers: int | None = None,
    scheduler: str | None = None,
    timeout: float | None = None,
    confirmed: bool = False,
    retry_failed: bool = False,
    self_check_runs: int | None = None,
    progress: "Callable[[SweepProgress], None] | None" = None,
    log: Callable[[str], None] = discard_message,
) -> CalibrationResult:
    """Calibrate parameters to targets with their uncertainty, or resume a calibration; returns a posterior.

    Points cover the ranges of parameters evenly; every point is run with one replicate in every arm; the runs nearest
    to the targets are accepted and adjusted by regression (beaumont2002); then draws of the posterior are run to check
    it. Only new runs take time: if the values of targets, their errors or `accepted_share` change, only draws of the
    new posterior are run, and replace those of the old one.

    Parameters
    ----------
    targets : str, Path, mapping or CalibrationSpec
        As for `read_calibration`, or its result.
    folder : str or Path, optional
        Folder for its runs; default ``results/calibrate-NAME``.
    executor, workers, scheduler, timeout, confirmed, retry_failed, progress, log
        As for `sweep`.
    self_check_runs : int, optional
        Number of synthetic truths to recover from the same runs, at least 1; default: none.

    Raises
    ------
    InputError
        For faults in the calibration, fewer than one truth, errors of `sweep`, and too few runs with all targets.
    """
    if self_check_runs is not None and self_check_runs < 1:
        raise InputError([Fault("--self-check", f"got {self_check_runs}; needed: at least 1 synthetic truth")])
    plan = targets if isinstance(targets, CalibrationSpec) else read_calibration(targets)
    check_run_count(plan, self_check_runs)
    target_folder = Path(folder) if folder is not None else default_folder(plan)
    options = {"executor": executor, "workers": workers, "scheduler": scheduler, "timeout": timeout}
    run_options = CalibrationRunOptions(
        target_folder, {**options, "retry_failed": retry_failed, "progress": progress, "confirmed": confirmed}, log
    )
    prior_runs = run_prior(plan, run_options, allow_inert=confirmed)
    posterior, coverage = compute_posterior(plan, prior_runs), run_coverage_check(plan, prior_runs)
    check = run_self_check(plan, prior_runs, self_check_runs) if self_check_runs is not None else None
    calibration = plan.calibration
    draws = posterior.resample(calibration.posterior_runs, calibration.seed)
    posterior_runs = run_draws(plan, draws, run_options)
    remove_older_draws(plan, draws, target_folder)
    return CalibrationResult(plan, posterior, prior_runs, posterior_runs, coverage, check, target_folder)


def check_run_count(plan: CalibrationSpec, truths: int | None) -> None:
    """Raise InputError for fewer points than a posterior, or the self-check without a truth's replicate, needs.

    Raises
    ------
    InputError
        In both cases, even if every run has every target.
    """
    calibration, target_count = plan.calibration, len(plan.calibration.targets)
    problem = describe_shortfall(calibration.points, calibration.accepted_share, target_count)
    remaining = calibration.points - max(1, calibration.points // calibration.replicates)
    accepted_count, minimum = round(calibration.accepted_share * remaining), min_accepted(target_count)
    if not problem and truths is not None and accepted_count < minimum:
        problem = f"leave {remaining} in other replicates than a truth of --self-check, and {accepted_count} of these "
        problem += (
            f"are accepted; needed: at least {minimum}; give more points, more replicates, or a larger accepted_share"
        )
    if problem:
        raise InputError([Fault("points", problem)])


def observed_values(plan: CalibrationSpec) -> tuple[FloatArray, FloatArray]:
    """Return observed values, an array of (targets,), and their lower and upper standard errors, of (targets, 2)."""
    targets = plan.calibration.targets.values()
    return np.array([target.value for target in targets]), np.array([target.errors for target in targets])


def parameter_bounds(plan: CalibrationSpec) -> FloatArray:
    """Return the ends of the range of each parameter."""
    return np.array([(factor.low, factor.high) for factor in plan.factors])


def compute_posterior(plan: CalibrationSpec, runs: SimulatedTargets) -> ParameterPosterior:
    """Return the posterior from runs; raises as `estimate_posterior`."""
    (observed, scales), calibration = observed_values(plan), plan.calibration
    return estimate_posterior(
        runs.parameters,
        runs.summaries,
        observed,
        bounds=parameter_bounds(plan),
        scales=scales,
        accept=calibration.accepted_share,
        seed=calibration.seed,
    )


def run_coverage_check(plan: CalibrationSpec, runs: SimulatedTargets) -> PriorPredictiveCheck:
    """Return whether the observed values are within the range of the runs."""
    observed, scales = observed_values(plan)
    return prior_predictive_check(runs.summaries, observed, scales=scales, seed=plan.calibration.seed)


def run_self_check(plan: CalibrationSpec, runs: SimulatedTargets, truths: int) -> SelfCheck:
    """Return how well synthetic truths are recovered from the same runs."""
    calibration = plan.calibration
    return self_check(
        runs.parameters,
        runs.summaries,
        bounds=parameter_bounds(plan),
        scales=observed_values(plan)[1],
        accept=calibration.accepted_share,
        truths=truths,
        replicates=runs.replicates,
        seed=calibration.seed,
    )


def default_folder(plan: CalibrationSpec) -> Path:
    """Return the default folder of a calibration."""
    return Path("results") / f"calibrate-{plan.calibration.name}"
