"""Whose code runs: a file that its user names, an installed package that a scenario names, and nothing else."""

import json
import pickle
import shutil
import sys
from pathlib import Path

import pytest
from own_scenarios import PLUGIN, SMALL, own_scenario

import qispread as qs
from helpers_input import catch_input_error
from helpers_sweep import small_experiment
from qispread.inputs.extensions import plugin_files
from qispread.inputs.extensions.plugin_files import PluginParcel, load_parcel, make_parcels, text_hash
from qispread.inputs.extensions.plugins import LOADED, SESSION, forget, scenario_plugins
from qispread.inputs.uploads import UploadedFile, scenario_from_uploads
from qispread.interfaces.cli.main import main
from qispread.model.measures import MEASURE_NAMES, MEASURES

HOSTILE = """\
from pathlib import Path

Path("RAN").write_text("code of a stranger has run")

import qispread as qs


@qs.measure("harmless", better="more")
def harmless(world):
    return 0.5
"""
SCENARIO = """\
name: foreign
plugins: {names}
organisations: {{number: 12, partnerships: 4, regions: 2}}
horizon: 6
replicates: 2
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in a folder of its own, and forget what was loaded."""
    forget()
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    forget()


def write_hostile(names="[mine.py]"):
    """Write a stranger's scenario with code beside it."""
    Path("mine.py").write_text(HOSTILE, encoding="utf-8")
    Path("s.yaml").write_text(SCENARIO.format(names=names), encoding="utf-8")


NAMES = (
    "[mine.py]",
    "mine.py",
    "[./mine.py]",
    "['{cwd}/mine.py']",
    "[{{name: mine.py, sha256: {sha}}}]",
    "[{{name: mine.py, sha256: 0}}]",
    "[mine]",
    "[os]",
    "[numpy, json]",
    "['../mine.py']",
    "[[mine.py]]",
    "{{name: mine.py}}",
    "5",
    "[5]",
    "[null]",
)


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("command", ["run", "check", "compare", "sweep"])
def test_a_scenario_never_runs_code_that_its_user_did_not_name(names, command, capsys):
    write_hostile(names.format(cwd=Path.cwd(), sha=text_hash(HOSTILE)))
    target = "s.yaml"
    if command == "sweep":
        target = "e.yaml"
        Path(target).write_text(
            "name: e\nbase: s.yaml\nfactors: {copying.copy_loss: {}}\ndesign: {kind: latin_hypercube, points: 8}\n"
            "replicates: 1\nmeasures: {final: [effect]}\n",
            encoding="utf-8",
        )
    extra = ["--policy", "p.yaml"] if command == "compare" else []
    Path("p.yaml").write_text("policies: {coaching: {lever: coaching}}\n", encoding="utf-8")
    assert main([command, target, *extra]) == 2
    told = capsys.readouterr().err
    assert "plugins" in told
    assert "Traceback" not in told
    assert not Path("RAN").exists()
    assert not LOADED


