"""Files of version 0.1: read in the names of now, with a note on each former one, to the same scenario."""

import json

import pytest
import yaml

import qispread as qs
from qispread.common.former_names import KEYS, MEASURES, REFUSED_MEASURES, REMOVED_IN
from qispread.inputs.errors import InputError
from qispread.inputs.former_data import rename_path
from qispread.inputs.uploads import UploadedFile, scenario_from_uploads
from qispread.interfaces.cli.main import main
from qispread.runs.calibration.load_calibration import read_calibration

FORMER = {
    "name": "small",
    "horizon": 6,
    "replicates": 2,
    "organisations": {"number": 12, "systems": 2, "regions": 2},
    "network": {"kind": "systems", "mean_degree": 4},
    "home_grown": {"gain": 0.03},
    "reviewing": {"giving_up": 0.3, "returning": 0.2},
    "interventions": {"prompt": {}},
    "policies": {"coach": {"lever": "coaching", "target": {"systems": ["system-02"]}}},
}
NOW = {
    "name": "small",
    "horizon": 6,
    "replicates": 2,
    "organisations": {"number": 12, "partnerships": 2, "regions": 2},
    "network": {"kind": "partnerships", "mean_degree": 4},
    "local_improvement": {"gain": 0.03},
    "reviewing": {"discontinuing": 0.3, "readopting": 0.2},
    "interventions": {"prompt": {}},
    "policies": {"coach": {"lever": "coaching", "target": {"partnerships": ["partnership-02"]}}},
}
ROWS_FORMER = {"rows": [{"id": "a", "system": "system-01"}, {"id": "b", "system": "east"}]}
ROWS_NOW = {"rows": [{"id": "a", "partnership": "system-01"}, {"id": "b", "partnership": "east"}]}
CALIBRATION_FORMER = {
    "base": "scenario.yaml",
    "parameters": {"home_grown.gain": {"low": 0.001, "high": 0.05}},
    "arms": {"slow": {"changes": {"reviewing.giving_up": 0.2}}},
    "targets": {
        "events": {"measure": "harm_averted", "month": 6, "times": "home_grown.loss", "value": 3.0, "error": 1.0},
        "rate": {"measure": "harm", "month": 6, "since": 1, "value": -3.0, "error": 1.0, "arm": "slow"},
        "product": {"measure": "lapses", "month": 6, "times": "little", "value": 0.1, "error": 1.0},
    },
    "points": 1000,
    "accept": 0.3,
    "predictive": 30,
}
CALIBRATION_NOW = {
    "base": "scenario.yaml",
    "parameters": {"local_improvement.gain": {"low": 0.001, "high": 0.05}},
    "arms": {"slow": {"changes": {"reviewing.discontinuing": 0.2}}},
    "targets": {
        "events": {
            "measure": "events_averted",
            "month": 6,
            "multiplied_by": "local_improvement.loss",
            "value": 3.0,
            "error": 1.0,
        },
        "rate": {
            "measure": "event_rate",
            "month": 6,
            "compared_with_month": 1,
            "value": -3.0,
            "error": 1.0,
            "arm": "slow",
        },
        "product": {"measure": "discontinued", "month": 6, "multiplied_by": "limited", "value": 0.1, "error": 1.0},
    },
    "points": 1000,
    "accepted_share": 0.3,
    "posterior_runs": 30,
}
EXPERIMENT_FORMER = {
    "base": "scenario.yaml",
    "factors": {
        "home_grown.gain": {"low": 0.0, "high": 0.05},
        "network": {"values": [{"kind": "systems"}, {"kind": "complete"}], "labels": ["partnerships", "complete"]},
    },
    "design": {"kind": "grid", "levels": 2},
    "replicates": 1,
    "measures": {"final": list(MEASURES), "monthly": ["harm"]},
}
EXPERIMENT_NOW = {
    **EXPERIMENT_FORMER,
    "factors": {
        "local_improvement.gain": {"low": 0.0, "high": 0.05},
        "network": {"values": [{"kind": "partnerships"}, {"kind": "complete"}], "labels": ["partnerships", "complete"]},
    },
    "measures": {"final": list(MEASURES.values()), "monthly": ["event_rate"]},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name, data, folder="."):
    """Write data as YAML, and return the name."""
    from pathlib import Path

    Path(folder, name).write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return name


