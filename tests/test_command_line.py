"""What users type: exit codes, messages without tracebacks, and folders that lose nothing."""

import json
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

import qispread as qs
from helpers_input import SMALL_YAML, write_file
from qispread.inputs.parameter_descriptions import all_descriptions
from qispread.interfaces.cli.main import main
from qispread.model.engines import simulation as engine

ROOT = Path(__file__).resolve().parents[1]
PARAMETERS = ROOT / "docs" / "parameters.md"
OUT = ("run", "s.yaml", "--out", "res")
TABLES = {f"{name}.parquet" for name in ("runs", "months", "organisations")}


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_scenario(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_file("s.yaml", SMALL_YAML)


def file_bytes(folder="res"):
    """Return the name and bytes of all in a folder."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def read_rows(name, folder="res"):
    return pd.read_parquet(Path(folder) / f"{name}.parquet")


def refusal_message(capsys, *typed):
    """Return what is said where the command is refused."""
    capsys.readouterr()
    assert main(typed) == 2
    said = capsys.readouterr()
    assert "Traceback" not in said.err + said.out
    assert "in the input\n" in said.err
    return said.err


def test_a_run_prints_a_table_and_writes_the_results(capsys):
    assert main(OUT) == 0
    said = capsys.readouterr().out
    assert "small: 24 organisations, 24 months, 3 runs" in said
    for words in (
        "after 2 years",
        "Median",
        "90% of runs",
        "Using it now",
        "Fidelity among users",
        "averted",
        "in res",
    ):
        assert words in said
    assert set(file_bytes()) == {*TABLES, "summary.csv", "manifest.json"}


def test_results_go_to_a_folder_named_after_the_scenario_unless_said_otherwise():
    assert main(["run", "s.yaml"]) == 0
    assert [path.name for path in Path("results").iterdir()] == [f"small-{qs.read_scenario('s.yaml').fingerprint()}"]


def test_seed_and_replicates_can_be_given():
    assert main([*OUT, "--seed", "7", "--replicates", "2"]) == 0
    found = read_rows("runs")
    assert (list(found.replicate), set(found.seed), set(found.status)) == ([0, 1], {7}, {"done"})


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        (("--seed", "-1"), "--seed: got -1; needed: a whole number in [0, "),
        (("--replicates", "0"), "--replicates: got 0; needed: a whole number in [1, "),
        (("--workers", "0"), "--workers: got 0; needed: at least 1"),
        (("--events", "--replicates", "2"), "--events: got 2 replicates; needed: 1"),
        (("--policy", "none.yaml"), "none.yaml: no such file"),
        (("--organisations", "none.csv"), "none.csv: no such file"),
        (("--ties", "none.csv"), "none.csv: no such file"),
    ],
)
def test_a_bad_option_is_refused_and_nothing_is_written(capsys, typed, part):
    assert part in refusal_message(capsys, *OUT, *typed)
    assert not Path("res").exists()


@pytest.mark.parametrize(
    "typed",
    [(), ("rn",), ("run",), ("run", "s.yaml", "--seed", "x"), ("run", "s.yaml", "--engine", "x")],
)
def test_what_cannot_be_parsed_ends_with_code_2(capsys, typed):
    with pytest.raises(SystemExit) as ended:
        main(typed)
    assert ended.value.code == 2
    assert "usage: qispread" in capsys.readouterr().err


BAD_SCENARIOS = {
    "a misspelling": "horizn: 3\n",
    "no yaml": "a: [\n",
    "a list": "- a\n",
    "not utf-8": b"name: \xff\n",
    "extends a number": "extends: 3\n",
    "sections that are numbers": "organisations: 1\nnetwork: 2\npolicies: 3\ninterventions: 4\nimproving: 5\n",
    "a kind that is a mapping": "network: {kind: {a: b}}\n",
    "a number too long": f"seed: {'1' * 5000}\n",
    "words with brackets": 'name: "[/red]"\nhorizon: "[/bold]"\n',
}


@pytest.mark.parametrize("text", BAD_SCENARIOS.values(), ids=BAD_SCENARIOS)
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_bad_scenario_ends_without_a_traceback(capsys, command, text):
    assert "bad.yaml" in refusal_message(capsys, command, str(write_file("bad.yaml", text)))


BAD_MANIFESTS = {
    "cut": '{"scenario": {',
    "a list": "[]",
    "a number": "3",
    "empty": "{}",
    "a scenario that is a number": '{"scenario": 5}',
    "a scenario that is a list": '{"scenario": []}',
    "a seed that is no number": '{"scenario": {"seed": NaN}}',
    "nested without end": '{"scenario": ' + "[" * 100_000,
}


@pytest.mark.parametrize("text", BAD_MANIFESTS.values(), ids=BAD_MANIFESTS)
def test_a_bad_manifest_is_refused(capsys, text):
    assert "manifest.json" in refusal_message(capsys, "run", str(write_file("manifest.json", text)))


def test_a_check_of_nothing_is_refused(capsys):
    assert "FILE: got none; needed: a file to check, or --plugin FILE" in refusal_message(capsys, "check")


@pytest.mark.parametrize("typed", [("--organisations", "o.csv"), ("--ties", "t.csv")])
def test_tables_over_a_section_that_is_no_mapping_are_refused(capsys, typed):
    write_file("o.csv", "id\na\nb\n")
    write_file("t.csv", "from,to\na,b\n")
    assert "needed: a mapping" in refusal_message(
        capsys, "run", str(write_file("bad.yaml", "organisations: 5\nnetwork: 5\n")), *typed
    )


def test_check_says_what_is_right_and_what_was_left_out(capsys):
    write_file("o.csv", "id\na\nb\nc\n")
    write_file("t.csv", "from,to\na,b\n")
    write_file("t.yaml", "organisations: {file: o.csv}\nnetwork: {kind: file, file: t.csv}\n")
    write_file("p.yaml", "policies: {p: {lever: mandate}}\n")
    assert main(["check", "s.yaml", "t.yaml", "p.yaml", "o.csv"]) == 0
    said = capsys.readouterr().out
    for name in ("s.yaml", "t.yaml", "p.yaml", "o.csv"):
        assert f"{name}: no faults\n" in said
    assert "note: o.csv: 1 organisations without ties kept" in said


def test_tables_and_policies_can_be_given(capsys):
    write_file("o.csv", "id,size\n" + "".join(f"place-{i},{i + 1}\n" for i in range(8)))
    write_file("t.csv", "from,to\n" + "".join(f"place-{i},place-{i + 1}\n" for i in range(7)))
    write_file("p.yaml", "policies: {help: {lever: coaching, cost: 3}}\n")
    assert main([*OUT, "--organisations", "o.csv", "--ties", "t.csv", "--policy", "p.yaml"]) == 0
    found = read_rows("organisations")
    assert set(found.organisation) == {f"place-{i}" for i in range(8)}
    assert set(found["size"]) == set(range(1, 9))
    assert set(found.cost) == {3.0 * 24}
    manifest = json.loads(Path("res/manifest.json").read_text())
    assert [one["path"] for one in manifest["inputs"]][:2] == ["o.csv", "t.csv"]
    assert list(manifest["scenario"]["policies"]) == ["help"]


def test_two_policy_files_of_one_name_are_refused(capsys):
    write_file("p.yaml", "policies: {help: {lever: coaching}}\n")
    assert "p.yaml:1: policies.help" in refusal_message(capsys, *OUT, "--policy", "p.yaml", "--policy", "p.yaml")


def test_events_are_written_for_one_replicate(capsys):
    assert main([*OUT, "--events"]) == 0
    found = read_rows("events")
    assert len(found) > 0
    assert set(read_rows("runs").run_id) == set(found.run_id)
    assert found.month.between(1, 24).all()
    assert found.reason.str.len().gt(0).all()


def test_csv_tables_can_be_written_too():
    assert main([*OUT, "--csv"]) == 0
    tables = {name.replace("parquet", "csv") for name in TABLES}
    assert {name for name in file_bytes() if name.endswith(".csv")} == tables | {"summary.csv"}


def test_both_engines_give_the_same_files():
    assert main(OUT) == main(["run", "s.yaml", "--out", "mesa", "--engine", "mesa"]) == 0
    assert {name: file_bytes()[name] for name in TABLES} == {name: file_bytes("mesa")[name] for name in TABLES}


def test_the_same_run_may_go_to_the_same_folder_again(capsys):
    assert main(OUT) == 0
    before = file_bytes()
    assert main(OUT) == 0
    assert file_bytes() == before


def test_results_of_another_run_are_kept_unless_told_otherwise(capsys):
    assert main([*OUT, "--csv"]) == 0
    write_file("res/mine.txt", "my own")
    before = file_bytes()
    assert "holds the results of another run" in refusal_message(capsys, *OUT, "--seed", "2")
    assert file_bytes() == before
    assert main([*OUT, "--seed", "2", "--overwrite"]) == 0
    assert set(file_bytes()) == {*TABLES, "summary.csv", "manifest.json", "mine.txt"}
    assert set(read_rows("runs").seed) == {2}


@pytest.mark.parametrize("name", ["months.parquet", "runs.csv"])
def test_results_without_a_manifest_are_those_of_another_run(capsys, name):
    write_file(f"res/{name}", "precious")
    assert "another run" in refusal_message(capsys, *OUT)
    assert file_bytes() == {name: b"precious"}


@pytest.mark.parametrize("folder", ["s.yaml", "s.yaml/res", "/proc/res", "/dev/null/res", "x" * 300])
def test_a_folder_that_cannot_be_written_to_is_refused_before_any_work(capsys, monkeypatch, folder):
    monkeypatch.setattr(engine, "simulate", lambda *_, **__: pytest.fail("work was done"))
    assert f"{folder}: --out: " in refusal_message(capsys, "run", "s.yaml", "--out", folder)
    assert Path("s.yaml").is_file()


def test_brackets_in_names_are_printed_as_they_are(capsys):
    write_file("b.yaml", SMALL_YAML.replace("name: small", 'name: "[red]a"'))
    assert main(["run", "b.yaml", "--out", "a[bold]b"]) == 0
    said = capsys.readouterr().out
    assert "[red]a: 24 organisations" in said
    assert "a[bold]b" in said
    assert main(["run", "b.yaml", "--out", "a[/red]b"]) == 0


def fail_replicates(monkeypatch, *bad, why="overflow"):
    """Let the kernel fail in some replicates, in the order in which one worker runs them."""
    real, calls = engine.run_kernel, iter(range(100))

    def run_kernel(*arguments):
        if next(calls) in bad:
            raise FloatingPointError(why)
        return real(*arguments)

    monkeypatch.setattr(engine, "run_kernel", run_kernel)


def test_a_replicate_that_fails_is_a_row_with_its_error(capsys, monkeypatch):
    fail_replicates(monkeypatch, 1)
    assert main([*OUT, "--csv", "--workers", "1"]) == 1
    found = read_rows("runs")
    assert list(found.status) == ["done", "failed", "done"]
    assert list(found.error) == ["", "FloatingPointError: overflow", ""]
    assert "replicate 1 failed: FloatingPointError: overflow" in capsys.readouterr().out
    months = read_rows("months")
    assert (
        months[months.run_id == found.run_id[1]]
        .drop(columns=["run_id", "month", "intervention"])
        .isna()
        .to_numpy()
        .all()
    )
    assert set(read_rows("organisations").run_id) == {found.run_id[0], found.run_id[2]}


def test_a_run_of_failures_alone_still_says_so(capsys, monkeypatch):
    fail_replicates(monkeypatch, 0, 1, 2)
    assert main([*OUT, "--workers", "1"]) == 1
    assert list(read_rows("runs").status) == ["failed"] * 3
    assert len(read_rows("organisations")) == 0


def test_brackets_in_an_error_are_printed_as_they_are(capsys, monkeypatch):
    fail_replicates(monkeypatch, 0, why="(2, [/red])")
    assert main([*OUT, "--workers", "1"]) == 1
    assert "(2, [/red])" in capsys.readouterr().out


def test_parameters_too_extreme_for_numbers_are_failures_not_tracebacks():
    write_file("x.yaml", "extends: s.yaml\ninterventions: {x: {response: {steepness: 1e+308}}}\n")
    assert main(["run", "x.yaml", "--out", "res"]) == 1
    assert set(read_rows("runs").error) == {"the state is no longer finite: parameters are too extreme"}


def test_more_months_than_any_memory_holds_are_no_traceback():
    write_file("x.yaml", f"extends: s.yaml\nhorizon: {10**15}\n")
    assert main(["run", "x.yaml", "--out", "res"]) in {1, 2}


def test_describe_lists_every_parameter(capsys):
    assert main(["describe"]) == 0
    said = capsys.readouterr().out
    for one in all_descriptions():
        assert one.path in said
        assert one.meaning in said


def test_describe_can_be_searched(capsys):
    main(["describe", "DECAY"])
    said = capsys.readouterr().out
    assert "improving.decay = 0.03 1/month" in said
    assert "[0, 1]; plausible 0.006 to 0.046; derived (glasgow2012,ament2015,sarre2019); uncertainty" in said
    assert "leader_exit" not in said


def test_describe_yaml_is_the_scenario_of_defaults(capsys):
    assert main(["describe", "--yaml"]) == 0
    write_file("d.yaml", capsys.readouterr().out)
    assert qs.read_scenario("d.yaml") == qs.Scenario()


def test_describe_markdown_has_every_parameter_and_is_the_page_in_docs(capsys):
    assert main(["describe", "--markdown"]) == 0
    said = capsys.readouterr().out
    for one in all_descriptions():
        assert " | ".join(value.replace("|", "\\|") for value in asdict(one).values()) in said
    if PARAMETERS.exists():
        assert said == PARAMETERS.read_text(encoding="utf-8")
