"""A calibration from its file to its posterior."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qispread.analysis.calibration import Numbers, Posterior, least_kept, posterior, too_few
from qispread.analysis.calibration_check import Reach, SelfCheck, reach, self_check
from qispread.calibrating import tables
from qispread.calibrating.load import CALIBRATION, Given, Plan, load_calibration
from qispread.calibrating.runs import Doing, Shown, remove_older_draws, run_all, run_draws
from qispread.config import arguments
from qispread.config.faults import Fault, InputError
from qispread.config.scenario import Scenario

if TYPE_CHECKING:
    from qispread.sweeping.runner import Progress

DIGITS = 4
"""Significant digits of the medians in the calibrated scenario."""
STRONG = 0.6
"""Correlation from which two parameters are named as known only together."""
FEW_WORLDS = 50
"""Worlds below which intervals are told to be too narrow: what is common to so few is taken for what parameters do."""


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What targets say of parameters.

    Attributes
    ----------
    plan : Plan
        The calibration, its scenarios and parameters.
    posterior : Posterior
    before, after : Shown
        What runs show: over the whole ranges, and at draws of the posterior.
    reach : Reach
        Whether what was observed lies where runs do.
    check : SelfCheck or None
        How well synthetic truths are found again, if that was asked for.
    folder : Path
    """

    plan: Plan
    posterior: Posterior
    before: Shown
    after: Shown
    reach: Reach
    check: SelfCheck | None
    folder: Path

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """What is known of each parameter, a row each."""
        return tables.parameters_table(self.plan, self.posterior, doubtful=bool(self.warnings))

    @cached_property
    def targets(self) -> pd.DataFrame:
        """What runs show of each target before and after, a row each."""
        return tables.targets_table(self.plan, self.before.summaries, self.after.summaries, self.reach)

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """The correlation of every two parameters, the strongest first."""
        return tables.correlations_table(self.plan, self.posterior)

    @cached_property
    def draws(self) -> pd.DataFrame:
        """The draws of the posterior with their weights."""
        return tables.draws_table(self.plan, self.posterior)

    @property
    def medians(self) -> dict[str, float]:
        """The posterior median of each parameter, by path, to four digits and within its range."""
        found = {}
        for one, median in zip(self.plan.factors, self.posterior.median, strict=True):
            found[one.path] = float(np.clip(float(f"{median:.{DIGITS}g}"), one.low, one.high))
        return found

    @property
    def scenario(self) -> Scenario:
        """The base scenario with the posterior medians."""
        return self.plan.calibration.scenario.replace(self.medians)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why what is said of the parameters may not hold: targets that no parameters meet draw them to their ends."""
        found = []
        beyond = list(self.targets.loc[~self.targets["reachable"], "target"])
        if beyond:
            found.append(
                f"out of reach: {', '.join(beyond)}; fewer than {100 * tables.EDGE:g} % of the runs over the whole "
                "ranges come as far as its 95 % interval, and among the targets it draws the others' parameters to "
                "the ends of their ranges: leave it out"
            )
        if not self.reach.inside:
            found.append(
                "the targets together lie outside what runs show anywhere in the ranges: no parameters meet them all, "
                "and the posterior stands on regression alone; look which are missed"
            )
        return tuple(found)

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known to read it, the warnings first."""
        found = list(self.warnings)
        if self.plan.calibration.replicates < FEW_WORLDS:
            found.append(
                f"only {self.plan.calibration.replicates} worlds (replicates): what chance did in them is taken for "
                f"what parameters do, and intervals are far too narrow; give at least {FEW_WORLDS}"
            )
        if self.posterior.left_out:
            found.append(
                f"{self.posterior.left_out} of {len(self.before.summaries)} runs show not all targets, or failed"
            )
        constant = list(self.targets.loc[self.targets["verdict"] == tables.CONSTANT, "target"])
        if constant:
            found.append(
                f"{', '.join(constant)}: all runs over the full ranges give the same value, so that it "
                "contains no information about the parameters"
            )
        together = self.correlations[self.correlations["correlation"].abs() >= STRONG]
        found += [
            f"{one.parameter} and {one.other} are known only together (correlation {one.correlation:.2f})"
            for one in together.itertuples()
        ]
        return tuple(found)


def silent(_: str) -> None:
    """Say nothing."""


