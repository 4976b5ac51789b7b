"""Robustness: the same comparison across plausible models, with other values of uncertain parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.common.deprecation import keep_former_members
from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.factors import Factor, number_at_path, plausible_factors
from qispread.inputs.scenario import Scenario
from qispread.model.engines.organisation_class import OrganisationClass, check_organisation_class, require_same_class
from qispread.model.engines.simulation import Runs, run_replicate
from qispread.model.engines.thread_map import ProgressCallback, map_in_threads
from qispread.model.measures import MEASURES
from qispread.model.rules.random_draws import hash_name
from qispread.model.world.run_inputs import prepare_scenario
from qispread.runs.comparison.arms import BASELINE_ARM
from qispread.runs.comparison.paired_comparison import Comparison
from qispread.runs.comparison.paired_statistics import finite_mean

DEFAULT_MODELS, REPLICATES_PER_MODEL, MIN_MODELS = 64, 8, 2
SIGNIFICANCE_LEVEL = 0.05
"""Largest adjusted p-value at which a parameter is reported to change the best arm."""


@keep_former_members
@dataclass(frozen=True, repr=False)
class Robustness:
    """The results of arms across plausible models.

    Attributes
    ----------
    measure : str
    ranking : tuple of str
        All arms, including the baseline, in the comparison itself, the best first.
    models : DataFrame
        One row for each model: its parameters by path.
    means : DataFrame
        One row for each model: the mean of the measure over replicates, by arm.
    replicates_per_model : int
        Replicates of each model and arm.
    factors : list of Factor
        The parameters that were varied.
    requested_models : int
        Models that were run, including those left out.
    """

    measure: str
    ranking: tuple[str, ...]
    models: pd.DataFrame
    means: pd.DataFrame
    replicates_per_model: int
    factors: list[Factor]
    requested_models: int

    def __repr__(self) -> str:
        return f"Robustness({self.measure}: {len(self.models)} models, ranking holds in {self.ranking_stability:.0%})"

    @property
    def oriented_means(self) -> NDArray[np.float64]:
        """The measure by model and arm in the order of the ranking, with the sign changed if less is better."""
        sign = -1.0 if MEASURES[self.measure].better == "less" else 1.0
        return sign * self.means[list(self.ranking)].to_numpy()

    @property
    def ranking_stability(self) -> float:
        """Share of models in which all arms have the same order."""
        return float(np.mean((np.diff(self.oriented_means, axis=1) <= 0.0).all(axis=1)))

    @property
    def best_unchanged(self) -> NDArray[np.bool_]:
        """Whether the best arm of the comparison is best in each model; arms that tie for best all count as best."""
        return np.asarray(self.oriented_means[:, 0] >= self.oriented_means.max(axis=1))

    @property
    def best_stability(self) -> float:
        """Share of models in which the best arm remains the best."""
        return float(self.best_unchanged.mean())

    @property
    def arms(self) -> pd.DataFrame:
        """The table of arms.

        Columns: ``arm``, ``rank`` in the comparison itself (1 is best), ``value`` (mean over models), ``share_best``,
        ``share_above_baseline`` (shares of models), ``regret_mean`` and ``regret_worst``: the shortfall from the best
        arm of each model (savage1951).
        """
        gains = self.oriented_means
        best, baseline = gains.max(axis=1, keepdims=True), gains[:, [self.ranking.index(BASELINE_ARM)]]
        regret, is_best = best - gains, gains == best
        return pd.DataFrame(
            {
                "arm": self.ranking,
                "rank": np.arange(1, len(self.ranking) + 1),
                "value": [float(self.means[arm].mean()) for arm in self.ranking],
                "share_best": (is_best / is_best.sum(axis=1, keepdims=True)).mean(axis=0),
                "share_above_baseline": (gains > baseline).mean(axis=0),
                "regret_mean": regret.mean(axis=0),
                "regret_worst": regret.max(axis=0),
            }
        )

    @property
    def best_arm_drivers(self) -> pd.DataFrame:
        """The table of parameters that separate models in which the best arm changes, the strongest first.

        Columns: ``parameter``, the two-sample Kolmogorov-Smirnov ``distance`` between its values in models where the
        best arm remains best and in the others (spear1980), ``p_value``, ``p_adjusted`` for the number of parameters
        (holm1979), the medians ``unchanged_median`` and ``changed_median``, and the range ``low`` to ``high``. Empty if
        the best arm never changes.
        """
        return self.discriminating_parameters(self.best_unchanged)

    def discriminating_parameters(self, holds: NDArray[np.bool_]) -> pd.DataFrame:
        """Return the parameters that separate models in which a condition holds from the others.

        Columns as in `best_arm_drivers`.
        """
        from scipy.stats import ks_2samp

        rows = []
        for factor in self.factors if 0 < holds.sum() < holds.size else ():
            values = self.models[factor.path].to_numpy(np.float64)
            test = ks_2samp(values[holds], values[~holds])
            medians = float(np.median(values[holds])), float(np.median(values[~holds]))
            rows.append((factor.path, test.statistic, test.pvalue, *medians, factor.low, factor.high))
        names = ["parameter", "distance", "p_value", "unchanged_median", "changed_median", "low", "high"]
        table = pd.DataFrame(rows, columns=names).sort_values("p_value", kind="stable", ignore_index=True)
        steps = table["p_value"].to_numpy(np.float64) * np.arange(len(table), 0, -1)
        table.insert(3, "p_adjusted", np.minimum(np.maximum.accumulate(steps), 1.0) if len(table) else steps)
        return table

    @property
    def order_drivers(self) -> pd.DataFrame:
        """The parameters that separate models in which two adjacent arms of the ranking swap order.

        Columns: ``arm`` and ``against``, the next arm; ``order_stability``, the share of models in which the first is
        not worse; then those of `best_arm_drivers`, adjusted for the parameters of each pair. Pairs that never swap are
        left out.
        """
        gains, tables = self.oriented_means, []
        for index, (arm, against) in enumerate(pairwise(self.ranking)):
            stays = gains[:, index] >= gains[:, index + 1]
            table = self.discriminating_parameters(stays)
            for name, value in (("order_stability", float(stays.mean())), ("against", against), ("arm", arm)):
                table.insert(0, name, value)
            tables.append(table)
        filled = [table for table in tables if len(table)]
        return pd.concat(filled, ignore_index=True) if filled else tables[0]

    @property
    def order_changes(self) -> list[tuple[str, str, str]]:
        """Each arm, the next in the ranking, and the parameter that best separates models in which they swap order.

        Pairs without a significant parameter are left out.
        """
        table = self.order_drivers
        significant = table[table["p_adjusted"] <= SIGNIFICANCE_LEVEL].drop_duplicates(["arm", "against"])
        return [(str(row.arm), str(row.against), str(row.parameter)) for row in significant.itertuples()]

    @property
    def main_driver(self) -> str | None:
        """The parameter that best separates models in which the best arm changes, or None if none is significant."""
        drivers = self.best_arm_drivers
        return str(drivers["parameter"][0]) if len(drivers) and drivers["p_adjusted"][0] <= SIGNIFICANCE_LEVEL else None


def rank_arms(comparison: Comparison) -> tuple[str, ...]:
    """Return all arms by the mean of the comparison's measure, the best first; ties keep their order.

    Raises
    ------
    InputError
        For a measure without a desirable direction.
    """
    direction = comparison.declared_measure(comparison.measure).better
    if direction == "neither":
        problem = f"'{comparison.measure}' has no desirable direction: arms cannot be ranked by it"
        raise InputError([Fault("measure", problem)])
    means = {arm: finite_mean(runs.values_by_replicate(comparison.measure)) for arm, runs in comparison.runs.items()}
    sign = 1.0 if direction == "less" else -1.0
    return tuple(sorted(means, key=lambda arm: (np.isnan(means[arm]), sign * means[arm])))


def shared_factors(scenarios: Mapping[str, Scenario]) -> list[Factor]:
    """Return the plausible factors of the baseline that have the same value in every arm; others define the arms.

    Factors whose range does not fit the scenario, such as a mean degree too large for few organisations, are left out.
    """
    base = scenarios[BASELINE_ARM]
    return [
        factor
        for factor in plausible_factors(base)
        if all(number_at_path(arm, factor.path) == number_at_path(base, factor.path) for arm in scenarios.values())
        and accepts_range(base, factor)
    ]


def accepts_range(scenario: Scenario, factor: Factor) -> bool:
    """Return whether both ends of a factor's range are valid for a scenario."""
    try:
        for end in (factor.low, factor.high):
            scenario.replace({factor.path: int(end) if factor.integer else end})
    except InputError:
        return False
    return True


