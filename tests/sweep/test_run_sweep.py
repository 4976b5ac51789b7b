"""A sweep gives the same bytes whoever does the work, keeps what failed as rows, and goes on where it stopped."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import qispread as qs
from helpers_input import catch_input_error, only_fault
from helpers_sweep import EXPERIMENT_YAML, FACTORS, SCENARIO_YAML, SMALL_SCENARIO, small_experiment, table_bytes
from qispread.model.engines.composed_model import ComposedModel
from qispread.runs.sweep import preflight, worker
from qispread.runs.sweep import run_order as order
from qispread.runs.sweep.designs import build_points
from qispread.runs.sweep.load_experiment import read_experiment
from qispread.runs.sweep.run_sweep import CONFIRMATION_THRESHOLD
from qispread.runs.sweep.worker_pools import InlineWorkerPool, ThreadWorkerPool, WorkerPool

EXTREME = {"low": 3.0, "high": 1e308}
"""Steepness of a response that no number can hold."""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The tables of a sweep that nothing disturbed."""
    return table_bytes(qs.sweep(small_experiment(), tmp_path_factory.mktemp("undisturbed") / "s", workers=1).folder)


@pytest.mark.quick_cases(3)
@pytest.mark.parametrize("executor", ["inline", "threads", "processes", "dask"])
def test_any_executor_gives_the_same_bytes(executor, undisturbed):
    assert table_bytes(qs.sweep(small_experiment(), "s", executor=executor, workers=2).folder) == undisturbed


@pytest.mark.parametrize("workers", [1, 3, 9])
def test_any_number_of_workers_gives_the_same_bytes(workers, undisturbed):
    assert table_bytes(qs.sweep(small_experiment(), "s", workers=workers).folder) == undisturbed


@pytest.mark.parametrize("seconds", [1e-9, 0.002, 1000.0])
def test_any_size_of_chunks_gives_the_same_bytes(seconds, undisturbed, monkeypatch):
    monkeypatch.setattr(WorkerPool, "chunk_seconds", seconds)
    assert table_bytes(qs.sweep(small_experiment(), "s").folder) == undisturbed


def test_an_executor_of_ones_own_gives_the_same_bytes_and_lives_on(undisturbed):
    with ThreadPoolExecutor(2) as pool:
        assert table_bytes(qs.sweep(small_experiment(), "s", executor=pool).folder) == undisturbed
        assert pool.submit(int, "3").result() == 3


def test_every_row_is_what_simulating_its_point_gives():
    found = qs.sweep(small_experiment(points=3, replicates=2, interventions="each"), "s")
    for _, row in found.runs.iterrows():
        scenario = SMALL_SCENARIO.replace({path: row[path] for path in FACTORS}, replicates=2)
        runs = qs.simulate(scenario, workers=1)
        assert runs.final_values("effect")[row.replicate] == row.effect > 0.0
        assert runs.final_values("effect", "intervention")[row.replicate] == row["effect.intervention"]
        over_time = found.monthly("effect")[row.point, row.replicate]
        assert over_time.tobytes() == np.ascontiguousarray(runs.measures[row.replicate, :, -1, 8]).tobytes()


def test_replicates_are_the_same_worlds_at_every_point():
    found = qs.sweep(small_experiment(measures={"final": "all"}), "s")
    assert (found.runs.groupby("replicate")["awareness"].nunique() < found.runs["awareness"].nunique()).all()
    scenario = SMALL_SCENARIO.replace(horizon=1)
    start = qs.sweep(small_experiment(points=4, base=scenario, measures={"final": "leadership"}), "t", confirmed=True)
    assert (np.ptp(start.values("leadership"), axis=0) == 0.0).all()


def test_what_is_said_before_it_starts():
    said = []
    qs.sweep(small_experiment(), "s", log=said.append)
    assert said[0].startswith("note: design.points: got 40; qispread sensitivity needs at least 64 points")
    assert said[1].startswith("200 runs, about ")
    assert said[1].endswith(" on disk.")


