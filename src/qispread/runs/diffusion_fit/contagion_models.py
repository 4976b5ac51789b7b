"""The models that are fitted: external influence, contagion between people, and the probability of adopting."""

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
"""Largest log-odds that a neighbourhood of users can add: beyond it, the decision is practically a threshold."""
MODEL_NAMES: dict[ContagionKind, str] = {
    "none": "independent",
    "everybody": "bass",
    "community": "community",
    "ties": "contact",
    "share": "reinforcement",
}
MODEL_DESCRIPTIONS: dict[ContagionKind, str] = {
    "none": "external influence only",
    "everybody": "external influence, and all adopters equally (Bass, without network)",
    "community": "external influence, and all adopters in the same community",
    "ties": "external influence, and independent contagion from each tie that has adopted",
    "share": "external influence, and a decision weighted by the share of ties that have adopted",
}


@dataclass(frozen=True)
class ContagionModel:
    """One model of adoption times.

    Attributes
    ----------
    push : {"constant", "by period"}
        Whether external influence is constant or has a free value in each period.
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
        """Its description in words."""
        return MODEL_DESCRIPTIONS[self.contagion] + (
            "" if self.push == "constant" else "; external influence free in each period"
        )

    @property
    def max_strength(self) -> float:
        """The largest strength of contagion."""
        return {"none": 0.0, "share": MAX_WEIGHT}.get(self.contagion, 1.0)


INDEPENDENT, BASS, CONTACT = (
    ContagionModel("constant", "none"),
    ContagionModel("constant", "everybody"),
    ContagionModel("constant", "ties"),
)


def identifiable_models(observed: ObservedDiffusion) -> Iterator[ContagionModel]:
    """Yield the models that are identified (decision 54).

    External influence that is free in each period absorbs contagion from everybody; a single community is everybody.
    """
    has_communities = len(observed.communities) > 1
    for push in ("constant", "by period"):
        yield ContagionModel(push, "none")
        if push == "constant":
            yield ContagionModel(push, "everybody")
        if has_communities:
            yield ContagionModel(push, "community")
        yield ContagionModel(push, "ties")
        yield ContagionModel(push, "share")


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Person-periods at risk, grouped into C cells of equal exposure.

    Attributes
    ----------
    levels : array of L
    exposure : array of (C, L)
        As in `Exposure`.
    community, push : arrays of C
        Indices of the community and of the push of each cell.
    adopted, not_adopted : arrays of C
        Numbers of person-periods with and without adoption.
    push_count : int
        Number of pushes.
    """

    levels: FloatArray
    exposure: FloatArray
    community: IntArray
    push: IntArray
    adopted: FloatArray
    not_adopted: FloatArray
    push_count: int


def compute_exposure(observed: ObservedDiffusion, contagion: ContagionKind) -> Exposure:
    """Return the exposure of people by a kind of contagion."""
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
    """Return the index of the push of each person in each period, an array of (n, periods)."""
    periods = np.arange(observed.periods) - (observed.first_explained - 1)
    indices = np.maximum(periods, 0) if model.push == "by period" else np.zeros_like(periods)
    return np.broadcast_to(indices, (observed.person_count, observed.periods))


def count_risk_sets(
    observed: ObservedDiffusion, model: ContagionModel, *, reach: Exposure | None = None, pushes: IntArray | None = None
) -> RiskSets:
    """Return the person-periods at risk, counted by community, push and exposure.

    `reach` and `pushes`, an array of (n, periods), replace those of the model.
    """
    reach = compute_exposure(observed, model.contagion) if reach is None else reach
    pushes = assign_pushes(observed, model) if pushes is None else pushes
    person, period = np.nonzero(build_risk_set(observed))
    push = pushes[person, period]
    keys = np.column_stack((observed.community[person], push, reach.counts[person, period]))
    rows, row_indices = np.unique(keys, axis=0, return_inverse=True)
    is_adoption = observed.adopted[person] == period + 1
    return RiskSets(
        levels=reach.levels,
        exposure=np.asarray(rows[:, 2:], dtype=np.float64),
        community=rows[:, 0].astype(np.int64),
        push=rows[:, 1].astype(np.int64),
        adopted=np.bincount(row_indices.ravel(), is_adoption).astype(np.float64),
        not_adopted=np.bincount(row_indices.ravel(), ~is_adoption).astype(np.float64),
        push_count=int(pushes.max()) + 1,
    )


def probability_of_not_adopting(
    model: ContagionModel, push: FloatArray, strength: float, reach: FloatArray, levels: FloatArray
) -> FloatArray:
    """Return the probability that a person at risk does not adopt in a period.

    Equations: for ties, (1 - b) prod over ties that have adopted (1 - c w), the rule of hearing; for everybody or a
    community, (1 - b) (1 - q)^share, the same rule on a complete network with 1 - (1 - q)^(1 / others) for each tie;
    for the share, 1 - logistic(logit b + w share), the rule of deciding. Source: bass1969 and fibich2010 for the first
    two; the forms are those of the rules.

    Parameters
    ----------
    model : ContagionModel
    push : array of B
        b, the probability of adopting without adopters around.
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
        log_not_hearing = np.log1p(-strength * levels)
    not_hearing = np.exp(np.where(reach > 0.0, reach * np.where(reach > 0.0, log_not_hearing, 0.0), 0.0).sum(axis=1))
    return np.asarray((1.0 - push) * not_hearing[:, None])
