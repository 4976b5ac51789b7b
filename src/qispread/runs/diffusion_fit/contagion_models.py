"""The models that are fitted: what pushes from outside, what passes between people, and the chance to adopt."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from qispread.runs.diffusion_fit.exposure import (
    Exposure,
    build_risk_set,
    group_share_exposure,
    tie_exposure,
    tie_share_exposure,
)
from qispread.runs.diffusion_fit.observed_diffusion import FloatArray, IntArray, ObservedDiffusion

ExternalInfluence = Literal["constant", "by period"]
ContagionKind = Literal["none", "everybody", "community", "ties", "share"]
MAX_WEIGHT = 10.0
"""Log-odds that a whole neighbourhood of users can add at most: beyond, the decision is as good as a threshold."""
MODEL_NAMES: dict[ContagionKind, str] = {
    "none": "independent",
    "everybody": "bass",
    "community": "community",
    "ties": "contact",
    "share": "reinforcement",
}
MODEL_DESCRIPTIONS: dict[ContagionKind, str] = {
    "none": "an external push alone",
    "everybody": "push, and everybody alike (Bass, without network)",
    "community": "push, and everybody of the own community",
    "ties": "push, and each tie that uses it may pass it on",
    "share": "push, and the share of ties that use it weighs in the decision",
}


@dataclass(frozen=True)
class ContagionModel:
    """One model of who adopts when.

    Attributes
    ----------
    push : {"constant", "by period"}
        Whether the external push is the same in all periods, or free in each.
    contagion : {"none", "everybody", "community", "ties", "share"}
    """

    push: ExternalInfluence
    contagion: ContagionKind

    @property
    def name(self) -> str:
        """Its short name."""
        return MODEL_NAMES[self.contagion] + ("" if self.push == "constant" else "_by_period")

    @property
    def description(self) -> str:
        """What it says, in words."""
        return MODEL_DESCRIPTIONS[self.contagion] + (
            "" if self.push == "constant" else "; the push free in each period"
        )

    @property
    def max_strength(self) -> float:
        """The largest strength of contagion."""
        return 0.0 if self.contagion == "none" else MAX_WEIGHT if self.contagion == "share" else 1.0


INDEPENDENT, BASS, CONTACT = (
    ContagionModel("constant", "none"),
    ContagionModel("constant", "everybody"),
    ContagionModel("constant", "ties"),
)


def identifiable_models(observed: ObservedDiffusion) -> Iterator[ContagionModel]:
    """Yield the models that can be told apart.

    A push that is free in each period leaves nothing for what everybody has alike; one community is everybody.
    """
    several = len(observed.communities) > 1
    for push in ("constant", "by period"):
        yield ContagionModel(push, "none")
        if push == "constant":
            yield ContagionModel(push, "everybody")
        if several:
            yield ContagionModel(push, "community")
        yield ContagionModel(push, "ties")
        yield ContagionModel(push, "share")


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Person-periods at risk, those alike together; C cells.

    Attributes
    ----------
    levels : array of L
    exposure : array of (C, L)
        As in `Exposure`.
    community, push : arrays of C
        Of which community, and to which of the pushes exposed.
    adopted, not_adopted : arrays of C
        How many did and did not adopt.
    push_count : int
        How many pushes there are.
    """

    levels: FloatArray
    exposure: FloatArray
    community: IntArray
    push: IntArray
    adopted: FloatArray
    not_adopted: FloatArray
    push_count: int


def compute_exposure(observed: ObservedDiffusion, contagion: ContagionKind) -> Exposure:
    """Return what reaches people by a kind of contagion."""
    if contagion == "ties":
        return tie_exposure(observed)
    shares: dict[str, Callable[[], FloatArray]] = {
        "none": lambda: np.zeros((observed.person_count, observed.periods)),
        "everybody": lambda: group_share_exposure(observed, np.zeros(observed.person_count, dtype=np.int64)),
        "community": lambda: group_share_exposure(observed, observed.community),
        "share": lambda: tie_share_exposure(observed),
    }
    return Exposure(np.ones(1), shares[contagion]()[:, :, None])


def assign_pushes(observed: ObservedDiffusion, model: ContagionModel) -> IntArray:
    """Return, as (n, periods), which push each person is exposed to in each period."""
    periods = np.arange(observed.periods) - (observed.first_explained - 1)
    place = np.maximum(periods, 0) if model.push == "by period" else np.zeros_like(periods)
    return np.broadcast_to(place, (observed.person_count, observed.periods))


def count_risk_sets(
    observed: ObservedDiffusion, model: ContagionModel, *, reach: Exposure | None = None, pushes: IntArray | None = None
) -> RiskSets:
    """Return the person-periods at risk, counted by what they have in common.

    `exposure` and `push_count`, as (n, periods), take the place of those of the model.
    """
    reach = compute_exposure(observed, model.contagion) if reach is None else reach
    pushes = assign_pushes(observed, model) if pushes is None else pushes
    person, period = np.nonzero(build_risk_set(observed))
    push = pushes[person, period]
    keys = np.column_stack((observed.community[person], push, reach.counts[person, period]))
    rows, which = np.unique(keys, axis=0, return_inverse=True)
    adopts = observed.adopted[person] == period + 1
    return RiskSets(
        levels=reach.levels,
        exposure=np.asarray(rows[:, 2:], dtype=np.float64),
        community=rows[:, 0].astype(np.int64),
        push=rows[:, 1].astype(np.int64),
        adopted=np.bincount(which.ravel(), adopts).astype(np.float64),
        not_adopted=np.bincount(which.ravel(), ~adopts).astype(np.float64),
        push_count=int(pushes.max()) + 1,
    )


def probability_of_not_adopting(
    model: ContagionModel, push: FloatArray, strength: float, reach: FloatArray, levels: FloatArray
) -> FloatArray:
    """Return the probability that somebody who could adopt in a period does not.

    Equations: (1 - b) prod over ties that use it (1 - c w), the rule of hearing; of everybody or of a community
    (1 - b) (1 - q)^share, the same rule on a complete network with 1 - (1 - q)^(1 / others) for each tie; of the
    decision 1 - logistic(logit b + w share). Source: bass1969 and fibich2010 for the first two; the forms are those
    of the rules.

    Parameters
    ----------
    model : ContagionModel
    push : array of B
        b, the chance to adopt when nobody around has.
    strength : float
        c, q or w.
    reach : array of (C, L)
    levels : array of L

    Returns
    -------
    array of (C, B)
    """
    if model.contagion == "share":
        odds = np.exp(strength * reach[:, :1])
        stays: FloatArray = (1.0 - push) / (1.0 - push + push * odds)
        return stays
    with np.errstate(divide="ignore"):
        silent = np.log1p(-strength * levels)
    quiet = np.exp(np.where(reach > 0.0, reach * np.where(reach > 0.0, silent, 0.0), 0.0).sum(axis=1))
    return np.asarray((1.0 - push) * quiet[:, None])
