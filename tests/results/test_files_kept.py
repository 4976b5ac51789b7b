"""Files that are not those of the run being saved stay: the user's own, and those of results not yet replaced."""

import errno
from pathlib import Path

import pytest

import qispread as qs
from helpers_input import catch_input_error
from qispread.model.engines.simulation import Runs
from qispread.outputs.results import comparison_results, run_results, write_comparison
from qispread.outputs.results.results_folder import CHART_KINDS, OTHER_FILES
from qispread.runs.sweep.sweep_log import LOG_FILE
from qispread.runs.sweep.sweep_store import POINTS_FILE

SCENARIO = qs.Scenario().replace({"organisations.number": 12}, name="small", horizon=3, replicates=3)
COACHED = SCENARIO.with_policy("coaching")


@pytest.fixture(scope="module")
def ran():
    return qs.simulate(SCENARIO, workers=1)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def put_chart(folder, name):
    (Path(folder) / "charts").mkdir(parents=True, exist_ok=True)
    for kind in CHART_KINDS:
        (Path(folder) / "charts" / f"{name}{kind}").write_text("x", encoding="utf-8")


def charts(folder):
    return {path.stem for path in Path(folder).glob("charts/*")}


def contents():
    return {str(path): path.is_file() and path.read_bytes() for path in Path().rglob("*")}


def compared():
    return qs.compare(SCENARIO, {"coached": COACHED}, workers=1)


def save_a_comparison(_, folder, **options):
    return write_comparison(compared(), folder, **options)


def full_disk(*_arguments, **_options):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("page", [None, "<p>of my own</p>"])
@pytest.mark.parametrize("save", [qs.write_runs, save_a_comparison])
def test_charts_of_ones_own_stay(ran, save, page):
    put_chart("mine", "thesis")
    if page:
        Path("mine/report.html").write_text(page, encoding="utf-8")
    save(ran, "mine", overwrite=bool(page))
    assert charts("mine") == {"thesis"}


@pytest.mark.parametrize("save", [qs.write_runs, save_a_comparison])
def test_of_the_charts_only_those_that_a_report_names_go_with_it(ran, save):
    qs.write_runs(qs.simulate(SCENARIO.replace(seed=7)), "res")
    put_chart("res", "thesis")
    put_chart("res", "difference")
    page = '<meta name="qispread-charts" content="difference ../manifest">'
    Path("res/report.html").write_text(page, encoding="utf-8")
    save(ran, "res", overwrite=True)
    assert charts("res") == {"thesis"}
    assert not Path("res/report.html").exists()


@pytest.mark.parametrize(
    ("save", "module"),
    [(qs.write_runs, run_results), (save_a_comparison, run_results), (save_a_comparison, comparison_results)],
)
def test_nothing_is_changed_where_the_disk_is_full(ran, save, module, monkeypatch):
    write_comparison(qs.compare(SCENARIO, {"other": COACHED}, workers=1), "res")
    put_chart("res", "difference")
    Path("res/report.html").write_text('<meta name="qispread-charts" content="difference">', encoding="utf-8")
    before = contents()
    monkeypatch.setattr(module, "write_table", full_disk)
    with pytest.raises(qs.InputError, match="No space left on device; nothing was changed"):
        save(ran, "res", overwrite=True)
    changed = {name for name, content in contents().items() if content is not False} ^ {
        name for name, content in before.items() if content is not False
    }
    assert not changed
    assert before.items() <= contents().items()


@pytest.mark.parametrize("manifest", [None, '{"experiment": {'])
@pytest.mark.parametrize("name", [LOG_FILE, POINTS_FILE])
def test_a_sweep_with_no_manifest_that_can_be_read_is_no_place_for_a_run(ran, name, manifest):
    assert set(OTHER_FILES) == {LOG_FILE, POINTS_FILE}
    Path("sweep").mkdir()
    (Path("sweep") / name).touch()
    if manifest:
        Path("sweep/manifest.json").write_text(manifest, encoding="utf-8")
    before = contents()
    for overwrite in (False, True):
        for save in (qs.write_runs, save_a_comparison):
            assert f"holds {name} of a sweep" in str(catch_input_error(save, ran, "sweep", overwrite=overwrite))
    assert contents() == before


@pytest.mark.parametrize("replicates", [[], [0], [0, 1], [1, 2], [0, 2, 1]])
def test_some_replicates_are_not_saved_as_the_whole_run(ran, replicates):
    qs.write_runs(ran, "full")
    before = contents()
    some = Runs(SCENARIO, [ran.runs[number] for number in replicates])
    for overwrite in (False, True):
        error = catch_input_error(qs.write_runs, some, "full", overwrite=overwrite)
        assert f"holds {len(replicates)} of 3 replicates" in str(error)
    assert contents() == before


def test_one_replicate_alone_is_saved_and_told_from_the_whole_run(ran):
    qs.write_runs(ran, "full")
    first, last = Runs(SCENARIO.replace(replicates=1), ran.runs[:1]), Runs(SCENARIO, ran.runs[2:])
    for number, alone in enumerate((first, last)):
        assert "another run" in str(catch_input_error(qs.write_runs, alone, "full"))
        qs.write_runs(alone, f"alone {number}")


def test_a_run_of_which_replicates_failed_is_saved():
    failing = SCENARIO.replace({"interventions.intervention.response.steepness": 1e308})
    found = qs.simulate(failing, workers=1)
    assert found.failed_runs
    assert Path("res/runs.parquet") in qs.write_runs(found, "res")
