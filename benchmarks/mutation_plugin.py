"""What pytest does for mutation testing: find out which tests reach which functions, and run those that reach one.

`pytest -p mutation_plugin` with MUTATION_TRACE naming a file writes there, for each test, its processor time and the
functions of src that it calls. With MUTATION_TESTS naming a file it runs only the tests listed there, under a limit
of processor time, and adds to that file which one failed.
"""

import json
import os
import re
import resource
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

import hypothesis
import pytest

SOURCES = str(Path("src").resolve()) + os.sep
INNER = re.compile(r"(\.<locals>)?\.?<(lambda|listcomp|setcomp|dictcomp|genexpr)>.*")
BYTES = 8 * 2**30
"""Memory that a mutant may ask for."""


def pytest_configure(config):
    """Draw the same examples every time, and register what was asked for."""
    hypothesis.settings.register_profile("mutation", derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("mutation")
    if "MUTATION_TRACE" in os.environ:
        config.pluginmanager.register(Tracer(Path(os.environ["MUTATION_TRACE"])))
    if "MUTATION_TESTS" in os.environ:
        config.pluginmanager.register(Selection(Path(os.environ["MUTATION_TESTS"])))


def function_of(code):
    """Return the file and qualified name of a function of src, or None; lambdas count as what holds them."""
    if not code.co_filename.startswith(SOURCES):
        return None
    name = INNER.sub("", code.co_qualname).replace("<module>", "").replace(".<locals>", "")
    return f"src/{code.co_filename[len(SOURCES) :]}:{name}"


class Tracer:
    """Records the functions that each test calls; what a fixture calls counts for all tests of its file."""

    def __init__(self, path):
        self.path, self.called, self.known = path, set(), {}
        self.tests, self.shared, self.seconds = {}, defaultdict(set), defaultdict(float)

    def watch(self, frame, _event, _argument):
        """Note a function that is called; returning nothing, it is not called for each line, which would take long."""
        code = frame.f_code
        if code not in self.known:
            self.known[code] = function_of(code)
        if self.known[code]:
            self.called.add(self.known[code])

    def pytest_collection_finish(self):
        """Begin to watch."""
        threading.settrace(self.watch)
        sys.settrace(self.watch)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item):
        """Watch the fixtures of a test."""
        return (yield from self.measured(item, self.shared[item.nodeid.split("::")[0]]))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        """Watch a test."""
        return (yield from self.measured(item, self.tests.setdefault(item.nodeid, set())))

    def measured(self, item, found):
        """Add what is called from now on, and how long it takes."""
        self.called, before = set(), time.process_time()
        try:
            return (yield)
        finally:
            found |= self.called
            self.seconds[item.nodeid] += time.process_time() - before

    def pytest_runtest_logreport(self, report):
        """Leave out tests that fail or are skipped without any mutation."""
        if not report.passed:
            self.tests.pop(report.nodeid, None)

    def pytest_sessionfinish(self):
        """Write what was found."""
        sys.settrace(None)
        threading.settrace(None)
        found = {
            test: {"seconds": self.seconds[test], "calls": sorted(called | self.shared[test.split("::")[0]])}
            for test, called in self.tests.items()
        }
        self.path.write_text(json.dumps(found), encoding="utf-8")


class Selection:
    """Runs some tests under limits, and says which one failed."""

    def __init__(self, path):
        self.path, self.asked = path, json.loads(path.read_text(encoding="utf-8"))
        resource.setrlimit(resource.RLIMIT_CPU, (self.asked["seconds"], self.asked["seconds"] + 2))
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))

    def pytest_collection_modifyitems(self, items):
        """Keep the tests that are asked for."""
        wanted = set(self.asked["tests"])
        items[:] = [item for item in items if item.nodeid in wanted]

    def pytest_runtest_logreport(self, report):
        """Note the first test that failed."""
        if report.failed and "failed" not in self.asked:
            self.asked["failed"] = report.nodeid

    def pytest_sessionfinish(self):
        """Write which test failed, and how much processor time all took."""
        self.asked["took"] = time.process_time()
        self.path.write_text(json.dumps(self.asked), encoding="utf-8")