def line_of(name, text):
    """Return the first line of a file that has a text."""
    from pathlib import Path

    return next(number for number, line in enumerate(Path(name).read_text().splitlines(), 1) if text in line)


def plain(scenario):
    """Return a scenario without what is said about its files."""
    return scenario.model_dump(exclude={"notes", "inputs"})


def renamings(notes):
    """Return the notes on former names."""
    return [note for note in notes if f"is read until {REMOVED_IN}" in note]


def part(data, path):
    """Return the part of data that alone has a path."""
    first, *rest = path
    found = data[first] if not isinstance(data, list) else data[int(first)]
    return {first: found if not rest else part(found, rest)} if isinstance(data, dict) else [part(found, rest)]


def test_scenarios_are_the_same(folder):
    former, now = qs.read_scenario(write("former.yaml", FORMER)), qs.read_scenario(write("now.yaml", NOW))
    assert plain(former) == plain(now)
    assert former.fingerprint() == now.fingerprint()
    assert not renamings(now.notes)
    first, second = qs.simulate(former), qs.simulate(now)
    assert first.measures.tobytes() == second.measures.tobytes()
    assert first.organisations.equals(second.organisations)
    assert qs.write_runs(first, "a")
    assert qs.write_runs(second, "b")
    for name in ("months.parquet", "organisations.parquet", "runs.parquet", "summary.csv"):
        assert (folder / "a" / name).read_bytes() == (folder / "b" / name).read_bytes()


def test_every_former_name_has_a_note_with_its_line(folder):
    name = write("former.yaml", FORMER)
    notes = renamings(qs.read_scenario(name).notes)
    for old, new in (("home_grown", "local_improvement"), ("giving_up", "discontinuing"), ("returning", "readopting")):
        wanted = f'{name}:{line_of(name, old)}: "{old}" is now "{new}"; the old name is read until {REMOVED_IN}'
        assert wanted in notes
    assert len(notes) == 7  # systems three times: as a count, as a kind and in a target; and system-01 there


SCENARIO_KEYS = [path for path in KEYS if path.split(".")[0] in qs.Scenario.model_fields or path == "home_grown"]
EXAMPLES = {
    "organisations.rows.*.system": (
        {"organisations": ROWS_FORMER, "network": {"kind": "complete"}},
        {"organisations": ROWS_NOW, "network": {"kind": "complete"}},
    ),
    "organisations.columns.system": (
        {"organisations": {"file": "places.csv", "columns": {"system": "ICB"}}, "network": {"kind": "complete"}},
        {"organisations": {"file": "places.csv", "columns": {"partnership": "ICB"}}, "network": {"kind": "complete"}},
    ),
}


@pytest.mark.parametrize("path", SCENARIO_KEYS)
def test_every_key(path, folder):
    (folder / "places.csv").write_text("id,ICB\na,north\nb,south\n", encoding="utf-8")
    former, now = EXAMPLES.get(path, (FORMER, NOW))
    text = json.dumps(former)
    assert f'"{path.split(".")[-1]}"' in text
    found = qs.read_scenario(write("former.yaml", former))
    assert plain(found) == plain(qs.read_scenario(write("now.yaml", now)))
    assert any(f'"{path.split(".")[-1]}" is now "{KEYS[path]}"' in note for note in found.notes)


