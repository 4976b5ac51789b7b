"""qispread: how quality improvement spreads between health-care organisations, and what it loses on the way.

Names resolve on first use, so that importing the package loads neither the compiler nor Mesa.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "load": "qispread.config.load",
    "check": "qispread.config.load",
    "InputError": "qispread.config.faults",
    "Scenario": "qispread.config.scenario",
    "with_graph": "qispread.config.graphs",
    "compare": "qispread.comparison",
    "Comparison": "qispread.comparison",
    "robustness": "qispread.comparison.robustness",
    "ComparisonResult": "qispread.results",
    "save_comparison": "qispread.results",
    "write_report": "qispread.report",
    "simulate": "qispread.engines.run",
    "Runs": "qispread.engines.run",
    "SpreadModel": "qispread.engines.model",
    "Organisation": "qispread.engines.agents",
    "Stage": "qispread.world.layout",
    "save": "qispread.results",
    "sweep": "qispread.sweeping.running",
    "read_sweep": "qispread.sweeping.reading",
    "Sweep": "qispread.sweeping.reading",
    "rerun": "qispread.sweeping.rerun",
    "load_experiment": "qispread.sweeping.load",
    "Experiment": "qispread.sweeping.experiment",
    "sensitivity": "qispread.analysis.sensitivity",
    "discover": "qispread.analysis.discovery",
    "fit": "qispread.fitting.fit",
    "DiffusionFit": "qispread.fitting.fit",
    "TableOptions": "qispread.fitting.reading",
    "calibrate": "qispread.calibrating.calibrate",
    "CalibrationResult": "qispread.calibrating.calibrate",
    "load_calibration": "qispread.calibrating.load",
    "MEASURES": "qispread.measures",
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
    from qispread.calibrating.calibrate import CalibrationResult, calibrate
    from qispread.calibrating.load import load_calibration
    from qispread.comparison import Comparison, compare
    from qispread.comparison.robustness import robustness
    from qispread.config.faults import InputError
    from qispread.config.graphs import with_graph
    from qispread.config.load import check, load
    from qispread.config.scenario import Scenario
    from qispread.engines.agents import Organisation
    from qispread.engines.model import SpreadModel
    from qispread.engines.run import Runs, simulate
    from qispread.fitting.fit import DiffusionFit, fit
    from qispread.fitting.reading import TableOptions
    from qispread.measures import MEASURES
    from qispread.report import write_report
    from qispread.results import ComparisonResult, save, save_comparison
    from qispread.sweeping.experiment import Experiment
    from qispread.sweeping.load import load_experiment
    from qispread.sweeping.reading import Sweep, read_sweep
    from qispread.sweeping.rerun import rerun
    from qispread.sweeping.running import sweep
    from qispread.world.layout import Stage


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'qispread' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