def draw_plausible_models(factors: Sequence[Factor], models: int, seed: int) -> pd.DataFrame:
    """Return plausible models, one row each: a Latin hypercube over the ranges of the factors (mckay1979).

    Each column has a random stream of its own, keyed by seed and path: a parameter more or less moves no other
    (decision 82).
    """
    from scipy.stats import qmc

    columns = {}
    for factor in factors:
        # A column of a Latin hypercube: one draw in each of as many equal parts as there are models, in random order.
        rng = np.random.default_rng([seed, hash_name(factor.path)])
        unit = qmc.LatinHypercube(1, rng=rng).random(models)[:, 0]
        values = factor.low + unit * (factor.high - factor.low)
        columns[factor.path] = np.round(values) if factor.integer else values
    return pd.DataFrame(columns, index=pd.RangeIndex(models))


@argument_checks.validate_arguments(
    comparison=argument_checks.instance_check(Comparison, "a Comparison, as qispread.compare returns it"),
    models=argument_checks.integer_check(),
    replicates=argument_checks.integer_check(),
    organisation_class=argument_checks.optional_check(check_organisation_class),
    workers=argument_checks.optional_check(argument_checks.integer_check(1)),
    progress=argument_checks.optional_check(argument_checks.check_callable),
)
def robustness(
    comparison: Comparison,
    models: int = DEFAULT_MODELS,
    replicates: int = REPLICATES_PER_MODEL,
    *,
    organisation_class: OrganisationClass | None = None,
    workers: int | None = None,
    progress: ProgressCallback | None = None,
) -> Robustness:
    """Run the arms of a comparison across plausible models.

    Every parameter with a plausible range is varied over it, except those that a scenario sets outside it and those
    in which arms differ. Models share seeds and arms share random numbers, so that differences are due to parameters
    (decision 25).

    Parameters
    ----------
    comparison : Comparison
        Its measure ranks the arms; models in which it is undefined in some arm are left out.
    models : int
        Plausible models, at least 2.
    replicates : int
        Replicates of each arm in each model, at least 1.
    organisation_class : type, optional
        That of the comparison, if it has one.
    progress : callable, optional
        Called with the numbers of completed and of all models.

    Raises
    ------
    InputError
        For smaller numbers, and for a measure without a desirable direction.
    """
    if models < MIN_MODELS or replicates < 1:
        problem = f"got {models} models with {replicates} replicates each; needed: at least {MIN_MODELS} with 1"
        raise InputError([Fault("robustness", problem)])
    require_same_class(comparison.organisation_class, organisation_class, "")
    ranking = rank_arms(comparison)
    scenarios = {arm: runs.scenario for arm, runs in comparison.runs.items()}
    factors = shared_factors(scenarios)
    table = draw_plausible_models(factors, models, scenarios[BASELINE_ARM].seed)
    rows = [
        {factor.path: int(row[factor.path]) if factor.integer else row[factor.path] for factor in factors}
        for row in table.to_dict("records")
    ]

    def run_some(chunk: range) -> list[tuple[int, dict[str, float]]]:
        return [
            (index, arm_means(scenarios, rows[index], comparison.measure, replicates, organisation_class))
            for index in chunk
        ]

    means_by_model = dict(map_in_threads(run_some, range(models), workers=workers, progress=progress))
    values = pd.DataFrame([means_by_model[index] for index in range(models)])
    known = values.notna().all(axis=1)
    if known.sum() < MIN_MODELS:
        problem = f"'{comparison.measure}' is defined in {known.sum()} of {models} plausible models"
        raise InputError([Fault("robustness", f"{problem}; needed: at least {MIN_MODELS}, or another measure")])
    kept_models, kept_means = (frame[known].reset_index(drop=True) for frame in (table, values))
    return Robustness(comparison.measure, ranking, kept_models, kept_means, replicates, factors, models)


def arm_means(
    scenarios: Mapping[str, Scenario],
    changes: dict[str, Any],
    measure: str,
    replicates: int,
    organisation_class: OrganisationClass | None = None,
) -> dict[str, float]:
    """Return the mean of a measure at the end by arm, over replicates of a model with the measure in all arms."""
    values = []
    for scenario in scenarios.values():
        prepared = prepare_scenario(scenario.replace(changes))
        completed = [
            run_replicate(prepared, replicate, organisation_class=organisation_class) for replicate in range(replicates)
        ]
        runs = Runs(prepared.scenario, completed)
        values.append(runs.values_by_replicate(measure))
    known = ~np.isnan(values).any(axis=0)
    return {arm: finite_mean(arm_values[known]) for arm, arm_values in zip(scenarios, values, strict=True)}
