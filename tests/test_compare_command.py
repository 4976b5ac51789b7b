"""`qispread compare`: arms from files, a table to read, results to keep."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet
import pytest

import qispread as qs
from helpers_input import SMALL, put
from qispread.cli import main

COACHING = "policies: {coaching: {lever: coaching, cost: 5}}\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put("s.yaml", SMALL)
    put("coaching.yaml", COACHING)
    put("mandate.yaml", "policies: {mandate: {lever: mandate, end: 12}}\n")
    put("other.yaml", "extends: s.yaml\nimproving: {decay: 0.01}\n")


def run(*typed):
    return main(["compare", "s.yaml", *typed, "--out", "res"])


def refused(capsys, *typed):
    assert run(*typed) == 2
    return capsys.readouterr().err


def test_arms_come_from_scenarios_and_policy_files(capsys):
    assert run("other.yaml", "--policy", "coaching.yaml", "--policy", "mandate.yaml") == 0
    said = capsys.readouterr().out
    for arm in ("other", "coaching", "mandate"):
        assert f"{arm} against the base" in said
    tables = ("differences", "worlds", "cost_effectiveness", "acceptability", "for_whom", "inequality")
    tables += ("robustness", "models", "flips")
    kept = {f"{name}.{kind}" for name in tables for kind in ("csv", "parquet")}
    assert {path.name for path in Path("res").iterdir()} == kept | {
        *("base", "other", "coaching", "mandate", "manifest.json")
    }


def test_what_is_kept_is_what_python_finds():
    assert run("--policy", "coaching.yaml") == 0
    base = qs.load("s.yaml")
    expected = qs.compare(base, {"coaching": base.with_policy("coaching", cost=5)}).differences
    kept = pyarrow.parquet.read_table("res/differences.parquet").to_pandas()
    pd.testing.assert_frame_equal(kept, expected)
    text = pd.read_csv("res/differences.csv")
    pd.testing.assert_frame_equal(text, expected, check_exact=False)
    alone = qs.simulate(base.with_policy("coaching", cost=5)).months
    pd.testing.assert_frame_equal(pyarrow.parquet.read_table("res/coaching/months.parquet").to_pandas(), alone)


def test_the_same_comparison_may_be_written_again_and_another_is_refused(capsys):
    assert run("--policy", "coaching.yaml") == run("--policy", "coaching.yaml") == 0
    assert "holds the results of another run" in refused(capsys, "--policy", "coaching.yaml", "--seed", "5")
    assert run("--policy", "coaching.yaml", "--seed", "5", "--overwrite") == 0


def test_an_arm_that_changes_nothing_is_said_to(capsys):
    put("idle.yaml", "policies: {idle: {lever: coaching, target: nobody}}\n")
    assert run("--policy", "idle.yaml") == 0
    assert "idle changes nothing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ([], "at least one arm"),
        (["s.yaml"], "arm 's': is the same as the base"),
        (["bigger.yaml"], "arm 'bigger': has other organisations or ties"),
        (["longer.yaml"], "arm 'longer': has horizon 36; the base has 24"),
        (["other.yaml", "--policy", "below/other.yaml"], "another arm is called 'other' already"),
        (["--policy", "none.yaml"], "none.yaml: no such file"),
        (["--policy", "base.yaml"], "another arm is called 'base' already"),
        (["--policy", "coaching.yaml", "--replicates", "0"], "--replicates: got 0"),
        (["--policy", "coaching.yaml", "--branch-at", "25"], "got 25; needed: a month from 2 to 24"),
    ],
)
def test_what_cannot_be_compared_is_refused(capsys, typed, part):
    put("bigger.yaml", "extends: s.yaml\norganisations: {number: 25}\n")
    put("longer.yaml", "extends: s.yaml\nhorizon: 36\n")
    put("other.yaml", COACHING, "below")
    put("base.yaml", COACHING)
    assert part in refused(capsys, *typed)
    assert not Path("res").exists()


def test_faults_of_all_arms_come_together(capsys):
    put("a.yaml", "policies: {a: {lever: coachin}}\n")
    put("b.yaml", "extends: s.yaml\nsead: 3\n")
    said = refused(capsys, "b.yaml", "--policy", "a.yaml", "--policy", "none.yaml")
    assert "3 faults" in said
    assert all(place in said for place in ("a.yaml:1: policies.a", "b.yaml:2: sead", "none.yaml: no such file"))


def test_arms_may_part_from_the_base_at_a_month():
    assert run("--policy", "coaching.yaml", "--branch-at", "12") == 0
    base = qs.load("s.yaml")
    whole = qs.simulate(base.with_policy("coaching", cost=5, start=12)).months
    pd.testing.assert_frame_equal(pyarrow.parquet.read_table("res/coaching/months.parquet").to_pandas(), whole)