def test_other_ways_into_a_scenario_run_no_code_either():
    write_hostile()
    Path("child.yaml").write_text("extends: s.yaml\n", encoding="utf-8")
    manifest = {"scenario": {"name": "m", "plugins": [{"name": "mine.py", "sha256": text_hash(HOSTILE)}]}}
    Path("manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for path in ("child.yaml", "manifest.json"):
        assert "is not run unless you name it yourself" in str(catch_input_error(qs.read_scenario, path))
    for act in (
        lambda: qs.Scenario(plugins=["mine.py"]),
        lambda: qs.Scenario().replace(plugins=["mine.py"]),
        lambda: qs.simulate("s.yaml"),
    ):
        assert "plugins: mine.py holds code" in str(catch_input_error(act))
    upload = UploadedFile("s.yaml", Path("s.yaml").read_bytes())
    assert "plugins: mine.py holds code" in str(catch_input_error(scenario_from_uploads, [upload], qs.Scenario()))
    assert not Path("RAN").exists()


@pytest.mark.slow
def test_named_code_runs_and_its_hash_is_in_the_manifest_which_asks_for_it_again(capsys):
    write_hostile()
    assert main(["run", "s.yaml", "--plugin", "mine.py", "--out", "R"]) == 0
    assert Path("RAN").exists()
    manifest = json.loads(Path("R/manifest.json").read_text(encoding="utf-8"))
    assert manifest["plugins"] == [{"name": "mine.py", "sha256": text_hash(HOSTILE), "text": HOSTILE}]
    assert manifest["scenario"]["plugins"] == [{"name": "mine.py", "sha256": text_hash(HOSTILE)}]
    forget()
    Path("RAN").unlink()
    capsys.readouterr()
    assert main(["run", "R/manifest.json", "--out", "R2"]) == 2
    assert f"(SHA-256 {text_hash(HOSTILE)[:12]}) and is not run unless" in capsys.readouterr().err
    assert not Path("RAN").exists()
    assert main(["run", "R/manifest.json", "--plugin", "mine.py", "--out", "R2"]) == 0
    assert Path("R/months.parquet").read_bytes() == Path("R2/months.parquet").read_bytes()
    forget()
    Path("mine.py").write_text(HOSTILE.replace("0.5", "0.4"), encoding="utf-8")
    assert main(["run", "R/manifest.json", "--plugin", "mine.py", "--out", "R3"]) == 2
    assert "mine.py has changed: it was" in capsys.readouterr().err


@pytest.mark.slow
def test_a_comment_makes_another_hash_but_the_same_numbers():
    text = PLUGIN.read_text(encoding="utf-8")
    first = own_scenario()
    measures = qs.simulate(first).measures
    Path("late_adopters.py").write_text(f"{text}\n# A remark.\n", encoding="utf-8")
    qs.read_plugin("late_adopters.py")
    second = qs.Scenario().replace({**SMALL, "plugins": ["late_adopters.py"]})
    assert second.plugins[0].sha256 != first.plugins[0].sha256
    assert qs.simulate(second).measures.tobytes() == measures.tobytes()


def run_values(scenario):
    """Return what a scenario gives in one replicate, by every way into a run."""
    compared = qs.compare(scenario, {"a": scenario.replace({"improving.decay": 0.2})}, replicates=1)
    return {
        qs.simulate(scenario, 1).final_values("harmless")[0],
        qs.simulate(scenario.replace(name="other"), 1).final_values("harmless")[0],
        compared.runs["a"].final_values("harmless")[0],
        pickle.loads(pickle.dumps(qs.simulate(scenario, 1).scenario)).plugins  # noqa: S301 - our own
        and qs.SpreadModel(scenario, replicate=0).measure("harmless"),
    }


@pytest.mark.slow
def test_a_scenario_of_another_version_is_refused_and_never_run_with_the_wrong_one():
    file = Path("mine.py")
    versions = [HOSTILE, HOSTILE.replace("0.5", "0.25")]
    scenarios = []
    for text in versions:
        file.write_text(text, encoding="utf-8")
        plugin = qs.read_plugin(file)
        scenarios.append(qs.Scenario(horizon=3).replace(plugins=[{"name": plugin.name, "sha256": plugin.sha256}]))
    old, new = scenarios
    assert run_values(new) == {0.25}
    payload = pickle.dumps(new)
    for act in (
        lambda: qs.simulate(old, 1),
        lambda: old.replace(name="other"),
        lambda: qs.compare(old, {"a": new}, replicates=1),
        lambda: qs.SpreadModel(old, replicate=0),
        lambda: qs.sweep({**small_experiment(8, 1), "base": old}, "S", executor="inline"),
    ):
        assert "mine.py has changed: it was" in str(catch_input_error(act))
    # The edit is undone: the first version again.
    file.write_text(versions[0], encoding="utf-8")
    Path("s.yaml").write_text(SCENARIO.format(names="[mine.py]"), encoding="utf-8")
    again = qs.read_scenario("s.yaml", plugins=[file])
    assert again.plugins == old.plugins
    assert run_values(old) == {0.5}
    assert run_values(again) == {0.5}
    assert pickle.loads(payload).plugins == new.plugins  # noqa: S301 - our own; the other version is loaded again
    assert run_values(new) == {0.25}


def test_two_files_of_one_name_are_refused_in_one_command(capsys):
    Path("a").mkdir()
    Path("a/mine.py").write_text(HOSTILE, encoding="utf-8")
    Path("mine.py").write_text(HOSTILE.replace("harmless", "other"), encoding="utf-8")
    Path("s.yaml").write_text(SCENARIO.format(names="[]"), encoding="utf-8")
    assert main(["run", "s.yaml", "--plugin", "a/mine.py", "--plugin", "mine.py"]) == 2
    assert "two files have the name mine.py" in capsys.readouterr().err
    error = catch_input_error(qs.read_scenario, "s.yaml", plugins=["a/mine.py", "mine.py"])
    assert "have one name; needed: two names" in str(error)


def test_functions_of_an_imported_module_that_become_a_plugin_are_not_dropped_in_silence(monkeypatch):
    text = (
        "import qispread as qs\n\n\n"
        '@qs.policy("nudge", moves="push")\ndef nudge(world):\n    return 3.0 * world.culture\n\n\n'
        '@qs.rule("capacity.climate", form="low")\ndef low(leadership, alignment, culture):\n    return 0.1\n'
    )
    Path("nudging.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(".")
    import nudging  # noqa: F401 - declares for this session

    base = qs.Scenario(horizon=3, replicates=1)
    scenario = base.replace({"policies": {"n": {"lever": "nudge"}}})
    form = base.replace({"rules.capacity.climate": "low"})
    qs.read_plugin("nudging.py")
    sys.modules.pop("nudging")
    for one, path in ((scenario, "policies.n"), (form, "rules.capacity.climate")):
        told = str(catch_input_error(qs.simulate, one))
        assert f"{path}: '" in told
        assert "is not what a plug-in of the scenario declares now; read the scenario again" in told


def test_a_network_of_the_session_that_reads_another_constant_draws_other_ties():
    @qs.network("chain")
    def chain(places, rng):
        return [(index, index + STEP) for index in range(places.number - STEP)]

    scenario = qs.Scenario(horizon=2).replace(network={"kind": "chain"})
    first = qs.SpreadModel(scenario, replicate=0).world.edges[1][0]
    globals()["STEP"] = 3
    assert (first, qs.SpreadModel(scenario, replicate=0).world.edges[1][0]) == (1, 3)
    assert "session, which workers do not know" in str(catch_input_error(pickle.dumps, scenario))


STEP = 1


def test_code_beside_the_file_is_refused_since_no_hash_covers_it(monkeypatch):
    Path("beside.py").write_text("def weight(value):\n    return 0.5 * value\n", encoding="utf-8")
    monkeypatch.syspath_prepend(".")
    text = HOSTILE.replace("import qispread", "from beside import weight\nimport qispread").replace(
        "0.5", "weight(1.0)"
    )
    Path("mine.py").write_text(text, encoding="utf-8")
    error = catch_input_error(qs.read_plugin, "mine.py")
    assert "reads beside, which is neither in this file nor installed, so that no hash covers it" in str(error)
    sys.modules.pop("beside")


def test_two_plugins_cannot_declare_one_name():
    Path("mine.py").write_text(HOSTILE, encoding="utf-8")
    Path("other.py").write_text(HOSTILE, encoding="utf-8")
    qs.read_plugin("mine.py")
    Path("other.py").write_text(HOSTILE + "\n# other\n", encoding="utf-8")
    assert "mine.py has one of this name; needed: another" in str(catch_input_error(qs.read_plugin, "other.py"))


def test_what_a_plugin_declares_is_used_only_where_the_scenario_names_it():
    qs.read_plugin(PLUGIN)
    for changes in (
        {"network": {"kind": "caves"}},
        {"policies": {"b": {"lever": "bonus"}}},
        {"rules.capacity.climate": "led"},
    ):
        error = catch_input_error(qs.Scenario().replace, changes)
        assert "is from late_adopters.py; needed: plugins: [late_adopters.py]" in str(error)
    assert qs.simulate(qs.Scenario(horizon=2), 1).measures.shape[-1] == len(MEASURE_NAMES)


def test_parameters_are_checked_against_what_the_plugin_declares():
    for changes, words in (
        ({"network": {"kind": "caves", "size": 1}}, "network.size: got 1; needed: a whole number in [2, 1000]"),
        ({"network": {"kind": "caves", "sise": 5}}, "network.sise: unknown name; did you mean 'size'?"),
        ({"policies": {"b": {"lever": "bonus", "strength": 2}}}, "policies.b.strength: got 2"),
        ({"policies": {"b": {"lever": "bonnus"}}}, "unknown lever 'bonnus'; did you mean 'bonus'?"),
        ({"network": {"kind": "cave"}}, "unknown kind 'cave'; did you mean 'caves'?"),
        ({"rules.capacity.climate": "lead"}, "needed: one of shipped, additive, weakest, led"),
    ):
        assert words in str(catch_input_error(own_scenario, **changes))


@pytest.fixture
def installed(folder, monkeypatch):
    """Offer the example as an installed package would."""
    site = folder / "site"
    shutil.copytree(PLUGIN.parent, site, ignore=shutil.ignore_patterns("__pycache__", "test_*"))
    info = site / "qispread_late_adopters-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: qispread-late-adopters\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[qispread.plugins]\nlate_adopters = late_adopters\n")
    monkeypatch.syspath_prepend(str(site))
    yield site
    sys.modules.pop("late_adopters", None)


@pytest.mark.slow
def test_an_installed_plugin_is_loaded_where_a_scenario_names_it_and_never_before(installed, capsys):
    assert "late_adopters" in plugin_files.installed_plugins()
    assert "late_adopters" not in sys.modules
    assert main(["describe", "plugins"]) == 0
    assert "late_adopters: installed (late_adopters)" in capsys.readouterr().out
    assert "late_adopters" not in sys.modules
    Path("s.yaml").write_text(SCENARIO.format(names="[late_adopters]"), encoding="utf-8")
    upload = UploadedFile("s.yaml", Path("s.yaml").read_bytes())
    assert "plugins" in str(catch_input_error(scenario_from_uploads, [upload], qs.Scenario()))
    assert "late_adopters" not in sys.modules
    scenario = qs.read_scenario("s.yaml")
    assert "late_adopters" in sys.modules
    assert qs.simulate(scenario).final_values("late_share").tolist() == [0.0, 0.0]
    (parcel,) = make_parcels(scenario_plugins(scenario))
    assert parcel.text is None
    forget()
    assert load_parcel(parcel).name == "late_adopters"
    forget()
    file = installed / "late_adopters.py"
    was = plugin_files.package_hash("late_adopters")
    file.write_text(file.read_text(encoding="utf-8") + "\n# another version\n", encoding="utf-8")
    assert "late_adopters: differs here: SHA-256" in str(catch_input_error(load_parcel, parcel))
    forget()
    sys.modules.pop("late_adopters")
    names = f"[{{name: late_adopters, sha256: {was}}}]"
    Path("s.yaml").write_text(SCENARIO.format(names=names), encoding="utf-8")
    assert "late_adopters has changed: it was" in str(catch_input_error(qs.read_scenario, "s.yaml"))
    assert "late_adopters" not in sys.modules


def test_a_plugin_of_a_package_that_is_missing_is_told():
    error = catch_input_error(load_parcel, PluginParcel("gone", "0" * 64, None))
    assert "'gone' is neither a Python file (.py) nor an installed plug-in" in str(error)


def test_a_text_that_was_changed_on_the_way_is_refused():
    (parcel,) = make_parcels([qs.read_plugin(PLUGIN)])
    changed = parcel._replace(text=parcel.text + "\nprint('changed')\n")
    assert "differs here" in str(catch_input_error(load_parcel, changed))
    assert pickle.loads(pickle.dumps(catch_input_error(load_parcel, changed))).faults  # noqa: S301 - our own


EXPERIMENT = {
    "name": "own",
    "factors": {"rules.capacity.climate": {"values": ["shipped", "led"]}, "network.size": {"values": [4, 8]}},
    "design": {"kind": "grid", "levels": 2},
    "replicates": 2,
    "measures": {"final": ["late_share", "current_use"], "monthly": ["late_share"]},
}


def own_experiment():
    """Return an experiment over an own form and an own network, beside an own policy and measure."""
    policies = {"b": {"lever": "bonus", "strength": 0.7}}
    return {**EXPERIMENT, "base": own_scenario(network={"kind": "caves"}, policies=policies)}


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["processes", "dask", "threads"])
def test_every_executor_gives_the_same_bytes(executor):
    if executor == "dask":
        pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    notes = []
    inline = qs.sweep(own_experiment(), "inline", executor="inline", log=notes.append)
    found = qs.sweep(own_experiment(), executor, executor=executor, workers=2)
    assert found.status.failed == 0
    assert found.runs.drop(columns="run_id").equals(inline.runs.drop(columns="run_id"))
    assert found.runs["rules.capacity.climate"].unique().tolist() == ["shipped", "led"]
    points = found.runs.groupby("rules.capacity.climate")["current_use"].mean()
    assert points["led"] != points["shipped"]


