"""Sweeps with a user's own class of organisations."""

import pytest

import qispread as qs
from helpers_sweep import small_experiment, table_bytes
from optional import require
from own_organisations import Hasty, Patient, Unchanged
from qispread.interfaces.cli.main import main
from qispread.model.engines.organisation_class import identify_class
from qispread.runs.sweep import worker
from qispread.runs.sweep.load_experiment import read_experiment

EXPERIMENT = small_experiment(4, 2)


def run(folder, kind, **options):
    return qs.sweep(EXPERIMENT, folder, organisation_class=kind, confirmed=True, **options)


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """A finished sweep with patient organisations."""
    return run(tmp_path_factory.mktemp("patient") / "s", Patient).folder


@pytest.mark.parametrize("kind", [qs.Organisation, Unchanged])
def test_unchanged_organisations_give_the_bytes_of_the_kernel(tmp_path, kind):
    kernel, own = qs.sweep(EXPERIMENT, tmp_path / "kernel"), run(tmp_path / "own", kind)
    assert table_bytes(own.folder) == table_bytes(kernel.folder)


def test_a_class_changes_results_and_the_log_says_how_slow_it_is(tmp_path, patient):
    notes = []
    again = run(tmp_path / "s", Patient, executor="threads", workers=2, log=notes.append)
    assert "class Patient: they run on the Mesa engine, over a hundred times slower" in notes[0]
    assert table_bytes(again.folder) == table_bytes(patient)
    assert table_bytes(qs.sweep(EXPERIMENT, tmp_path / "kernel").folder) != table_bytes(patient)


@pytest.mark.slow
@pytest.mark.parametrize("executor", [None, "dask"])
def test_worker_processes_give_the_same_bytes(tmp_path, patient, executor):
    if executor == "dask":
        require("distributed", "test")
    assert table_bytes(run(tmp_path / "s", Patient, executor=executor, workers=2).folder) == table_bytes(patient)


@pytest.mark.parametrize("kind", [None, Unchanged])
def test_a_sweep_is_not_resumed_with_another_class(patient, kind):
    now = "absent" if kind is None else "own_organisations.Unchanged"
    with pytest.raises(qs.InputError, match=f"organisation_class: was own_organisations.Patient .*, is now {now}"):
        run(patient, kind)
    with pytest.raises(qs.InputError, match="other organisations; finish it in Python with its organisation_class"):
        qs.sweep(patient, organisation_class=kind)
    assert qs.sweep(patient, organisation_class=Patient).status.completed == 8


def test_the_class_is_in_the_manifest_and_not_in_the_experiment(patient):
    sweep = qs.read_sweep(patient)
    assert sweep.store.manifest["identity"]["organisation_class"] == identify_class(Patient)
    assert sweep.experiment.organisation_class is None
    given = read_experiment(EXPERIMENT).with_organisation_class(Patient)
    assert read_experiment(given).organisation_class is Patient
    assert "organisation_class" not in str(given.model_dump())


def test_a_class_is_code_and_no_file_may_give_it():
    with pytest.raises(qs.InputError, match="organisation_class"):
        read_experiment({**EXPERIMENT, "organisation_class": "own_organisations.Patient"})


def test_a_run_is_rerun_with_its_class(patient, capsys):
    sweep = qs.read_sweep(patient)
    row = sweep.runs.iloc[3]
    with pytest.raises(qs.InputError, match=r"made with own_organisations\.Patient .*; needed: this class, in Python"):
        qs.rerun(sweep, row["run_id"])
    with pytest.raises(qs.InputError, match=r"got own_organisations\.Unchanged"):
        qs.rerun(sweep, row["run_id"], organisation_class=Unchanged)
    again = qs.rerun(sweep, row["run_id"], organisation_class=Patient)
    assert again.runs[0].measures[-1, -1].tobytes()
    assert again.values_by_replicate("effect")[0] == row["effect"]
    assert again.organisation_class == identify_class(Patient)
    assert main(["sweep", str(patient), "--run", row["run_id"]]) == 2
    assert "own_organisations.Patient" in capsys.readouterr().err


def test_a_run_of_the_kernel_is_not_rerun_with_a_class(tmp_path):
    sweep = qs.sweep(EXPERIMENT, tmp_path / "s")
    with pytest.raises(qs.InputError, match="the runs were made without a class; leave it out"):
        qs.rerun(sweep, sweep.runs["run_id"][0], organisation_class=Patient)


def test_errors_of_a_class_are_rows(tmp_path):
    runs = run(tmp_path / "s", Hasty).runs
    assert set(runs["status"]) == {"failed"}
    assert runs["error"].str.startswith("AttributeError: 'Hasty' object has no attribute 'no_such_attribute'").all()


def test_a_time_limit_ends_a_run(tmp_path):
    runs = run(tmp_path / "s", Patient, timeout=1e-6).runs
    assert set(runs["error"]) == {"took longer than 1e-06 s"}


@pytest.mark.parametrize("executor", ["processes", "dask"])
def test_a_local_class_is_refused_for_processes_alone(tmp_path, executor):
    class Local(Patient):
        pass

    with pytest.raises(qs.InputError, match="Local is defined inside a function, which worker processes cannot import"):
        run(tmp_path / "s", Local, executor=executor, workers=2)
    assert run(tmp_path / "s", Local).status.completed == 8


@pytest.mark.parametrize(
    ("reference", "differs"),
    [
        (("no_such_module", "Patient", "x"), r"no class no_such_module.Patient \(ModuleNotFoundError"),
        (("own_organisations", "Missing", "x"), r"no class own_organisations.Missing \(AttributeError"),
        (("own_organisations", "Patient", "x"), r"another class own_organisations.Patient: .* \(here x\)"),
    ],
)
def test_a_worker_without_the_class_refuses_work(monkeypatch, reference, differs):
    monkeypatch.setattr(worker, "PAUSE_OF_REFUSAL", 0.0)
    monkeypatch.setattr(worker, "refer_to_class", lambda _: reference)
    payload = worker.pickle_job(read_experiment(EXPERIMENT), None, "")
    with pytest.raises(worker.MismatchError, match=differs):
        worker.unpickle_job(payload)
