"""`qispread check`: list all faults of files at once."""

import argparse
from typing import TYPE_CHECKING, Any

from qispread.interfaces.cli.exit_codes import EXIT_OK

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.inputs.scenario import Scenario


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `check_file`."""
    command.add_argument("files", nargs="+", help="scenarios, experiments, calibrations, policy files or CSV tables")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Check every file, print its notes, and raise all faults together."""
    from qispread.inputs.adapt_scenario import adaptation_notes
    from qispread.inputs.errors import InputError

    faults: list[Any] = []
    for file in arguments.files:
        try:
            scenario = check_one_file(file)
        except InputError as error:
            faults.extend(error.faults)
            continue
        console.print(f"{file}: no faults", soft_wrap=True, markup=False)
        for note in (*scenario.notes, *adaptation_notes(scenario)) if scenario else ():
            console.print(f"  note: {note}", soft_wrap=True, markup=False)
    if faults:
        raise InputError(faults)
    return EXIT_OK


def check_one_file(file: str) -> "Scenario | None":
    """Check one file and return its scenario; None for a policy file."""
    from qispread.inputs.load_scenario import check_file
    from qispread.runs.calibration.load_calibration import is_calibration, read_calibration
    from qispread.runs.sweep.load_experiment import check_experiment, is_experiment

    if is_calibration(file):
        return read_calibration(file).calibration.scenario
    return check_experiment(file) if is_experiment(file) else check_file(file)