def test_the_room_on_disk_is_said_rightly():
    said = []
    found = qs.sweep(small_experiment(points=500, measures={"final": "all", "monthly": "all"}), "s", log=said.append)
    told = float(said[0].split("about ")[-1].split()[0])
    written = sum(len(content) for name, content in table_bytes(found.folder).items() if name != "points.parquet")
    assert "MB" in said[0]
    assert 0.5 < told / (written / 1e6) < 2.0


def test_the_room_on_disk_is_said_rightly_when_a_sweep_goes_on(tmp_path):
    """In a process of its own, in which loading what is compiled takes longer than the trial may."""
    found = qs.sweep(small_experiment(points=500, measures={"final": "all", "monthly": "all"}), "s")
    written = sum(
        len(content) for name, content in table_bytes(found.folder).items() if name.startswith(("parts", "months"))
    )
    for part in found.parts:
        (found.folder / "parts" / f"part-{part:06d}.parquet").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "qispread.interfaces.cli.main", "sweep", "s"], capture_output=True, text=True, check=True
    )
    told = " ".join(done.stdout.split()).partition(" on disk")[0].split("about ")[-1].split()
    assert told[1] == "MB"
    assert 0.5 < float(told[0]) / (written / 1e6) < 2.0


def test_a_factor_is_tried_in_other_worlds_at_every_point(monkeypatch):
    seen = []
    monkeypatch.setattr(preflight, "run_safely", lambda _job, _point, replicate: seen.append(replicate) or np.zeros(1))
    found = read_experiment(small_experiment(replicates=20))
    faults = preflight.find_inert_factors(found, build_points(found).numbers, None)
    assert set(seen) == set(range(14))
    assert all("in the 7 points and 14 replicates tested" in one.problem for one in faults)
    seen.clear()
    preflight.find_inert_factors(read_experiment(small_experiment(replicates=3)), build_points(found).numbers, None)
    assert set(seen) == {0, 1, 2}


def test_progress_goes_up_to_all_runs():
    seen = []
    qs.sweep(small_experiment(), "s", progress=seen.append, workers=1)
    assert seen[-1].completed == seen[-1].runs == 200
    assert [one.completed for one in seen] == sorted(one.completed for one in seen)
    assert seen[-1].seconds_left == 0.0
    assert all(one.rate > 0.0 and one.failed == 0 for one in seen)


def failing_experiment(**fields):
    return small_experiment(
        factors={"interventions.intervention.response.steepness": EXTREME, "copying.copy_loss": {}}, points=10, **fields
    )


def test_a_run_that_gives_no_number_is_a_row_that_failed():
    found = qs.sweep(failing_experiment(design={"kind": "grid", "levels": 2}, replicates=3), "s")
    failed = found.runs[found.runs.status == "failed"]
    assert len(failed) == found.status.failed == 6
    assert set(failed.error) == {"the state is no longer finite: parameters are too extreme"}
    assert (failed["interventions.intervention.response.steepness"] == 1e308).all()
    assert failed[["effect", "current_use"]].isna().all(axis=None)
    assert found.status.pending == 0
    assert np.isnan(found.monthly("effect")[failed.point, failed.replicate]).all()


@pytest.fixture
def raising_replicate(monkeypatch):
    """Let every run in world 2 raise, until told otherwise."""
    start_run, bad = ComposedModel.initialise_run, {2}

    def start(model, blueprint, world):
        if world.replicate in bad:
            raise RuntimeError("as if by a fault")
        return start_run(model, blueprint, world)

    monkeypatch.setattr(ComposedModel, "initialise_run", start)
    return bad


def test_a_run_that_raises_is_a_row_and_the_rest_goes_on(raising_replicate):
    found = qs.sweep(small_experiment(), "s")
    failed = found.runs[found.runs.status == "failed"]
    assert set(failed.replicate) == {2}
    assert len(failed) == 40
    assert set(failed.error) == {"RuntimeError: as if by a fault"}
    assert found.status.completed == 160


