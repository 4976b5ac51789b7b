"""The two studies: where their tables are, how they are read, and what is varied in reading them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from qispread.runs.diffusion_fit.observed_diffusion import IntArray, ObservedDiffusion, TieGraph, build_tie_graph
from qispread.runs.diffusion_fit.read_diffusion import TableOptions, read_observed

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "QISPREAD_DATA"
"""The environment variable that says where the data are."""


@dataclass(frozen=True)
class Study:
    """One study.

    Attributes
    ----------
    name : str
    stem : str
        With which its files begin.
    terms : TableOptions
    source : str
        Keys of the bibliography.
    truth : float
        A contact that the self-check plants.
    histories : int
        How many histories of each kind the self-check makes.
    relations : dict of str to str
        Relations whose ties are also looked at alone, in words.
    """

    name: str
    stem: str
    terms: TableOptions
    source: str
    truth: float
    histories: int
    relations: dict[str, str]


STUDIES = (
    Study(
        "Medical Innovation",
        "medinnov",
        TableOptions(id="node", adopted="toa", never=("18",), end="17", unit="month"),
        "coleman1966, burt1987",
        0.05,
        200,
        {name: name for name in ("advice", "discussion", "friendship")},
    ),
    Study(
        "Korean family planning",
        "kfamily",
        TableOptions(id="node", adopted="toa", never=("11",), end="10", unit="year", self_ties="leave_out"),
        "rogers1981",
        0.02,
        100,
        {
            "talk_fp": "talk about family planning",
            "advice_fp_sought": "advice on family planning",
            "closest_neighbour": "neighbours",
        },
    ),
)


def data_folder() -> Path:
    """Return the folder of the data: what the environment says, or beside the checkout."""
    return Path(os.environ.get(VARIABLE, ROOT.parent / "shared/data/diffusion"))


def missing_files(folder: Path) -> list[Path]:
    """Return the files that are not there."""
    paths = [folder / f"{one.stem}_{part}.csv" for one in STUDIES for part in ("nodes", "edges")]
    return [path for path in paths if not path.exists()]


def read_study(study: Study, folder: Path) -> ObservedDiffusion:
    """Return a study as it is read."""
    found = read_observed(folder / f"{study.stem}_nodes.csv", folder / f"{study.stem}_edges.csv", study.terms)
    shown = {str(folder / f"{study.stem}_{part}.csv"): f"{study.stem}_{part}.csv" for part in ("nodes", "edges")}
    notes = tuple(note.replace(path, name) for note in found.notes for path, name in shown.items() if path in note)
    return replace(found, notes=(*notes, *(note for note in found.notes if ".csv" not in note)))


def read_nominations(study: Study, folder: Path, observed: ObservedDiffusion) -> pd.DataFrame:
    """Return who named whom, by place and relation; naming oneself is left out."""
    table = pd.read_csv(folder / f"{study.stem}_edges.csv", dtype=str)
    place = {one: index for index, one in enumerate(observed.ids)}
    found = pd.DataFrame(
        {"first": table["from"].map(place), "second": table["to"].map(place), "relation": table["relation"]}
    )
    return found[found["first"] != found["second"]].reset_index(drop=True)


def directed_ties(named: pd.DataFrame, number: int) -> TieGraph:
    """Return ties that stand only at those who name: they see whom they name, and not the reverse."""
    pairs = named[["first", "second"]].drop_duplicates().sort_values(["first", "second"]).to_numpy(dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(np.bincount(pairs[:, 0], minlength=number)))).astype(np.int64)
    return TieGraph(starts, pairs[:, 1], np.ones(len(pairs)))


def undirected_ties(named: pd.DataFrame, number: int) -> TieGraph:
    """Return ties of weight 1 between all pairs of whom one names the other."""
    ends = np.sort(named[["first", "second"]].to_numpy(dtype=np.int64), axis=1)
    pairs = np.unique(ends, axis=0)
    return build_tie_graph(pairs[:, 0], pairs[:, 1], np.ones(len(pairs)), number)


def assign_thirds(values: IntArray) -> IntArray:
    """Return in which third of the people each is by a number."""
    return np.searchsorted(np.quantile(values, (1.0 / 3.0, 2.0 / 3.0)), values, side="left").astype(np.int64)


def alternative_ties(
    study: Study, folder: Path, observed: ObservedDiffusion
) -> Iterator[tuple[str, ObservedDiffusion]]:
    """Yield other ways to read the ties: by direction, and by relation."""
    named, number = read_nominations(study, folder, observed), observed.person_count
    yield "as in the model: ties without direction", observed
    yield "one sees only those whom one names", replace(observed, ties=directed_ties(named, number))
    reversed_names = named.rename(columns={"first": "second", "second": "first"})
    yield "one sees only those who name one", replace(observed, ties=directed_ties(reversed_names, number))
    for relation, words in study.relations.items():
        own = named[named["relation"] == relation]
        yield f"ties of {words} alone", replace(observed, ties=undirected_ties(own, number))
