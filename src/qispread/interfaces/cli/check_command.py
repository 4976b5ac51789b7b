"""`qispread check`: list all faults of files at once."""

import argparse
from typing import TYPE_CHECKING, Any

from qispread.interfaces.cli.exit_codes import EXIT_OK

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.inputs.errors import Fault
    from qispread.inputs.scenario import Scenario


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `check_file`."""
    command.add_argument("files", nargs="*", help="scenarios, experiments, calibrations, policy files or CSV tables")
    command.add_argument(
        "--replicates",
        type=int,
        default=20,
        metavar="N",
        help="with --plugin: the number of replicates in which both engines are compared (default: %(default)s)",
    )
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Check every file, print its notes, and raise all faults together."""
    from qispread.inputs.adapt_scenario import adaptation_notes
    from qispread.inputs.errors import Fault, InputError

    if not arguments.files and not arguments.plugins:
        raise InputError([Fault("FILE", "got none; needed: a file to check, or --plugin FILE")])
    faults: list[Any] = check_plugins(arguments, console) if arguments.plugins else []
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


def check_plugins(arguments: argparse.Namespace, console: "Console") -> "list[Fault]":
    """Compare both engines with each function of the plug-ins, print what was found, and return the faults."""
    from qispread.inputs.errors import Fault, InputError
    from qispread.inputs.extensions.plugins import LOADED, used_by_default
    from qispread.model.extensions.check_plugin import check_extension, tried_scenario

    if arguments.replicates < 1:
        raise InputError([Fault("--replicates", f"got {arguments.replicates}; needed: at least 1")])
    faults = []
    base = tried_scenario()
    for plugin in [one for one in LOADED.values() if one.name in used_by_default()]:
        console.print(f"{plugin.name} (SHA-256 {plugin.short_hash})", soft_wrap=True, markup=False)
        for extension in plugin.extensions:
            found = check_extension(extension, base, arguments.replicates)
            console.print(f"  {found}", soft_wrap=True, markup=False, highlight=False)
            if found.problem:
                faults.append(extension.fault(found.problem))
    return faults


def check_one_file(file: str) -> "Scenario | None":
    """Check one file and return its scenario; None for a policy file."""
    from qispread.inputs.load_scenario import check_file
    from qispread.runs.calibration.load_calibration import is_calibration, read_calibration
    from qispread.runs.sweep.load_experiment import check_experiment, is_experiment

    if is_calibration(file):
        return read_calibration(file).calibration.scenario
    return check_experiment(file) if is_experiment(file) else check_file(file)
