"""Running the arms of a comparison: whole or from a branch, a number of worlds or until a precision is reached."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from qispread.inputs import argument_checks
from qispread.inputs.cross_checks import organisation_ids
from qispread.inputs.errors import index_of
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_argument import ScenarioLike, check_scenario, check_scenarios, read_scenario
from qispread.model.engines.branches import simulate_branches
from qispread.model.engines.run_failures import raise_if_failed
from qispread.model.engines.simulation import Engine, ProgressCallback, ReplicateRun, Runs, run_replicates
from qispread.model.measures import MEASURE_NAMES
from qispread.runs.comparison.arms import BASELINE_ARM, prepare_arms
from qispread.runs.comparison.paired_comparison import DEFAULT_MEASURE, Comparison
from qispread.runs.comparison.precision import PrecisionTarget, max_replicates

ReplicateRunner = Callable[[range, ProgressCallback], dict[str, list[ReplicateRun]]]
"""Runs some replicates of all arms; its progress counts the worlds of all arms."""


@argument_checks.validate_arguments(
    base=check_scenario,
    arms=check_scenarios,
    replicates=argument_checks.optional_check(argument_checks.integer_check(1)),
    measure=argument_checks.check_text,
    precision=argument_checks.optional_check(argument_checks.check_number),
    branch_at=argument_checks.optional_check(argument_checks.integer_check()),
    factorial=argument_checks.check_flag,
    engine=argument_checks.engine,
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
    engine: Engine = "kernel",
    workers: int | None = None,
    progress: ProgressCallback | None = None,
) -> Comparison:
    """Run a base and other arms in the same worlds with the same draws.

    Parameters
    ----------
    base : Scenario, str or Path
        A scenario, or the path of its file.
    arms : mapping of str to Scenario, str or Path
        By name; each must have the base's organisations, ties, seed, horizon and interventions.
    replicates : int, optional
        Worlds; the base's own number unless given. Ignored where a precision is asked.
    measure : str
        The measure that the answer is about: what the precision is of, and what arms are ranked by.
    precision : float, optional
        Run as many worlds as it takes for the 95 % interval of the difference in `measure` to have this half-width in
        every arm; see `qispread.runs.comparison.Precision` for the rule.
    branch_at : int, optional
        The month, from 2, at which arms part from the base, which is run up to there once: policies that an arm adds
        begin then or later, and arms may differ from the base in nothing else. On the kernel alone.
    factorial : bool
        Whether to run every combination of the policies that arms add, too.
    engine, workers, progress
        As for `simulate`; `progress` counts the worlds of all arms.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        For arms that cannot be compared with the base, each with the reason, or no arm at all; for a measure that
        there is not; for a precision that cannot be had.
    """
    index_of(measure, MEASURE_NAMES, "measure")
    base = read_scenario(base)
    count = base.replicates if replicates is None else replicates
    ready = prepare_arms(base, {name: read_scenario(arm) for name, arm in arms.items()}, branch_at, factorial=factorial)
    scenarios = {name: arm.replace(replicates=count) for name, arm in ready.items()}
    play = (
        run_from_start(scenarios, engine, workers)
        if branch_at is None
        else run_from_branch(scenarios, branch_at, workers)
    )
    asked = None if precision is None else PrecisionTarget(precision)
    most = max_replicates(base, len(organisation_ids(base)), len(scenarios))
    found = run_replicate_batches(play, tuple(scenarios), count, measure, asked, most, progress or (lambda _, __: None))
    worlds = len(found[BASELINE_ARM])
    runs = {name: Runs(scenarios[name].replace(replicates=worlds), done) for name, done in found.items()}
    factors = tuple(arms) if factorial else ()
    return Comparison(runs, measure=measure, precision=asked, branch_at=branch_at, factors=factors)


def run_from_start(scenarios: Mapping[str, Scenario], engine: Engine, workers: int | None) -> ReplicateRunner:
    """Return what runs every arm from its first month."""

    def play(replicates: range, progress: ProgressCallback) -> dict[str, list[ReplicateRun]]:
        count, total = len(replicates), len(replicates) * len(scenarios)
        found: dict[str, list[ReplicateRun]] = {}
        for place, (name, scenario) in enumerate(scenarios.items()):

            def advance(done: int, _: int, before: int = place * count) -> None:
                progress(before + done, total)

            found[name] = run_replicates(scenario, replicates, engine=engine, workers=workers, progress=advance)
        return found

    return play


def run_from_branch(scenarios: Mapping[str, Scenario], month: int, workers: int | None) -> ReplicateRunner:
    """Return what runs the base up to a month, and all arms from there."""

    def play(replicates: range, progress: ProgressCallback) -> dict[str, list[ReplicateRun]]:
        arms = len(scenarios)

        def advance(done: int, total: int) -> None:
            progress(done * arms, total * arms)

        return simulate_branches(
            scenarios[BASELINE_ARM], scenarios, month, replicates, workers=workers, progress=advance
        )

    return play


def run_replicate_batches(
    runner: ReplicateRunner,
    arms: tuple[str, ...],
    count: int,
    measure: str,
    precision: PrecisionTarget | None,
    max_replicates: int,
    progress: ProgressCallback,
) -> dict[str, list[ReplicateRun]]:
    """Return the runs of all arms: of `count` worlds, or of as many as a precision takes."""
    found: dict[str, list[ReplicateRun]] = {name: [] for name in arms}
    done, target = 0, count if precision is None else precision.next_batch_end([], 0)
    while done < target:

        def advance(more: int, total: int, before: int = done * len(arms)) -> None:
            progress(before + more, before + total)

        for name, runs in runner(range(done, target), advance).items():
            found[name].extend(runs)
        done = target
        if precision is not None:
            raise_if_failed(found)
            differences = complete_differences(found, measure)
            precision.check_feasible(differences, done, max_replicates)
            target = min(precision.next_batch_end(differences, done), max_replicates)
    return found


def complete_differences(found: Mapping[str, list[ReplicateRun]], measure: str) -> list[NDArray[np.float64]]:
    """Return the differences of each arm from the base in the worlds that have the measure in both."""
    place = MEASURE_NAMES.index(measure)
    last = {
        name: np.array([np.nan if run.error else run.measures[-1, -1, place] for run in runs])
        for name, runs in found.items()
    }
    apart = [values - last[BASELINE_ARM] for name, values in last.items() if name != BASELINE_ARM]
    return [one[~np.isnan(one)] for one in apart]
