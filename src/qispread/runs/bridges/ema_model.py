"""A scenario as a model of the EMA Workbench: uncertainties, levers and outcomes from the declarations."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.factors import Factor, plausible_factors, value_at_path
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_argument import ScenarioLike, check_scenario, resolve_scenario
from qispread.model.engines.organisation_class import OrganisationClass, check_organisation_class
from qispread.model.measures import MEASURES
from qispread.runs.bridges.function_arguments import check_factors, check_measures, declare_experiment, factor_specs
from qispread.runs.bridges.scenario_function import DEFAULT_REPLICATES, ScenarioFunction
from qispread.runs.comparison.robustness import accepts_range

INSTALL = "needs the EMA Workbench: pip install 'qispread[ema]'"
DEFAULT_NAME = "qispread"


def load_ema_workbench() -> Any:
    """Return the package of the EMA Workbench.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        import ema_workbench
    except ModuleNotFoundError as error:
        if error.name != "ema_workbench":
            raise
        raise InputError([Fault("as_ema_model", INSTALL)]) from None
    return ema_workbench


class OutcomeFunction:
    """Outcomes by name as a function of parameters by their names in the EMA Workbench; can be pickled.

    Attributes
    ----------
    function : ScenarioFunction
    paths : dict of str to str
        The path of each parameter by its name in the EMA Workbench.
    defaults : dict of str to object
        The scenario's own values by path, for parameters that an experiment leaves out: a search over levers leaves
        out uncertainties.
    """

    def __init__(self, function: ScenarioFunction, paths: Mapping[str, str]) -> None:
        self.function, self.paths = function, dict(paths)
        self.defaults = {path: value_at_path(function.experiment.scenario, path) for path in function.names}

    def __call__(self, **values: Any) -> dict[str, float]:
        """Return the mean of each measure."""
        means = self.function(self.defaults | {self.paths.get(name, name): value for name, value in values.items()})
        return dict(zip(self.function.measures, means.tolist(), strict=True))


@argument_checks.validate_arguments(
    scenario=check_scenario,
    levers=check_factors,
    measures=check_measures,
    uncertainties=argument_checks.optional_check(check_factors),
    replicates=argument_checks.integer_check(1),
    organisation_class=argument_checks.optional_check(check_organisation_class),
)
def as_ema_model(
    scenario: ScenarioLike,
    levers: Any,
    measures: str | Sequence[str],
    *,
    uncertainties: Any = None,
    replicates: int = DEFAULT_REPLICATES,
    organisation_class: OrganisationClass | None = None,
) -> Any:
    """Return a scenario as a model of the EMA Workbench, for its evaluators, its optimiser and its analyses.

    Names are paths with "_" in place of each character that Python's names cannot have: "improving.decay" is
    ``improving_decay``. All experiments have the same random numbers. A parameter that is not sampled has the
    scenario's own value.

    Parameters
    ----------
    scenario : Scenario, str or Path
    levers : list of str, or mapping
        The parameters that a decision sets, such as "policies.coaching.support", in any form that `as_function` takes;
        ``[]`` for none. Whole parts are levers by ``{"network": {"values": [...]}}``.
    measures : str or list of str
        The outcomes: to be maximised or minimised by their declared direction, or for information if they have none.
    uncertainties : list of str, or mapping, optional
        As for levers; default: every uncertain parameter with a plausible range, except the levers.
    replicates : int
        Runs of each experiment, whose mean is the outcome.
    organisation_class : type, optional
        As for `simulate`.

    Returns
    -------
    ema_workbench.Model
        Its attribute `paths` has the path of each parameter by its name.

    Raises
    ------
    InputError
        With every fault in the levers, uncertainties and measures; and if the EMA Workbench is not installed.
    """
    ema, base = load_ema_workbench(), resolve_scenario(scenario)
    lever_specs = factor_specs(levers)
    if uncertainties is None:
        uncertainties = default_uncertainties(base, lever_specs)
    uncertainty_specs = factor_specs(uncertainties)
    reject_shared_paths(lever_specs, uncertainty_specs)
    specs = {**uncertainty_specs, **lever_specs}
    arguments = {path: "levers" if path in lever_specs else "uncertainties" for path in specs}
    experiment = declare_experiment(base, specs, measures, replicates, organisation_class, arguments)
    function = ScenarioFunction(experiment, single=False, aggregate="mean", workers=1)
    reserved = dir(ema.Model(DEFAULT_NAME, function=abs))
    names = {path: name for name, path in parameter_names(function.names, reserved).items()}
    paths = {name: path for path, name in names.items()}
    model = ema.Model(re.sub(r"[\W_]", "", base.name) or DEFAULT_NAME, function=OutcomeFunction(function, paths))
    parameters = {
        factor.path: build_parameter(ema, names[factor.path], factor) for factor in experiment.resolved_factors
    }
    model.uncertainties = [parameters[path] for path in uncertainty_specs]
    model.levers = [parameters[path] for path in lever_specs]
    model.outcomes = [build_outcome(ema, measure) for measure in function.measures]
    model.paths = paths
    return model


def default_uncertainties(scenario: Scenario, levers: Iterable[str]) -> list[Factor]:
    """Return the uncertain parameters with a plausible range that fits the scenario, without the levers' own."""
    taken = tuple(levers)
    return [
        factor
        for factor in plausible_factors(scenario)
        if not any(factor.path == path or factor.path.startswith(f"{path}.") for path in taken)
        and accepts_range(scenario, factor)
    ]


def reject_shared_paths(levers: Iterable[str], uncertainties: Iterable[str]) -> None:
    """Raise InputError for parameters that are levers and uncertainties.

    Raises
    ------
    InputError
        With each of them.
    """
    shared = [path for path in levers if path in set(uncertainties)]
    if shared:
        raise InputError([Fault(path, "is a lever and an uncertainty; needed: one of the two") for path in shared])


def parameter_names(paths: Sequence[str], reserved: Iterable[str]) -> dict[str, str]:
    """Return the paths of parameters by names that Python can have, all different and none of them reserved."""
    names: dict[str, str] = {}
    taken = set(reserved)
    for path in paths:
        plain = re.sub(r"\W", "_", path)
        name, number = plain, 2
        while name in taken:
            name, number = f"{plain}_{number}", number + 1
        taken.add(name)
        names[name] = path
    return names


def build_parameter(ema: Any, name: str, factor: Factor) -> Any:
    """Return a parameter of the EMA Workbench for a factor."""
    if factor.values:
        return ema.CategoricalParameter(name, list(factor.labels or factor.values))
    if factor.integer:
        return ema.IntegerParameter(name, int(factor.low), int(factor.high))
    if factor.scale == "log":
        from scipy.stats import loguniform

        return ema.RealParameter.from_dist(name, loguniform(factor.low, factor.high))
    return ema.RealParameter(name, factor.low, factor.high)


def build_outcome(ema: Any, measure: str) -> Any:
    """Return an outcome of the EMA Workbench for a measure, with its direction."""
    kinds = {
        "more": ema.ScalarOutcome.MAXIMIZE,
        "less": ema.ScalarOutcome.MINIMIZE,
        "neither": ema.ScalarOutcome.INFO,
    }
    return ema.ScalarOutcome(measure, kind=kinds[MEASURES[measure].better])