@arguments.checks(
    targets=arguments.described_by(Plan, CALIBRATION),
    folder=arguments.optional(arguments.path),
    executor=arguments.instance((str, Executor), "the name of an executor, or one of concurrent.futures"),
    workers=arguments.optional(arguments.whole()),
    scheduler=arguments.optional(arguments.text),
    timeout=arguments.optional(arguments.number),
    yes=arguments.flag,
    retry_failed=arguments.flag,
    truths=arguments.optional(arguments.whole()),
    progress=arguments.optional(arguments.called),
    say=arguments.called,
)
def calibrate(
    targets: Given | Plan,
    folder: str | Path | None = None,
    *,
    executor: str | Executor = "threads",
    workers: int | None = None,
    scheduler: str | None = None,
    timeout: float | None = None,
    yes: bool = False,
    retry_failed: bool = False,
    truths: int | None = None,
    progress: "Callable[[Progress], None] | None" = None,
    say: Callable[[str], None] = silent,
) -> Calibrated:
    """Fit parameters to targets with their uncertainty, or go on where that stopped: a posterior, not a point.

    The parameters fill their ranges evenly; every point is run in one world, in every arm; the runs nearest to the
    targets are kept and moved by regression (beaumont2002); then draws of the posterior are run to see what they show.
    Only new runs take time: where targets' values, their errors or `accept` change, only draws of the new posterior are
    run, in place of those of the old one.

    Parameters
    ----------
    targets : str, Path, mapping or Plan
        As for `load_calibration`, or what that returns.
    folder : str or Path, optional
        Where its runs are kept; ``results/calibrate-NAME`` unless given.
    executor, workers, scheduler, timeout, yes, retry_failed, progress, say
        As for `sweep`.
    truths : int, optional
        Synthetic truths that are to be found again from the same runs, in 1 to inf; none unless given.

    Raises
    ------
    InputError
        For faults of the calibration, fewer than one truth, what `sweep` raises, and where too few runs show all
        targets.
    """
    if truths is not None and truths < 1:
        raise InputError([Fault("--self-check", f"got {truths}; needed: at least 1 synthetic truth")])
    plan = targets if isinstance(targets, Plan) else load_calibration(targets)
    refuse_short(plan, truths)
    place = Path(folder) if folder is not None else default_folder(plan)
    options = {"executor": executor, "workers": workers, "scheduler": scheduler, "timeout": timeout}
    doing = Doing(place, {**options, "retry_failed": retry_failed, "progress": progress, "yes": yes}, say)
    before = run_all(plan, doing, idle=yes)
    found, where = posterior_of(plan, before), reach_of(plan, before)
    check = check_of(plan, before, truths) if truths is not None else None
    calibration = plan.calibration
    draws = found.equal_draws(calibration.predictive, calibration.seed)
    after = run_draws(plan, draws, doing)
    remove_older_draws(plan, draws, place)
    return Calibrated(plan, found, before, after, where, check, place)


def refuse_short(plan: Plan, truths: int | None) -> None:
    """Refuse fewer points than a posterior needs, or than the truths' posteriors without their worlds do.

    Raises
    ------
    InputError
        In both cases, though every run should show every target.
    """
    one, number = plan.calibration, len(plan.calibration.targets)
    problem = too_few(one.points, one.accept, number)
    left = one.points - max(1, one.points // one.replicates)
    kept, least = round(one.accept * left), least_kept(number)
    if not problem and truths is not None and kept < least:
        problem = f"leave {left} in other worlds than a truth of --self-check is in, of which {kept} are kept; "
        problem += f"needed: at least {least}; give more points, more worlds (replicates), or accept more of them"
    if problem:
        raise InputError([Fault("points", problem)])


def observed_of(plan: Plan) -> tuple[Numbers, Numbers]:
    """Return what was observed, of (targets,), and its standard errors below and above, of (targets, 2)."""
    targets = plan.calibration.targets.values()
    return np.array([one.value for one in targets]), np.array([one.errors for one in targets])


def bounds_of(plan: Plan) -> Numbers:
    """Return the ends of the range of each parameter."""
    return np.array([(one.low, one.high) for one in plan.factors])


def posterior_of(plan: Plan, shown: Shown) -> Posterior:
    """Return the posterior that runs give; raises as `posterior`."""
    (observed, scales), calibration = observed_of(plan), plan.calibration
    return posterior(
        shown.parameters,
        shown.summaries,
        observed,
        bounds=bounds_of(plan),
        scales=scales,
        accept=calibration.accept,
        seed=calibration.seed,
    )


def reach_of(plan: Plan, shown: Shown) -> Reach:
    """Return whether what was observed lies where runs do."""
    observed, scales = observed_of(plan)
    return reach(shown.summaries, observed, scales=scales, seed=plan.calibration.seed)


def check_of(plan: Plan, shown: Shown, truths: int) -> SelfCheck:
    """Return how well so many synthetic truths are found again from the same runs."""
    calibration = plan.calibration
    return self_check(
        shown.parameters,
        shown.summaries,
        bounds=bounds_of(plan),
        scales=observed_of(plan)[1],
        accept=calibration.accept,
        truths=truths,
        worlds=shown.worlds,
        seed=calibration.seed,
    )


def default_folder(plan: Plan) -> Path:
    """Return the folder of a calibration unless another is given."""
    return Path("results") / f"calibrate-{plan.calibration.name}"
