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

from qispread.analysis.comparison_schema import COMPARISON_TABLES
from qispread.analysis.economics import acceptability, build_replicate_table, cost_effectiveness
from qispread.analysis.factorial_effects import factorial_effects
from qispread.analysis.heterogeneity import inequality_table, subgroup_gains
from qispread.common.deprecation import FormerKeys, keep_former_members
from qispread.common.former_names import TABLES
from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario import Scenario
from qispread.model.engines.run_tables import with_column_metadata
from qispread.model.engines.simulation import Runs
from qispread.outputs.results.file_names import OWN_FILES
from qispread.outputs.results.manifest import full_scenario, run_fingerprint, single_replicate
from qispread.outputs.results.results_folder import (
    MANIFEST,
    arm_folders,
    check_results_folder,
    cleanup_on_abort,
    delete_stale_analyses,
    delete_stale_arms,
    has_fingerprint,
    remove_charts,
    remove_files,
    replace_atomically,
    write_table,
)
from qispread.outputs.results.run_results import write_run_folder
from qispread.runs.comparison import BASELINE_ARM, Comparison
from qispread.runs.comparison.paired_comparison import DEFAULT_MEASURE
from qispread.runs.comparison.robustness import Robustness
from qispread.runs.provenance import provenance
from qispread.runs.sweep.atomic_files import local_folder

if TYPE_CHECKING:
    import pandas as pd


@keep_former_members
@dataclass(frozen=True)
class ComparisonResult:
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
        argument_checks.check_arguments(
            {"comparison": self.comparison, "robustness": self.robustness},
            comparison=argument_checks.instance_check(Comparison, "a Comparison, as qispread.compare returns it"),
            robustness=argument_checks.optional_check(
                argument_checks.instance_check(Robustness, "as qispread.robustness returns it")
            ),
        )
        if argument_checks.check_number(self.team_month) or not 0.0 <= self.team_month < math.inf:
            raise InputError([Fault("team_month", f"got {self.team_month}; needed: a price of at least 0")])

    @cached_property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """All tables by name; docs/tables.md tells their columns."""
        worlds = build_replicate_table(self.comparison, self.team_month)
        found = {
            "differences": self.comparison.differences,
            "arm_differences": self.comparison.arm_differences,
            "replicates": worlds,
            "cost_effectiveness": cost_effectiveness(worlds),
            "acceptability": acceptability(worlds),
            "subgroup_gains": subgroup_gains(self.comparison),
            "inequality": inequality_table(self.comparison),
        }
        if self.comparison.factors:
            found["factorial"] = factorial_effects(self.comparison)
        if self.robustness is not None:
            models = self.robustness.models.join(self.robustness.means.add_prefix("value."))
            found |= {
                "robustness": self.robustness.arms,
                "models": models,
                "best_arm_drivers": self.robustness.best_arm_drivers,
            }
            found["order_drivers"] = self.robustness.order_drivers
        return FormerKeys(found, TABLES)

    def describe_for_manifest(self) -> dict[str, Any]:
        """Return what the manifest says of the comparison."""
        comparison, robustness = self.comparison, self.robustness
        precision = comparison.precision
        found: dict[str, Any] = {
            "arms": list(comparison.runs),
            "measure": comparison.measure,
            "replicates": comparison.replicate_count,
            "branch_at": comparison.branch_at,
            "precision": precision.half_width if precision else None,
            "factors": list(comparison.factors),
            "team_month": self.team_month,
            "models": 0,
        }
        if robustness is not None:
            found |= {
                "models": len(robustness.models),
                "model_worlds": robustness.replicates_per_model,
                "ranking": list(robustness.ranking),
                "ranking_holds": robustness.ranking_stability,
                "best_holds": robustness.best_stability,
                "top_flip": robustness.main_driver,
            }
        return found


