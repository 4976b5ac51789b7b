"""A comparison with all that a report can show, and the report on it, made once."""

import json
import shutil
from types import SimpleNamespace

import pytest

from qispread.outputs.report import build_report, write_report
from qispread.outputs.report.report_writer import PAGE_FILE
from result_fixtures import small_scenario, with_coaching, write_comparison_folder, write_run_folder


@pytest.fixture(scope="session")
def comparison_folder(build_once):
    """Return the folder of a factorial comparison with plausible models, and of the report on it."""

    def fill(folder):
        base = small_scenario()
        arms = {"coaching": with_coaching(base), "mandate": base.with_policy("mandate")}
        compared = write_comparison_folder(folder / "compared", base, arms, models=4, factorial=True)
        paths = [str(path.relative_to(compared)) for path in write_report(compared)]
        (folder / "paths.json").write_text(json.dumps(paths), encoding="utf-8")

    return build_once("report", fill) / "compared"


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """Return the folder of a run."""
    return write_run_folder(tmp_path_factory.mktemp("results") / "ran", small_scenario())


@pytest.fixture(scope="session")
def written_report(comparison_folder):
    """Return what was written on the comparison: its folder, the paths, the report and the page."""
    paths = [
        comparison_folder / path
        for path in json.loads((comparison_folder.parent / "paths.json").read_text(encoding="utf-8"))
    ]
    page = (comparison_folder / PAGE_FILE).read_text(encoding="utf-8")
    return SimpleNamespace(folder=comparison_folder, paths=paths, report=build_report(comparison_folder), page=page)


@pytest.fixture
def comparison_copy(comparison_folder, tmp_path):
    """Return a copy of the comparison's folder without its report, to be spoilt."""
    return shutil.copytree(comparison_folder, tmp_path / "copied", ignore=shutil.ignore_patterns("charts", PAGE_FILE))


@pytest.fixture
def edit_manifest():
    """Return what changes values of a manifest."""

    def change(folder, **values):
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text(encoding="utf-8"))
        for name, value in values.items():
            manifest[name] = {**manifest[name], **value} if isinstance(value, dict) else value
        path.write_text(json.dumps(manifest), encoding="utf-8")

    return change
