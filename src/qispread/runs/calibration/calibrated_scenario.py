"""The calibrated scenario as a file, with comments on its calibration."""

import json
import os
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qispread.common.formatting import format_range, format_short
from qispread.inputs.scenario_fields import set_at_path
from qispread.runs.calibration.run_calibration import CalibrationResult
from qispread.runs.provenance import qispread_version

LINE_WIDTH = 110


def render_calibrated_scenario(
    result: CalibrationResult, folder: Path, command: str, remarks: Sequence[str] = ()
) -> str:
    """Return a scenario file with the posterior medians, which extends the base; comments describe the calibration.

    Parameters
    ----------
    result : CalibrationResult
    folder : Path
        Folder of the new file, to which the path of the base is relative.
    command : str
        The command that wrote it.
    remarks : sequence of str
        Further comments.
    """
    paragraphs = (*describe_calibration(result, command), *remarks)
    comments = [f"# {line}" for paragraph in paragraphs for line in textwrap.wrap(paragraph, LINE_WIDTH)]
    return "\n".join([*comments, *configuration_lines(result, folder)]) + "\n"


def describe_calibration(result: CalibrationResult, command: str) -> Iterator[str]:
    """Yield paragraphs that describe a calibration."""
    yield f"Made by: {command}, with qispread {qispread_version()}; do not edit."
    yield from (f"Warning: {warning}." for warning in result.warnings)
    calibration, missed = result.specification.calibration, result.targets[result.targets["verdict"] == "missed"]
    yield (
        f"Posterior medians of {len(result.specification.factors)} parameters, "
        f"calibrated to {len(calibration.targets)} targets "
        f"by approximate Bayesian computation with "
        f"regression adjustment from {len(result.prior_runs.summaries):,} runs."
    )
    yield "These are single values: to represent uncertainty, use the draws of the posterior (posterior.csv)."
    if len(missed):
        yield f"Targets missed by runs at draws of the posterior: {', '.join(missed['target'])}."
    for row in result.parameters.to_dict("records"):
        interval = format_range(row["low_90"], row["high_90"])
        yield f"{row['parameter']}: 90% interval {interval}, {row['identified']}; was {format_short(row['default'])}."


def configuration_lines(result: CalibrationResult, folder: Path) -> Iterator[str]:
    """Yield the lines of the scenario."""
    name = f"{result.specification.calibration.scenario.name}-calibrated"
    if not result.specification.base_paths:
        yield json.dumps(result.scenario.replace(name=name).model_dump(mode="json"), indent=1, ensure_ascii=False)
        return
    files = [os.path.relpath(path, folder) for path in result.specification.base_paths]
    yield f"extends: {json.dumps(files[0] if len(files) == 1 else files, ensure_ascii=False)}"
    yield f"name: {json.dumps(name, ensure_ascii=False)}"
    data: dict[str, Any] = {}
    for path, value in result.medians.items():
        set_at_path(data, path, value)
    yield from nested_lines(data, "")


def nested_lines(data: dict[str, Any], indent: str) -> Iterator[str]:
    """Yield the lines of nested mappings of numbers."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from nested_lines(value, f"{indent}  ")
        else:
            yield f"{indent}{name}: {value!r}"