def test_failed_runs_are_left_alone_unless_they_are_to_be_retried(raising_replicate, undisturbed):
    qs.sweep(small_experiment(), "s")
    raising_replicate.clear()
    assert qs.sweep(small_experiment(), "s").status.failed == 40
    found = qs.sweep(small_experiment(), "s", retry_failed=True)
    assert found.status.failed == 0
    assert table_bytes(found.folder) == undisturbed


def test_a_run_that_takes_too_long_is_a_row():
    slow = qs.Scenario().replace({"organisations.number": 2000}, horizon=12_000)
    described = small_experiment(base=slow, points=1, replicates=2, measures={"final": "effect"})
    found = qs.sweep(described, "s", timeout=0.2, confirmed=True)
    assert set(found.runs.error) == {"took longer than 0.2 s"}
    assert found.status.failed == 2


def test_a_timeout_that_is_kept_changes_no_byte(undisturbed):
    assert table_bytes(qs.sweep(small_experiment(), "s", timeout=3600.0).folder) == undisturbed


def test_looking_at_the_clock_changes_no_byte(undisturbed, monkeypatch):
    monkeypatch.setattr(worker, "WORK_BETWEEN_CHECKS", 1)
    assert table_bytes(qs.sweep(small_experiment(), "s").folder) == undisturbed


def test_a_clock_that_jumps_changes_nothing(undisturbed, monkeypatch):
    # Nobody may set the clock of the machine that tests run on: all that asks for the time of day is told nonsense.
    rng = np.random.default_rng(1)
    monkeypatch.setattr(time, "time", lambda: float(rng.uniform(-1e12, 1e12)))
    monkeypatch.setattr(time, "time_ns", lambda: int(rng.integers(-(2**60), 2**60)))
    found = qs.sweep(small_experiment(), "s", timeout=3600.0)
    assert table_bytes(found.folder) == undisturbed
    assert found.status.completed == 200


def test_a_finished_sweep_is_not_run_again(undisturbed):
    qs.sweep(small_experiment(), "s")
    before = {path: path.stat().st_mtime_ns for path in (qs.read_sweep("s").folder).rglob("*.parquet")}
    said = []
    qs.sweep(small_experiment(), "s", log=said.append)
    assert said == ["Nothing to do: 200 of 200 runs done, 0 failed, 0 pending."]
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_sweep_goes_on_by_its_folder_alone(undisturbed):
    folder = qs.sweep(small_experiment(), "s").folder
    (folder / "parts" / "part-000000.parquet").unlink()
    assert qs.sweep("s").folder == folder
    assert table_bytes(folder) == undisturbed


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"replicates": 6}, ["experiment.replicates: was 5, is now 6"]),
        ({"factors": {"copying.copy_loss": {}}}, ["experiment.order", "experiment.factors.improving.decay.low"]),
        ({"factors": dict(reversed(FACTORS.items()))}, ["experiment.order.0: was copying.copy_loss, is now improving"]),
        (
            {"base": SMALL_SCENARIO.replace({"improving.repair": 0.05})},
            ["experiment.scenario.improving.repair: was 0.06"],
        ),
        ({"measures": {"final": "effect"}}, ["experiment.measures.monthly.0: was effect, is now absent"]),
        ({"seed": 2}, ["experiment.seed: was 1, is now 2"]),
    ],
)
def test_a_changed_experiment_is_refused_with_what_changed(changes, parts):
    folder = qs.sweep(small_experiment(), "s").folder
    kept = table_bytes(folder)
    error = catch_input_error(qs.sweep, small_experiment(**changes), "s")
    assert all(part in str(error) for part in parts), str(error)
    assert table_bytes(folder) == kept


def test_words_and_names_of_files_may_change():
    qs.sweep(small_experiment(), "s")
    base = SMALL_SCENARIO.replace(description="other words")
    assert qs.sweep(small_experiment(base=base, description="and others"), "s").status.completed == 200


