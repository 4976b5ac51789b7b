"""Running mutants: which sources, which tests reach them, and copies of the project to mutate instead of itself."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from mutants import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("src", "tests", "benchmarks", "docs", "configs", "experiments", "pyproject.toml", "README.md", "CHANGELOG.md")
PUBLISHED = "results/published"
NEAR_SECONDS, FAR_SECONDS = 20.0, 25.0
"""Processor time, without a mutation, of the tests that are run first, and of those that are run where these pass."""
SPARE_SECONDS, TIMES_AS_LONG, WALL_TIMES = 15, 4, 8
"""What a mutant may take beyond its tests' own time, how many times that, and how many seconds to a second of that."""


@dataclass(frozen=True)
class Area:
    """A part of the sources that is mutated.

    Attributes
    ----------
    files : tuple of str
        Patterns below src/qispread.
    excluded : tuple of str
        Files that match and are left out.
    tests : tuple of str
        Files and folders of tests that may reach it, and what else pytest is told.
    interpreted : bool
        Whether its tests run without compiling, which would take longer than they do.
    """

    files: tuple[str, ...]
    excluded: tuple[str, ...]
    tests: tuple[str, ...]
    interpreted: bool = False

    def sources(self, root: Path) -> list[Path]:
        """Return its files, relative to the root of the project."""
        base = root / "src" / "qispread"
        found = {path.relative_to(base).as_posix(): path for pattern in self.files for path in base.glob(pattern)}
        return [
            found[name].relative_to(root)
            for name in sorted(found)
            if name not in self.excluded and not name.endswith("__init__.py")
        ]


MODEL_TESTS = (
    "tests/rules",
    "tests/engines",
    "tests/registries/test_measures.py",
    "tests/registries/test_networks.py",
    "tests/registries/test_policies.py",
    "tests/test_results.py",
    "tests/test_baselines.py",
    "--deselect=tests/test_baselines.py::test_results_are_those_stored[prompt]",
)
COMPILING = tuple(
    f"model/rules/{name}.py"
    for name in ("code_cache", "code_content", "code_replacement", "jit", "rule_effects", "source_hash")
)
"""How rules are compiled and found again, which tests that run without compiling cannot reach."""

AREAS = {
    "rules": Area(("model/rules/*.py",), COMPILING, MODEL_TESTS, interpreted=True),
    "engines": Area(("model/engines/*.py",), ("model/engines/compile_ahead.py",), MODEL_TESTS, interpreted=True),
    "statistics": Area(
        (
            "analysis/*.py",
            "runs/calibration/abc_posterior.py",
            "runs/calibration/self_check.py",
            "runs/comparison/*.py",
            "runs/diffusion_fit/*.py",
            "runs/summary.py",
            "runs/sweep/sweep_outcomes.py",
        ),
        (
            "analysis/comparison_schema.py",
            "runs/diffusion_fit/fit_tables.py",
            "runs/diffusion_fit/read_diffusion.py",
        ),
        (
            "tests/analysis",
            "tests/comparison",
            "tests/calibration",
            "tests/fitting",
            "tests/test_comparison.py",
            "tests/test_precision.py",
        ),
    ),
}


@dataclass
class Outcome:
    """What became of a mutant.

    Attributes
    ----------
    outcome : {"killed", "timeout", "survived", "not reached"}
    by : str
        The first test that failed.
    tests : int
        How many were run, at most.
    seconds : float
        Of processor time.
    """

    outcome: str
    by: str = ""
    tests: int = 0
    seconds: float = 0.0


@cache
def all_mutants(root: Path, area: Area) -> list[Mutant]:
    """Return all mutants of an area."""
    return [
        one
        for path in area.sources(root)
        for one in mutants_of((root / path).read_text(encoding="utf-8"), path.as_posix())
    ]


