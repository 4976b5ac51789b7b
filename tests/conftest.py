"""How tests run: compiled first, file by file on each worker, without deadlines, with Ctrl-C as in a terminal."""

import os
import signal
from collections import Counter

import pytest
from hypothesis import settings

from optional import in_ci
from warming import compile_model

# No deadlines, since an example may compile; and the same examples each time, so that a fresh machine is as green as
# the last one. CI draws three times as many; `--hypothesis-profile explore` draws others each time.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=33)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("ci" if in_ci() else "quick")

# What is started in the background ignores Ctrl-C, and so would the commands that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

COMPILING = pytest.StashKey()


def pytest_sessionstart(session):
    """Have the model compiled before workers start, which would compile the same at the same time."""
    if session.config.getoption("numprocesses", None) and not session.config.option.collectonly:
        session.config.stash[COMPILING] = compile_model()


def pytest_terminal_summary(terminalreporter, config):
    """Report compiling apart from the tests."""
    if COMPILING in config.stash:
        seconds = config.stash[COMPILING]
        words = "compiled already" if seconds is None else f"compiled in {seconds:.0f} s, before the first test"
        terminalreporter.write_line(f"The model was {words}.")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Leave all but the first cases of a test marked `quick_cases` to the slow tests."""
    seen = Counter()
    for item in items:
        if (marker := item.get_closest_marker("quick_cases")) is not None:
            name = item.nodeid.partition("[")[0]
            seen[name] += 1
            if seen[name] > marker.args[0]:
                item.add_marker(pytest.mark.slow)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each worker whole files, so that what a file or a folder prepares is prepared once."""
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log)


@pytest.fixture(scope="session")
def build_once(tmp_path_factory):
    """Return what has a folder filled by the first worker that asks for it, for all workers to read."""
    import fcntl
    import shutil

    own = tmp_path_factory.getbasetemp()
    root = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def build(name, fill):
        folder, ready = root / name, root / f"{name}.ready"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not ready.exists():
                shutil.rmtree(folder, ignore_errors=True)
                fill(folder)
                ready.touch()
        return folder

    return build
