"""The results of one scenario: its tables, a summary by month, a manifest."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qispread.analysis.summary import months_summary
from qispread.config import arguments
from qispread.config.scenario import Scenario
from qispread.engines.run import Runs
from qispread.engines.tables import tables_of
from qispread.results import folder as folders
from qispread.results.folder import (
    MANIFEST,
    arms_in,
    forget_analyses,
    forget_arms,
    forget_charts,
    holds_same,
    write_csv,
    write_table,
    written_whole,
)
from qispread.results.manifest import identity, manifest_of, single_replicate, written_out
from qispread.results.names import CHRONICLE, OURS, SUMMARY
from qispread.sweeping.files import local_folder


def default_folder(scenario: Scenario, replicate: int | None = None) -> Path:
    """Return the folder for the results of a scenario: another for every set of parameters, seed or replicates."""
    alone = "" if replicate is None else f"-{replicate:05d}"
    return Path("results") / f"{scenario.name}-{scenario.fingerprint()}{alone}"


def check_folder(folder: Path, scenario: Scenario, *, overwrite: bool = False, replicate: int | None = None) -> None:
    """Make sure that the results of a scenario can be written to a folder; see `qispread.results.folder`.

    `replicate` is the one that results are of, where they are of one that is not the first.
    """
    mark, scenarios = identity(scenario, replicate), {"scenario": written_out(scenario)}
    folders.check_folder(folder, mark, OURS, overwrite=overwrite, scenarios=scenarios)


@arguments.checks(
    runs=arguments.instance(Runs, "Runs, as qispread.simulate returns them"),
    folder=arguments.optional(arguments.path),
    csv=arguments.flag,
    overwrite=arguments.flag,
    command=arguments.optional(arguments.texts),
    about=arguments.optional(arguments.mapping),
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
    check_folder(place, runs.scenario, overwrite=overwrite, replicate=alone)
    other = not holds_same(place, identity(runs.scenario, alone))
    arms = arms_in(place)

    def forget() -> None:
        if other:
            forget_arms(place, arms, OURS)
            forget_analyses(place)
            forget_charts(place)

    with written_whole(place, OURS, replacing=other, forgetting=forget) as new:
        write_run(runs, new, command if command is not None else sys.argv, csv=csv, about=about)
        names = sorted(path.name for path in new.iterdir())
    return [place / name for name in names]


def write_run(
    runs: Runs, folder: Path, command: Sequence[str], *, csv: bool = False, about: Mapping[str, Any] | None = None
) -> None:
    """Write the tables of some runs and their manifest to a folder that is there; the rest is as for `save`."""
    for name, table in tables_of(runs).items():
        write_table(table, folder, name, csv=csv)
        if name == "events":
            write_chronicle(table, folder / CHRONICLE)
    write_csv(months_summary(runs), folder / SUMMARY)
    manifest = manifest_of(runs.scenario, command, single_replicate(runs), about)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_chronicle(events: Any, path: Path) -> None:
    """Write events as lines to read: month, organisation, intervention, what happened, why."""
    with path.open("w", encoding="utf-8") as file:
        for event in events.to_pylist():
            concerned = f", {event['intervention']}" if event["intervention"] else ""
            where = f"month {event['month']:3d}  {event['organisation'] or 'everywhere'}{concerned}"
            file.write(f"{where}: {event['what']} ({event['why']})\n")
