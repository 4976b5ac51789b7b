"""Compilation of the kernel ahead of the first run, with progress reports."""

from typing import Any

from numba.core import event

from qispread.inputs.scenario import Scenario
from qispread.model.engines.kernel import run_months_in_order
from qispread.model.engines.measure_kernel import measure_month
from qispread.model.engines.simulation import run_replicate
from qispread.model.engines.thread_map import ProgressCallback
from qispread.model.rules.code_content import ContentWalker
from qispread.model.rules.jit import INTERPRETED
from qispread.model.world.run_inputs import prepare_scenario


class _CompilationCounter(event.Listener):  # type: ignore[misc]
    """Reports the number of compiled functions of the kernel after each compilation."""

    def __init__(self, functions: list[Any], progress: ProgressCallback) -> None:
        self.waiting = {id(function) for function in functions}
        self.total, self.progress = len(functions), progress

    def on_start(self, event: Any) -> None:
        """Do nothing: Numba also reports the start of a compilation."""

    def on_end(self, event: Any) -> None:
        """Count a function, once for all its signatures."""
        if id(event.data["dispatcher"]) in self.waiting:
            self.waiting.remove(id(event.data["dispatcher"]))
            self.progress(self.total - len(self.waiting), self.total)


def compile_kernel(scenario: Scenario, progress: ProgressCallback) -> None:
    """Compile the kernel for a scenario by running one replicate.

    Parameters
    ----------
    scenario : Scenario
    progress : callable
        Called with the numbers of compiled functions and of all functions; not called for cached functions.
    """
    if INTERPRETED:
        return
    prepared = prepare_scenario(scenario)
    walker = ContentWalker()
    for function in (measure_month, run_months_in_order):
        walker.visit_function(function)
    with event.install_listener("numba:compile", _CompilationCounter(walker.functions, progress)):
        run_replicate(prepared, 0)
