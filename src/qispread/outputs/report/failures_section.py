"""Refusal of results that cannot be reported because no run was completed."""

import numpy as np
import pyarrow.parquet

from qispread.inputs.errors import Fault, InputError
from qispread.model.engines.run_failures import describe_failures
from qispread.outputs.report.read_results import ArmResults, ResultsFolder


def reject_failed_results(results: ResultsFolder) -> None:
    """Refuse results in which an arm has no complete run, or the arms have no complete replicate in common.

    Raises
    ------
    InputError
        With each such arm and why its runs failed.
    """
    faults = [all_failed_fault(arm) for arm in results.arms.values() if arm.failed.all()]
    if not faults and np.logical_or.reduce([arm.failed for arm in results.arms.values()]).all():
        faults = [
            Fault("report", "no replicate was completed in every arm: arms cannot be compared", str(results.folder))
        ]
    if faults:
        raise InputError(faults)


def all_failed_fault(arm: ArmResults) -> Fault:
    """Return the fault of an arm whose runs all failed."""
    errors = pyarrow.parquet.read_table(arm.folder / "runs.parquet").to_pydict().get("error", [])
    message = describe_failures([str(error or "for no reason given") for error in errors])
    return Fault("report", f"{message}; there is nothing to report", str(arm.folder))
