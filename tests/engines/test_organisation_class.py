"""A user's own class of organisations: the same worlds on the Mesa engine, in one process or in several."""

import importlib
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest

import own_organisations
import qispread as qs
from helpers_sweep import SMALL_SCENARIO, small_experiment
from own_organisations import Hasty, Overflowing, Patient, Unchanged
from qispread.interfaces.cli.main import main
from qispread.model.engines.organisation_class import identify_class, refer_to_class

COACHED = {"coaching": SMALL_SCENARIO.with_policy("coaching", support=0.8, start=5)}
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", [qs.Organisation, Unchanged])
@pytest.mark.parametrize("keep_events", [False, True])
def test_unchanged_organisations_give_the_bytes_of_the_kernel(kind, keep_events):
    kernel = qs.simulate(SMALL_SCENARIO, 3)
    own = qs.simulate(SMALL_SCENARIO, 3, organisation_class=kind, keep_events=keep_events)
    assert own.measures.tobytes() == kernel.measures.tobytes()
    assert own.organisations.equals(kernel.organisations)


def test_another_behaviour_changes_results_as_in_a_single_model():
    model = qs.SpreadModel(SMALL_SCENARIO, replicate=2, organisation_class=Patient)
    model.run_model()
    own, kernel = qs.simulate(SMALL_SCENARIO, 3, organisation_class=Patient), qs.simulate(SMALL_SCENARIO, 3)
    assert own.final_values("effect")[2] == model.measure("effect") != kernel.final_values("effect")[2]


@pytest.mark.parametrize("branch_at", [None, 5])
def test_comparisons_with_unchanged_organisations_are_those_of_the_kernel(branch_at):
    kernel = qs.compare(SMALL_SCENARIO, COACHED, 3, branch_at=branch_at)
    own = qs.compare(SMALL_SCENARIO, COACHED, 3, branch_at=branch_at, organisation_class=Unchanged)
    assert own.differences.equals(kernel.differences)


def test_arms_with_a_class_have_the_same_worlds_and_branch_where_they_should():
    own = qs.compare(SMALL_SCENARIO, COACHED, 3, branch_at=5, organisation_class=Patient)
    before, coached = (own.runs[arm].measures[:, :5] for arm in ("baseline", "coaching"))
    assert before.tobytes() == coached.tobytes()
    assert own.runs["baseline"].measures.tobytes() != own.runs["coaching"].measures.tobytes()


@pytest.mark.slow
def test_processes_give_the_bytes_of_one():
    here, there = (qs.simulate(SMALL_SCENARIO, 5, organisation_class=Patient, workers=workers) for workers in (1, 2))
    assert here.measures.tobytes() == there.measures.tobytes()
    assert [run.replicate for run in there.runs] == [0, 1, 2, 3, 4]
    compared = qs.compare(SMALL_SCENARIO, COACHED, 5, organisation_class=Patient, workers=2)
    assert compared.runs["baseline"].measures.tobytes() == here.measures.tobytes()


def test_several_workers_are_processes(monkeypatch):
    started = []

    class Pool:
        def __init__(self, workers, context, initializer):
            started.append(workers)
            raise InterruptedError

    monkeypatch.setattr("qispread.model.engines.worker_processes.ProcessPoolExecutor", Pool)
    with pytest.raises(InterruptedError):
        qs.simulate(SMALL_SCENARIO, 2, organisation_class=Patient, workers=2)
    qs.simulate(SMALL_SCENARIO, 2, organisation_class=Patient)
    qs.simulate(SMALL_SCENARIO, 2, workers=2)
    assert started == [2]


def test_arithmetic_errors_fail_one_run_and_others_are_shown():
    runs = qs.simulate(SMALL_SCENARIO, 3, organisation_class=Overflowing)
    assert [run.error for run in runs.runs] == ["", "ZeroDivisionError: no beds", ""]
    with pytest.raises(AttributeError, match="no_such_attribute"):
        qs.simulate(SMALL_SCENARIO, 1, organisation_class=Hasty)


@pytest.mark.parametrize(
    ("value", "got"), [("Patient", "the text 'Patient'"), (int, "the class int"), (3, "got 3"), ([], "a list")]
)
@pytest.mark.parametrize("function", ["simulate", "compare", "sweep"])
def test_anything_else_is_refused_with_what_was_got(function, value, got):
    arguments = {"simulate": (SMALL_SCENARIO,), "compare": (SMALL_SCENARIO, COACHED), "sweep": ({},)}[function]
    with pytest.raises(qs.InputError, match=f"organisation_class: .*{got}; needed: Organisation or a subclass"):
        getattr(qs, function)(*arguments, organisation_class=value)


