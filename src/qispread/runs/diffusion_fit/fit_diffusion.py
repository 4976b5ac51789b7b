"""Fit a diffusion that was observed, and tell whether it needs contagion once an external push is allowed."""

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
"""Share of the adoptions from which ties bring as many as all else: while it is not excluded, they may be needed."""


@keep_former_members
@dataclass(frozen=True, eq=False)
class DiffusionFit:
    """What was found of an observed diffusion.

    Attributes
    ----------
    observed : ObservedDiffusion
    posteriors : dict of str to ContagionPosterior
        By model.
    tables : dict of str to DataFrame
        As declared in `qispread.runs.diffusion_fit.fit_tables`.
    notes : tuple of str
    """

    observed: ObservedDiffusion
    posteriors: dict[str, ContagionPosterior]
    tables: "dict[str, pd.DataFrame]"
    notes: tuple[str, ...]

    def comparison(self, model: str, against: str) -> "pd.Series[Any]":
        """Return the row of the comparisons of two models."""
        table = self.tables["comparisons"]
        return table[(table["model"] == model) & (table["against"] == against)].iloc[0]

    @property
    def signs(self) -> dict[str, bool]:
        """The signs that ties are needed, each by a rule set before any fit.

        Tied people adopt at like times more than shuffled ones do (p below 0.05; not where there is no p); a
        model with contact through ties, its push free in each period, makes all that was observed likelier than the
        same without (evidence above 0); and it foretells communities of which it was not told better (the 95 % interval
        over them above 0).
        """
        row = self.comparison("contact_by_period", "independent_by_period")
        found = {"across ties": bool(self.tables["shuffles"]["p"].iloc[0] < SIGNIFICANCE_LEVEL)}
        found["evidence"] = bool(row["evidence"] > 0.0)
        return found | ({"held out": bool(row["low"] > 0.0)} if row["communities"] else {})

    @property
    def verdict(self) -> str:
        """Whether ties are needed, as `judge_contagion` says."""
        return judge_contagion(self.signs.values(), self.max_share_by_ties)

    @property
    def max_share_by_ties(self) -> float:
        """The share of the adoptions that ties alone may bring, as `max_share_by_ties` has it, the push free."""
        return max_share_by_ties(self.observed, self.posteriors["contact_by_period"])


def judge_contagion(signs: Iterable[bool], max_share: float) -> str:
    """Return whether ties are needed, from the signs that they are and the share of adoptions that they may bring.

    Needed where all signs are present, unclear where some are. That none is present is no finding by itself, since few
    data show nothing: not needed only where it is excluded that ties bring as many adoptions as all else, `max_share`
    below a half; else there is too little evidence.
    """
    there = list(signs)
    if any(there):
        return NEEDED if all(there) else UNCLEAR
    return NOT_NEEDED if max_share < MAJOR_SHARE else TOO_LITTLE


def max_share_by_ties(observed: ObservedDiffusion, posterior: ContagionPosterior) -> float:
    """Return the share of the adoptions explained that ties alone may bring, in [0, 1].

    Equation: the sum, over people and periods at risk, of 1 - prod (1 - c w) over the ties that had adopted, c the
    upper end of the 95 % interval of contact, divided by the adoptions; 1 where it is more. Source: assumption.
    """
    cells = count_risk_sets(observed, posterior.model)
    stays = probability_of_not_adopting(
        posterior.model, np.zeros(1), float(posterior.strength_quantiles()[2]), cells.exposure, cells.levels
    )[:, 0]
    adoptions = float(np.sum(cells.adopted))
    brought = float(np.dot(cells.adopted + cells.not_adopted, 1.0 - stays))
    return min(1.0, brought / adoptions) if adoptions else 1.0


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
        CSV tables: who, and when each adopted; who is tied to whom.
    terms : TableOptions, optional
        Names of columns and other terms on which they are read.
    replicates : int
        Worlds that each model is simulated in, at least 20.
    shuffles : int
        Of the times of adoption, at least 99.
    seed : int
        Of the parameters drawn for the worlds, at least 0.
    progress : callable, optional
        Called with the models done and in all.

    Raises
    ------
    InputError
        With every fault of the tables, or of the numbers asked for.
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
    """Fit a diffusion that has been read; the rest is as for `fit`."""
    check_counts(replicates, shuffles, seed)
    theatre, models = create_simulator(observed), list(identifiable_models(observed))
    posteriors, simulated = {}, {}
    for done, model in enumerate(models, 1):
        posteriors[model.name] = fit_model(observed, model)
        if can_simulate(theatre, model):
            simulated[model.name] = simulate_ensemble(theatre, posteriors[model.name], replicates, seed=seed)
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
    """Refuse fewer worlds or shuffles than percentiles need, and seeds below 0."""
    why = ", for its percentiles"
    asked = (("--replicates", replicates, 20, why), ("--permutations", shuffles, 99, why), ("--seed", seed, 0, ""))
    faults = [
        Fault(name, f"got {count}; needed: at least {least}{rest}")
        for name, count, least, rest in asked
        if count < least
    ]
    if faults:
        raise InputError(faults)


def reading_notes(observed: ObservedDiffusion) -> tuple[str, ...]:
    """Return what a reader must know of a fit."""
    notes = list(observed.notes)
    if np.isnan(observed_correlation(observed)):
        notes.append("all who have ties are alike in when they adopted: no correlation across ties, and no p")
    if len(observed.communities) < 2:
        notes.append("one community: nothing can be held out, and only the evidence compares models")
    elif len(observed.communities) < 10:
        notes.append(f"{len(observed.communities)} communities: an interval over so few says little")
    if observed.person_count > MAX_FULLY_MIXED:
        notes.append(f"more than {MAX_FULLY_MIXED:,} people: models without network are fitted and not simulated")
    return tuple(notes)
