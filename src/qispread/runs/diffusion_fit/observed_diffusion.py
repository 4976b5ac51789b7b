"""People with the period in which they adopted, and the ties between them, as one record."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
NEVER_ADOPTED = 0
"""The period of those who had not adopted by the end."""


@dataclass(frozen=True, eq=False)
class TieGraph:
    """Ties without direction in compressed sparse rows: each stands at either end.

    Attributes
    ----------
    indptr : array of n + 1
        Where the ties of each person start in the other arrays.
    indices : array
        The other end of each tie, ascending within a person.
    weights : array
        In (0, 1].
    """

    indptr: IntArray
    indices: IntArray
    weights: FloatArray

    @property
    def owners(self) -> IntArray:
        """The person at whom each tie stands."""
        return np.repeat(np.arange(self.indptr.size - 1), np.diff(self.indptr))


@dataclass(frozen=True, eq=False)
class ObservedDiffusion:
    """A diffusion as it was observed; n people.

    Attributes
    ----------
    ids : tuple of str
    adopted : array of n
        Period of adoption, from 1; `NEVER_ADOPTED` for those who had not by the end.
    periods : int
        How many were observed.
    community : array of n
        Place of each one's community in `communities`.
    communities : tuple of str
    permutation_groups : array of n
        Group within which people are taken as alike when who is where is shuffled.
    ties : TieGraph
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
    adopted: IntArray
    periods: int
    community: IntArray
    communities: tuple[str, ...]
    permutation_groups: IntArray
    ties: TieGraph
    seeded: bool
    unit: str = "period"
    notes: tuple[str, ...] = ()
    inputs: tuple[dict[str, str], ...] = ()

    @property
    def person_count(self) -> int:
        """How many people there are."""
        return len(self.ids)

    @property
    def first_explained(self) -> int:
        """The first period whose adoptions are to be explained."""
        return 2 if self.seeded else 1

    def with_adopted(self, adopted: IntArray) -> "ObservedDiffusion":
        """Return the same people and ties with other times of adoption."""
        return ObservedDiffusion(**{**vars(self), "adopted": adopted})


def build_tie_graph(first: IntArray, second: IntArray, weights: FloatArray, count: int) -> TieGraph:
    """Return ties in compressed sparse rows, from distinct pairs in any order."""
    owner, other = np.concatenate((first, second)), np.concatenate((second, first))
    order = np.lexsort((other, owner))
    starts = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=count)))).astype(np.int64)
    return TieGraph(starts, other[order].astype(np.int64), np.concatenate((weights, weights))[order].astype(np.float64))
