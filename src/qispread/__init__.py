"""qispread: how quality improvement spreads between health-care organisations, and what it loses on the way.

Names resolve on first use, so that importing the package loads neither the compiler nor Mesa.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from qispread.common.deprecation import find_former_modules, warn_former
from qispread.common.former_names import PUBLIC_NAMES

__version__ = "0.1.0"

_HOMES = {
    "load": "qispread.inputs.load_scenario",
    "check": "qispread.inputs.load_scenario",
    "InputError": "qispread.inputs.errors",
    "Scenario": "qispread.inputs.scenario",
    "with_graph": "qispread.inputs.from_networkx",
    "compare": "qispread.runs.comparison",
    "Comparison": "qispread.runs.comparison",
    "robustness": "qispread.runs.comparison.robustness",
    "ComparisonResult": "qispread.outputs.results",
    "save_comparison": "qispread.outputs.results",
    "write_report": "qispread.outputs.report",
    "simulate": "qispread.model.engines.simulation",
    "Runs": "qispread.model.engines.simulation",
    "SpreadModel": "qispread.model.engines.mesa_model",
    "Organisation": "qispread.model.engines.agents",
    "Stage": "qispread.model.world.state_arrays",
    "save": "qispread.outputs.results",
    "sweep": "qispread.runs.sweep.run_sweep",
    "read_sweep": "qispread.runs.sweep.sweep_reader",
    "Sweep": "qispread.runs.sweep.sweep_reader",
    "rerun": "qispread.runs.sweep.rerun",
    "load_experiment": "qispread.runs.sweep.load_experiment",
    "Experiment": "qispread.runs.sweep.experiment",
    "sensitivity": "qispread.analysis.sensitivity",
    "discover": "qispread.analysis.discovery",
    "fit": "qispread.runs.diffusion_fit.fit_diffusion",
    "DiffusionFit": "qispread.runs.diffusion_fit.fit_diffusion",
    "TableOptions": "qispread.runs.diffusion_fit.read_diffusion",
    "calibrate": "qispread.runs.calibration.run_calibration",
    "CalibrationResult": "qispread.runs.calibration.run_calibration",
    "load_calibration": "qispread.runs.calibration.load_calibration",
    "MEASURES": "qispread.model.measures",
}

__all__ = [
    "MEASURES",
    "CalibrationResult",
    "Comparison",
    "ComparisonResult",
    "DiffusionFit",
    "Experiment",
    "InputError",
    "Organisation",
    "Runs",
    "Scenario",
    "SpreadModel",
    "Stage",
    "Sweep",
    "TableOptions",
    "__version__",
    "calibrate",
    "check",
    "compare",
    "discover",
    "fit",
    "load",
    "load_calibration",
    "load_experiment",
    "read_sweep",
    "rerun",
    "robustness",
    "save",
    "save_comparison",
    "sensitivity",
    "simulate",
    "sweep",
    "with_graph",
    "write_report",
]

if TYPE_CHECKING:
    from qispread.analysis.discovery import discover
    from qispread.analysis.sensitivity import sensitivity
    from qispread.inputs.errors import InputError
    from qispread.inputs.from_networkx import with_graph
    from qispread.inputs.load_scenario import check, load
    from qispread.inputs.scenario import Scenario
    from qispread.model.engines.agents import Organisation
    from qispread.model.engines.mesa_model import SpreadModel
    from qispread.model.engines.simulation import Runs, simulate
    from qispread.model.measures import MEASURES
    from qispread.model.world.state_arrays import Stage
    from qispread.outputs.report import write_report
    from qispread.outputs.results import ComparisonResult, save, save_comparison
    from qispread.runs.calibration.load_calibration import load_calibration
    from qispread.runs.calibration.run_calibration import CalibrationResult, calibrate
    from qispread.runs.comparison import Comparison, compare
    from qispread.runs.comparison.robustness import robustness
    from qispread.runs.diffusion_fit.fit_diffusion import DiffusionFit, fit
    from qispread.runs.diffusion_fit.read_diffusion import TableOptions
    from qispread.runs.sweep.experiment import Experiment
    from qispread.runs.sweep.load_experiment import load_experiment
    from qispread.runs.sweep.rerun import rerun
    from qispread.runs.sweep.run_sweep import sweep
    from qispread.runs.sweep.sweep_reader import Sweep, read_sweep


def __getattr__(name: str) -> Any:
    if name in PUBLIC_NAMES:
        warn_former(f"qispread.{name}", f"qispread.{PUBLIC_NAMES[name]}")
        name = PUBLIC_NAMES[name]
    if name not in _HOMES:
        raise AttributeError(f"module 'qispread' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


find_former_modules()