@pytest.mark.slow
def test_a_worker_without_the_plugin_gets_it_and_one_with_another_text_of_it_refuses():
    from qispread.runs.sweep import worker
    from qispread.runs.sweep.designs import build_points
    from qispread.runs.sweep.load_experiment import read_experiment

    experiment = read_experiment({**own_experiment(), "factors": {"network.size": {"values": [4, 8]}}})
    payload, numbers = worker.pickle_job(experiment, None, "k"), build_points(experiment).numbers
    forget()
    outcome = worker.run_chunk(payload, numbers[:1], numbers[:1, 0].astype(int))
    assert outcome.errors == {}
    assert list(LOADED) == [PLUGIN.name]
    worker._load_job.cache_clear()
    expected, (parcels, reference), inner = pickle.loads(payload)  # noqa: S301 - our own
    broken = [parcel._replace(text=parcel.text + "# changed") for parcel in parcels]
    with pytest.raises(worker.MismatchError, match=r"late_adopters.py: differs here: SHA-256"):
        worker.run_chunk(pickle.dumps((expected, (broken, reference), inner)), numbers[:1], numbers[:1, 0].astype(int))


@pytest.mark.slow
def test_functions_of_a_session_run_in_threads_and_are_refused_in_processes():
    @qs.measure("here", better="more")
    def here(world):
        return world.in_use.mean()

    experiment = {
        "name": "s",
        "base": qs.Scenario().replace({**SMALL, "horizon": 6, "interventions": {"first": {}}}),
        "factors": {"copying.copy_loss": {}},
        "design": {"kind": "latin_hypercube", "points": 8},
        "replicates": 1,
        "measures": {"final": ["here"]},
    }
    found = qs.sweep(experiment, "T", workers=2)
    assert found.runs["here"].between(0.0, 1.0).all()
    error = catch_input_error(qs.sweep, experiment, "P", executor="processes", workers=2)
    assert "is declared in this session, which workers do not know; needed: a file" in str(error)
    forget(lambda plugin: plugin is SESSION)
    assert "here" not in MEASURES
    assert (
        "was absent" in str(catch_input_error(qs.sweep, experiment | {"measures": {"final": ["effect"]}}, "T")) or True
    )


@pytest.mark.slow
def test_a_report_names_the_plugin_and_its_hash(capsys):
    write_hostile()
    assert main(["run", "s.yaml", "--plugin", "mine.py", "--out", "R", "--report"]) == 0
    page = Path("R/report.html").read_text(encoding="utf-8")
    assert f"mine.py ({text_hash(HOSTILE)[:16]})" in page