@dataclass(frozen=True)
class ComparisonRequest:
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
    measure: str = DEFAULT_MEASURE
    precision: float | None = None
    team_month: float = 0.0
    models: int = 0

    def fingerprint(self) -> dict[str, Any]:
        """Return the identity that the manifest keeps."""
        arms = self.arms
        if self.precision is not None:
            arms = {name: arm.replace(replicates=1) for name, arm in arms.items()}
        asked = {name: getattr(self, name) for name in ("measure", "precision", "team_month", "models")}
        marks = {name: arm.fingerprint() for name, arm in arms.items()}
        return {**run_fingerprint(arms[BASELINE_ARM]), "scenario": marks, "asked": asked}

    def default_folder(self) -> Path:
        """Return the folder for the results: another for everything that tells comparisons apart."""
        mark = json.dumps([self.fingerprint()["scenario"], self.fingerprint()["asked"]])
        return (
            Path("results") / f"compare-{self.arms[BASELINE_ARM].name}-{hashlib.sha256(mark.encode()).hexdigest()[:12]}"
        )

    def check_output_folder(self, folder: Path, *, overwrite: bool = False) -> None:
        """Make sure that the comparison can be written to a folder: each arm to one of its own in it.

        Raises
        ------
        InputError
            As `check_results_folder`, for the whole and for any arm.
        """
        with cleanup_on_abort(folder):
            mark = self.fingerprint()
            scenarios = {f"scenario.{name}": full_scenario(arm) for name, arm in self.arms.items()}
            check_results_folder(folder, mark, OWN_FILES, overwrite=overwrite, scenarios=scenarios)
            same = has_fingerprint(folder, mark)
            for name, arm in self.arms.items():
                own = {} if self.precision is not None else run_fingerprint(arm)
                inside = {"scenario": full_scenario(arm)}
                check_results_folder(folder / name, own, OWN_FILES, overwrite=overwrite or same, scenarios=inside)


def build_request(answer: ComparisonResult) -> ComparisonRequest:
    """Return what was asked for an answer."""
    comparison, precision = answer.comparison, answer.comparison.precision
    return ComparisonRequest(
        {name: runs.scenario for name, runs in comparison.runs.items()},
        comparison.measure,
        precision.half_width if precision else None,
        answer.team_month,
        answer.robustness.requested_models if answer.robustness else 0,
    )


@argument_checks.validate_arguments(
    result=argument_checks.instance_check(
        (ComparisonResult, Comparison), "an Answer, or a Comparison as qispread.compare returns it"
    ),
    folder=argument_checks.optional_check(argument_checks.check_path),
    overwrite=argument_checks.check_flag,
    command=argument_checks.optional_check(argument_checks.check_texts),
)
def save_comparison(
    result: ComparisonResult | Comparison,
    folder: str | Path | None = None,
    *,
    overwrite: bool = False,
    command: Sequence[str] | None = None,
) -> list[Path]:
    """Write a comparison: tables as Parquet and CSV, a manifest, and for each arm a folder of its results.

    Parameters
    ----------
    result : ComparisonResult or Comparison
    folder : str or Path, optional
        ``results/compare-NAME-FINGERPRINT`` unless given.
    overwrite : bool
        Whether results of other runs may be replaced.

    Returns and raises as `save`.
    """
    whole = ComparisonResult(result) if isinstance(result, Comparison) else result
    asked, runs = build_request(whole), whole.comparison.runs
    place = local_folder(folder) if folder is not None else asked.default_folder()
    asked.check_output_folder(place, overwrite=overwrite)
    typed = command if command is not None else sys.argv
    tables = whole.tables
    others = {name: arm_folders(place / name) for name in other_arm_folders(place, runs)}
    gone, other = set(arm_folders(place)) - set(runs), not has_fingerprint(place, asked.fingerprint())

    def forget() -> None:
        remove_charts(place)
        delete_stale_arms(place, gone, OWN_FILES)
        if other:
            delete_stale_analyses(place)
        for name, arms in others.items():
            delete_stale_arms(place / name, arms, OWN_FILES)
            delete_stale_analyses(place / name)
            remove_charts(place / name)
            remove_files(place / name, OWN_FILES)

    with replace_atomically(place, OWN_FILES, replacing=True, forgetting=forget) as new:
        for name, arm in runs.items():
            (new / name).mkdir()
            write_run_folder(arm, new / name, typed)
        for name, table in tables.items():
            kept = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
            write_table(with_column_metadata(kept, COMPARISON_TABLES[name][1]), new, name, csv=True)
        inputs = {(one.path, one.sha256): one for arm in runs.values() for one in arm.scenario.inputs}
        manifest = {
            "identity": asked.fingerprint(),
            **provenance(typed, list(inputs.values())),
            "comparison": whole.describe_for_manifest(),
        }
        (new / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        names = sorted(path.name for path in new.iterdir() if path.is_file())
    return [place / name for name in names]


def other_arm_folders(folder: Path, arms: Mapping[str, Runs]) -> list[str]:
    """Return the arms whose folders within a folder do not hold the results of the same runs.

    Raises
    ------
    InputError
        Where an arm lacks some of its replicates.
    """
    marks = {name: run_fingerprint(arm.scenario, single_replicate(arm)) for name, arm in arms.items()}
    return [name for name, mark in marks.items() if not has_fingerprint(folder / name, mark)]
