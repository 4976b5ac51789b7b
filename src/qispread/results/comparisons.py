"""The results of a comparison: what differs, for whom, at what cost, how robustly, and a folder for each arm."""

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from qispread.analysis.economics import acceptability, cost_effectiveness, worlds_table
from qispread.analysis.effects import factorial
from qispread.analysis.for_whom import for_whom, inequality
from qispread.comparison import BASE, Comparison
from qispread.comparison.robustness import Robustness
from qispread.config.faults import Fault, InputError
from qispread.config.scenario import Scenario
from qispread.engines.tables import described
from qispread.results import folder as folders
from qispread.results.columns import TABLES
from qispread.results.folder import MANIFEST, read_manifest, refuse, write_table, written_whole
from qispread.results.manifest import identity, provenance
from qispread.results.runs import check_folder, save

if TYPE_CHECKING:
    import pandas as pd

REPORT, CHARTS = "report.html", "charts"
OURS = (MANIFEST, *(f"{name}.{kind}" for name in TABLES for kind in ("parquet", "csv")))


@dataclass(frozen=True)
class Answer:
    """A comparison with all that is said about it.

    Attributes
    ----------
    comparison : Comparison
    robustness : Robustness or None
        The same in plausible models, where it was asked.
    team_month : float
        Price of a team-month of staff time; 0 leaves it unpriced.
    """

    comparison: Comparison
    robustness: Robustness | None = None
    team_month: float = 0.0

    def __post_init__(self) -> None:
        if not self.team_month >= 0.0:
            raise InputError([Fault("team_month", f"got {self.team_month}; needed: a price of at least 0")])

    @cached_property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """All tables by name; docs/tables.md tells their columns."""
        worlds = worlds_table(self.comparison, self.team_month)
        found = {
            "differences": self.comparison.differences,
            "worlds": worlds,
            "cost_effectiveness": cost_effectiveness(worlds),
            "acceptability": acceptability(worlds),
            "for_whom": for_whom(self.comparison),
            "inequality": inequality(self.comparison),
        }
        if self.comparison.factors:
            found["factorial"] = factorial(self.comparison)
        if self.robustness is not None:
            models = self.robustness.models.join(self.robustness.means.add_prefix("value."))
            found |= {"robustness": self.robustness.arms, "models": models, "flips": self.robustness.flips}
        return found

    def described(self) -> dict[str, Any]:
        """Return what the manifest says of the comparison."""
        comparison, robustness = self.comparison, self.robustness
        precision = comparison.precision
        found: dict[str, Any] = {
            "arms": list(comparison.runs),
            "measure": comparison.measure,
            "worlds": comparison.worlds,
            "branch_at": comparison.branch_at,
            "precision": precision.half_width if precision else None,
            "factors": list(comparison.factors),
            "team_month": self.team_month,
            "models": 0,
        }
        if robustness is not None:
            found |= {
                "models": len(robustness.models),
                "model_worlds": robustness.worlds,
                "ranking": list(robustness.ranking),
                "ranking_holds": robustness.ranking_holds,
                "best_holds": robustness.best_holds,
                "top_flip": robustness.top_flip,
            }
        return found


def mark_of(arms: Mapping[str, Scenario]) -> dict[str, Any]:
    """Return what tells the results of one comparison from those of another."""
    return {**identity(arms[BASE]), "scenario": {name: arm.fingerprint() for name, arm in arms.items()}}


def comparison_folder(arms: Mapping[str, Scenario]) -> Path:
    """Return the folder for a comparison: another for every set of arms."""
    marks = json.dumps({name: arm.fingerprint() for name, arm in arms.items()})
    return Path("results") / f"compare-{arms[BASE].name}-{hashlib.sha256(marks.encode()).hexdigest()[:12]}"


def check_arms(folder: Path, arms: Mapping[str, Scenario], *, overwrite: bool = False, known: bool = True) -> None:
    """Make sure that a comparison can be written to a folder: each arm to one of its own in it.

    Parameters
    ----------
    folder : Path
    arms : mapping of str to Scenario
        The base too.
    overwrite : bool
        Whether results of other runs may be replaced.
    known : bool
        Whether the number of worlds is known yet; where it is not, no results can be those of the same comparison.

    Raises
    ------
    InputError
        As `check_folder`, for the whole and for any arm.
    """
    folders.check_folder(folder, mark_of(arms) if known else {}, OURS, overwrite=overwrite)
    for name, arm in arms.items() if known else ():
        check_folder(folder / name, arm, overwrite=overwrite)


def save_comparison(
    answer: Answer | Comparison,
    folder: str | Path | None = None,
    *,
    overwrite: bool = False,
    command: Sequence[str] | None = None,
) -> list[Path]:
    """Write a comparison: tables as Parquet and CSV, a manifest, and for each arm a folder of its results.

    Parameters
    ----------
    answer : Answer or Comparison
    folder : str or Path, optional
        ``results/compare-NAME-FINGERPRINT`` unless given.
    overwrite : bool
        Whether results of other runs may be replaced.

    Returns and raises as `save`.
    """
    whole = Answer(answer) if isinstance(answer, Comparison) else answer
    runs = whole.comparison.runs
    scenarios = {name: arm.scenario for name, arm in runs.items()}
    place = Path(folder) if folder is not None else comparison_folder(scenarios)
    check_arms(place, scenarios, overwrite=overwrite)
    typed = command if command is not None else sys.argv
    forget(place, set(scenarios))
    for name, arm in runs.items():
        save(arm, place / name, overwrite=overwrite, command=typed)
    with written_whole(place, OURS, replacing=True) as new:
        for name, table in whole.tables.items():
            kept = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
            write_table(described(kept, TABLES[name][1]), new, name, csv=True)
        inputs = {(one.path, one.sha256): one for arm in scenarios.values() for one in arm.inputs}
        manifest = {
            "identity": mark_of(scenarios),
            **provenance(typed, list(inputs.values())),
            "comparison": whole.described(),
        }
        (new / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        names = sorted(path.name for path in new.iterdir())
    return [place / name for name in names]


def forget(folder: Path, arms: set[str]) -> None:
    """Take the manifest and the report of an earlier comparison away, and the arms that the next one has not.

    Without its manifest a folder cannot be taken for a whole comparison, should the writing of its arms be interrupted.
    """
    try:
        kept = read_manifest(folder)["comparison"]["arms"]
    except (InputError, KeyError, TypeError):
        return
    try:
        (folder / MANIFEST).unlink(missing_ok=True)
        (folder / REPORT).unlink(missing_ok=True)
        for name in ({str(arm) for arm in kept} - arms) | {CHARTS}:
            if Path(name).name == name and (folder / name).is_dir():
                shutil.rmtree(folder / name)
    except OSError as error:
        raise refuse(folder, f"could not be changed: {error.strerror or error}") from None
