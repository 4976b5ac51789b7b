"""What the strength of contact depends on: how ties are read, and what the push from outside may differ by."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.diffusion.studies import Study, thirds, ways_to_read
from qispread.fitting.correlation import against_shuffles
from qispread.fitting.models import Model, cells_of, pushes_of
from qispread.fitting.people import Observed, Whole
from qispread.fitting.posterior import fitted

FREE, ALONE = Model("by period", "ties"), Model("by period", "none")


def rows_of(observed: Observed, words: str, shuffles: int, groups: Whole | None = None) -> dict[str, Any]:
    """Return the strength of contact and the evidence for it, the push free in each period and, if given, each group.

    Where there are groups, times of adoption are shuffled within them too.
    """
    pushes = pushes_of(observed, FREE)
    if groups is not None:
        pushes = pushes * (int(groups.max()) + 1) + groups[:, None]
        observed = replace(observed, alike=observed.alike * (int(groups.max()) + 1) + groups)
    one = fitted(observed, FREE, cells_of(observed, FREE, pushes=pushes))
    none = fitted(observed, ALONE, cells_of(observed, ALONE, pushes=pushes))
    low, middle, high = one.strength().tolist()
    shuffled = against_shuffles(observed, shuffles)
    return {
        "name": words,
        "value": middle,
        "low": low,
        "high": high,
        "evidence": one.evidence - none.evidence,
        "most": one.most,
        "observed": shuffled.observed,
        "p": shuffled.p,
        "error": shuffled.error,
    }


def variants(study: Study, folder: Path, observed: Observed, shuffles: int) -> Iterator[dict[str, Any]]:
    """Yield a row for each way to read the ties, and for pushes that differ between groups of people."""
    for words, other in ways_to_read(study, folder, observed):
        yield rows_of(other, words, shuffles)
    degrees = np.diff(observed.ties.starts)
    yield rows_of(observed, "the push differs by thirds of the number of ties too", shuffles, thirds(degrees))
    yield rows_of(observed, "the push differs by community too", shuffles, observed.community)
