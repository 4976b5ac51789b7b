"""An observed diffusion: people, their adoption periods, and their ties."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
NEVER_ADOPTED = 0
"""The period of people who had not adopted by the end."""


@dataclass(frozen=True, eq=False)
class TieGraph:
    """Undirected ties in compressed sparse rows, each stored at both ends.

    Attributes
    ----------
    indptr : array of n + 1
        Start of the ties of each person in the other arrays.
    indices : array
        The other end of each tie, ascending for each person.
    weights : array
        Weights in (0, 1].
    """

    indptr: IntArray
    indices: IntArray
    weights: FloatArray

    @property
    def owners(self) -> IntArray:
        """The person at the first end of each tie."""
        return np.repeat(np.arange(self.indptr.size - 1), np.diff(self.indptr))


@dataclass(frozen=True, eq=False)
class ObservedDiffusion:
    """An observed diffusion of n people.

    Attributes
    ----------
    ids : tuple of str
    adopted : array of n
        Period of adoption, from 1; `NEVER_ADOPTED` for people who had not adopted by the end.
    periods : int
        Number of observed periods.
    community : array of n
        Index of each person's community in `communities`.
    communities : tuple of str
    permutation_groups : array of n
        Groups within which adoption times are shuffled.
    ties : TieGraph
    seeded : bool
        Whether adopters of the first period are given seeds that are not explained.
    unit : str
        Unit of a period.
    notes : tuple of str
        Notes on what was left out, and others.
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
        """Number of people."""
        return len(self.ids)

    @property
    def first_explained(self) -> int:
        """The first period whose adoptions are explained."""
        return 2 if self.seeded else 1

    def with_adopted(self, adopted: IntArray) -> "ObservedDiffusion":
        """Return the same people and ties with other adoption periods."""
        return ObservedDiffusion(**{**vars(self), "adopted": adopted})


def build_tie_graph(first: IntArray, second: IntArray, weights: FloatArray, count: int) -> TieGraph:
    """Return ties in compressed sparse rows, from distinct pairs in any order."""
    owner, other = np.concatenate((first, second)), np.concatenate((second, first))
    order = np.lexsort((other, owner))
    indptr = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=count)))).astype(np.int64)
    return TieGraph(indptr, other[order].astype(np.int64), np.concatenate((weights, weights))[order].astype(np.float64))
