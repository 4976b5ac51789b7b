"""The tables of a sweep are read, exported and made again, run by run."""

import mesa
import numpy as np
import pandas as pd
import pytest

import qispread as qs
from helpers_input import only_fault
from helpers_sweep import FACTORS, SMALL_SCENARIO, small_experiment, table_bytes
from qispread.model.engines.mesa_model import SpreadModel
from qispread.runs.sweep.export import as_batch_run, as_ema, as_xarray
from qispread.runs.sweep.rerun import differing_columns, stored_row

EVERY = {
    **FACTORS,
    "organisations.number": {"low": 12, "high": 16},
    "network": {"values": [{"kind": "ring"}, {"kind": "partnerships", "mean_degree": 4}]},
}
KEPT = {"final": ("effect", "current_use", "event_rate"), "monthly": ("effect", "event_rate")}


@pytest.fixture(scope="module")
def mixed_sweep(tmp_path_factory):
    """A sweep with factors of every kind."""
    described = small_experiment(points=12, replicates=3, factors=EVERY, measures=KEPT, interventions="each")
    return qs.sweep(described, tmp_path_factory.mktemp("found") / "s")


@pytest.fixture(scope="module")
def long_sweep(tmp_path_factory):
    """A sweep of several parts."""
    return qs.sweep(small_experiment(points=300), tmp_path_factory.mktemp("long") / "s")


@pytest.mark.slow
def test_processes_give_the_same_bytes_for_factors_of_every_kind(mixed_sweep, tmp_path):
    assert table_bytes(
        qs.sweep(mixed_sweep.experiment, tmp_path / "s", executor="processes", workers=2).folder
    ) == table_bytes(mixed_sweep.folder)


def test_the_table_of_runs_has_a_row_a_run_in_order(mixed_sweep):
    runs = mixed_sweep.runs
    measures = ["effect", "current_use", "event_rate", "effect.intervention", "current_use.intervention"]
    assert list(runs.columns) == ["run_id", "point", "replicate", *EVERY, "status", "error", *measures]
    assert runs.run_id.is_unique
    assert list(zip(runs.point, runs.replicate, strict=True)) == [(p, r) for p in range(12) for r in range(3)]
    assert set(runs.status) == {"done"}
    assert runs["organisations.number"].dtype == "int64"
    assert set(runs.network) == {"ring", "partnerships"}


def test_runs_that_were_made_are_those_that_have_a_row_failed_or_not(tmp_path):
    steep = {"interventions.intervention.response.steepness": {"values": [3.0, 1e308]}}
    swept = qs.sweep(small_experiment(points=300, factors={**FACTORS, **steep}), tmp_path / "s")
    assert swept.status.failed
    assert swept.attempted().all()
    lost = swept.store.part_records[swept.parts[-1]]
    for path in lost.files:
        (swept.folder / path).unlink()
    part = qs.read_sweep(swept.folder)
    runs = part.runs
    assert 0 < len(runs) < 1500
    assert np.argwhere(part.attempted()).tolist() == runs[["point", "replicate"]].to_numpy().tolist()


def test_the_factors_of_a_run_are_those_of_its_point(mixed_sweep):
    points = mixed_sweep.points
    for path in EVERY:
        assert (mixed_sweep.runs[path].to_numpy() == points[path].to_numpy()[mixed_sweep.runs.point]).all()


def test_the_end_is_the_last_of_the_months(mixed_sweep):
    months = mixed_sweep.months()
    assert list(months.columns) == ["run_id", "point", "replicate", "month", "intervention", *KEPT["monthly"]]
    last = months[(months.month == 12) & (months.intervention == "all")]
    assert last.run_id.tolist() == mixed_sweep.runs.run_id.tolist()
    assert last.effect.to_numpy().tobytes() == mixed_sweep.runs.effect.to_numpy().tobytes()
    assert len(months) == 36 * 13 * 2


