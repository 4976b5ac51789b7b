"""A scenario as a function of numbers, for SALib, scipy.optimize and any other library that calls a function."""

import uuid
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario_argument import ScenarioLike, check_scenario, resolve_scenario
from qispread.model.engines.organisation_class import OrganisationClass, check_organisation_class
from qispread.model.engines.thread_map import map_in_threads
from qispread.model.rules.code_replacement import apply_replacements
from qispread.runs.bridges.function_arguments import (
    PointReader,
    check_factors,
    check_measures,
    declare_experiment,
)
from qispread.runs.identity import environment
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.export import replicate_mean
from qispread.runs.sweep.worker import SweepJob, pickle_job, run_safely, unpickle_job

Aggregate = Literal["mean", "each"]
DEFAULT_REPLICATES = 20
MAX_FAILURES = 10


class ScenarioFunction:
    """Measures at the end of a scenario, as a function of some of its parameters; made by `as_function`.

    Attributes
    ----------
    names : list of str
        The paths of the factors, in the order of the numbers of a point.
    measures : tuple of str
    replicates : int
        Runs of each point, with the same random numbers at all points.
    bounds : list of tuple
        The lowest and the highest number of each factor; of a factor with values, of their indices.
    integrality : array of bool
        Which factors take whole numbers only, as `scipy.optimize.differential_evolution` needs it.
    problem : dict
        The problem as SALib describes it. Its bounds of whole numbers reach half a number further, so that each whole
        number has the same share of a sample.
    experiment : Experiment
        The factors and measures as a sweep declares them.
    """

    def __init__(self, experiment: Experiment, *, single: bool, aggregate: Aggregate, workers: int | None) -> None:
        self.experiment, self.aggregate, self.workers = experiment, aggregate, workers
        self._single = single
        self._reader = PointReader(experiment.scenario, experiment.resolved_factors)
        self._job: SweepJob | None = None

    def __repr__(self) -> str:
        measures = ", ".join(self.measures)
        return f"ScenarioFunction({', '.join(self.names)} -> {measures}: {self.replicates} replicates)"

    def __getstate__(self) -> dict[str, Any]:
        # Other processes prepare the scenario themselves, with their own compiled code.
        return {**self.__dict__, "_job": None}

    @property
    def names(self) -> list[str]:
        """The paths of the factors."""
        return self._reader.paths

    @property
    def measures(self) -> tuple[str, ...]:
        """The names of the measures."""
        return self.experiment.measures.final

    @property
    def replicates(self) -> int:
        """The number of runs of each point."""
        return self.experiment.replicates

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """The lowest and the highest number of each factor."""
        return [(factor.low, factor.high) for factor in self.experiment.resolved_factors]

    @property
    def integrality(self) -> NDArray[np.bool_]:
        """Which factors take whole numbers only."""
        return self._reader.discrete.copy()

    @property
    def problem(self) -> dict[str, Any]:
        """The problem as SALib describes it."""
        bounds = np.stack([self._reader.low, self._reader.high], axis=1).tolist()
        factors = self.experiment.resolved_factors
        problem = {"num_vars": len(factors), "names": self.names, "bounds": bounds}
        if any(factor.scale == "log" for factor in factors):
            problem["dists"] = ["logunif" if factor.scale == "log" else "unif" for factor in factors]
        return problem

    def __call__(self, *point: Any, **named: Any) -> Any:
        """Return the measures at one point, or at several.

        Parameters
        ----------
        *point
            A vector of numbers in the order of `names`; an array with a row for each of several points; numbers one by
            one; or a mapping of paths to values. A factor with values takes the index of one in a vector, and the
            value or its label in a mapping.
        **named
            The values of a mapping, one by one.

        Returns
        -------
        float or array of float64
            Of (points, measures, replicates): without points for a single one, without measures if the function was
            made with the name of one, and without replicates for means, which leave out runs without the measure.

        Raises
        ------
        InputError
            For numbers that are missing, invalid or outside the bounds, and for runs that fail.
        """
        points, several = self._reader.read(point, named)
        values = self._run(points)
        results = replicate_mean(values) if self.aggregate == "mean" else np.moveaxis(values, 1, 2)
        if self._single:
            results = results[:, 0]
        if several:
            return results
        return results[0] if results[0].ndim else float(results[0])

    def _run(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the measures of all runs, an array of (points, replicates, measures)."""
        job, count = self._current_job(), self.replicates
        values = np.full((len(points), count, len(self.measures)), np.nan)

        def run_some(runs: range) -> list[Fault]:
            faults = []
            for point, replicate in (divmod(run, count) for run in runs):
                measures = run_safely(job, points[point], replicate)
                if isinstance(measures, str):
                    faults.append(Fault(f"point {point}", f"replicate {replicate} failed: {measures}"))
                else:
                    values[point, replicate] = [measures[-1, row, column] for row, column in job.columns.final]
            return faults

        runs = range(len(points) * count)
        failures = run_some(runs) if self.workers == 1 else map_in_threads(run_some, runs, workers=self.workers)
        if failures:
            raise InputError(failures[:MAX_FAILURES])
        return values

    def _current_job(self) -> SweepJob:
        """Return the prepared experiment, prepared again if rules have been replaced since."""
        apply_replacements()
        if self._job is None or self._job.environment != environment():
            self._job = unpickle_job(pickle_job(self.experiment, None, uuid.uuid4().hex, here=True))
        return self._job


@argument_checks.validate_arguments(
    scenario=check_scenario,
    factors=check_factors,
    measures=check_measures,
    replicates=argument_checks.integer_check(1),
    aggregate=argument_checks.choice_check("mean", "each"),
    organisation_class=argument_checks.optional_check(check_organisation_class),
    workers=argument_checks.optional_check(argument_checks.integer_check(1)),
)
def as_function(
    scenario: ScenarioLike,
    factors: Any,
    measures: str | Sequence[str],
    *,
    replicates: int = DEFAULT_REPLICATES,
    aggregate: Aggregate = "mean",
    organisation_class: OrganisationClass | None = None,
    workers: int | None = None,
) -> ScenarioFunction:
    """Return measures at the end of a scenario as a function of some of its parameters.

    The function is for libraries that call one: ``SALib.sample`` takes its `problem`, ``scipy.optimize`` its `bounds`
    and `integrality`. The same point always has the same value, because all points have the same random numbers.

    Parameters
    ----------
    scenario : Scenario, str or Path
    factors : list of str, or mapping
        The paths of parameters, each over its plausible range; or a mapping of paths to ranges ``(low, high)`` or to
        settings as in the file of a sweep: ``{"scale": "log"}``, ``{"values": [...]}``.
    measures : str or list of str
        The name of a measure, or a list of names.
    replicates : int
        Runs of each point.
    aggregate : {"mean", "each"}
        Whether to return the mean over replicates or each of them.
    organisation_class : type, optional
        As for `simulate`; it runs in this thread.
    workers : int, optional
        Number of threads; default: one for each core.

    Returns
    -------
    ScenarioFunction

    Raises
    ------
    InputError
        With every fault in the factors and measures.
    """
    experiment = declare_experiment(resolve_scenario(scenario), factors, measures, replicates, organisation_class)
    threads = 1 if organisation_class is not None else workers
    return ScenarioFunction(
        experiment, single=isinstance(measures, str) and measures != "all", aggregate=aggregate, workers=threads
    )
