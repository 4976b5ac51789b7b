"""Descriptions of simulations in which every run failed."""

from collections import Counter
from collections.abc import Iterable, Mapping

from qispread.inputs.errors import Fault, InputError
from qispread.model.engines.simulation import ReplicateRun


def all_failed(runs: Iterable[ReplicateRun]) -> str:
    """Return why all runs failed, or an empty text if one completed."""
    return describe_failures([run.error for run in runs])


def describe_failures(errors: list[str]) -> str:
    """Return that all runs failed and the most common reason, from the error of each run ("" for none)."""
    if not errors or not all(errors):
        return ""
    ((reason, _),) = Counter(errors).most_common(1)
    runs = "the only run" if len(errors) == 1 else f"all {len(errors):,} runs"
    return f"{runs} failed: {reason}"


def raise_if_failed(arms: Mapping[str, Iterable[ReplicateRun]]) -> None:
    """Raise InputError for arms in which every run failed.

    Raises
    ------
    InputError
        With each such arm and its reason.
    """
    failed = {name: all_failed(runs) for name, runs in arms.items()}
    faults = [Fault(f"arm '{name}'" if name else "", problem) for name, problem in failed.items() if problem]
    if faults:
        raise InputError(faults)
