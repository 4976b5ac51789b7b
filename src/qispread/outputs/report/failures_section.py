"""Results of which nothing can be reported, since no world was run to its end."""

import numpy as np
import pyarrow.parquet

from qispread.inputs.errors import Fault, InputError
from qispread.model.engines.run_failures import describe_failures
from qispread.outputs.report.read_results import ArmResults, ResultsFolder


def reject_failed_results(results: ResultsFolder) -> None:
    """Refuse results of which an arm has no world that was run to its end, or the arms have none in common.

    Raises
    ------
    InputError
        With each such arm and why its worlds failed.
    """
    faults = [has_only_failures(arm) for arm in results.arms.values() if arm.failed.all()]
    if not faults and np.logical_or.reduce([arm.failed for arm in results.arms.values()]).all():
        faults = [Fault("report", "an arm failed in every replicate: arms cannot be compared", str(results.folder))]
    if faults:
        raise InputError(faults)


def has_only_failures(arm: ArmResults) -> Fault:
    """Return the fault of an arm all of whose worlds failed."""
    errors = pyarrow.parquet.read_table(arm.folder / "runs.parquet").to_pydict().get("error", [])
    said = describe_failures([str(error or "for no reason given") for error in errors])
    return Fault("report", f"{said}; there is nothing to report", str(arm.folder))
