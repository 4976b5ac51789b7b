"""The models that are fitted: what pushes from outside, what passes between people, and the chance to adopt."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from qispread.fitting.exposure import Reach, at_risk, share_of_groups, share_of_ties, tie_reach
from qispread.fitting.people import Numbers, Observed, Whole

Push = Literal["constant", "by period"]
Contagion = Literal["none", "everybody", "community", "ties", "share"]
MOST_WEIGHT = 10.0
"""Log-odds that a whole neighbourhood of users can add at most: beyond, the decision is as good as a threshold."""
NAMES: dict[Contagion, str] = {
    "none": "independent",
    "everybody": "bass",
    "community": "community",
    "ties": "contact",
    "share": "reinforcement",
}
WORDS: dict[Contagion, str] = {
    "none": "an external push alone",
    "everybody": "push, and everybody alike (Bass, without network)",
    "community": "push, and everybody of the own community",
    "ties": "push, and each tie that uses it may pass it on",
    "share": "push, and the share of ties that use it weighs in the decision",
}


@dataclass(frozen=True)
class Model:
    """One model of who adopts when.

    Attributes
    ----------
    push : {"constant", "by period"}
        Whether the external push is the same in all periods, or free in each.
    contagion : {"none", "everybody", "community", "ties", "share"}
    """

    push: Push
    contagion: Contagion

    @property
    def name(self) -> str:
        """Its short name."""
        return NAMES[self.contagion] + ("" if self.push == "constant" else "_by_period")

    @property
    def words(self) -> str:
        """What it says, in words."""
        return WORDS[self.contagion] + ("" if self.push == "constant" else "; the push free in each period")

    @property
    def largest(self) -> float:
        """The largest strength of contagion."""
        return 0.0 if self.contagion == "none" else MOST_WEIGHT if self.contagion == "share" else 1.0


INDEPENDENT, BASS, CONTACT = Model("constant", "none"), Model("constant", "everybody"), Model("constant", "ties")


def models_for(observed: Observed) -> Iterator[Model]:
    """Yield the models that can be told apart.

    A push that is free in each period leaves nothing for what everybody has alike; one community is everybody.
    """
    several = len(observed.communities) > 1
    for push in ("constant", "by period"):
        yield Model(push, "none")
        if push == "constant":
            yield Model(push, "everybody")
        if several:
            yield Model(push, "community")
        yield Model(push, "ties")
        yield Model(push, "share")


@dataclass(frozen=True, eq=False)
class Cells:
    """Person-periods at risk, those alike together; C cells.

    Attributes
    ----------
    levels : array of L
    reach : array of (C, L)
        As in `Reach`.
    community, push : arrays of C
        Of which community, and to which of the pushes exposed.
    adopted, stayed : arrays of C
        How many did and did not adopt.
    pushes : int
        How many pushes there are.
    """

    levels: Numbers
    reach: Numbers
    community: Whole
    push: Whole
    adopted: Numbers
    stayed: Numbers
    pushes: int


def reach_of(observed: Observed, contagion: Contagion) -> Reach:
    """Return what reaches people by a kind of contagion."""
    if contagion == "ties":
        return tie_reach(observed)
    shares: dict[str, Callable[[], Numbers]] = {
        "none": lambda: np.zeros((observed.number, observed.periods)),
        "everybody": lambda: share_of_groups(observed, np.zeros(observed.number, dtype=np.int64)),
        "community": lambda: share_of_groups(observed, observed.community),
        "share": lambda: share_of_ties(observed),
    }
    return Reach(np.ones(1), shares[contagion]()[:, :, None])


def pushes_of(observed: Observed, model: Model) -> Whole:
    """Return, as (n, periods), which push each person is exposed to in each period."""
    periods = np.arange(observed.periods) - (observed.first_explained - 1)
    place = np.maximum(periods, 0) if model.push == "by period" else np.zeros_like(periods)
    return np.broadcast_to(place, (observed.number, observed.periods))


def cells_of(observed: Observed, model: Model, *, reach: Reach | None = None, pushes: Whole | None = None) -> Cells:
    """Return the person-periods at risk, counted by what they have in common.

    `reach` and `pushes`, as (n, periods), take the place of those of the model.
    """
    reach = reach_of(observed, model.contagion) if reach is None else reach
    pushes = pushes_of(observed, model) if pushes is None else pushes
    person, period = np.nonzero(at_risk(observed))
    push = pushes[person, period]
    keys = np.column_stack((observed.community[person], push, reach.amounts[person, period]))
    rows, which = np.unique(keys, axis=0, return_inverse=True)
    adopts = observed.adopted[person] == period + 1
    return Cells(
        levels=reach.levels,
        reach=np.asarray(rows[:, 2:], dtype=np.float64),
        community=rows[:, 0].astype(np.int64),
        push=rows[:, 1].astype(np.int64),
        adopted=np.bincount(which.ravel(), adopts).astype(np.float64),
        stayed=np.bincount(which.ravel(), ~adopts).astype(np.float64),
        pushes=int(pushes.max()) + 1,
    )


def chance_stays(model: Model, push: Numbers, strength: float, reach: Numbers, levels: Numbers) -> Numbers:
    """Return the probability that somebody who could adopt in a period does not.

    Equations: (1 - b) prod over ties that use it (1 - c w), the rule of hearing; of everybody or of a community
    (1 - b) (1 - q)^share, the same rule on a complete network with 1 - (1 - q)^(1 / others) for each tie; of the
    decision 1 - logistic(logit b + w share). Source: bass1969 and fibich2010 for the first two; the forms are those
    of the rules.

    Parameters
    ----------
    model : Model
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
        stays: Numbers = (1.0 - push) / (1.0 - push + push * odds)
        return stays
    with np.errstate(divide="ignore"):
        silent = np.log1p(-strength * levels)
    quiet = np.exp(np.where(reach > 0.0, reach * np.where(reach > 0.0, silent, 0.0), 0.0).sum(axis=1))
    return np.asarray((1.0 - push) * quiet[:, None])