def fingerprint(root: Path) -> str:
    """Return what the sources that may be mutated are."""
    digest = hashlib.sha256()
    for area in AREAS.values():
        for path in area.sources(root):
            digest.update(path.as_posix().encode() + b"\0" + (root / path).read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def copy_project(root: Path, folder: Path) -> None:
    """Copy what tests need of the project, so that the project itself is never mutated."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in (*COPIED, PUBLISHED):
        source, target = root / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def environment(copy: Path, area: Area, **more: str) -> dict[str, str]:
    """Return the environment in which tests of a copy run."""
    paths = os.pathsep.join([str(copy / "src"), str(Path(__file__).resolve().parent)])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MUTATION_", "NUMBA_DISABLE"))}
    # Bytecode is found stale by size and second alone: a mutant of the same size, a moment later, would not be run.
    fresh = {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    return {**kept, **fresh, **({"NUMBA_DISABLE_JIT": "1"} if area.interpreted else {}), **more}


def pytest_command(*arguments: str) -> list[str]:
    """Return a command that runs tests one after the other and stops at the first that fails."""
    return [sys.executable, "-m", "pytest", "-q", "-p", "mutation_plugin", "-p", "no:cacheprovider", *arguments]


Trace = dict[str, dict[str, Any]]
"""By test: its processor time and the functions that it calls."""


def trace(copy: Path, area: Area, into: Path) -> Trace:
    """Return which tests of an area reach which functions; found out once for the same sources and tests."""
    if not into.exists():
        given = environment(copy, area, MUTATION_TRACE=str(into.with_suffix(".part")))
        with into.with_suffix(".log").open("w", encoding="utf-8") as log:
            subprocess.run(  # noqa: S603 - our own command
                pytest_command(*area.tests), cwd=copy, env=given, stdout=log, stderr=log, check=False
            )
        if not into.with_suffix(".part").exists():
            raise SystemExit(f"the tests do not run without a mutation: see {into.with_suffix('.log')}")
        into.with_suffix(".part").replace(into)
    return dict(json.loads(into.read_text(encoding="utf-8")))


def quickest(tests: Mapping[str, float], seconds: float) -> list[str]:
    """Return as many tests as take so long together, the quickest first, but a case of each before a second of any."""
    cases: Counter[str] = Counter()
    order = []
    for test in sorted(tests, key=lambda one: (tests[one], one)):
        name = test.split("[")[0]
        order.append((cases[name], tests[test], test))
        cases[name] += 1
    found, total = [], 0.0
    for _, second, test in sorted(order):
        if found and total + second > seconds:
            continue
        total += second
        found.append(test)
    return found


@dataclass
class Chooser:
    """Chooses the tests of a mutant: first those that call its function, then those that call its file."""

    found: Trace
    by_call: dict[str, dict[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for test, one in self.found.items():
            for call in one["calls"]:
                self.by_call.setdefault(call, {})[test] = one["seconds"]

    def of_file(self, file: str) -> dict[str, float]:
        """Return the tests that call any function of a file."""
        return {
            test: second
            for call, tests in self.by_call.items()
            if call.split(":")[0] == file
            for test, second in tests.items()
        }

    def rounds(self, mutant: Mutant, times: float = 1.0) -> list[list[str]]:
        """Return the tests of a mutant, in two rounds."""
        far = self.of_file(mutant.file)
        name = mutant.function
        near = self.by_call.get(f"{mutant.file}:{name}", {}) if name else far
        first = quickest(near, times * NEAR_SECONDS)
        rest = {test: seconds for test, seconds in far.items() if test not in first}
        return [first, quickest(rest, times * FAR_SECONDS)]

    def seconds(self, tests: Iterable[str]) -> float:
        """Return the processor time of tests without a mutation."""
        return float(sum(self.found[test]["seconds"] for test in tests))


def run_mutant(copy: Path, area: Area, mutant: Mutant, chooser: Chooser, times: float = 1.0) -> Outcome:
    """Return what became of a mutant in a copy of the project, which is as it was afterwards."""
    path = copy / mutant.file
    before, stat = path.read_text(encoding="utf-8"), path.stat()
    rounds = [tests for tests in chooser.rounds(mutant, times) if tests]
    if not rounds:
        return Outcome("not reached")
    found = Outcome("survived")
    path.write_text(mutant.applied(before), encoding="utf-8")
    try:
        for tests in rounds:
            one = run_tests(copy, area, tests, chooser.seconds(tests))
            found = Outcome(one.outcome, one.by, found.tests + one.tests, found.seconds + one.seconds)
            if found.outcome != "survived":
                break
    finally:
        path.write_text(before, encoding="utf-8")
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return found


def run_tests(copy: Path, area: Area, tests: Sequence[str], seconds: float) -> Outcome:
    """Return what tests say of the copy as it is, `seconds` being what they take without a mutation."""
    limit = int(SPARE_SECONDS + TIMES_AS_LONG * seconds)
    asked = copy / "asked.json"
    asked.write_text(json.dumps({"tests": tests, "seconds": limit}), encoding="utf-8")
    given = environment(copy, area, MUTATION_TESTS=str(asked))
    files = list(dict.fromkeys(test.split("::")[0] for test in tests))
    code = exit_code(pytest_command("-x", *files), copy, given, WALL_TIMES * limit)
    said = json.loads(asked.read_text(encoding="utf-8"))
    took, by = said.get("took", float(limit)), said.get("failed", "")
    if code == 0:
        return Outcome("survived", "", len(tests), took)
    if code < 0 and not by:
        return Outcome("timeout", "", len(tests), took)
    return Outcome("killed", by or "collection", len(tests), took)


def exit_code(command: Sequence[str], folder: Path, given: Mapping[str, str], seconds: float) -> int:
    """Return the exit code of a command, below 0 where it was ended, with all that it started, for taking too long."""
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=folder, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as started:
        try:
            return started.wait(seconds)
        except subprocess.TimeoutExpired:
            return -1
        finally:
            with suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
