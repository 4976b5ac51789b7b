"""People with the period in which they adopted, and the ties between them, as one record."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
NEVER = 0
"""The period of those who had not adopted by the end."""


@dataclass(frozen=True, eq=False)
class Ties:
    """Ties without direction in compressed sparse rows: each stands at either end.

    Attributes
    ----------
    starts : array of n + 1
        Where the ties of each person start in the other arrays.
    others : array
        The other end of each tie, ascending within a person.
    weights : array
        In (0, 1].
    """

    starts: Whole
    others: Whole
    weights: Numbers

    @property
    def owners(self) -> Whole:
        """The person at whom each tie stands."""
        return np.repeat(np.arange(self.starts.size - 1), np.diff(self.starts))


@dataclass(frozen=True, eq=False)
class Observed:
    """A diffusion as it was observed; n people.

    Attributes
    ----------
    ids : tuple of str
    adopted : array of n
        Period of adoption, from 1; `NEVER` for those who had not by the end.
    periods : int
        How many were observed.
    community : array of n
        Place of each one's community in `communities`.
    communities : tuple of str
    alike : array of n
        Group within which people are taken as alike when who is where is shuffled.
    ties : Ties
    seeded : bool
        Whether those of the first period are taken as given, as the seeds, and not explained.
    unit : str
        What a period is.
    notes : tuple of str
        What was left out, and other things to know.
    inputs : tuple of dict
        Path and hash of each file.
    """

    ids: tuple[str, ...]
    adopted: Whole
    periods: int
    community: Whole
    communities: tuple[str, ...]
    alike: Whole
    ties: Ties
    seeded: bool
    unit: str = "period"
    notes: tuple[str, ...] = ()
    inputs: tuple[dict[str, str], ...] = ()

    @property
    def number(self) -> int:
        """How many people there are."""
        return len(self.ids)

    @property
    def first_explained(self) -> int:
        """The first period whose adoptions are to be explained."""
        return 2 if self.seeded else 1

    def with_adopted(self, adopted: Whole) -> "Observed":
        """Return the same people and ties with other times of adoption."""
        return Observed(**{**vars(self), "adopted": adopted})


def ties_between(first: Whole, second: Whole, weights: Numbers, number: int) -> Ties:
    """Return ties in compressed sparse rows, from distinct pairs in any order."""
    owner, other = np.concatenate((first, second)), np.concatenate((second, first))
    order = np.lexsort((other, owner))
    starts = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=number)))).astype(np.int64)
    return Ties(starts, other[order].astype(np.int64), np.concatenate((weights, weights))[order].astype(np.float64))
