"""Fit a diffusion that was observed, and tell whether it needs contagion once an external push is allowed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qispread.config import arguments
from qispread.config.faults import Fault, InputError
from qispread.fitting.correlation import against_shuffles
from qispread.fitting.models import cells_of, chance_stays, models_for
from qispread.fitting.people import Observed
from qispread.fitting.posterior import Posterior, fitted
from qispread.fitting.reading import Terms, read_observed
from qispread.fitting.simulating import MOST_MIXED, can_simulate, ensemble, theatre_of
from qispread.fitting.tables import (
    checks_table,
    comparisons_table,
    correlation_of,
    curve_table,
    parameters_table,
    scores_table,
    shuffles_table,
    thresholds_table,
)

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]
WORLDS, SHUFFLES = 100, 1999
TELLING = 0.05
ACROSS = "correlation of times across ties"
NEEDED, NOT_NEEDED, UNCLEAR, TOO_LITTLE = "needed", "not needed", "unclear", "too little to tell"
MUCH = 0.5
"""Share of the adoptions from which ties bring as many as all else: while it is not excluded, they may be needed."""


@dataclass(frozen=True, eq=False)
class Fit:
    """What was found of an observed diffusion.

    Attributes
    ----------
    observed : Observed
    posteriors : dict of str to Posterior
        By model.
    tables : dict of str to DataFrame
        As declared in `qispread.fitting.tables`.
    notes : tuple of str
    """

    observed: Observed
    posteriors: dict[str, Posterior]
    tables: "dict[str, pd.DataFrame]"
    notes: tuple[str, ...]

    def compared(self, model: str, against: str) -> "pd.Series[Any]":
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
        row = self.compared("contact_by_period", "independent_by_period")
        found = {"across ties": bool(self.tables["shuffles"]["p"].iloc[0] < TELLING)}
        found["evidence"] = bool(row["evidence"] > 0.0)
        return found | ({"held out": bool(row["low"] > 0.0)} if row["communities"] else {})

    @property
    def verdict(self) -> str:
        """Whether ties are needed, as `verdict_of` says."""
        return verdict_of(self.signs.values(), self.most_by_ties)

    @property
    def most_by_ties(self) -> float:
        """The share of the adoptions that ties alone may bring, as `most_by_ties` has it, the push free."""
        return most_by_ties(self.observed, self.posteriors["contact_by_period"])


def verdict_of(signs: Iterable[bool], most: float) -> str:
    """Return whether ties are needed, from the signs that they are and the share of adoptions that they may bring.

    Needed where all signs are there, unclear where some are. That none is there is no finding by itself, since few data
    show nothing: not needed only where it is excluded that ties bring as many adoptions as all else, `most` below a
    half; else there is too little to tell.
    """
    there = list(signs)
    if any(there):
        return NEEDED if all(there) else UNCLEAR
    return NOT_NEEDED if most < MUCH else TOO_LITTLE


def most_by_ties(observed: Observed, found: Posterior) -> float:
    """Return the share of the adoptions explained that ties alone may bring, in [0, 1].

    Equation: the sum, over people and periods at risk, of 1 - prod (1 - c w) over the ties that had adopted, c the
    upper end of the 95 % interval of contact, divided by the adoptions; 1 where it is more. Source: assumption.
    """
    cells = cells_of(observed, found.model)
    stays = chance_stays(found.model, np.zeros(1), float(found.strength()[2]), cells.reach, cells.levels)[:, 0]
    adoptions = float(np.sum(cells.adopted))
    brought = float(np.dot(cells.adopted + cells.stayed, 1.0 - stays))
    return min(1.0, brought / adoptions) if adoptions else 1.0


@arguments.checks(
    people=arguments.path,
    ties=arguments.path,
    terms=arguments.optional(arguments.instance(Terms, "Terms")),
    worlds=arguments.whole(),
    shuffles=arguments.whole(),
    seed=arguments.whole(0, arguments.MAX_SEED),
    progress=arguments.optional(arguments.called),
)
def fit(
    people: str | Path,
    ties: str | Path,
    terms: Terms | None = None,
    *,
    worlds: int = WORLDS,
    shuffles: int = SHUFFLES,
    seed: int = 0,
    progress: Progress | None = None,
) -> Fit:
    """Fit the diffusion in two tables.

    Parameters
    ----------
    people, ties : str or Path
        CSV tables: who, and when each adopted; who is tied to whom.
    terms : Terms, optional
        Names of columns and other terms on which they are read.
    worlds : int
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
        read_observed(people, ties, terms), worlds=worlds, shuffles=shuffles, seed=seed, progress=progress
    )


def fit_observed(
    observed: Observed,
    *,
    worlds: int = WORLDS,
    shuffles: int = SHUFFLES,
    seed: int = 0,
    progress: Progress | None = None,
) -> Fit:
    """Fit a diffusion that has been read; the rest is as for `fit`."""
    refuse_counts(worlds, shuffles, seed)
    theatre, models = theatre_of(observed), list(models_for(observed))
    posteriors, simulated = {}, {}
    for done, model in enumerate(models, 1):
        posteriors[model.name] = fitted(observed, model)
        if can_simulate(theatre, model):
            simulated[model.name] = ensemble(theatre, posteriors[model.name], worlds, seed=seed)
        if progress is not None:
            progress(done, len(models))
    tables = {
        "parameters": parameters_table(posteriors, observed.first_explained),
        "comparisons": comparisons_table(posteriors, observed),
        "scores": scores_table(posteriors, observed),
        "curve": curve_table(simulated, observed),
        "thresholds": thresholds_table(simulated, observed),
        "checks": checks_table(simulated, observed),
        "shuffles": shuffles_table({ACROSS: against_shuffles(observed, shuffles)}),
    }
    return Fit(observed, posteriors, tables, notes_on(observed))


def refuse_counts(worlds: int, shuffles: int, seed: int = 0) -> None:
    """Refuse fewer worlds or shuffles than percentiles need, and seeds below 0."""
    why = ", for its percentiles"
    asked = (("--worlds", worlds, 20, why), ("--shuffles", shuffles, 99, why), ("--seed", seed, 0, ""))
    faults = [
        Fault(name, f"got {count}; needed: at least {least}{rest}")
        for name, count, least, rest in asked
        if count < least
    ]
    if faults:
        raise InputError(faults)


def notes_on(observed: Observed) -> tuple[str, ...]:
    """Return what a reader must know of a fit."""
    notes = list(observed.notes)
    if np.isnan(correlation_of(observed)):
        notes.append("all who have ties are alike in when they adopted: no correlation across ties, and no p")
    if len(observed.communities) < 2:
        notes.append("one community: nothing can be held out, and only the evidence compares models")
    elif len(observed.communities) < 10:
        notes.append(f"{len(observed.communities)} communities: an interval over so few says little")
    if observed.number > MOST_MIXED:
        notes.append(f"more than {MOST_MIXED:,} people: models without network are fitted and not simulated")
    return tuple(notes)