def test_other_sources_are_refused(monkeypatch):
    qs.sweep(small_experiment(), "s")
    monkeypatch.setenv("QISPREAD_DRAWS", "philox")
    error = catch_input_error(qs.sweep, small_experiment(), "s")
    assert "draws: was splitmix64, is now philox" in str(error)


def test_too_many_runs_are_refused_until_asked_for_twice():
    design = {"kind": "grid", "levels": 200}
    problem = only_fault(qs.sweep, small_experiment(design=design, replicates=10), "s").problem
    assert problem == "40,000 points with 10 replicates are 400,000 runs, more than 100,000; use --yes to run them"
    assert CONFIRMATION_THRESHOLD == 100_000


def test_a_factor_that_changes_nothing_is_refused_until_asked_for_twice():
    factors = {**FACTORS, "copying.standard_codification": {}}
    problem = only_fault(qs.sweep, small_experiment(factors=factors), "s")
    assert problem.path == "factors.copying.standard_codification"
    assert "has no effect" in problem.problem
    said = []
    assert qs.sweep(small_experiment(factors=factors), "s", confirmed=True, log=said.append).status.completed == 200
    assert said[1].startswith("note: factors.copying.standard_codification: has no effect")


def test_a_factor_that_matters_only_with_another_is_not_refused():
    factors = {"copying.standard_codification": {}, "policies.standard.standard": {"values": [0.0, 1.0]}}
    assert (
        qs.sweep(small_experiment(base=SMALL_SCENARIO.with_policy("standard"), factors=factors), "s").status.completed
        == 200
    )


@pytest.mark.parametrize(
    ("named", "parts"),
    [
        ({"workers": 0}, ["--workers", "at least 1"]),
        ({"executor": "thread"}, ["--executor", "did you mean 'threads'?"]),
        ({"scheduler": "tcp://127.0.0.1:1"}, ["--scheduler", "only for --executor dask"]),
        ({"timeout": 0.0}, ["--timeout", "seconds above 0"]),
        ({"timeout": float("nan")}, ["--timeout", "seconds above 0"]),
    ],
)
def test_a_bad_option_is_refused(named, parts):
    fault = only_fault(qs.sweep, small_experiment(), "s", **named)
    assert all(part in str(fault) for part in parts)


def test_what_is_held_in_memory_is_bounded():
    # The runner is handed work that never comes back, and stops handing out.
    from qispread.runs.sweep.scheduler import ChunkScheduler

    found = read_experiment(small_experiment(points=20_000))
    crew, opened = ThreadWorkerPool(1), []
    crew.submit = lambda *_: waiting_session()
    from qispread.runs.sweep.run_order import build_run_order

    order = build_run_order(found, 20_000)
    runner = ChunkScheduler(
        crew, b"", "k", order, np.zeros((20_000, 2)), seconds_per_run=1e-5, load_buffer=opened.append, write_part=None
    )
    fresh = runner.iterate_chunks((part, np.arange(len(order.part_positions(part)))) for part in range(order.parts))
    runner.dispatch(fresh)
    assert len(runner.outstanding) == crew.outstanding == 16
    assert len(opened) <= 17
    crew.shutdown()


def waiting_session():
    from concurrent.futures import Future

    return Future()


def test_one_experiment_by_name_has_one_folder(tmp_path):
    (tmp_path / "small.yaml").write_text(SCENARIO_YAML)
    (tmp_path / "trial.yaml").write_text(EXPERIMENT_YAML)
    assert str(qs.sweep("trial.yaml").folder) == "results/sweep-trial"


def test_the_runs_of_an_unfinished_sweep_can_be_read():
    class EnoughError(Exception):
        pass

    def stop(now):
        if now.completed >= 500:
            raise EnoughError

    with pytest.raises(EnoughError):
        qs.sweep(small_experiment(points=300), "s", progress=stop, workers=1)
    found = qs.read_sweep("s")
    assert 500 <= found.status.completed < 1500
    assert found.status.pending == 1500 - found.status.completed
    table = found.runs
    assert isinstance(table, pd.DataFrame)
    assert table["point"].value_counts().max() - table["point"].value_counts().min() <= 1
    assert np.isnan(found.values("current_use")).sum() == found.status.pending


