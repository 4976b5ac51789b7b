"""Reduced cases of faults that neighbouring tools have been reported for, each as its kind."""

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

import qispread as qs
from qispread.inputs.adapt_scenario import adaptation_notes
from qispread.interfaces.cli.main import main

CASES = Path(__file__).parent / "cases"
FAILED = CASES / "05-report-of-failed-worlds" / "all_fail.yaml"
FINE = "name: fine\nhorizon: 6\nreplicates: 4\norganisations: {number: 20, partnerships: 4, regions: 2}\n"
TOO_DEAR = "policies: {dear: {lever: training, cost: 1.0e+308}, dearer: {lever: training, cost: 1.0e+308}}\n"
COACHING = "policies: {coaching: {lever: coaching}}\n"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (("fine.yaml", FINE), ("dear.yaml", TOO_DEAR), ("coaching.yaml", COACHING)):
        Path(name).write_text(text)


def said(capsys, *typed):
    """Run a command; return its exit code and what it printed."""
    code = main([str(one) for one in typed])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


class TestAllWorldsFailed:
    def test_a_run_says_so_and_why_and_writes_no_report(self, capsys):
        code, words = said(capsys, "run", FAILED, "--report", "--out", "r")
        assert code == 1
        assert "all 2 runs failed: the state is no longer finite: parameters are too extreme; no report" in words
        assert Path("r/runs.parquet").is_file()
        assert not Path("r/report.html").exists()
        code, words = said(capsys, "report", "r")
        assert (code, "there is nothing to report" in words) == (2, True)
        assert {path.name for path in Path("r").iterdir()} >= {"manifest.json", "summary.csv"}
        assert not list(Path("r").glob(".report*"))

    @pytest.mark.parametrize(
        ("base", "policies", "failed"),
        [
            (FAILED, ["coaching.yaml"], ["baseline", "coaching"]),
            ("fine.yaml", ["dear.yaml", "coaching.yaml"], ["dear"]),
        ],
        ids=["every arm", "one arm"],
    )
    def test_a_comparison_names_the_arms(self, capsys, base, policies, failed):
        added = [part for policy in policies for part in ("--policy", policy)]
        code, words = said(capsys, "compare", base, *added, "--report", "--out", "c")
        assert code == 1
        for name in failed:
            assert f"\n{name}: all " in words
        assert "No report was written" in words
        assert not Path("c/report.html").exists()
        assert said(capsys, "report", "c")[0] == 2

    def test_a_precision_is_refused_with_the_reason(self):
        arms = {"coaching": qs.read_scenario(FAILED).with_policy("coaching")}
        with pytest.raises(qs.InputError, match=r"arm 'baseline': all 256 runs failed: the state is no longer finite"):
            qs.compare(FAILED, arms, precision=0.01)

    def test_analyses_of_a_sweep_say_so(self, capsys):
        Path("e.yaml").write_text(
            f"name: e\nbase: {FAILED}\nfactors: {{copying.copy_loss: {{}}}}\nreplicates: 2\n"
            "design: {kind: latin_hypercube, points: 64}\nmeasures: {final: [effect]}\n"
        )
        assert said(capsys, "sweep", "e.yaml", "--out", "S")[0] == 1
        for command in (["sensitivity", "S"], ["discover", "S", "--below", "0.1"]):
            code, words = said(capsys, *command)
            assert (code, "all 128 runs failed: the state is no longer finite" in words) == (2, True)


class TestBoxes:
    @pytest.fixture
    def sweep(self, capsys):
        assert said(capsys, "sweep", CASES / "13-box-0-says-no-box" / "points.yaml", "--out", "S")[0] == 0
        return ("discover", "S", "--measure", "effect", "--below", "0.15", "--permutations", "0")

    def test_box_0_has_no_limits_and_another_is_suggested(self, capsys, sweep):
        code, words = said(capsys, *sweep, "--box", "0")
        assert code == 0
        assert "Box 0 has no limits" in words
        assert "suggested" in words
        assert "No box is denser" not in words

    @pytest.mark.parametrize("box", ["-1", "99999"])
    def test_a_box_that_is_not_there_is_refused(self, capsys, sweep, box):
        code, words = said(capsys, *sweep, "--box", box)
        assert (code, f"--box: got {box}; needed: a box from 0 to" in words) == (2, True)


