"""Results of a comparison: differences, subgroups, costs, robustness, and a folder for each arm."""

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
    """A comparison with its analyses.

    Attributes
    ----------
    comparison : Comparison
    robustness : Robustness or None
        The comparison in plausible models, where requested.
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
        """All tables by name; docs/tables.md describes their columns."""
        replicates = build_replicate_table(self.comparison, self.team_month)
        tables = {
            "differences": self.comparison.differences,
            "arm_differences": self.comparison.arm_differences,
            "replicates": replicates,
            "cost_effectiveness": cost_effectiveness(replicates),
            "acceptability": acceptability(replicates),
            "subgroup_gains": subgroup_gains(self.comparison),
            "inequality": inequality_table(self.comparison),
        }
        if self.comparison.factors:
            tables["factorial"] = factorial_effects(self.comparison)
        if self.robustness is not None:
            models = self.robustness.models.join(self.robustness.means.add_prefix("value."))
            tables |= {
                "robustness": self.robustness.arms,
                "models": models,
                "best_arm_drivers": self.robustness.best_arm_drivers,
            }
            tables["order_drivers"] = self.robustness.order_drivers
        return FormerKeys(tables, TABLES)

    def describe_for_manifest(self) -> dict[str, Any]:
        """Return the entry of the comparison in the manifest."""
        comparison, robustness = self.comparison, self.robustness
        precision = comparison.precision
        entry: dict[str, Any] = {
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
            entry |= {
                "models": len(robustness.models),
                "model_worlds": robustness.replicates_per_model,
                "ranking": list(robustness.ranking),
                "ranking_holds": robustness.ranking_stability,
                "best_holds": robustness.best_stability,
                "top_flip": robustness.main_driver,
            }
        return entry


@dataclass(frozen=True)
class ComparisonRequest:
    """The inputs that identify the results of a comparison, known before any run.

    Attributes
    ----------
    arms : dict of str to Scenario
        With the baseline.
    measure : str
    precision : float or None
        Requested precision, from which the number of replicates follows.
    team_month : float
    models : int
        Number of plausible models requested.
    organisation_class : str
        As for `run_fingerprint`.
    """

    arms: Mapping[str, Scenario]
    measure: str = DEFAULT_MEASURE
    precision: float | None = None
    team_month: float = 0.0
    models: int = 0
    organisation_class: str = ""

    def fingerprint(self) -> dict[str, Any]:
        """Return the identity for the manifest."""
        arms = self.arms
        if self.precision is not None:
            arms = {name: arm.replace(replicates=1) for name, arm in arms.items()}
        request = {name: getattr(self, name) for name in ("measure", "precision", "team_month", "models")}
        fingerprints = {name: arm.fingerprint() for name, arm in arms.items()}
        own_code = self.organisation_class
        return {**run_fingerprint(arms[BASELINE_ARM], None, own_code), "scenario": fingerprints, "asked": request}

    def default_folder(self) -> Path:
        """Return the default folder for the results, different for comparisons with different inputs."""
        identity = json.dumps([self.fingerprint()["scenario"], self.fingerprint()["asked"]])
        digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
        return Path("results") / f"compare-{self.arms[BASELINE_ARM].name}-{digest}"

    def check_output_folder(self, folder: Path, *, overwrite: bool = False) -> None:
        """Check that the comparison can be written to a folder, and each arm to a folder inside.

        Raises
        ------
        InputError
            As `check_results_folder`, for the comparison and for any arm.
        """
        with cleanup_on_abort(folder):
            fingerprint = self.fingerprint()
            scenarios = {f"scenario.{name}": full_scenario(arm) for name, arm in self.arms.items()}
            check_results_folder(folder, fingerprint, OWN_FILES, overwrite=overwrite, scenarios=scenarios)
            same = has_fingerprint(folder, fingerprint)
            for name, arm in self.arms.items():
                arm_fingerprint = (
                    {} if self.precision is not None else run_fingerprint(arm, None, self.organisation_class)
                )
                inside = {"scenario": full_scenario(arm)}
                check_results_folder(
                    folder / name, arm_fingerprint, OWN_FILES, overwrite=overwrite or same, scenarios=inside
                )


def build_request(result: ComparisonResult) -> ComparisonRequest:
    """Return the request that a result answers."""
    comparison, precision = result.comparison, result.comparison.precision
    return ComparisonRequest(
        {name: runs.scenario for name, runs in comparison.runs.items()},
        comparison.measure,
        precision.half_width if precision else None,
        result.team_month,
        result.robustness.requested_models if result.robustness else 0,
        comparison.organisation_class,
    )


@argument_checks.validate_arguments(
    result=argument_checks.instance_check(
        (ComparisonResult, Comparison), "a ComparisonResult, or a Comparison as qispread.compare returns it"
    ),
    folder=argument_checks.optional_check(argument_checks.check_path),
    overwrite=argument_checks.check_flag,
    command=argument_checks.optional_check(argument_checks.check_texts),
)
def write_comparison(
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
        ``results/compare-NAME-FINGERPRINT`` by default.
    overwrite : bool
        Whether results of other runs may be replaced.

    Returns and raises as `save`.
    """
    if isinstance(result, Comparison):
        result = ComparisonResult(result)
    request, runs = build_request(result), result.comparison.runs
    output = local_folder(folder) if folder is not None else request.default_folder()
    request.check_output_folder(output, overwrite=overwrite)
    argv = command if command is not None else sys.argv
    tables = result.tables
    replaced_arms = {name: arm_folders(output / name) for name in other_arm_folders(output, runs)}
    stale_arms = set(arm_folders(output)) - set(runs)
    is_other_comparison = not has_fingerprint(output, request.fingerprint())

    def delete_stale() -> None:
        remove_charts(output)
        delete_stale_arms(output, stale_arms, OWN_FILES)
        if is_other_comparison:
            delete_stale_analyses(output)
        for name, arms in replaced_arms.items():
            delete_stale_arms(output / name, arms, OWN_FILES)
            delete_stale_analyses(output / name)
            remove_charts(output / name)
            remove_files(output / name, OWN_FILES)

    with replace_atomically(output, OWN_FILES, replacing=True, forgetting=delete_stale) as new:
        for name, arm in runs.items():
            (new / name).mkdir()
            write_run_folder(arm, new / name, argv)
        for name, table in tables.items():
            arrow_table = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
            write_table(with_column_metadata(arrow_table, COMPARISON_TABLES[name][1]), new, name, csv=True)
        inputs = {(file.path, file.sha256): file for arm in runs.values() for file in arm.scenario.inputs}
        manifest = {
            "identity": request.fingerprint(),
            **provenance(argv, list(inputs.values())),
            "comparison": result.describe_for_manifest(),
        }
        (new / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        names = sorted(path.name for path in new.iterdir() if path.is_file())
    return [output / name for name in names]


def other_arm_folders(folder: Path, arms: Mapping[str, Runs]) -> list[str]:
    """Return the arms whose folders do not hold the results of the same runs.

    Raises
    ------
    InputError
        Where an arm lacks some of its replicates.
    """
    fingerprints = {
        name: run_fingerprint(arm.scenario, single_replicate(arm), arm.organisation_class) for name, arm in arms.items()
    }
    return [name for name, fingerprint in fingerprints.items() if not has_fingerprint(folder / name, fingerprint)]