@pytest.mark.parametrize("function", ["simulate", "compare"])
def test_the_kernel_cannot_run_it(function):
    arguments = (SMALL_SCENARIO,) if function == "simulate" else (SMALL_SCENARIO, COACHED)
    with pytest.raises(qs.InputError, match="Patient needs the Mesa engine, and got engine='kernel'"):
        getattr(qs, function)(*arguments, engine="kernel", organisation_class=Patient)
    assert getattr(qs, function)(*arguments, 1, engine="mesa", organisation_class=Patient)


def test_a_class_of_a_script_or_function_runs_here_and_not_in_processes():
    class Local(Patient):
        pass

    assert qs.simulate(SMALL_SCENARIO, 1, organisation_class=Local).runs
    with pytest.raises(qs.InputError, match="inside a function, which worker processes cannot import; put it into a"):
        qs.simulate(SMALL_SCENARIO, 2, organisation_class=Local, workers=2)
    Local.__module__, Local.__qualname__ = "__main__", "Local"
    with pytest.raises(qs.InputError, match="in a script or a notebook, which worker processes cannot import"):
        qs.simulate(SMALL_SCENARIO, 2, organisation_class=Local, workers=2)


@pytest.mark.slow
def test_processes_that_have_another_class_are_named(tmp_path, monkeypatch):
    """A module that is edited after it was imported: processes import what is in the file now."""
    text = "import qispread as qs\n\n\nclass Edited(qs.Organisation):\n    limit = 1\n"
    file = tmp_path / "edited_rules.py"
    file.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    kind = importlib.import_module("edited_rules").Edited
    file.write_text(text.replace("limit = 1", "limit = 22"), encoding="utf-8")
    try:
        with pytest.raises(qs.InputError, match=r"worker processes have another class edited_rules.Edited: "):
            qs.simulate(SMALL_SCENARIO, 2, organisation_class=kind, workers=2)
        file.unlink()
        with pytest.raises(qs.InputError, match=r"worker processes have no class edited_rules.Edited"):
            qs.compare(SMALL_SCENARIO, COACHED, 2, organisation_class=kind, workers=2)
        with pytest.raises(qs.InputError, match=r"a worker has no class edited_rules.Edited"):
            qs.sweep(small_experiment(2, 1), tmp_path / "s", organisation_class=kind, workers=2, confirmed=True)
        monkeypatch.delattr("edited_rules.Edited")
        with pytest.raises(qs.InputError, match="Edited is not what the module edited_rules has under this name"):
            qs.simulate(SMALL_SCENARIO, 2, organisation_class=kind, workers=2)
    finally:
        del sys.modules["edited_rules"]


