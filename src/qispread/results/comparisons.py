"""The results of a comparison: what differs, for whom, at what cost, how robustly, and a folder for each arm."""

import hashlib
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from qispread.analysis.columns import TABLES
from qispread.analysis.economics import acceptability, cost_effectiveness, worlds_table
from qispread.analysis.effects import factorial
from qispread.analysis.for_whom import for_whom, inequality
from qispread.comparison import BASE, Comparison
from qispread.comparison.paired import HEADLINE
from qispread.comparison.robustness import Robustness
from qispread.config import arguments
from qispread.config.faults import Fault, InputError
from qispread.config.scenario import Scenario
from qispread.engines.run import Runs
from qispread.engines.tables import described
from qispread.provenance import provenance
from qispread.results.folder import (
    MANIFEST,
    arms_in,
    check_folder,
    forget_analyses,
    forget_arms,
    forget_charts,
    holds_same,
    remove_files,
    tidied,
    write_table,
    written_whole,
)
from qispread.results.manifest import identity, single_replicate, written_out
from qispread.results.names import OURS
from qispread.results.runs import write_run
from qispread.sweeping.files import local_folder

if TYPE_CHECKING:
    import pandas as pd


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
        arguments.refuse_wrong(
            {"comparison": self.comparison, "robustness": self.robustness},
            comparison=arguments.instance(Comparison, "a Comparison, as qispread.compare returns it"),
            robustness=arguments.optional(arguments.instance(Robustness, "as qispread.robustness returns it")),
        )
        if arguments.number(self.team_month) or not 0.0 <= self.team_month < math.inf:
            raise InputError([Fault("team_month", f"got {self.team_month}; needed: a price of at least 0")])

    @cached_property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """All tables by name; docs/tables.md tells their columns."""
        worlds = worlds_table(self.comparison, self.team_month)
        found = {
            "differences": self.comparison.differences,
            "between": self.comparison.between,
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
            found["order_flips"] = self.robustness.order_flips
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


@dataclass(frozen=True)
class Asked:
    """What tells the results of one comparison from those of another, known before any world is run.

    Attributes
    ----------
    arms : dict of str to Scenario
        The base too.
    measure : str
    precision : float or None
        Where one was asked, the number of worlds follows from it.
    team_month : float
    models : int
        Plausible models asked.
    """

    arms: Mapping[str, Scenario]
    measure: str = HEADLINE
    precision: float | None = None
    team_month: float = 0.0
    models: int = 0

    def mark(self) -> dict[str, Any]:
        """Return the identity that the manifest keeps."""
        arms = self.arms
        if self.precision is not None:
            arms = {name: arm.replace(replicates=1) for name, arm in arms.items()}
        asked = {name: getattr(self, name) for name in ("measure", "precision", "team_month", "models")}
        marks = {name: arm.fingerprint() for name, arm in arms.items()}
        return {**identity(arms[BASE]), "scenario": marks, "asked": asked}

    def folder(self) -> Path:
        """Return the folder for the results: another for everything that tells comparisons apart."""
        mark = json.dumps([self.mark()["scenario"], self.mark()["asked"]])
        return Path("results") / f"compare-{self.arms[BASE].name}-{hashlib.sha256(mark.encode()).hexdigest()[:12]}"

    def check(self, folder: Path, *, overwrite: bool = False) -> None:
        """Make sure that the comparison can be written to a folder: each arm to one of its own in it.

        Raises
        ------
        InputError
            As `check_folder`, for the whole and for any arm.
        """
        with tidied(folder):
            mark = self.mark()
            scenarios = {f"scenario.{name}": written_out(arm) for name, arm in self.arms.items()}
            check_folder(folder, mark, OURS, overwrite=overwrite, scenarios=scenarios)
            same = holds_same(folder, mark)
            for name, arm in self.arms.items():
                own = {} if self.precision is not None else identity(arm)
                inside = {"scenario": written_out(arm)}
                check_folder(folder / name, own, OURS, overwrite=overwrite or same, scenarios=inside)


def asked_of(answer: Answer) -> Asked:
    """Return what was asked for an answer."""
    comparison, precision = answer.comparison, answer.comparison.precision
    return Asked(
        {name: runs.scenario for name, runs in comparison.runs.items()},
        comparison.measure,
        precision.half_width if precision else None,
        answer.team_month,
        answer.robustness.asked if answer.robustness else 0,
    )


@arguments.checks(
    answer=arguments.instance((Answer, Comparison), "an Answer, or a Comparison as qispread.compare returns it"),
    folder=arguments.optional(arguments.path),
    overwrite=arguments.flag,
    command=arguments.optional(arguments.texts),
)
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
    asked, runs = asked_of(whole), whole.comparison.runs
    place = local_folder(folder) if folder is not None else asked.folder()
    asked.check(place, overwrite=overwrite)
    typed = command if command is not None else sys.argv
    tables = whole.tables
    others = {name: arms_in(place / name) for name in others_among(place, runs)}
    gone, other = set(arms_in(place)) - set(runs), not holds_same(place, asked.mark())

    def forget() -> None:
        forget_charts(place)
        forget_arms(place, gone, OURS)
        if other:
            forget_analyses(place)
        for name, arms in others.items():
            forget_arms(place / name, arms, OURS)
            forget_analyses(place / name)
            forget_charts(place / name)
            remove_files(place / name, OURS)

    with written_whole(place, OURS, replacing=True, forgetting=forget) as new:
        for name, arm in runs.items():
            (new / name).mkdir()
            write_run(arm, new / name, typed)
        for name, table in tables.items():
            kept = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
            write_table(described(kept, TABLES[name][1]), new, name, csv=True)
        inputs = {(one.path, one.sha256): one for arm in runs.values() for one in arm.scenario.inputs}
        manifest = {
            "identity": asked.mark(),
            **provenance(typed, list(inputs.values())),
            "comparison": whole.described(),
        }
        (new / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        names = sorted(path.name for path in new.iterdir() if path.is_file())
    return [place / name for name in names]


def others_among(folder: Path, arms: Mapping[str, Runs]) -> list[str]:
    """Return the arms whose folders within a folder do not hold the results of the same runs.

    Raises
    ------
    InputError
        Where an arm lacks some of its replicates.
    """
    marks = {name: identity(arm.scenario, single_replicate(arm)) for name, arm in arms.items()}
    return [name for name, mark in marks.items() if not holds_same(folder / name, mark)]