@pytest.mark.parametrize("intervention", ["all", "intervention"])
def test_arrays_hold_what_the_tables_hold(intervention, mixed_sweep):
    months = mixed_sweep.months("effect")
    mine = months[months.intervention == intervention]
    over_time = mixed_sweep.monthly("effect", intervention)
    assert over_time.tobytes() == mine.effect.to_numpy().reshape(12, 3, 13).tobytes()
    assert mixed_sweep.values("effect", intervention).tobytes() == np.ascontiguousarray(over_time[..., -1]).tobytes()


def test_parts_can_be_read_one_by_one(long_sweep):
    sizes = [len(table) for table in long_sweep.iterate_parts()]
    assert sizes == [500, 500, 500]
    assert [len(table) for table in long_sweep.iterate_months("effect")] == [500 * 13] * 3
    assert long_sweep.runs.run_id.is_unique
    assert len(long_sweep.months("effect")) == 1500 * 13


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda found: found.values("effekt"), "did you mean 'effect'?"),
        (lambda found: found.values("event_rate", "intervention"), "event_rate.intervention"),
        (lambda found: found.values("ever_adopted"), "ever_adopted"),
        (lambda found: found.monthly("current_use"), "current_use"),
        (lambda found: found.monthly("effect", "prompt"), "prompt"),
        (lambda found: found.months("effekt"), "did you mean 'effect'?"),
    ],
)
def test_what_was_not_kept_is_said(call, part, mixed_sweep):
    assert part in only_fault(call, mixed_sweep).problem


def test_a_sweep_says_how_far_it_is(mixed_sweep):
    assert repr(mixed_sweep) == f"Sweep({mixed_sweep.folder}: 36 of 36 runs done, 0 failed, 0 pending)"