def test_inline_runs_in_the_callers_own_thread():
    crew = InlineWorkerPool()
    assert crew.submit(lambda: 3).result() == 3
    assert isinstance(crew.submit(lambda: 1 / 0).exception(), ZeroDivisionError)


@pytest.mark.slow_faults
def test_ten_times_as_many_runs_take_no_more_memory(tmp_path):
    script = (
        f"import resource, sys\nsys.path[:0] = {sys.path!r}\n"
        "import qispread as qs\nfrom helpers_sweep import small_experiment\n"
        "if __name__ == '__main__':\n"
        "    described = small_experiment(int(sys.argv[1]), 10, measures={'final': 'all', 'monthly': 'all'})\n"
        "    qs.sweep(described, sys.argv[2], workers=2)\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )

    def most(points):
        words = [sys.executable, "-c", script, str(points), str(tmp_path / str(points))]
        return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)

    assert most(10_000) < 1.2 * most(1_000)


def test_passes_run_each_point_so_often_and_leave_the_rest_to_do(monkeypatch):
    monkeypatch.setattr(order, "MAX_RUNS_PER_PART", 8)
    heard = []
    found = qs.sweep(small_experiment(), "s", repetitions=2, progress=heard.append)
    assert found.status.completed == 80
    assert found.status.pending == 0
    assert heard[-1].completed == heard[-1].runs == 80
    assert (found.runs.groupby("point")["replicate"].nunique() == 2).all()
    assert found.runs["replicate"].value_counts().tolist() == [16] * 5
    said = []
    qs.sweep(small_experiment(), "s", repetitions=2, log=said.append)
    assert said == ["Nothing to do: 80 of 80 runs done, 0 failed, 0 pending."]
    found = qs.sweep(small_experiment(), "s")
    assert str(qs.read_sweep("s").status) == "200 of 200 runs done, 0 failed, 0 pending"
    whole = table_bytes(found.folder)
    assert whole == table_bytes(qs.sweep(small_experiment(), "t").folder)


def test_very_many_replicates_are_no_many_runs_where_passes_are_few(monkeypatch):
    many = small_experiment(points=5, replicates=10 * CONFIRMATION_THRESHOLD)
    with pytest.raises(qs.InputError, match="runs, more than"):
        qs.sweep(many, "s")
    monkeypatch.setattr(order, "MAX_RUNS_PER_PART", 5)
    assert qs.sweep(many, "s", repetitions=1).status.completed == 5


def test_so_many_passes_are_run_and_no_more_until_more_are_asked_for():
    found = qs.sweep(small_experiment(points=30), "s", repetitions=1)
    assert str(found.status) == "30 of 30 runs done, 0 failed, 0 pending"
    assert np.bincount(found.runs["point"]).tolist() == [1] * 30
    again = qs.sweep("s")
    assert again.status == found.status
    more = qs.sweep("s", repetitions=3)
    assert str(more.status) == "90 of 90 runs done, 0 failed, 0 pending"
    assert str(qs.read_sweep("s").status) == str(more.status)
    every = qs.sweep("s", repetitions=5)
    assert every.status.completed == every.store.runs == 150
    whole = qs.sweep(small_experiment(points=30), "whole")
    columns = [name for name in whole.runs if name != "run_id"]
    pd.testing.assert_frame_equal(every.runs[columns], whole.runs[columns], check_exact=True)


@pytest.mark.parametrize(("runs", "most", "part"), [(20, 500, 20), (4000, 500, 500), (600, 500, 300), (2001, 500, 401)])
def test_parts_are_cut_so_that_next_to_nothing_more_than_is_wanted_is_run(runs, most, part):
    assert order.balanced_part_size(runs, most) == part
