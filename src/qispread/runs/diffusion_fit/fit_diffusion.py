"""Fitting of an observed diffusion: whether it needs contagion through ties besides external influence."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qispread.common.deprecation import keep_former_members
from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.runs.diffusion_fit.contagion_models import (
    count_risk_sets,
    identifiable_models,
    probability_of_not_adopting,
)
from qispread.runs.diffusion_fit.contagion_posterior import ContagionPosterior, fit_model
from qispread.runs.diffusion_fit.fit_tables import (
    build_checks_table,
    build_comparisons_table,
    build_curve_table,
    build_parameters_table,
    build_scores_table,
    build_shuffles_table,
    build_thresholds_table,
    observed_correlation,
)
from qispread.runs.diffusion_fit.observed_diffusion import ObservedDiffusion
from qispread.runs.diffusion_fit.read_diffusion import TableOptions, read_observed
from qispread.runs.diffusion_fit.simulate_diffusion import (
    MAX_FULLY_MIXED,
    can_simulate,
    create_simulator,
    simulate_ensemble,
)
from qispread.runs.diffusion_fit.tie_correlation import permutation_test

if TYPE_CHECKING:
    import pandas as pd

FitProgress = Callable[[int, int], None]
DEFAULT_REPLICATES, DEFAULT_SHUFFLES = 100, 1999
SIGNIFICANCE_LEVEL = 0.05
TIE_CORRELATION = "correlation of times across ties"
NEEDED, NOT_NEEDED, UNCLEAR, TOO_LITTLE = "needed", "not needed", "unclear", "too little to tell"
MAJOR_SHARE = 0.5
"""Share of adoptions at which ties cause as many as everything else: unless it is excluded, ties may be needed."""


@keep_former_members
@dataclass(frozen=True, eq=False)
class DiffusionFit:
    """The fit of an observed diffusion.

    Attributes
    ----------
    observed : ObservedDiffusion
    posteriors : dict of str to ContagionPosterior
        Posteriors by model.
    tables : dict of str to DataFrame
        Tables as declared in `qispread.runs.diffusion_fit.fit_tables`.
    notes : tuple of str
    """

    observed: ObservedDiffusion
    posteriors: dict[str, ContagionPosterior]
    tables: "dict[str, pd.DataFrame]"
    notes: tuple[str, ...]

    def comparison(self, model: str, against: str) -> "pd.Series[Any]":
        """Return the row of the comparison of two models."""
        table = self.tables["comparisons"]
        return table[(table["model"] == model) & (table["against"] == against)].iloc[0]

    @property
    def signs(self) -> dict[str, bool]:
        """The signs that ties are needed, each by a rule set before any fit (decision 56).

        Tied people adopt at more similar times than shuffled ones (p below 0.05; absent without p); a model with
        contact through ties, and external influence free in each period, makes the observations more likely than one
        without contact (evidence above 0); and it predicts held-out communities better (95% interval above 0).
        """
        row = self.comparison("contact_by_period", "independent_by_period")
        signs = {"across ties": bool(self.tables["shuffles"]["p"].iloc[0] < SIGNIFICANCE_LEVEL)}
        signs["evidence"] = bool(row["evidence"] > 0.0)
        return signs | ({"held out": bool(row["low"] > 0.0)} if row["communities"] else {})

    @property
    def verdict(self) -> str:
        """Whether ties are needed, by `judge_contagion`."""
        return judge_contagion(self.signs.values(), self.max_share_by_ties)

    @property
    def max_share_by_ties(self) -> float:
        """The largest share of adoptions that ties may cause, with external influence free in each period."""
        return max_share_by_ties(self.observed, self.posteriors["contact_by_period"])


def judge_contagion(signs: Iterable[bool], max_share: float) -> str:
    """Return whether ties are needed, from the signs and the largest share of adoptions that ties may cause.

    Needed if all signs are present, unclear if some are. Without any sign, ties are not needed only if it is excluded
    that they cause half of the adoptions (`max_share` below a half); otherwise there is too little evidence (decision
    61).
    """
    present = list(signs)
    if any(present):
        return NEEDED if all(present) else UNCLEAR
    return NOT_NEEDED if max_share < MAJOR_SHARE else TOO_LITTLE


def max_share_by_ties(observed: ObservedDiffusion, posterior: ContagionPosterior) -> float:
    """Return the largest share of explained adoptions that ties may cause, in [0, 1].

    Equation: the sum, over people and periods at risk, of 1 - prod (1 - c w) over the ties that had adopted, c the
    upper end of the 95% interval of contact, divided by the adoptions; at most 1. Source: assumption.
    """
    cells = count_risk_sets(observed, posterior.model)
    stays = probability_of_not_adopting(
        posterior.model, np.zeros(1), float(posterior.strength_quantiles()[2]), cells.exposure, cells.levels
    )[:, 0]
    adoptions = float(np.sum(cells.adopted))
    by_ties = float(np.dot(cells.adopted + cells.not_adopted, 1.0 - stays))
    return min(1.0, by_ties / adoptions) if adoptions else 1.0


@argument_checks.validate_arguments(
    people=argument_checks.check_path,
    ties=argument_checks.check_path,
    terms=argument_checks.optional_check(argument_checks.instance_check(TableOptions, "TableOptions")),
    replicates=argument_checks.integer_check(),
    shuffles=argument_checks.integer_check(),
    seed=argument_checks.integer_check(0, argument_checks.MAX_SEED),
    progress=argument_checks.optional_check(argument_checks.check_callable),
)
def fit(
    people: str | Path,
    ties: str | Path,
    terms: TableOptions | None = None,
    *,
    replicates: int = DEFAULT_REPLICATES,
    shuffles: int = DEFAULT_SHUFFLES,
    seed: int = 0,
    progress: FitProgress | None = None,
) -> DiffusionFit:
    """Fit the diffusion in two tables.

    Parameters
    ----------
    people, ties : str or Path
        CSV tables of people with their adoption times, and of ties.
    terms : TableOptions, optional
        Names of columns and other options for reading them.
    replicates : int
        Simulations of each model, at least 20.
    shuffles : int
        Shuffles of adoption times, at least 99.
    seed : int
        Seed of the parameters drawn for simulations, at least 0.
    progress : callable, optional
        Called with the numbers of completed and of all models.

    Raises
    ------
    InputError
        With every fault in the tables, or for invalid numbers.
    """
    return fit_observed(
        read_observed(people, ties, terms), replicates=replicates, shuffles=shuffles, seed=seed, progress=progress
    )


def fit_observed(
    observed: ObservedDiffusion,
    *,
    replicates: int = DEFAULT_REPLICATES,
    shuffles: int = DEFAULT_SHUFFLES,
    seed: int = 0,
    progress: FitProgress | None = None,
) -> DiffusionFit:
    """Fit a diffusion that has been read; other parameters as for `fit`."""
    check_counts(replicates, shuffles, seed)
    simulator, models = create_simulator(observed), list(identifiable_models(observed))
    posteriors, simulated = {}, {}
    for done, model in enumerate(models, 1):
        posteriors[model.name] = fit_model(observed, model)
        if can_simulate(simulator, model):
            simulated[model.name] = simulate_ensemble(simulator, posteriors[model.name], replicates, seed=seed)
        if progress is not None:
            progress(done, len(models))
    tables = {
        "parameters": build_parameters_table(posteriors, observed.first_explained),
        "comparisons": build_comparisons_table(posteriors, observed),
        "scores": build_scores_table(posteriors, observed),
        "curve": build_curve_table(simulated, observed),
        "thresholds": build_thresholds_table(simulated, observed),
        "checks": build_checks_table(simulated, observed),
        "shuffles": build_shuffles_table({TIE_CORRELATION: permutation_test(observed, shuffles)}),
    }
    return DiffusionFit(observed, posteriors, tables, reading_notes(observed))


def check_counts(replicates: int, shuffles: int, seed: int = 0) -> None:
    """Raise InputError for fewer replicates or permutations than percentiles need, and for seeds below 0."""
    reason = ", for its percentiles"
    requirements = (
        ("--replicates", replicates, 20, reason),
        ("--permutations", shuffles, 99, reason),
        ("--seed", seed, 0, ""),
    )
    faults = [
        Fault(name, f"got {count}; needed: at least {minimum}{suffix}")
        for name, count, minimum, suffix in requirements
        if count < minimum
    ]
    if faults:
        raise InputError(faults)


def reading_notes(observed: ObservedDiffusion) -> tuple[str, ...]:
    """Return notes for readers of a fit."""
    notes = list(observed.notes)
    if np.isnan(observed_correlation(observed)):
        notes.append("all people with ties adopted at the same time: no correlation across ties, and no p")
    if len(observed.communities) < 2:
        notes.append("one community: none can be held out, and models are compared by evidence only")
    elif len(observed.communities) < 10:
        notes.append(f"{len(observed.communities)} communities: an interval over so few is unreliable")
    if observed.person_count > MAX_FULLY_MIXED:
        notes.append(f"more than {MAX_FULLY_MIXED:,} people: models without network are fitted but not simulated")
    return tuple(notes)
