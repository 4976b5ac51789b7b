"""Results of which nothing can be reported, since no world was run to its end."""

import numpy as np
import pyarrow.parquet

from qispread.config.faults import Fault, InputError
from qispread.engines.failures import failure_words
from qispread.report.reading import Arm, Results


def refuse_failed(results: Results) -> None:
    """Refuse results of which an arm has no world that was run to its end, or the arms have none in common.

    Raises
    ------
    InputError
        With each such arm and why its worlds failed.
    """
    faults = [failed_whole(arm) for arm in results.arms.values() if arm.failed.all()]
    if not faults and np.logical_or.reduce([arm.failed for arm in results.arms.values()]).all():
        faults = [Fault("report", "an arm failed in every replicate: arms cannot be compared", str(results.folder))]
    if faults:
        raise InputError(faults)


def failed_whole(arm: Arm) -> Fault:
    """Return the fault of an arm all of whose worlds failed."""
    errors = pyarrow.parquet.read_table(arm.folder / "runs.parquet").to_pydict().get("error", [])
    said = failure_words([str(error or "for no reason given") for error in errors])
    return Fault("report", f"{said}; there is nothing to report", str(arm.folder))
