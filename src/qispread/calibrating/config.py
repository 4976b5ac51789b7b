"""The calibrated scenario as a file that says how it was made."""

import json
import os
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qispread.calibrating.calibrate import Calibrated
from qispread.config.scenario import set_at
from qispread.presentation.formatting import format_range, format_short
from qispread.provenance import our_version

WIDTH = 110


def calibrated_text(found: Calibrated, folder: Path, command: str, remarks: Sequence[str] = ()) -> str:
    """Return a configuration with the posterior medians, which extends the base; the comments say how it was made.

    Parameters
    ----------
    found : Calibrated
    folder : Path
        Where the file will stand, to which the base is relative.
    command : str
        What made it.
    remarks : sequence of str
        What else must be known.
    """
    told = (*about(found, command), *remarks)
    comments = [f"# {line}" for one in told for line in textwrap.wrap(one, WIDTH)]
    return "\n".join([*comments, *body(found, folder)]) + "\n"


def about(found: Calibrated, command: str) -> Iterator[str]:
    """Yield how it was made, a paragraph each."""
    yield f"Made by: {command}, with qispread {our_version()}; do not edit."
    yield from (f"Warning: {one}." for one in found.warnings)
    calibration, missed = found.plan.calibration, found.targets[found.targets["verdict"] == "missed"]
    yield (
        f"Posterior medians of {len(found.plan.factors)} parameters, calibrated to {len(calibration.targets)} targets "
        f"by approximate Bayesian computation with regression adjustment from {len(found.before.summaries):,} runs."
    )
    yield "One point stands for a whole posterior: take its draws (posterior.csv) where the spread matters."
    if len(missed):
        yield f"Targets that runs at draws of the posterior miss: {', '.join(missed['target'])}."
    for one in found.parameters.to_dict("records"):
        interval = format_range(one["low_90"], one["high_90"])
        yield f"{one['parameter']}: 90 % interval {interval}, {one['identified']}; was {format_short(one['default'])}."


def body(found: Calibrated, folder: Path) -> Iterator[str]:
    """Yield the lines of the configuration."""
    name = f"{found.plan.calibration.scenario.name}-calibrated"
    if not found.plan.base:
        yield json.dumps(found.scenario.replace(name=name).model_dump(mode="json"), indent=1, ensure_ascii=False)
        return
    files = [os.path.relpath(one, folder) for one in found.plan.base]
    yield f"extends: {json.dumps(files[0] if len(files) == 1 else files, ensure_ascii=False)}"
    yield f"name: {json.dumps(name, ensure_ascii=False)}"
    data: dict[str, Any] = {}
    for path, value in found.medians.items():
        set_at(data, path, value)
    yield from nested(data, "")


def nested(data: dict[str, Any], indent: str) -> Iterator[str]:
    """Yield the lines of nested mappings of numbers."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from nested(value, f"{indent}  ")
        else:
            yield f"{indent}{name}: {value!r}"
