"""Simulate how quality improvement spreads between health-care organisations, and what it loses on the way.

Example::

    import qispread as qs

    scenario = qs.read_scenario("configs/prompt.yaml")
    coached = scenario.with_policy("coaching", support=0.8)
    result = qs.compare(scenario, {"coaching": coached})
    result.differences

The main functions, by task::

    Scenarios      read_scenario  read a YAML scenario with its policies and tables
                   check_file     report every fault of a file
                   with_graph     use a networkx graph as the network
    Runs           simulate       run the replicates of a scenario
                   compare        compare options with a baseline, with common random numbers
                   robustness     repeat a comparison across plausible models
                   SpreadModel    the model as a Mesa model, month by month
    Experiments    sweep          run many parameter values, in parallel and resumable
                   sensitivity    rank the parameters that a measure depends on
                   discover       find the conditions under which a policy fails
                   as_function    measures as a function of parameters, for SALib and scipy
                   as_ema_model   a scenario as a model of the EMA Workbench
    Data           calibrate      fit parameters to targets
                   fit            test whether observed adoption spread through ties
    Results        write_runs     write the tables of runs; read_runs reads them back
                   write_comparison  the same for comparisons; read_comparison, read_sweep
                   write_report   write a printable report

`dir(qispread)` lists all names, and `help(qispread.compare)` documents one of them. `qispread --help` lists the
commands, `qispread describe` the parameters and the terms. The guides are in docs/.
"""

# There is no `__all__` at run time: pydoc would print the whole documentation of every name, some 3,000 lines. Names
# resolve on first use, so that importing the package loads neither the compiler nor Mesa.
from importlib import import_module
from typing import TYPE_CHECKING, Any

from qispread.common.deprecation import find_former_modules, warn_former
from qispread.common.former_names import PUBLIC_NAMES

__version__ = "0.1.0"

_MODULES = {
    "read_scenario": "qispread.inputs.load_scenario",
    "check_file": "qispread.inputs.load_scenario",
    "InputError": "qispread.inputs.errors",
    "Scenario": "qispread.inputs.scenario",
    "with_graph": "qispread.inputs.from_networkx",
    "compare": "qispread.runs.comparison",
    "Comparison": "qispread.runs.comparison",
    "robustness": "qispread.runs.comparison.robustness",
    "ComparisonResult": "qispread.outputs.results",
    "write_comparison": "qispread.outputs.results",
    "write_report": "qispread.outputs.report",
    "simulate": "qispread.model.engines.simulation",
    "Runs": "qispread.model.engines.simulation",
    "SpreadModel": "qispread.model.engines.mesa_model",
    "Organisation": "qispread.model.engines.agents",
    "Stage": "qispread.model.world.state_arrays",
    "write_runs": "qispread.outputs.results",
    "read_runs": "qispread.outputs.results",
    "read_comparison": "qispread.outputs.results",
    "sweep": "qispread.runs.sweep.run_sweep",
    "read_sweep": "qispread.runs.sweep.sweep_reader",
    "Sweep": "qispread.runs.sweep.sweep_reader",
    "rerun": "qispread.runs.sweep.rerun",
    "read_experiment": "qispread.runs.sweep.load_experiment",
    "Experiment": "qispread.runs.sweep.experiment",
    "sensitivity": "qispread.analysis.sensitivity",
    "discover": "qispread.analysis.discovery",
    "fit": "qispread.runs.diffusion_fit.fit_diffusion",
    "DiffusionFit": "qispread.runs.diffusion_fit.fit_diffusion",
    "TableOptions": "qispread.runs.diffusion_fit.read_diffusion",
    "calibrate": "qispread.runs.calibration.run_calibration",
    "CalibrationResult": "qispread.runs.calibration.run_calibration",
    "read_calibration": "qispread.runs.calibration.load_calibration",
    "as_function": "qispread.runs.bridges.scenario_function",
    "ScenarioFunction": "qispread.runs.bridges.scenario_function",
    "as_ema_model": "qispread.runs.bridges.ema_model",
    "MEASURES": "qispread.model.measures",
    "measure": "qispread.model.extensions.declare_measure",
    "rule": "qispread.model.extensions.declare_rule",
    "network": "qispread.model.extensions.declare_network",
    "policy": "qispread.model.extensions.declare_policy",
    "read_plugin": "qispread.inputs.extensions.plugin_files",
}

if TYPE_CHECKING:
    from qispread.analysis.discovery import discover
    from qispread.analysis.sensitivity import sensitivity
    from qispread.inputs.errors import InputError
    from qispread.inputs.from_networkx import with_graph
    from qispread.inputs.load_scenario import check_file, read_scenario
    from qispread.inputs.scenario import Scenario
    from qispread.model.engines.agents import Organisation
    from qispread.model.engines.mesa_model import SpreadModel
    from qispread.model.engines.simulation import Runs, simulate
    from qispread.model.measures import MEASURES
    from qispread.model.world.state_arrays import Stage
    from qispread.outputs.report import write_report
    from qispread.outputs.results import (
        ComparisonResult,
        read_comparison,
        read_runs,
        write_comparison,
        write_runs,
    )
    from qispread.runs.bridges.ema_model import as_ema_model
    from qispread.runs.bridges.scenario_function import ScenarioFunction, as_function
    from qispread.runs.calibration.load_calibration import read_calibration
    from qispread.runs.calibration.run_calibration import CalibrationResult, calibrate
    from qispread.runs.comparison import Comparison, compare
    from qispread.runs.comparison.robustness import robustness
    from qispread.runs.diffusion_fit.fit_diffusion import DiffusionFit, fit
    from qispread.runs.diffusion_fit.read_diffusion import TableOptions
    from qispread.runs.sweep.experiment import Experiment
    from qispread.runs.sweep.load_experiment import read_experiment
    from qispread.runs.sweep.rerun import rerun
    from qispread.runs.sweep.run_sweep import sweep
    from qispread.runs.sweep.sweep_reader import Sweep, read_sweep

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
        "ScenarioFunction",
        "SpreadModel",
        "Stage",
        "Sweep",
        "TableOptions",
        "__version__",
        "as_ema_model",
        "as_function",
        "calibrate",
        "check_file",
        "compare",
        "discover",
        "fit",
        "read_calibration",
        "read_comparison",
        "read_experiment",
        "read_runs",
        "read_scenario",
        "read_sweep",
        "rerun",
        "robustness",
        "sensitivity",
        "simulate",
        "sweep",
        "with_graph",
        "write_comparison",
        "write_report",
        "write_runs",
    ]


def __getattr__(name: str) -> Any:
    if name in PUBLIC_NAMES:
        warn_former(f"qispread.{name}", f"qispread.{PUBLIC_NAMES[name]}")
        name = PUBLIC_NAMES[name]
    if name not in _MODULES:
        raise AttributeError(f"module 'qispread' has no attribute '{name}'")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted([*_MODULES, "__version__"])


find_former_modules()