def test_an_empty_sweep_has_empty_tables(tmp_path):
    def stop(text):
        if not text.startswith("note"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        qs.sweep(small_experiment(), tmp_path / "s", executor="inline", log=stop)
    found = qs.read_sweep(tmp_path / "s")
    assert len(found.runs) == len(found.months()) == 0
    assert list(found.runs.columns)[:3] == ["run_id", "point", "replicate"]
    assert np.isnan(found.values("effect")).all()


@pytest.mark.parametrize("engine", ["kernel", "mesa"])
def test_any_run_alone_gives_the_same_numbers(engine, mixed_sweep):
    for run_id in mixed_sweep.runs.run_id[::7]:
        runs = qs.rerun(mixed_sweep, run_id, engine=engine, keep_events=engine == "mesa")
        assert differing_columns(mixed_sweep, run_id, runs.runs[0]) == []
        assert stored_row(mixed_sweep, run_id)["run_id"] == run_id
        row = mixed_sweep.runs.set_index("run_id").loc[run_id]
        assert runs.final_values("effect")[0] == row.effect
        assert len(runs.organisations) == row["organisations.number"]
        assert bool(runs.runs[0].events) == (engine == "mesa")


def test_a_run_of_another_sweep_is_noticed(mixed_sweep, tmp_path):
    run_id = mixed_sweep.runs.run_id[0]
    other = qs.rerun(mixed_sweep, mixed_sweep.runs.run_id[5])
    assert "event_rate" in differing_columns(mixed_sweep, run_id, other.runs[0])


@pytest.mark.parametrize("run_id", ["nonsense", "trial-000000000000-000000-00000"])
def test_a_run_that_there_is_not_is_refused(run_id, mixed_sweep):
    assert f"no run is called '{run_id}'" in only_fault(qs.rerun, mixed_sweep, run_id).problem


@pytest.mark.parametrize(("point", "replicate"), [("000012", "00000"), ("000000", "00003")])
def test_a_run_beyond_the_design_is_refused(point, replicate, mixed_sweep):
    assert (
        "valid: " in only_fault(qs.rerun, mixed_sweep, f"{mixed_sweep.store.run_id_prefix}-{point}-{replicate}").problem
    )


def test_a_failed_run_fails_again_alike(tmp_path):
    steep = {"interventions.intervention.response.steepness": {"values": [3.0, 1e308]}, "copying.copy_loss": {}}
    found = qs.sweep(small_experiment(factors=steep, points=4), tmp_path / "s")
    failed = found.runs.run_id[found.runs.status == "failed"].iloc[0]
    assert differing_columns(found, failed, qs.rerun(found, failed).runs[0]) == []


class TinyModel(SpreadModel):
    """Our Mesa model with two parameters, as `mesa.batch_run` wants it."""

    def __init__(self, replicate=0, **factors):
        super().__init__(SMALL_SCENARIO.replace(factors), replicate=replicate)


@pytest.mark.filterwarnings("default::UserWarning", "default::DeprecationWarning", "default::FutureWarning")
def test_batch_run_gives_the_same_columns_and_numbers(tmp_path):
    levels = {"copying.copy_loss": [0.2, 0.8], "improving.decay": [0.01, 0.04]}
    described = small_experiment(
        factors={path: {"values": values} for path, values in levels.items()},
        design={"kind": "grid"},
        replicates=1,
        measures={"final": ("current_use", "awareness"), "monthly": ("current_use", "awareness")},
    )
    ours = as_batch_run(qs.sweep(described, tmp_path / "s"), months=True)
    options = {"iterations": 1, "max_steps": 12, "data_collection_period": 1, "display_progress": False}
    theirs = pd.DataFrame(mesa.batch_run(TinyModel, levels, number_processes=1, **options))
    head = ["RunId", "iteration", "Step", *levels]
    assert list(ours.columns) == [*head, "current_use", "awareness"]
    assert list(theirs.columns[:5]) == head
    assert ours[head].astype(theirs[head].dtypes).equals(theirs[head])
    assert ours[["current_use", "awareness"]].equals(theirs[["current_use", "awareness"]])
    assert as_batch_run(qs.read_sweep(tmp_path / "s")).equals(ours[ours.Step == 12].reset_index(drop=True))


def test_a_batch_run_of_several_iterations_counts_runs_as_mesa_does(mixed_sweep):
    table = as_batch_run(mixed_sweep)
    assert table.RunId.tolist() == list(range(36))
    assert table.iteration.tolist() == [r for r in range(3) for _ in range(12)]


def test_ema_gets_experiments_and_outcomes(mixed_sweep):
    experiments, outcomes = as_ema(mixed_sweep)
    assert list(experiments.columns) == [*EVERY, "scenario", "policy", "model"]
    assert experiments.network.dtype == "category"
    assert experiments["organisations.number"].dtype == "float64"
    assert {name: values.shape for name, values in outcomes.items()} == {
        "effect": (12,),
        "current_use": (12,),
        "event_rate": (12,),
        "effect by month": (12, 13),
        "event_rate by month": (12, 13),
    }
    assert outcomes["event_rate"].tolist() == pytest.approx(
        mixed_sweep.runs.groupby("point").event_rate.mean().tolist()
    )
    _, each = as_ema(mixed_sweep, replicates="each")
    assert each["event_rate"].shape == (12, 3)
    assert each["event_rate by month"].shape == (12, 3, 13)
    assert "needed: one of mean, each" in only_fault(as_ema, mixed_sweep, replicates="all").problem


def test_xarray_gets_a_data_set(mixed_sweep):
    data = as_xarray(mixed_sweep)
    assert dict(data.sizes) == {"point": 12, "replicate": 3, "month": 13}
    assert data["effect"].to_numpy().tobytes() == mixed_sweep.values("effect").tobytes()
    assert data["effect by month"].sel(month=12).to_numpy().tobytes() == mixed_sweep.values("effect").tobytes()
    assert data["copying.copy_loss"].dims == ("point",)
    assert data["network"].to_numpy().tolist() == mixed_sweep.points.network.tolist()
