"""The results of one scenario: its tables, a summary by month, a manifest."""

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
    """Return the folder for the results of a scenario: another for every set of parameters, seed or replicates."""
    alone = "" if replicate is None else f"-{replicate:05d}"
    return Path("results") / f"{scenario.name}-{scenario.fingerprint()}{alone}"


def check_run_folder(
    folder: Path, scenario: Scenario, *, overwrite: bool = False, replicate: int | None = None
) -> None:
    """Check that the results of a scenario can be written to a folder.

    See `qispread.outputs.results.results_folder`. `replicate` is the one that results are of, where not the first.
    """
    mark, scenarios = run_fingerprint(scenario, replicate), {"scenario": full_scenario(scenario)}
    folders.check_results_folder(folder, mark, OWN_FILES, overwrite=overwrite, scenarios=scenarios)


@argument_checks.validate_arguments(
    runs=argument_checks.instance_check(Runs, "Runs, as qispread.simulate returns them"),
    folder=argument_checks.optional_check(argument_checks.check_path),
    csv=argument_checks.check_flag,
    overwrite=argument_checks.check_flag,
    command=argument_checks.optional_check(argument_checks.check_texts),
    about=argument_checks.optional_check(argument_checks.check_mapping),
)
def save(
    runs: Runs,
    folder: str | Path | None = None,
    *,
    csv: bool = False,
    overwrite: bool = False,
    command: Sequence[str] | None = None,
    about: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write the tables of some runs and their manifest; the same runs give the same bytes.

    Parameters
    ----------
    runs : Runs
    folder : str or Path, optional
        ``results/NAME-FINGERPRINT`` unless given.
    csv : bool
        Whether to write CSV tables too.
    overwrite : bool
        Whether results of another run, or of other code or libraries, may be replaced.
    command : sequence of str, optional
        What was typed, for the manifest.
    about : mapping, optional
        What else the manifest should say of the runs.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    InputError
        Where the folder cannot be used or writing fails; or the runs are neither all replicates of their scenario nor
        one alone.
    """
    alone = single_replicate(runs)
    place = local_folder(folder) if folder is not None else default_folder(runs.scenario, alone)
    check_run_folder(place, runs.scenario, overwrite=overwrite, replicate=alone)
    other = not has_fingerprint(place, run_fingerprint(runs.scenario, alone))
    arms = arm_folders(place)

    def forget() -> None:
        if other:
            delete_stale_arms(place, arms, OWN_FILES)
            delete_stale_analyses(place)
            remove_charts(place)

    with replace_atomically(place, OWN_FILES, replacing=other, forgetting=forget) as new:
        write_run_folder(runs, new, command if command is not None else sys.argv, csv=csv, about=about)
        names = sorted(path.name for path in new.iterdir())
    return [place / name for name in names]


def write_run_folder(
    runs: Runs, folder: Path, command: Sequence[str], *, csv: bool = False, about: Mapping[str, Any] | None = None
) -> None:
    """Write the tables of some runs and their manifest to a folder that is there; the rest is as for `save`."""
    for name, table in build_tables(runs).items():
        write_table(table, folder, name, csv=csv)
        if name == "events":
            write_events_text(table, folder / EVENTS_TEXT_FILE)
    write_csv(summarise_months(runs), folder / SUMMARY_FILE)
    manifest = build_manifest(runs.scenario, command, single_replicate(runs), about)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_events_text(events: Any, path: Path) -> None:
    """Write events as lines to read: month, organisation, intervention, what happened, why."""
    with path.open("w", encoding="utf-8") as file:
        for event in events.to_pylist():
            concerned = f", {event['intervention']}" if event["intervention"] else ""
            where = f"month {event['month']:3d}  {event['organisation'] or 'everywhere'}{concerned}"
            file.write(f"{where}: {event['event']} ({event['reason']})\n")
