"""Runs of which no world came to its end, in words."""

from collections import Counter
from collections.abc import Iterable, Mapping

from qispread.inputs.errors import Fault, InputError
from qispread.model.engines.simulation import ReplicateRun


def all_failed(runs: Iterable[ReplicateRun]) -> str:
    """Return in words that all worlds of a run failed, and why; an empty text where one came to its end."""
    return describe_failures([run.error for run in runs])


def describe_failures(errors: list[str]) -> str:
    """Return in words that all worlds failed and the commonest reason, from the error of each ("" for none)."""
    if not errors or not all(errors):
        return ""
    ((reason, _),) = Counter(errors).most_common(1)
    return f"{'the only run' if len(errors) == 1 else f'all {len(errors):,} runs'} failed: {reason}"


def raise_if_failed(arms: Mapping[str, Iterable[ReplicateRun]]) -> None:
    """Refuse arms all of whose worlds failed.

    Raises
    ------
    InputError
        With each such arm and why.
    """
    failed = {name: all_failed(runs) for name, runs in arms.items()}
    faults = [Fault(f"arm '{name}'" if name else "", said) for name, said in failed.items() if said]
    if faults:
        raise InputError(faults)
