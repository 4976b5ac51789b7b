"""Running a comparison: complete or branching arms, for a number of replicates or until a precision is reached."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread.inputs import argument_checks
from qispread.inputs.cross_checks import organisation_ids
from qispread.inputs.errors import index_of
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_argument import ScenarioLike, check_scenario, check_scenarios, resolve_scenario
from qispread.model.engines.branches import simulate_branches
from qispread.model.engines.organisation_class import (
    Engine,
    OrganisationClass,
    check_organisation_class,
    identify_class,
    select_engine,
)
from qispread.model.engines.run_failures import raise_if_failed
from qispread.model.engines.simulation import ReplicateRun, Runs, run_replicates
from qispread.model.engines.thread_map import ProgressCallback
from qispread.model.engines.worker_processes import open_processes
from qispread.model.measures import MEASURE_NAMES, measure_names
from qispread.runs.comparison.arms import BASELINE_ARM, prepare_arms
from qispread.runs.comparison.paired_comparison import DEFAULT_MEASURE, Comparison
from qispread.runs.comparison.precision import PrecisionTarget, max_replicates

ReplicateRunner = Callable[[range, ProgressCallback], dict[str, list[ReplicateRun]]]
"""Runs some replicates of all arms; its progress counts the runs of all arms."""


@argument_checks.validate_arguments(
    base=check_scenario,
    arms=check_scenarios,
    replicates=argument_checks.optional_check(argument_checks.integer_check(1)),
    measure=argument_checks.check_text,
    precision=argument_checks.optional_check(argument_checks.check_number),
    branch_at=argument_checks.optional_check(argument_checks.integer_check()),
    factorial=argument_checks.check_flag,
    engine=argument_checks.optional_check(argument_checks.engine),
    organisation_class=argument_checks.optional_check(check_organisation_class),
    workers=argument_checks.optional_check(argument_checks.integer_check(1)),
    progress=argument_checks.optional_check(argument_checks.check_callable),
)
def compare(
    base: ScenarioLike,
    arms: Mapping[str, ScenarioLike],
    replicates: int | None = None,
    *,
    measure: str = DEFAULT_MEASURE,
    precision: float | None = None,
    branch_at: int | None = None,
    factorial: bool = False,
    engine: Engine | None = None,
    organisation_class: OrganisationClass | None = None,
    workers: int | None = None,
    progress: ProgressCallback | None = None,
) -> Comparison:
    """Run a baseline and other arms with common random numbers: the same populations and draws.

    Parameters
    ----------
    base : Scenario, str or Path
        The baseline: a scenario, or the path of its file.
    arms : mapping of str to Scenario, str or Path
        Arms by name; each must have the baseline's organisations, ties, seed, horizon and interventions.
    replicates : int, optional
        Number of replicates; default: that of the baseline. Ignored with a precision.
    measure : str
        The measure that the precision applies to and arms are ranked by.
    precision : float, optional
        Run replicates until the 95% interval of the difference in `measure` has this half-width in every arm; see
        `qispread.runs.comparison.PrecisionTarget` for the rule.
    branch_at : int, optional
        The month, from 2, at which arms branch from the baseline, which runs once up to there: policies that an arm
        adds start then or later, and arms may not differ from the baseline otherwise. Only on the kernel;
        with an `organisation_class` every arm runs completely, with the same results.
    factorial : bool
        Whether to run every combination of the policies that arms add as well.
    engine, organisation_class, workers, progress
        As for `simulate`; all arms have the same class, and `progress` counts the runs of all arms.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        For arms that cannot be compared with the baseline, each with the reason, or without arms; for an unknown
        measure; for a precision that cannot be reached.
    """
    base, engine = resolve_scenario(base), select_engine(engine, organisation_class)
    index_of(measure, measure_names(base), "measure")
    count = base.replicates if replicates is None else replicates
    prepared = prepare_arms(
        base, {name: resolve_scenario(arm) for name, arm in arms.items()}, branch_at, factorial=factorial
    )
    columns = {name: index_of(measure, measure_names(arm), "measure") for name, arm in prepared.items()}
    scenarios = {name: arm.replace(replicates=count) for name, arm in prepared.items()}
    target = None if precision is None else PrecisionTarget(precision)
    limit = max_replicates(base, len(organisation_ids(base)), len(scenarios))
    with open_processes(organisation_class, workers) as processes:
        options = {"workers": workers, "organisation_class": organisation_class, "executor": processes}
        runner = (
            run_from_start(scenarios, engine, options)
            if branch_at is None or organisation_class is not None
            else run_from_branch(scenarios, branch_at, workers)
        )
        runs_by_arm = run_replicate_batches(
            runner, tuple(scenarios), count, measure, target, limit, progress or (lambda _, __: None), columns
        )
    completed, identity = len(runs_by_arm[BASELINE_ARM]), identify_class(organisation_class)
    runs = {
        name: Runs(scenarios[name].replace(replicates=completed), arm_runs, identity)
        for name, arm_runs in runs_by_arm.items()
    }
    factors = tuple(arms) if factorial else ()
    return Comparison(runs, measure=measure, precision=target, branch_at=branch_at, factors=factors)


def run_from_start(scenarios: Mapping[str, Scenario], engine: Engine, options: Mapping[str, Any]) -> ReplicateRunner:
    """Return a runner that runs every arm from the first month, with the options of `run_replicates`."""

    def run_arms(replicates: range, progress: ProgressCallback) -> dict[str, list[ReplicateRun]]:
        count, total = len(replicates), len(replicates) * len(scenarios)
        runs: dict[str, list[ReplicateRun]] = {}
        for index, (name, scenario) in enumerate(scenarios.items()):

            def advance(done: int, _: int, previous: int = index * count) -> None:
                progress(previous + done, total)

            runs[name] = run_replicates(scenario, replicates, engine=engine, progress=advance, **options)
        return runs

    return run_arms


def run_from_branch(scenarios: Mapping[str, Scenario], month: int, workers: int | None) -> ReplicateRunner:
    """Return a runner that runs the baseline up to a month, and all arms from there."""

    def run_arms(replicates: range, progress: ProgressCallback) -> dict[str, list[ReplicateRun]]:
        arm_count = len(scenarios)

        def advance(done: int, total: int) -> None:
            progress(done * arm_count, total * arm_count)

        return simulate_branches(
            scenarios[BASELINE_ARM], scenarios, month, replicates, workers=workers, progress=advance
        )

    return run_arms


def run_replicate_batches(
    runner: ReplicateRunner,
    arms: tuple[str, ...],
    count: int,
    measure: str,
    precision: PrecisionTarget | None,
    max_replicates: int,
    progress: ProgressCallback,
    columns: Mapping[str, int] | None = None,
) -> dict[str, list[ReplicateRun]]:
    """Return the runs of all arms: `count` replicates, or as many as a precision needs.

    Parameters
    ----------
    columns : mapping of str to int, optional
        The column of the measure in each arm; by default that of a shipped measure.
    """
    runs_by_arm: dict[str, list[ReplicateRun]] = {name: [] for name in arms}
    columns = columns or dict.fromkeys(arms, MEASURE_NAMES.index(measure))
    done, target = 0, count if precision is None else precision.next_batch_end([], 0)
    while done < target:

        def advance(newly_done: int, total: int, previous: int = done * len(arms)) -> None:
            progress(previous + newly_done, previous + total)

        for name, runs in runner(range(done, target), advance).items():
            runs_by_arm[name].extend(runs)
        done = target
        if precision is not None:
            raise_if_failed(runs_by_arm)
            differences = complete_differences(runs_by_arm, columns)
            precision.check_feasible(differences, done, max_replicates)
            target = min(precision.next_batch_end(differences, done), max_replicates)
    return runs_by_arm


def complete_differences(
    runs_by_arm: Mapping[str, list[ReplicateRun]], columns: Mapping[str, int]
) -> list[NDArray[np.float64]]:
    """Return the differences of each arm from the baseline, in replicates with the measure in both."""
    final_values = {
        name: np.array([np.nan if run.error else run.measures[-1, -1, columns[name]] for run in runs])
        for name, runs in runs_by_arm.items()
    }
    differences = [values - final_values[BASELINE_ARM] for name, values in final_values.items() if name != BASELINE_ARM]
    return [difference[~np.isnan(difference)] for difference in differences]
