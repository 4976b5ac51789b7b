"""The method on histories whose truth is known: made on the kernel, on the studies' own people and ties."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.diffusion.studies import Study
from experiments.diffusion.variants import ALONE, FREE
from qispread.analysis.calibration import posterior
from qispread.comparison.statistics import mean_and_half_width
from qispread.engines.run import in_threads
from qispread.fitting.correlation import against_shuffles
from qispread.fitting.fit import NEEDED, NOT_NEEDED, TELLING, TOO_LITTLE, most_by_ties, verdict_of
from qispread.fitting.models import CONTACT
from qispread.fitting.people import Observed
from qispread.fitting.posterior import fitted
from qispread.fitting.simulating import Theatre, theatre_of
from qispread.fitting.tables import correlation_of, curve_of, mean_threshold

SHUFFLES = 199
WIDEST = (0.4, 0.15)
"""Of push and contact: the ranges from which the runs of the approximate computation are drawn."""
RUNS, ACCEPT = 10_000, 0.03
FIRST_WORLD = 10_000
"""So that the worlds of the self-check are not those of the fits."""


@dataclass(frozen=True)
class Judged:
    """What the method says of one history."""

    across: bool
    evidence: bool
    held_out: bool
    covers: bool
    right: bool
    needed: bool
    not_needed: bool
    too_little: bool


def judged(observed: Observed, truth: float) -> Judged:
    """Return what the method says of a history that was made with a contact."""
    one, none = fitted(observed, FREE), fitted(observed, ALONE)
    middle, half = mean_and_half_width(one.scores - none.scores)
    low, _, high = one.strength()
    better = float(np.sum(one.scores - none.scores)) > 0.0
    p, evidence, held_out = against_shuffles(observed, SHUFFLES).p, one.evidence > none.evidence, middle - half > 0.0
    signs = (p < TELLING, evidence, held_out)  # as `Fit.signs` has them, below and not at the level
    verdict = verdict_of(signs, most_by_ties(observed, one))
    return Judged(
        across=p <= TELLING,
        evidence=evidence,
        held_out=held_out,
        covers=bool(low <= truth <= high),
        right=better == (truth > 0.0),
        needed=verdict == NEEDED,
        not_needed=verdict == NOT_NEEDED,
        too_little=verdict == TOO_LITTLE,
    )


def histories(observed: Observed, truth: float, count: int) -> list[Judged]:
    """Return what the method says of histories made with a contact, their pushes the medians of what was observed."""
    theatre, model = theatre_of(observed), FREE if truth > 0.0 else ALONE
    found = fitted(observed, model)
    pushes = np.array([found.push(place)[1] for place in range(found.pushes.shape[1])])

    def some(part: range) -> list[tuple[int, Judged]]:
        return [(world, judged(lived(theatre, truth, pushes, world), truth)) for world in part]

    return [one for _, one in sorted(in_threads(some, range(count)), key=lambda pair: pair[0])]


def lived(theatre: Theatre, truth: float, pushes: NDArray[np.float64], world: int) -> Observed:
    """Return a history that was made with a contact."""
    made = theatre.lived(FREE if truth > 0.0 else ALONE, truth, pushes, FIRST_WORLD + world)
    return theatre.observed.with_adopted(made)


def selfcheck(study: Study, observed: Observed, cut: int = 1) -> Iterator[dict[str, Any]]:
    """Yield what shares of histories without and with contact the method judges how."""
    count = max(4, study.histories // cut)
    for truth in (0.0, study.truth):
        found = histories(observed, truth, count)
        for quantity in ("across", "evidence", "held_out", "covers", "right", "needed", "not_needed", "too_little"):
            if quantity == "covers" and truth == 0.0:
                continue
            share = float(np.mean([getattr(one, quantity) for one in found]))
            error = float(np.sqrt(share * (1.0 - share) / count))
            yield {"name": f"contact {truth:g}", "quantity": quantity, "value": share, "error": error, "count": count}


def summaries_of(observed: Observed) -> NDArray[np.float64]:
    """Return what the approximate computation compares: a curve at its quarters, and how it stands across ties."""
    curve = curve_of(observed.adopted, observed.periods)
    quarters = np.linspace(1, observed.periods - 1, 5).astype(int)[1:]
    return np.array([*curve[quarters], correlation_of(observed), mean_threshold(observed)])


def approximated(observed: Observed, runs: int = RUNS) -> Iterator[dict[str, Any]]:
    """Yield push and contact by the exact posterior and by approximate Bayesian computation with regression.

    The push is drawn as the exact posterior has it before, Beta(1/2, 1/2), from 0 to its widest; the contact evenly.
    """
    theatre, rng = theatre_of(observed), np.random.default_rng(1)
    pushes = np.sin(rng.random(runs) * np.arcsin(np.sqrt(WIDEST[0]))) ** 2
    drawn = np.column_stack((pushes, rng.random(runs) * WIDEST[1]))

    def some(part: range) -> list[tuple[int, NDArray[np.float64]]]:
        made = ((run, theatre.lived(CONTACT, drawn[run, 1], drawn[run, :1], FIRST_WORLD + run)) for run in part)
        return [(run, summaries_of(observed.with_adopted(adopted))) for run, adopted in made]

    shown = np.array([one for _, one in sorted(in_threads(some, range(runs)), key=lambda pair: pair[0])])
    bounds = np.array([(0.0, WIDEST[0]), (0.0, WIDEST[1])])
    seen = summaries_of(observed)
    near = posterior(drawn, shown, seen, bounds=bounds, scales=np.zeros(seen.size), accept=ACCEPT)
    points, exact = near.quantiles(np.array([0.025, 0.5, 0.975])).T, fitted(observed, CONTACT)
    for quantity, one, other in (("push", exact.push(0), points[0]), ("contact", exact.strength(), points[1])):
        for name, (low, middle, high) in (("exact", one.tolist()), ("approximate", other.tolist())):
            yield {"name": name, "quantity": quantity, "value": middle, "low": low, "high": high, "count": runs}
