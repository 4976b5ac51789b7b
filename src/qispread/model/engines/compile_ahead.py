"""The kernel compiled before it is needed, with word of how far that is: the wait of a first run."""

from typing import Any

from numba.core import event

from qispread.inputs.scenario import Scenario
from qispread.model.engines.kernel import run_months_in_order
from qispread.model.engines.measure_kernel import measure_month
from qispread.model.engines.simulation import ProgressCallback, run_replicate
from qispread.model.rules.code_content import ContentWalker
from qispread.model.rules.jit import INTERPRETED
from qispread.model.world.run_inputs import prepare_scenario


class _CompilationCounter(event.Listener):  # type: ignore[misc]
    """Tells how many of the kernel's functions have been compiled whenever one more is."""

    def __init__(self, functions: list[Any], progress: ProgressCallback) -> None:
        self.waiting = {id(function) for function in functions}
        self.total, self.progress = len(functions), progress

    def on_start(self, event: Any) -> None:
        """Do nothing: Numba tells of both ends of a compilation."""

    def on_end(self, event: Any) -> None:
        """Count a function, once for all its signatures."""
        if id(event.data["dispatcher"]) in self.waiting:
            self.waiting.remove(id(event.data["dispatcher"]))
            self.progress(self.total - len(self.waiting), self.total)


def compile_kernel(scenario: Scenario, progress: ProgressCallback) -> None:
    """Compile all that the kernel needs to run a scenario, by running one replicate of it.

    Parameters
    ----------
    scenario : Scenario
    progress : callable
        Called with the functions compiled so far and in all; not called for what is found in the cache.
    """
    if INTERPRETED:
        return
    blueprint = prepare_scenario(scenario)
    walk = ContentWalker()
    for function in (measure_month, run_months_in_order):
        walk.visit_function(function)
    with event.install_listener("numba:compile", _CompilationCounter(walk.functions, progress)):
        run_replicate(blueprint, 0)