@pytest.mark.parametrize("path", [path for path in KEYS if path not in SCENARIO_KEYS])
def test_every_key_of_calibrations(path, folder):
    write("scenario.yaml", NOW)
    former = read_calibration(write("former.yaml", CALIBRATION_FORMER)).calibration
    now = read_calibration(write("now.yaml", CALIBRATION_NOW)).calibration
    assert former.model_dump(exclude={"scenario"}) == now.model_dump(exclude={"scenario"})
    assert plain(former.scenario) == plain(now.scenario)
    assert not renamings(now.scenario.notes)
    notes = renamings(former.scenario.notes)
    assert any(f'"{path.split(".")[-1]}" is now "{KEYS[path]}"' in note for note in notes)
    for old in (
        "home_grown.gain",
        "home_grown.loss",
        "reviewing.giving_up",
        "harm_averted",
        "harm",
        "lapses",
        "little",
    ):
        assert any(f'"{old}" is now' in note for note in notes)


def test_experiments_are_the_same(folder):
    write("scenario.yaml", FORMER)
    former = qs.read_experiment(write("former.yaml", EXPERIMENT_FORMER))
    now = qs.read_experiment(write("now.yaml", EXPERIMENT_NOW))
    assert former.identity() == now.identity()
    notes = renamings(former.scenario.notes)
    for old in ("home_grown.gain", "systems", *MEASURES):
        assert any(f'"{old}" is now' in note and note.startswith("former.yaml:") for note in notes)
    first, second = (qs.sweep(one, name, confirmed=True) for one, name in ((former, "a"), (now, "b")))
    assert first.runs.equals(second.runs)
    with pytest.warns(DeprecationWarning, match="is now"):
        mapping = qs.read_experiment({**EXPERIMENT_FORMER, "measures": {}, "base": "scenario.yaml"})
    assert set(mapping.factors) == set(now.factors)


def test_points_in_a_table(folder):
    write("scenario.yaml", NOW)
    for name, column in (("former", "home_grown.gain"), ("now", "local_improvement.gain")):
        (folder / f"{name}.csv").write_text(f"{column}\n0.01\n0.02\n", encoding="utf-8")
        write(f"{name}.yaml", {"base": "scenario.yaml", "design": {"kind": "list", "file": f"{name}.csv"}})
    former, now = (qs.read_experiment(f"{name}.yaml") for name in ("former", "now"))
    assert former.factors == now.factors
    assert any(note.startswith("former.csv:1:") for note in former.scenario.notes)


@pytest.mark.parametrize("name", REFUSED_MEASURES)
def test_refused_measures_with_file_and_line(name, folder):
    write("scenario.yaml", NOW)
    experiment = write("experiment.yaml", {**EXPERIMENT_NOW, "measures": {"final": ["effect", name]}})
    with pytest.raises(InputError) as caught:
        qs.read_experiment(experiment)
    (fault,) = caught.value.faults
    assert REFUSED_MEASURES[name] in fault.problem
    assert (fault.file, fault.line) == (experiment, line_of(experiment, "final"))
    targets = {"one": {"measure": name, "month": 6, "value": 0.5, "error": 0.1}}
    calibration = write("calibration.yaml", {**CALIBRATION_NOW, "targets": targets})
    with pytest.raises(InputError) as caught:
        read_calibration(calibration)
    fault = next(one for one in caught.value.faults if one.path == "targets.one.measure")
    assert REFUSED_MEASURES[name] in fault.problem
    assert (fault.file, fault.line) == (calibration, line_of(calibration, f"measure: {name}"))


def test_both_names_are_refused(folder):
    name = write("both.yaml", {**NOW, "home_grown": {"gain": 0.01}})
    with pytest.raises(InputError) as caught:
        qs.read_scenario(name)
    (fault,) = caught.value.faults
    assert (fault.path, fault.line) == ("home_grown", line_of(name, "home_grown"))
    assert "local_improvement" in fault.problem


