"""Results of one scenario: its tables, a summary by month, and a manifest."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qispread.inputs import argument_checks
from qispread.inputs.scenario import Scenario
from qispread.model.engines.run_tables import build_tables
from qispread.model.engines.simulation import Runs
from qispread.outputs.results import results_folder as folders
from qispread.outputs.results.file_names import EVENTS_TEXT_FILE, OWN_FILES, SUMMARY_FILE
from qispread.outputs.results.manifest import build_manifest, full_scenario, run_fingerprint, single_replicate
from qispread.outputs.results.results_folder import (
    MANIFEST,
    arm_folders,
    delete_stale_analyses,
    delete_stale_arms,
    has_fingerprint,
    remove_charts,
    replace_atomically,
    write_csv,
    write_table,
)
from qispread.runs.summary import summarise_months
from qispread.runs.sweep.atomic_files import local_folder


def default_folder(scenario: Scenario, replicate: int | None = None) -> Path:
    """Return the default folder for the results of a scenario, different for other parameters, seed or replicates."""
    suffix = "" if replicate is None else f"-{replicate:05d}"
    return Path("results") / f"{scenario.name}-{scenario.fingerprint()}{suffix}"


def check_run_folder(
    folder: Path,
    scenario: Scenario,
    *,
    overwrite: bool = False,
    replicate: int | None = None,
    organisation_class: str = "",
) -> None:
    """Check that the results of a scenario can be written to a folder.

    See `qispread.outputs.results.results_folder`. `replicate`: for results of a single replicate other than the first.
    `organisation_class`: as for `run_fingerprint`.
    """
    fingerprint = run_fingerprint(scenario, replicate, organisation_class)
    scenarios = {"scenario": full_scenario(scenario)}
    folders.check_results_folder(folder, fingerprint, OWN_FILES, overwrite=overwrite, scenarios=scenarios)


@argument_checks.validate_arguments(
    runs=argument_checks.instance_check(Runs, "Runs, as qispread.simulate returns them"),
    folder=argument_checks.optional_check(argument_checks.check_path),
    csv=argument_checks.check_flag,
    overwrite=argument_checks.check_flag,
    command=argument_checks.optional_check(argument_checks.check_texts),
    about=argument_checks.optional_check(argument_checks.check_mapping),
)
def write_runs(
    runs: Runs,
    folder: str | Path | None = None,
    *,
    csv: bool = False,
    overwrite: bool = False,
    command: Sequence[str] | None = None,
    about: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write the tables of runs and their manifest; the same runs give identical files.

    Parameters
    ----------
    runs : Runs
    folder : str or Path, optional
        ``results/NAME-FINGERPRINT`` by default.
    csv : bool
        Whether to write CSV tables too.
    overwrite : bool
        Whether results of another run, or of other code or libraries, may be replaced.
    command : sequence of str, optional
        The command line, for the manifest.
    about : mapping, optional
        Other entries for the manifest.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        Where the folder cannot be used or writing fails; or the runs are neither all replicates of their scenario nor
        a single one.
    """
    replicate = single_replicate(runs)
    organisation_class = runs.organisation_class
    output = local_folder(folder) if folder is not None else default_folder(runs.scenario, replicate)
    check_run_folder(
        output, runs.scenario, overwrite=overwrite, replicate=replicate, organisation_class=organisation_class
    )
    is_other_run = not has_fingerprint(output, run_fingerprint(runs.scenario, replicate, organisation_class))
    arms = arm_folders(output)

    def delete_stale() -> None:
        if is_other_run:
            delete_stale_arms(output, arms, OWN_FILES)
            delete_stale_analyses(output)
            remove_charts(output)

    with replace_atomically(output, OWN_FILES, replacing=is_other_run, forgetting=delete_stale) as new:
        write_run_folder(runs, new, command if command is not None else sys.argv, csv=csv, about=about)
        names = sorted(path.name for path in new.iterdir())
    return [output / name for name in names]


def write_run_folder(
    runs: Runs, folder: Path, command: Sequence[str], *, csv: bool = False, about: Mapping[str, Any] | None = None
) -> None:
    """Write the tables of runs and their manifest to an existing folder; parameters as for `write_runs`."""
    for name, table in build_tables(runs).items():
        write_table(table, folder, name, csv=csv)
        if name == "events":
            write_events_text(table, folder / EVENTS_TEXT_FILE)
    write_csv(summarise_months(runs), folder / SUMMARY_FILE)
    manifest = build_manifest(runs.scenario, command, single_replicate(runs), about, runs.organisation_class)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_events_text(events: Any, path: Path) -> None:
    """Write events as lines of text: month, organisation, intervention, event and reason."""
    with path.open("w", encoding="utf-8") as file:
        for event in events.to_pylist():
            intervention = f", {event['intervention']}" if event["intervention"] else ""
            prefix = f"month {event['month']:3d}  {event['organisation'] or 'everywhere'}{intervention}"
            file.write(f"{prefix}: {event['event']} ({event['reason']})\n")
