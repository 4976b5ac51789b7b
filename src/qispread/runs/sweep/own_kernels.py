"""Compilation ahead of a sweep with own functions: one kernel for each combination of forms and policies."""

from typing import TYPE_CHECKING

import numpy as np

from qispread.inputs.extensions.plugins import scenario_plugins
from qispread.model.engines.composed_model import COMPILE_SECONDS, ComposedModel, composed_model
from qispread.model.world.run_inputs import PreparedScenario
from qispread.runs.sweep.apply_point import PointApplier, affects
from qispread.runs.sweep.designs import FloatArray
from qispread.runs.sweep.experiment import Experiment

if TYPE_CHECKING:
    from qispread.runs.sweep.sweep_session import LogFunction


def missing_kernels(experiment: Experiment, numbers: FloatArray) -> dict[ComposedModel, PreparedScenario]:
    """Return the kernels that a design needs and that are not compiled, each with a scenario that needs it.

    Parameters
    ----------
    experiment : Experiment
    numbers : array of (points, factors)
    """
    applier = PointApplier(experiment.scenario, experiment.resolved_factors)
    choices = [
        index
        for index, factor in enumerate(experiment.resolved_factors)
        if factor.values and affects([factor], "rules", "policies")
    ]
    _, first = np.unique(numbers[:, choices], axis=0, return_index=True)
    missing: dict[ComposedModel, PreparedScenario] = {}
    for point in first if choices else first[:1]:
        prepared = applier.prepared_scenario(numbers[point])
        model = composed_model(prepared.scenario)
        if not model.is_shipped and not model.is_ready:
            missing.setdefault(model, prepared)
    return missing


def compile_own_kernels(experiment: Experiment, numbers: FloatArray, log: "LogFunction") -> None:
    """Compile the kernels that a sweep needs, after a note on how many there are and how long it takes."""
    if not scenario_plugins(experiment.scenario):
        return
    missing = missing_kernels(experiment, numbers)
    if not missing:
        return
    count = f"{len(missing)} kernels" if len(missing) > 1 else "a kernel"
    log(f"Compiling {count} with your own functions, about {COMPILE_SECONDS * len(missing)} s, once on this machine.")
    for model, prepared in missing.items():
        model.compile(prepared)
