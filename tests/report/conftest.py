"""A comparison with all that a report can show, and the report on it, made once."""

import json
import shutil
from types import SimpleNamespace

import pytest

from folders import coached, save_compared, save_run, scenario_of
from qispread.report import report_of, write_report
from qispread.report.writing import PAGE


@pytest.fixture(scope="session")
def compared(build_once):
    """Return the folder of a factorial comparison with plausible models, and of the report on it."""

    def fill(folder):
        base = scenario_of()
        arms = {"coaching": coached(base), "mandate": base.with_policy("mandate")}
        compared = save_compared(folder / "compared", base, arms, models=4, factorial=True)
        paths = [str(path.relative_to(compared)) for path in write_report(compared)]
        (folder / "paths.json").write_text(json.dumps(paths), encoding="utf-8")

    return build_once("report", fill) / "compared"


@pytest.fixture(scope="session")
def ran(tmp_path_factory):
    """Return the folder of a run."""
    return save_run(tmp_path_factory.mktemp("results") / "ran", scenario_of())


@pytest.fixture(scope="session")
def written(compared):
    """Return what was written on the comparison: its folder, the paths, the report and the page."""
    paths = [compared / path for path in json.loads((compared.parent / "paths.json").read_text(encoding="utf-8"))]
    page = (compared / PAGE).read_text(encoding="utf-8")
    return SimpleNamespace(folder=compared, paths=paths, report=report_of(compared), page=page)


@pytest.fixture
def copied(compared, tmp_path):
    """Return a copy of the comparison's folder without its report, to be spoilt."""
    return shutil.copytree(compared, tmp_path / "copied", ignore=shutil.ignore_patterns("charts", PAGE))


@pytest.fixture
def change_manifest():
    """Return what changes values of a manifest."""

    def change(folder, **values):
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text(encoding="utf-8"))
        for name, value in values.items():
            manifest[name] = {**manifest[name], **value} if isinstance(value, dict) else value
        path.write_text(json.dumps(manifest), encoding="utf-8")

    return change
