"""Compiling of the model before the first test, in one place and reported apart from the tests.

Two workers would otherwise compile the same code at the same time, within whichever tests come first. `python
tests/warming.py PART` compiles a part.
"""

import subprocess
import sys
import time
from pathlib import Path

PARTS = ("kernel", "agents")
"""What is compiled at the same time, each in a process of its own: the kernel, and the rules as agents call them."""


def compile_part(part):
    """Run what has a part of the model compiled and kept."""
    from all_features import all_features_scenario
    from qispread.model.engines.simulation import run_replicate
    from qispread.model.world.run_inputs import prepare_scenario

    run_replicate(prepare_scenario(all_features_scenario()), 0, "kernel" if part == "kernel" else "mesa")


def compile_model():
    """Have the model compiled, unless it is already, and return the seconds that it took, or None."""
    from qispread.model.rules.jit import is_compiled

    if is_compiled():
        return None
    began = time.monotonic()
    running = [subprocess.Popen([sys.executable, __file__, part]) for part in PARTS]
    codes = [process.wait() for process in running]
    if any(codes):
        message = "the model could not be compiled, see above"
        raise RuntimeError(message)
    return time.monotonic() - began


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    compile_part(sys.argv[1])