UNGUARDED = """
import sys
sys.path.insert(0, {tests!r})
import qispread as qs
from own_organisations import Patient
{guard}
    try:
        print(len(qs.simulate(qs.Scenario(horizon=2), 4, organisation_class=Patient, workers=2).runs))
    except qs.InputError as error:
        print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("guard", "printed"), [("if True:", "must start runs under if __name__"), ("if __name__ == '__main__':", "4")]
)
def test_a_script_without_a_main_guard_is_named(tmp_path, guard, printed):
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED.format(tests=str(ROOT / "tests"), guard=guard), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=120)
    assert printed in done.stdout, done.stderr


# ---- what identifies a class


def changed(source):
    """Return the identity of a class whose source is that of `Patient`, with a change."""
    text = Path(own_organisations.__file__).read_text(encoding="utf-8")
    old, new = source
    assert old in text
    space = {"__name__": "own_organisations"}
    exec(compile(text.replace(old, new), "own_organisations.py", "exec"), space)  # noqa: S102 - our own tests
    return identify_class(space["Patient"])


def test_the_identity_follows_behaviour():
    identity = identify_class(Patient)
    assert identity.startswith("own_organisations.Patient ")
    assert changed(("WAIT = 8", "WAIT = 8  # months")) == identity
    assert changed(("Decide once some months have passed.", "Other words.")) == identity
    assert changed(("WAIT = 8", "WAIT = 9")) != identity
    assert changed(("> WAIT", ">= WAIT")) != identity
    assert identify_class(qs.Organisation) == identify_class(None) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"limits": {"low": 2}},
        {"limits": [2]},
        {"share": property(lambda self: 2)},
        {"share": staticmethod(lambda: 2)},
        {"share": classmethod(lambda cls: 2)},
        {"inner": type("Inner", (), {"__module__": "own_organisations", "value": 2})},
    ],
)
def test_the_identity_covers_members_of_every_kind(change):
    (name, member), *_ = change.items()
    other = {
        dict: lambda: {"low": 3},
        list: lambda: [3],
        property: lambda: property(lambda self: 3),
        staticmethod: lambda: staticmethod(lambda: 3),
        classmethod: lambda: classmethod(lambda cls: 3),
        type: lambda: type("Inner", (), {"__module__": "own_organisations", "value": 3}),
    }[type(member)]()
    kinds = [type("Patient", (Patient,), {"__module__": "own_organisations", name: value}) for value in (member, other)]
    first, second = map(identify_class, kinds)
    assert first != second
    assert first == identify_class(kinds[0])


def test_the_identity_covers_bases_and_functions_that_are_called():
    base = type("Base", (), {"__module__": "own_organisations", "wait": 1})
    other = type("Base", (), {"__module__": "own_organisations", "wait": 2})
    kinds = [type("Mixed", (qs.Organisation, mixin), {"__module__": "own_organisations"}) for mixin in (base, other)]
    assert identify_class(kinds[0]) != identify_class(kinds[1])

    def make(helper):
        space = {"__name__": "own_organisations", "qs": qs}
        source = f"def helper(): return {helper}\nclass Calling(qs.Organisation):\n  def review(self): return helper()"
        exec(compile(source, "own_organisations.py", "exec"), space)  # noqa: S102 - our own tests
        assert isinstance(space["Calling"].review, FunctionType)
        return identify_class(space["Calling"])

    assert make("1") != make("2")
    assert make("1") == make("1")


def test_objects_with_an_address_do_not_change_the_identity():
    space = {"__name__": "own_organisations", "qs": qs}
    source = "import numpy as np\nrng = np.random.default_rng()\nlock = object()\n"
    source += "class Random(qs.Organisation):\n  def review(self): return rng.random(), lock, self.scenario"
    identities = set()
    for _ in range(2):
        exec(compile(source, "own_organisations.py", "exec"), space)  # noqa: S102 - our own tests
        identities.add(identify_class(space["Random"]))
    assert len(identities) == 1


@pytest.mark.slow
def test_the_identity_is_the_same_in_every_process():
    code = "from qispread.model.engines.organisation_class import identify_class; import own_organisations as own; "
    code += "print(identify_class(own.Patient))"
    options = {"capture_output": True, "text": True, "cwd": ROOT / "tests"}
    found = {subprocess.run([sys.executable, "-c", code], check=True, **options).stdout.strip() for _ in range(2)}
    assert found == {identify_class(Patient)}


def test_a_reference_names_the_class():
    assert refer_to_class(None) is None
    assert refer_to_class(Patient) == ("own_organisations", "Patient", identify_class(Patient))
    assert refer_to_class(qs.Organisation)[2] == ""


# ---- results


def test_saved_runs_keep_the_class_and_need_it_again(tmp_path, capsys):
    runs = qs.simulate(SMALL_SCENARIO, 2, organisation_class=Patient)
    qs.write_runs(runs, tmp_path / "own")
    saved = qs.read_runs(tmp_path / "own")
    assert saved.organisation_class == runs.organisation_class == identify_class(Patient)
    assert qs.write_runs(saved, tmp_path / "own")
    with pytest.raises(qs.InputError, match=r"organisation_class: was own_organisations.Patient .*, is now absent"):
        qs.write_runs(qs.simulate(SMALL_SCENARIO, 2), tmp_path / "own")
    assert main(["run", str(tmp_path / "own" / "manifest.json"), "--out", str(tmp_path / "again")]) == 2
    assert "the runs were made with own_organisations.Patient" in " ".join(capsys.readouterr().err.split())
    scenario = qs.read_scenario(tmp_path / "own" / "manifest.json")
    assert "own_organisations.Patient" in scenario.notes[-1]
    assert qs.simulate(scenario, 2, organisation_class=Patient).measures.tobytes() == runs.measures.tobytes()


def test_the_folder_of_unchanged_organisations_is_that_of_the_kernel(tmp_path):
    qs.write_runs(qs.simulate(SMALL_SCENARIO, 2), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    qs.write_runs(qs.simulate(SMALL_SCENARIO, 2, organisation_class=qs.Organisation), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_saved_comparisons_keep_the_class(tmp_path):
    comparison = qs.compare(SMALL_SCENARIO, COACHED, 2, organisation_class=Patient)
    qs.write_comparison(comparison, tmp_path / "own")
    report, *_ = qs.write_report(tmp_path / "own")
    assert identify_class(Patient) in report.read_text(encoding="utf-8")
    assert qs.read_comparison(tmp_path / "own").comparison.organisation_class == identify_class(Patient)
    with pytest.raises(qs.InputError, match=r"organisation_class: was own_organisations.Patient"):
        qs.write_comparison(qs.compare(SMALL_SCENARIO, COACHED, 2), tmp_path / "own")


def test_robustness_runs_the_class_of_the_comparison():
    comparison = qs.compare(SMALL_SCENARIO, COACHED, 2, measure="ever_adopted", organisation_class=Patient)
    with pytest.raises(qs.InputError, match=r"made with own_organisations.Patient .*; needed: this class"):
        qs.robustness(comparison, 2, 1)
    own = qs.robustness(comparison, 2, 1, organisation_class=Patient)
    kernel = qs.robustness(qs.compare(SMALL_SCENARIO, COACHED, 2, measure="ever_adopted"), 2, 1)
    assert own.models.equals(kernel.models)
    assert not own.means.equals(kernel.means)
