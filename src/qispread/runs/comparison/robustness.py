"""Robustness: the same comparison in other plausible models, whose parameters nobody knows better."""

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
from qispread.model.engines.simulation import ProgressCallback, Runs, map_in_threads, run_replicate
from qispread.model.measures import MEASURES
from qispread.model.rules.random_draws import hash_name
from qispread.model.world.run_inputs import prepare_scenario
from qispread.runs.comparison.arms import BASELINE_ARM
from qispread.runs.comparison.paired_comparison import Comparison
from qispread.runs.comparison.paired_statistics import finite_mean

DEFAULT_MODELS, REPLICATES_PER_MODEL, MIN_MODELS = 64, 8, 2
SIGNIFICANCE_LEVEL = 0.05
"""Largest adjusted p-value with which a parameter is said to flip the best arm."""


@keep_former_members
@dataclass(frozen=True, repr=False)
class Robustness:
    """What arms achieve in plausible models.

    Attributes
    ----------
    measure : str
    ranking : tuple of str
        All arms, the base too, in the comparison itself, the best first.
    models : DataFrame
        A row a model: its parameters by path.
    means : DataFrame
        A row a model: the mean of the measure over worlds, by arm.
    replicates_per_model : int
        Of each model and arm.
    factors : list of Factor
        What was varied.
    requested_models : int
        Models that were run, those left out too.
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
        """The measure by model and arm in the order of the ranking, turned so that more is better."""
        sign = -1.0 if MEASURES[self.measure].better == "less" else 1.0
        return sign * self.means[list(self.ranking)].to_numpy()

    @property
    def ranking_stability(self) -> float:
        """Share of models in which all arms stand in the same order."""
        return float(np.mean((np.diff(self.oriented_means, axis=1) <= 0.0).all(axis=1)))

    @property
    def best_unchanged(self) -> NDArray[np.bool_]:
        """Whether the best arm of the comparison is best, by model; arms that share the first place both are."""
        return np.asarray(self.oriented_means[:, 0] >= self.oriented_means.max(axis=1))

    @property
    def best_stability(self) -> float:
        """Share of models in which the best arm stays the best."""
        return float(self.best_unchanged.mean())

    @property
    def arms(self) -> pd.DataFrame:
        """The table of arms.

        Columns: ``arm``, ``rank`` in the comparison itself (1 the best), ``value`` (mean over models), ``share_best``,
        ``share_above_baseline`` (shares of models), ``regret_mean`` and ``regret_worst``: by how much the arm falls short
        of the best of each model (savage1951).
        """
        gains = self.oriented_means
        best, base = gains.max(axis=1, keepdims=True), gains[:, [self.ranking.index(BASELINE_ARM)]]
        regret, first = best - gains, gains == best
        return pd.DataFrame(
            {
                "arm": self.ranking,
                "rank": np.arange(1, len(self.ranking) + 1),
                "value": [float(self.means[arm].mean()) for arm in self.ranking],
                "share_best": (first / first.sum(axis=1, keepdims=True)).mean(axis=0),
                "share_above_baseline": (gains > base).mean(axis=0),
                "regret_mean": regret.mean(axis=0),
                "regret_worst": regret.max(axis=0),
            }
        )

    @property
    def best_arm_drivers(self) -> pd.DataFrame:
        """The table of parameters, the most telling first.

        For each the two-sample Kolmogorov-Smirnov ``distance`` between its values in models where the best arm stays
        best and in the others (spear1980), ``p_value``, ``adjusted`` for the number of parameters (holm1979), the
        medians ``holds_median`` and ``flips_median``, and the range ``low`` to ``high``. Empty where nothing flips.
        """
        return self.discriminating_parameters(self.best_unchanged)

    def discriminating_parameters(self, stays: NDArray[np.bool_]) -> pd.DataFrame:
        """Return which parameters separate the models in which something holds from the others.

        Columns as in `best_arm_drivers`.
        """
        from scipy.stats import ks_2samp

        rows = []
        for factor in self.factors if 0 < stays.sum() < stays.size else ():
            values = self.models[factor.path].to_numpy(np.float64)
            found = ks_2samp(values[stays], values[~stays])
            medians = float(np.median(values[stays])), float(np.median(values[~stays]))
            rows.append((factor.path, found.statistic, found.pvalue, *medians, factor.low, factor.high))
        names = ["parameter", "distance", "p_value", "unchanged_median", "changed_median", "low", "high"]
        table = pd.DataFrame(rows, columns=names).sort_values("p_value", kind="stable", ignore_index=True)
        steps = table["p_value"].to_numpy(np.float64) * np.arange(len(table), 0, -1)
        table.insert(3, "p_adjusted", np.minimum(np.maximum.accumulate(steps), 1.0) if len(table) else steps)
        return table

    @property
    def order_drivers(self) -> pd.DataFrame:
        """The parameters that tell where two arms that follow each other in the ranking change places.

        Columns ``arm`` and ``against``, the arm next after it, ``holds``, the share of models in which the first does
        not fall behind, then those of `best_arm_drivers`, adjusted for the parameters of each pair. Pairs that never
        change places are left out.
        """
        gains, found = self.oriented_means, []
        for place, (arm, against) in enumerate(pairwise(self.ranking)):
            stays = gains[:, place] >= gains[:, place + 1]
            table = self.discriminating_parameters(stays)
            for name, value in (("order_stability", float(stays.mean())), ("against", against), ("arm", arm)):
                table.insert(0, name, value)
            found.append(table)
        filled = [table for table in found if len(table)]
        return pd.concat(filled, ignore_index=True) if filled else found[0]

    @property
    def order_changes(self) -> list[tuple[str, str, str]]:
        """Each arm, the next in the ranking, and the parameter that tells most where they change places.

        Pairs of which none can be told from chance are left out.
        """
        table = self.order_drivers
        found = table[table["p_adjusted"] <= SIGNIFICANCE_LEVEL].drop_duplicates(["arm", "against"])
        return [(str(one.arm), str(one.against), str(one.parameter)) for one in found.itertuples()]

    @property
    def main_driver(self) -> str | None:
        """The parameter that most tells where the best arm changes, or None where none can be told from chance."""
        flips = self.best_arm_drivers
        return str(flips["parameter"][0]) if len(flips) and flips["p_adjusted"][0] <= SIGNIFICANCE_LEVEL else None


def rank_arms(comparison: Comparison) -> tuple[str, ...]:
    """Return all arms by the mean of the comparison's measure, the best first; ties go by their order.

    Raises
    ------
    InputError
        For a measure of which neither direction is good.
    """
    direction = MEASURES[comparison.measure].better
    if direction == "neither":
        problem = f"'{comparison.measure}' is neither good nor bad: arms cannot be ranked by it"
        raise InputError([Fault("measure", problem)])
    means = {arm: finite_mean(runs.values_by_replicate(comparison.measure)) for arm, runs in comparison.runs.items()}
    sign = 1.0 if direction == "less" else -1.0
    return tuple(sorted(means, key=lambda arm: (np.isnan(means[arm]), sign * means[arm])))


def shared_factors(scenarios: Mapping[str, Scenario]) -> list[Factor]:
    """Return the plausible factors of the base that have the same value in every arm: others are what arms are.

    Left out are those whose range does not fit the scenario, such as a mean degree that few organisations cannot have.
    """
    base = scenarios[BASELINE_ARM]
    return [
        factor
        for factor in plausible_factors(base)
        if all(number_at_path(arm, factor.path) == number_at_path(base, factor.path) for arm in scenarios.values())
        and accepts_range(base, factor)
    ]


def accepts_range(scenario: Scenario, factor: Factor) -> bool:
    """Return whether a scenario can have both ends of a factor's range."""
    try:
        for end in (factor.low, factor.high):
            scenario.replace({factor.path: int(end) if factor.integer else end})
    except InputError:
        return False
    return True


