"""A calibration from its file to its posterior."""

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
from qispread.runs.calibration.load_calibration import CALIBRATION, CalibrationSource, CalibrationSpec, load_calibration
from qispread.runs.calibration.self_check import PriorPredictiveCheck, SelfCheck, prior_predictive_check, self_check

if TYPE_CHECKING:
    from qispread.runs.sweep.scheduler import SweepProgress

MEDIAN_DIGITS = 4
"""Significant digits of the medians in the calibrated scenario."""
STRONG_CORRELATION = 0.6
"""Correlation from which two parameters are named as known only together."""
MIN_RELIABLE_REPLICATES = 50
"""Worlds below which intervals are told to be too narrow: what is common to so few is taken for what parameters do."""


@keep_former_members
@dataclass(frozen=True, eq=False)
class CalibrationResult:
    """What targets say of parameters.

    Attributes
    ----------
    specification : CalibrationSpec
        The calibration, its scenarios and parameters.
    posterior : ParameterPosterior
    prior_runs, posterior_runs : SimulatedTargets
        What runs show: over the whole ranges, and at draws of the posterior.
    coverage_check : PriorPredictiveCheck
        Whether what was observed lies where runs do.
    self_check_result : SelfCheck or None
        How well synthetic truths are found again, if that was asked for.
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
        """What is known of each parameter, a row each."""
        return calibration_tables.build_parameters_table(
            self.specification, self.posterior, doubtful=bool(self.warnings)
        )

    @cached_property
    def targets(self) -> pd.DataFrame:
        """What runs show of each target before and after, a row each."""
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
        """The posterior median of each parameter, by path, to four digits and within its range."""
        found = {}
        for one, median in zip(self.specification.factors, self.posterior.median, strict=True):
            found[one.path] = float(np.clip(float(f"{median:.{MEDIAN_DIGITS}g}"), one.low, one.high))
        return found

    @property
    def scenario(self) -> Scenario:
        """The base scenario with the posterior medians."""
        return self.specification.calibration.scenario.replace(self.medians)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why what is said of the parameters may not hold: targets that no parameters meet draw them to their ends."""
        found = []
        beyond = list(self.targets.loc[~self.targets["reachable"], "target"])
        if beyond:
            min_share = f"{100 * calibration_tables.MIN_REACH_SHARE:g} %"
            found.append(
                f"out of reach: {', '.join(beyond)}; fewer than {min_share} of the runs over the whole "
                "ranges come as far as its 95 % interval, and among the targets it draws the others' parameters to "
                "the ends of their ranges: leave it out"
            )
        if not self.coverage_check.is_covered:
            found.append(
                "the targets together lie outside what runs show anywhere in the ranges: no parameters meet them all, "
                "and the posterior stands on regression alone; look which are missed"
            )
        return tuple(found)

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known to read it, the warnings first."""
        found = list(self.warnings)
        if self.specification.calibration.replicates < MIN_RELIABLE_REPLICATES:
            found.append(
                f"only {self.specification.calibration.replicates} worlds (replicates): "
                f"what chance did in them is taken for "
                f"what parameters do, and intervals are far too narrow; give at least {MIN_RELIABLE_REPLICATES}"
            )
        if self.posterior.excluded_runs:
            found.append(
                f"{self.posterior.excluded_runs} of {len(self.prior_runs.summaries)} "
                f"runs show not all targets, or failed"
            )
        constant = list(self.targets.loc[self.targets["verdict"] == calibration_tables.CONSTANT, "target"])
        if constant:
            found.append(
                f"{', '.join(constant)}: all runs over the full ranges give the same value, so that it "
                "contains no information about the parameters"
            )
        together = self.correlations[self.correlations["correlation"].abs() >= STRONG_CORRELATION]
        found += [
            f"{one.parameter} and {one.other} are known only together (correlation {one.correlation:.2f})"
            for one in together.itertuples()
        ]
        return tuple(found)


def discard_message(_: str) -> None:
    """Say nothing."""


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
    """Fit parameters to targets with their uncertainty, or go on where that stopped: a posterior, not a point.

    The parameters fill their ranges evenly; every point is run in one world, in every arm; the runs nearest to the
    targets are kept and moved by regression (beaumont2002); then draws of the posterior are run to see what they show.
    Only new runs take time: where targets' values, their errors or `accepted_share` change, only draws of the new posterior are
    run, in place of those of the old one.

    Parameters
    ----------
    targets : str, Path, mapping or CalibrationSpec
        As for `load_calibration`, or what that returns.
    folder : str or Path, optional
        Where its runs are kept; ``results/calibrate-NAME`` unless given.
    executor, workers, scheduler, timeout, confirmed, retry_failed, progress, log
        As for `sweep`.
    self_check_runs : int, optional
        Synthetic truths that are to be found again from the same runs, in 1 to inf; none unless given.

    Raises
    ------
    InputError
        For faults of the calibration, fewer than one truth, what `sweep` raises, and where too few runs show all
        targets.
    """
    if self_check_runs is not None and self_check_runs < 1:
        raise InputError([Fault("--self-check", f"got {self_check_runs}; needed: at least 1 synthetic truth")])
    plan = targets if isinstance(targets, CalibrationSpec) else load_calibration(targets)
    check_run_count(plan, self_check_runs)
    place = Path(folder) if folder is not None else default_folder(plan)
    options = {"executor": executor, "workers": workers, "scheduler": scheduler, "timeout": timeout}
    doing = CalibrationRunOptions(
        place, {**options, "retry_failed": retry_failed, "progress": progress, "confirmed": confirmed}, log
    )
    before = run_prior(plan, doing, allow_inert=confirmed)
    found, where = compute_posterior(plan, before), run_coverage_check(plan, before)
    check = run_self_check(plan, before, self_check_runs) if self_check_runs is not None else None
    calibration = plan.calibration
    draws = found.resample(calibration.posterior_runs, calibration.seed)
    after = run_draws(plan, draws, doing)
    remove_older_draws(plan, draws, place)
    return CalibrationResult(plan, found, before, after, where, check, place)


def check_run_count(plan: CalibrationSpec, truths: int | None) -> None:
    """Refuse fewer points than a posterior needs, or than the truths' posteriors without their worlds do.

    Raises
    ------
    InputError
        In both cases, though every run should show every target.
    """
    one, number = plan.calibration, len(plan.calibration.targets)
    problem = describe_shortfall(one.points, one.accepted_share, number)
    left = one.points - max(1, one.points // one.replicates)
    kept, least = round(one.accepted_share * left), min_accepted(number)
    if not problem and truths is not None and kept < least:
        problem = f"leave {left} in other worlds than a truth of --self-check is in, of which {kept} are kept; "
        problem += f"needed: at least {least}; give more points, more worlds (replicates), or accept more of them"
    if problem:
        raise InputError([Fault("points", problem)])


def observed_values(plan: CalibrationSpec) -> tuple[FloatArray, FloatArray]:
    """Return what was observed, of (targets,), and its standard errors below and above, of (targets, 2)."""
    targets = plan.calibration.targets.values()
    return np.array([one.value for one in targets]), np.array([one.errors for one in targets])


def parameter_bounds(plan: CalibrationSpec) -> FloatArray:
    """Return the ends of the range of each parameter."""
    return np.array([(one.low, one.high) for one in plan.factors])


def compute_posterior(plan: CalibrationSpec, runs: SimulatedTargets) -> ParameterPosterior:
    """Return the posterior that runs give; raises as `estimate_posterior`."""
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
    """Return whether what was observed lies where runs do."""
    observed, scales = observed_values(plan)
    return prior_predictive_check(runs.summaries, observed, scales=scales, seed=plan.calibration.seed)


def run_self_check(plan: CalibrationSpec, runs: SimulatedTargets, truths: int) -> SelfCheck:
    """Return how well so many synthetic truths are found again from the same runs."""
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
    """Return the folder of a calibration unless another is given."""
    return Path("results") / f"calibrate-{plan.calibration.name}"