class TestWithoutMainGuard:
    @pytest.mark.parametrize("executor", ["dask", "processes"])
    def test_one_sentence_says_what_is_wrong(self, executor):
        if executor == "dask":
            pytest.importorskip("distributed", reason="the extra `dask` is not installed")
        case = CASES / "17-dask-without-guard"
        Path("world.yaml").write_text((case / "world.yaml").read_text())
        Path("sweep.py").write_text((case / "sweep.py").read_text().replace('"dask"', f'"{executor}"'))
        done = subprocess.run([sys.executable, "sweep.py"], capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 1
        assert done.stderr.count("Traceback") == 1
        assert "a script must start a sweep under if __name__ == '__main__'" in done.stderr.splitlines()[-1]
        assert "locked by another sweep" not in done.stderr


class TestNotes:
    @pytest.mark.parametrize(
        ("design", "note"),
        [
            ("{kind: morris, trajectories: 7}", "design.trajectories: got 7; qispread sensitivity needs at least 8"),
            ("{kind: latin_hypercube, points: 63}", "design.points: got 63; qispread sensitivity needs at least 64"),
            ("{kind: saltelli, points: 4}", "design.points: got 4; qispread sensitivity needs at least 8"),
            ("{kind: morris, trajectories: 8}", ""),
            ("{kind: latin_hypercube, points: 64}", ""),
            ("{kind: grid, levels: 2}", ""),
        ],
    )
    def test_a_design_too_small_for_sensitivity_is_noted_before_it_is_run(self, capsys, design, note):
        case = CASES / "33-morris-too-few-walks"
        Path("world.yaml").write_text((case / "world.yaml").read_text())
        text = (case / "few.yaml").read_text().replace("{kind: morris, trajectories: 6}", design)
        Path("few.yaml").write_text(text)
        code, words = said(capsys, "check", "few.yaml")
        assert (code, "sensitivity needs" in words) == (0, bool(note))
        assert note in words
        heard = []
        qs.sweep("few.yaml", "S", log=heard.append)
        assert any(note in one for one in heard if one.startswith("note")) == bool(note)

    def test_a_tab_in_a_path_is_shown_as_what_was_typed(self, capsys):
        Path("s.yaml").write_text('organisations: {file: "data\\table.csv"}\n')
        code, words = said(capsys, "check", "s.yaml")
        assert (code, "data\\table.csv: no such file" in words, "\t" in words) == (2, True, False)
        assert "single quotes" in words

    def test_names_that_look_alike_are_told_apart(self, capsys):
        name, other = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
        Path("o.csv").write_text(f"id\n{name}\nb\nc\n", encoding="utf-8")
        Path("t.csv").write_text(f"from,to\n{other},b\nb,c\n", encoding="utf-8")
        Path("s.yaml").write_text("organisations: {file: o.csv}\nnetwork: {kind: file, file: t.csv}\n")
        code, words = said(capsys, "check", "s.yaml")
        assert (code, "'cafe\\u0301'" in words, "'caf\\xe9'" in words) == (2, True, True)


class TestSmallWorlds:
    @pytest.mark.parametrize(
        ("text", "paths"),
        [
            ("organisations: {number: 30}", ["organisations.partnerships"]),
            (
                "organisations: {number: 3}",
                ["organisations.partnerships", "organisations.regions", "network.mean_degree"],
            ),
            ("organisations: {number: 60, partnerships: 3}", ["organisations.regions"]),
            ("organisations: {number: 5}\nnetwork: {kind: small_world}", ["network.degree"]),
            ("organisations: {number: 3}\nnetwork: {kind: scale_free}", ["network.ties_a_newcomer"]),
            ("organisations: {number: 3}\npolicies: {s: {lever: seeding}}", ["policies.s.origin"]),
            ("policies: {late: {lever: coaching, end: 60}}", ["policies.late.end"]),
        ],
    )
    def test_what_nobody_wrote_adapts_with_a_note_and_runs(self, capsys, text, paths):
        Path("s.yaml").write_text(f"horizon: 12\nreplicates: 2\n{text}\n")
        code, words = said(capsys, "run", "s.yaml", "--out", "r")
        assert code == 0, words
        for path in paths:
            assert f"note {path}: " in words.replace("\n", " ")
        assert len(adaptation_notes(qs.read_scenario("s.yaml"))) >= len(paths)
        assert said(capsys, "run", "r/manifest.json", "--out", "again")[0] == 0
        assert Path("r/months.parquet").read_bytes() == Path("again/months.parquet").read_bytes()

    @pytest.mark.parametrize(
        "text",
        [
            "organisations: {number: 30, partnerships: 44}",
            "organisations: {number: 30, partnerships: 31}",
            "organisations: {number: 60, partnerships: 3, regions: 7}",
            "organisations: {number: 5}\nnetwork: {kind: small_world, degree: 6}",
            "organisations: {number: 5}\nnetwork: {kind: partnerships, mean_degree: 6}",
            "organisations: {number: 3}\npolicies: {s: {lever: seeding, origin: {rule: hub, number: 3}}}",
            "policies: {late: {lever: coaching, start: 13}}",
        ],
    )
    def test_what_somebody_wrote_is_refused(self, text):
        Path("s.yaml").write_text(f"horizon: 12\n{text}\n")
        with pytest.raises(qs.InputError):
            qs.read_scenario("s.yaml")

    def test_replacing_numbers_there_and_back_is_the_same_scenario(self):
        base = qs.Scenario(horizon=12)
        small = base.replace({"organisations.number": 30})
        assert not adaptation_notes(base)
        assert small.replace({"organisations.number": 152}).fingerprint() == base.fingerprint()
        for changes in ({"organisations.partnerships": 44}, {"organisations": {"number": 30, "partnerships": 44}}):
            with pytest.raises(qs.InputError, match="there are only 30 organisations"):
                small.replace(changes)

    def test_a_policy_that_outlasts_the_run_acts_to_its_end(self):
        base = qs.read_scenario("fine.yaml")
        late, whole = (base.with_policy("coaching", end=end) for end in (60, None))
        assert qs.simulate(late).measures.tobytes() == qs.simulate(whole).measures.tobytes()
        assert late.replace(horizon=80).policies["coaching"].end == 60

    def test_a_sweep_over_numbers_needs_no_systems(self):
        experiment = {
            "name": "numbers",
            "scenario": qs.Scenario(horizon=6),
            "factors": {"organisations.number": {"values": [10, 60]}},
            "design": {"kind": "grid"},
            "replicates": 2,
            "measures": {"final": ["awareness"]},
        }
        assert qs.sweep(experiment, "S", confirmed=True).status.completed == 4


def test_python_m_is_the_command():
    for typed in (["--version"], ["run", "--help"], ["run", "none.yaml"]):
        done = [
            subprocess.run(
                [sys.executable, "-m", module, *typed], capture_output=True, text=True, timeout=120, check=False
            )
            for module in ("qispread", "qispread.interfaces.cli.main")
        ]
        assert (done[0].returncode, done[0].stdout, done[0].stderr) == (
            done[1].returncode,
            done[1].stdout,
            done[1].stderr,
        )
    usage = subprocess.run([sys.executable, "-m", "qispread"], capture_output=True, text=True, timeout=120, check=False)
    assert usage.stderr.startswith("usage: qispread ")