def draw_plausible_models(factors: Sequence[Factor], models: int, seed: int) -> pd.DataFrame:
    """Return plausible models, a row each: a Latin hypercube over the ranges of the factors (mckay1979).

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
    workers=argument_checks.optional_check(argument_checks.integer_check(1)),
    progress=argument_checks.optional_check(argument_checks.check_callable),
)
def robustness(
    comparison: Comparison,
    models: int = DEFAULT_MODELS,
    replicates: int = REPLICATES_PER_MODEL,
    *,
    workers: int | None = None,
    progress: ProgressCallback | None = None,
) -> Robustness:
    """Run the arms of a comparison again in plausible models.

    Every parameter with a plausible range is varied over it, save those that a scenario has put outside it and those
    in which arms differ. Models share their worlds' seeds, and arms their worlds, so differences are of the parameters.

    Parameters
    ----------
    comparison : Comparison
        Its measure is what arms are ranked by; models in which it has no meaning in some arm are left out.
    models : int
        Plausible models, at least 2.
    replicates : int
        Worlds of each arm in each model, at least 1.
    progress : callable, optional
        Called with the models done and in all.

    Raises
    ------
    InputError
        For numbers below these, and for a measure of which neither direction is good.
    """
    if models < MIN_MODELS or replicates < 1:
        problem = f"got {models} models of {replicates} worlds; needed: at least {MIN_MODELS} of 1"
        raise InputError([Fault("robustness", problem)])
    ranking = rank_arms(comparison)
    scenarios = {arm: runs.scenario for arm, runs in comparison.runs.items()}
    factors = shared_factors(scenarios)
    table = draw_plausible_models(factors, models, scenarios[BASELINE_ARM].seed)
    rows = [{str(path): value for path, value in row.items()} for row in table.to_dict("records")]

    def some(part: range) -> list[tuple[int, dict[str, float]]]:
        return [(place, arm_means(scenarios, rows[place], comparison.measure, replicates)) for place in part]

    found = dict(map_in_threads(some, range(models), workers=workers, progress=progress))
    values = pd.DataFrame([found[place] for place in range(models)])
    known = values.notna().all(axis=1)
    if known.sum() < MIN_MODELS:
        problem = f"'{comparison.measure}' has a meaning in {known.sum()} of {models} plausible models"
        raise InputError([Fault("robustness", f"{problem}; needed: in {MIN_MODELS}, or another measure")])
    models_kept, values_kept = (one[known].reset_index(drop=True) for one in (table, values))
    return Robustness(comparison.measure, ranking, models_kept, values_kept, replicates, factors, models)


def arm_means(
    scenarios: Mapping[str, Scenario], changes: dict[str, Any], measure: str, worlds: int
) -> dict[str, float]:
    """Return the mean of a measure at the end, by arm, over those worlds of a model that have it in all arms."""
    values = []
    for scenario in scenarios.values():
        blueprint = prepare_scenario(scenario.replace(changes))
        done = Runs(blueprint.scenario, [run_replicate(blueprint, replicate) for replicate in range(worlds)])
        values.append(done.values_by_replicate(measure))
    known = ~np.isnan(values).any(axis=0)
    return {arm: finite_mean(found[known]) for arm, found in zip(scenarios, values, strict=True)}
