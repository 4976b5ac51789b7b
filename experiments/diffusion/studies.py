"""The two studies: their tables, how to read them, and other readings of their ties."""

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
"""The environment variable with the folder of the data."""


@dataclass(frozen=True)
class Study:
    """One study.

    Attributes
    ----------
    name : str
    stem : str
        The beginning of its file names.
    terms : TableOptions
    source : str
        Keys of the bibliography.
    truth : float
        A contact with which the self-check simulates.
    histories : int
        Number of histories of each kind in the self-check.
    relations : dict of str to str
        Relations whose ties are also analysed alone, with their labels.
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
    """Return the folder of the data: from the environment, or beside the checkout."""
    return Path(os.environ.get(VARIABLE, ROOT.parent / "shared/data/diffusion"))


def missing_files(folder: Path) -> list[Path]:
    """Return the missing files."""
    paths = [folder / f"{study.stem}_{part}.csv" for study in STUDIES for part in ("nodes", "edges")]
    return [path for path in paths if not path.exists()]


def read_study(study: Study, folder: Path) -> ObservedDiffusion:
    """Read a study."""
    found = read_observed(folder / f"{study.stem}_nodes.csv", folder / f"{study.stem}_edges.csv", study.terms)
    shown = {str(folder / f"{study.stem}_{part}.csv"): f"{study.stem}_{part}.csv" for part in ("nodes", "edges")}
    notes = tuple(note.replace(path, name) for note in found.notes for path, name in shown.items() if path in note)
    return replace(found, notes=(*notes, *(note for note in found.notes if ".csv" not in note)))


def read_nominations(study: Study, folder: Path, observed: ObservedDiffusion) -> pd.DataFrame:
    """Read who named whom, by index and relation, without self-nominations."""
    table = pd.read_csv(folder / f"{study.stem}_edges.csv", dtype=str)
    index = {person: index for index, person in enumerate(observed.ids)}
    nominations = pd.DataFrame(
        {"first": table["from"].map(index), "second": table["to"].map(index), "relation": table["relation"]}
    )
    return nominations[nominations["first"] != nominations["second"]].reset_index(drop=True)


def directed_ties(named: pd.DataFrame, number: int) -> TieGraph:
    """Return directed ties: people see those that they name, and not the reverse."""
    pairs = named[["first", "second"]].drop_duplicates().sort_values(["first", "second"]).to_numpy(dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(np.bincount(pairs[:, 0], minlength=number)))).astype(np.int64)
    return TieGraph(starts, pairs[:, 1], np.ones(len(pairs)))


def undirected_ties(named: pd.DataFrame, number: int) -> TieGraph:
    """Return ties of weight 1 between all pairs in which one names the other."""
    ends = np.sort(named[["first", "second"]].to_numpy(dtype=np.int64), axis=1)
    pairs = np.unique(ends, axis=0)
    return build_tie_graph(pairs[:, 0], pairs[:, 1], np.ones(len(pairs)), number)


def assign_thirds(values: IntArray) -> IntArray:
    """Return the third of the people, by a number, that each person is in."""
    return np.searchsorted(np.quantile(values, (1.0 / 3.0, 2.0 / 3.0)), values, side="left").astype(np.int64)


def alternative_ties(
    study: Study, folder: Path, observed: ObservedDiffusion
) -> Iterator[tuple[str, ObservedDiffusion]]:
    """Yield other readings of the ties: by direction, and by relation."""
    named, number = read_nominations(study, folder, observed), observed.person_count
    yield "as in the model: ties without direction", observed
    yield "people see only those that they name", replace(observed, ties=directed_ties(named, number))
    reversed_names = named.rename(columns={"first": "second", "second": "first"})
    yield "people see only those that name them", replace(observed, ties=directed_ties(reversed_names, number))
    for relation, label in study.relations.items():
        own = named[named["relation"] == relation]
        yield f"ties of {label} alone", replace(observed, ties=undirected_ties(own, number))