def test_extended_files_and_policies(folder):
    write("parent.yaml", {"home_grown": {"gain": 0.03, "loss": 0.01}, "reviewing": {"giving_up": 0.4}})
    write("child.yaml", {"extends": "parent.yaml", "local_improvement": {"gain": 0.02}})
    write("policy.yaml", {"policies": {"coach": {"lever": "coaching", "target": {"systems": ["system-01"]}}}})
    found = qs.read_scenario("child.yaml", policies=["policy.yaml"])
    assert (found.local_improvement.gain, found.local_improvement.loss) == (0.02, 0.01)
    assert found.policies["coach"].target.partnerships == ("partnership-01",)
    assert [note.split(":")[0] for note in renamings(found.notes)] == ["parent.yaml"] * 2 + ["policy.yaml"] * 2
    assert renamings(qs.check_file("policy.yaml").notes)


def test_a_column_of_the_users_table(folder):
    (folder / "former.csv").write_text("id,system\na,system-01\nb,south\n", encoding="utf-8")
    (folder / "now.csv").write_text("id,partnership\na,system-01\nb,south\n", encoding="utf-8")
    policy = {"coach": {"lever": "coaching", "target": {"systems": ["system-01"]}}}
    found = [
        qs.read_scenario(
            write(
                "s.yaml",
                {"organisations": {"file": f"{name}.csv"}, "network": {"kind": "complete"}, "policies": policy},
            )
        )
        for name in ("former", "now")
    ]
    assert found[0].organisations.rows == found[1].organisations.rows
    assert 'former.csv:1: "system" is now "partnership"' in " ".join(found[0].notes)
    # A name of the user's own is no generated one.
    assert found[0].policies["coach"].target.partnerships == ("system-01",)
    (folder / "former.csv").write_text("id,system,partnership\na,x,y\nb,x,y\n", encoding="utf-8")
    with pytest.raises(InputError, match="former name of 'partnership'"):
        qs.read_scenario(write("s.yaml", {"organisations": {"file": "former.csv"}, "network": {"kind": "complete"}}))


def test_files_that_were_sent():
    found = scenario_from_uploads([UploadedFile("s.yaml", yaml.safe_dump(FORMER).encode())], qs.Scenario())
    now = scenario_from_uploads([UploadedFile("s.yaml", yaml.safe_dump(NOW).encode())], qs.Scenario())
    assert plain(found) == plain(now)
    assert len(renamings(found.notes)) == 7
    assert not renamings(now.notes)


def test_changes_on_loading(folder):
    name = write("now.yaml", NOW)
    with pytest.warns(DeprecationWarning, match="local_improvement"):
        found = qs.read_scenario(name, changes={"home_grown": {"gain": 0.01}})
    assert found.local_improvement.gain == 0.01


@pytest.mark.parametrize("path", SCENARIO_KEYS)
def test_paths(path):
    assert rename_path(path) == ".".join([*path.split(".")[:-1], KEYS[path]])
    assert rename_path(rename_path(path)) == rename_path(path)


@pytest.mark.parametrize("command", ["run", "sweep", "calibrate"])
def test_commands_print_the_notes(command, folder, capsys):
    write("scenario.yaml", FORMER)
    targets = {"events": {"measure": "harm_averted", "month": 6, "value": 3.0, "error": 1.0}}
    calibration = {**CALIBRATION_FORMER, "arms": {}, "targets": targets, "points": 100, "accept": 1.0}
    write("sweep.yaml", EXPERIMENT_FORMER)
    write("calibrate.yaml", calibration)
    typed = {"run": "scenario.yaml", "sweep": "sweep.yaml", "calibrate": "calibrate.yaml"}[command]
    more = [] if command == "run" else ["--yes"]
    assert main([command, typed, "--out", "results", *more]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.count(f'scenario.yaml:{line_of("scenario.yaml", "home_grown")}: "home_grown" is now') == 1
    if command != "run":
        assert f'{typed}:{line_of(typed, "home_grown.gain")}: "home_grown.gain" is now' in said
