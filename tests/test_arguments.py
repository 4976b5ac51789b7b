"""Every public function refuses what it cannot use with InputError, and names the argument."""

import functools
import inspect
import os
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import qispread as qs
from qispread.inputs import argument_checks
from qispread.inputs.extensions.plugins import forget

BASE = qs.Scenario(name="tiny", horizon=24, replicates=2).replace(
    {"organisations.number": 12, "organisations.partnerships": 4, "organisations.regions": 2}
)
EXPERIMENT = {
    "name": "e",
    "scenario": BASE,
    "factors": {"copying.copy_loss": {}},
    "design": {"kind": "latin_hypercube", "points": 8},
    "replicates": 1,
    "measures": {"final": ["effect"]},
}
TARGETS = {"a": {"measure": "current_use", "month": 24, "value": 0.5, "error": 0.1}}
CALIBRATION = {"name": "c", "base": BASE, "parameters": {"copying.copy_loss": {}}, "targets": TARGETS}


def replaced(changes):
    """Return what is left of the signature of `Scenario.replace` without its free names."""
    return BASE.replace(changes)


def call_function(point):
    """Return what a function of a scenario gives at a point."""
    return qs.as_function(BASE, ["copying.copy_loss"], "effect", replicates=1)(point)


def climate(leadership, alignment, culture):
    """Return a form of a rule."""
    return 0.5


def declaring(decorator, function):
    """Return a decorator as a function of its own arguments, which declares and forgets a function."""

    @functools.wraps(decorator)
    def declare(**named):
        try:
            return decorator(**named)(function)
        finally:
            forget()

    return declare


class Odd:
    """Something that nobody expects."""


WRONG = {
    "a negative number": -3,
    "a fraction": 1.5,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "a huge number": 10**30,
    "text": "nonsense",
    "empty text": "",
    "a name too long": "x" * 5000,
    "a NUL": "\0",
    "bytes": b"x",
    "a list": ["a"],
    "a mapping by number": {1: 2},
    "a set": {1, 2},
    "a table": pd.DataFrame({"x": [1]}),
    "a matrix": np.eye(2),
    "a Path of nothing": Path("not/there.yaml"),
    "a generator": np.random.default_rng(1),
    "an object": Odd(),
    "a class": Odd,
    "a function": len,
    "a range": range(3),
    "a truth value": True,
    "None": None,
    "a numpy number": np.int64(-4),
}
EXEMPT = {"progress", "log"}
"""Whatever can be called is right there."""


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Return what is called by name, each with arguments that are right."""
    folder = tmp_path_factory.mktemp("results")
    runs = qs.simulate(BASE)
    comparison = qs.compare(BASE, {"coaching": BASE.with_policy("coaching")})
    sweep = qs.sweep(EXPERIMENT, folder / "S")
    qs.write_runs(runs, folder / "R")
    qs.write_comparison(comparison, folder / "C")
    return {
        "simulate": (qs.simulate, {"scenario": BASE}),
        "compare": (qs.compare, {"base": BASE, "arms": {"c": BASE.with_policy("coaching")}}),
        "robustness": (qs.robustness, {"comparison": comparison, "models": 2, "replicates": 1}),
        "write_runs": (qs.write_runs, {"runs": runs, "folder": folder / "R"}),
        "write_comparison": (qs.write_comparison, {"result": comparison, "folder": folder / "C"}),
        "read_runs": (qs.read_runs, {"folder": folder / "R"}),
        "read_comparison": (qs.read_comparison, {"folder": folder / "C"}),
        "write_report": (qs.write_report, {"folder": folder / "nothing"}),
        "sweep": (qs.sweep, {"experiment": EXPERIMENT, "folder": folder / "S"}),
        "read_experiment": (qs.read_experiment, {"source": EXPERIMENT}),
        "read_sweep": (qs.read_sweep, {"folder": folder / "S"}),
        "Sweep": (qs.Sweep, {"folder": folder / "S"}),
        "rerun": (qs.rerun, {"sweep": sweep, "run_id": "x"}),
        "sensitivity": (qs.sensitivity, {"sweep": sweep, "measure": "effect"}),
        "discover": (qs.discover, {"sweep": sweep, "measure": "effect", "below": 0.1}),
        "calibrate": (qs.calibrate, {"targets": CALIBRATION, "folder": folder / "K"}),
        "read_calibration": (qs.read_calibration, {"source": CALIBRATION}),
        "fit": (qs.fit, {"people": "people.csv", "ties": "ties.csv"}),
        "read_scenario": (qs.read_scenario, {"path": "world.yaml"}),
        "check_file": (qs.check_file, {"path": "world.yaml"}),
        "with_graph": (qs.with_graph, {"scenario": BASE, "graph": nx.path_graph(4)}),
        "as_function": (qs.as_function, {"scenario": BASE, "factors": ["copying.copy_loss"], "measures": "effect"}),
        "ScenarioFunction": (call_function, {"point": [0.5]}),
        "Scenario.replace": (replaced, {"changes": {}}),
        "Scenario.with_policy": (BASE.with_policy, {"lever": "coaching"}),
        "Scenario.with_graph": (BASE.with_graph, {"graph": nx.path_graph(4)}),
        "Scenario": (qs.Scenario, {}),
        "Experiment": (qs.Experiment, {}),
        "TableOptions": (qs.TableOptions, {}),
        "ComparisonResult": (qs.ComparisonResult, {"comparison": comparison}),
        "Runs.final_values": (runs.final_values, {"measure": "effect"}),
        "Comparison.difference": (comparison.difference, {"arm": "coaching", "measure": "effect"}),
        "measure": (declaring(qs.measure, lambda world: 0.5), {"name": "mine"}),
        "rule": (
            declaring(qs.rule, lambda leadership, alignment, culture: 0.5),
            {"path": "capacity.climate", "form": "mine"},
        ),
        "network": (declaring(qs.network, lambda places, rng: [(0, 1)]), {"name": "mine"}),
        "policy": (declaring(qs.policy, lambda world: world.culture), {"name": "mine", "moves": "push"}),
        "read_plugin": (qs.read_plugin, {"path": "mine.py"}),
        "Sweep.values": (sweep.values, {"measure": "effect"}),  # noqa: PD011 - no pandas
    }


NAMES = (
    "simulate",
    "compare",
    "robustness",
    "write_runs",
    "write_comparison",
    "read_runs",
    "read_comparison",
    "write_report",
    "sweep",
    "read_experiment",
    "read_sweep",
    "Sweep",
    "rerun",
    "sensitivity",
    "discover",
    "calibrate",
    "read_calibration",
    "fit",
    "read_scenario",
    "check_file",
    "with_graph",
    "as_function",
    "measure",
    "rule",
    "network",
    "policy",
    "read_plugin",
    "ScenarioFunction",
    "Scenario.replace",
    "Scenario.with_policy",
    "Scenario.with_graph",
    "Scenario",
    "Experiment",
    "TableOptions",
    "ComparisonResult",
    "Runs.final_values",
    "Comparison.difference",
    "Sweep.values",
)
ELSEWHERE = {
    "SpreadModel",
    "Organisation",
    "Stage",
    "CalibrationResult",
    "Comparison",
    "DiffusionFit",
    "Runs",
    "InputError",
    "MEASURES",
    "as_ema_model",
}
"""What has tests of its own, or is made by the functions above alone."""


def test_every_public_name_is_tried(calls):
    assert set(calls) == set(NAMES)
    assert {name for name in dir(qs) if name[0] != "_"} - ELSEWHERE <= {name.split(".")[0] for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_used_is_an_input_error(calls, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function, right = calls[name]
    refused = 0
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD or parameter.name in EXEMPT:
            continue
        for what, value in WRONG.items():
            try:
                function(**{**right, parameter.name: value})
            except qs.InputError:
                refused += 1
            except Exception as error:  # noqa: BLE001 - any other error is what this looks for
                pytest.fail(f"{name}({parameter.name}={what}): {type(error).__name__}: {error}")
    assert refused > len(WRONG) // 2


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (lambda: qs.compare(BASE, [BASE]), ["arms: got a list", "a mapping of names to scenarios"]),
        (lambda: qs.compare(BASE, {1: BASE}), ["the name 1 is not text"]),
        (lambda: qs.compare(BASE, {"a": 5}), ["'a' is 5"]),
        (lambda: qs.simulate(BASE, engine="fast"), ["engine: got the text 'fast'; needed: kernel or mesa"]),
        (lambda: qs.simulate(BASE, engine="kernle"), ["did you mean 'kernel'?"]),
        (lambda: qs.simulate(BASE, workers=-1), ["workers: got -1; needed: a whole number of at least 1"]),
        (lambda: qs.simulate(5, "x", workers=0), ["3 faults", "scenario:", "replicates:", "workers:"]),
        (lambda: qs.simulate("there_is_none.yaml"), ["there_is_none.yaml: no such file"]),
        (lambda: qs.simulate("promt"), ["no scenario is called 'promt'", "did you mean 'prompt'?"]),
        (lambda: qs.Scenario("world.yaml"), ["qispread.read_scenario(...) reads a file"]),
        (lambda: qs.Scenario(horizon="x", seeds=1), ["horizon: got the text 'x'", "did you mean 'seed'?"]),
        (lambda: qs.with_graph(BASE, np.eye(3)), ["graph: got a numpy.ndarray", "networkx.from_numpy_array"]),
        (
            lambda: qs.robustness(None, models=pd.DataFrame()),
            ["comparison: got None", "models: got a pandas.DataFrame"],
        ),
        (lambda: BASE.replace({5: 1}), ["a mapping of names to values"]),
        (lambda: qs.sweep(BASE), ["experiment: got a qispread.Scenario"]),
    ],
)
def test_the_commonest_slips_are_told_in_plain_words(call, parts):
    with pytest.raises(qs.InputError) as found:
        call()
    for part in parts:
        assert part in str(found.value)


def test_a_scenario_is_taken_by_the_path_of_its_file(tmp_path):
    path = tmp_path / "world.yaml"
    path.write_text("horizon: 6\nreplicates: 2\norganisations: {number: 12}\n")
    scenario = qs.read_scenario(path)
    for given in (path, str(path)):
        assert qs.simulate(given).measures.tobytes() == qs.simulate(scenario).measures.tobytes()
    arm = tmp_path / "arm.yaml"
    arm.write_text("extends: world.yaml\npolicies: {coaching: {lever: coaching}}\n")
    assert qs.compare(path, {"coaching": arm}).replicate_count == 2


def test_a_policy_file_is_no_scenario(tmp_path):
    path = tmp_path / "coaching.yaml"
    path.write_text("policies: {coaching: {lever: coaching}}\n")
    with pytest.raises(qs.InputError, match="holds only policies"):
        qs.simulate(path)


def test_names_of_arguments_that_do_not_exist_are_a_type_error_as_in_python():
    with pytest.raises(TypeError, match="unexpected keyword argument 'replicate'"):
        qs.simulate(BASE, replicate=2)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        qs.simulate()


@pytest.mark.parametrize("months", [np.arange(0, 12, 3), range(0, 12, 3), (0, 3, 6), [np.int64(3)]])
def test_whole_numbers_come_in_any_list(months):
    assert argument_checks.check_integers(months) == ""


@pytest.mark.parametrize("months", ["012", 3, iter([1, 2]), {1: 2}, [0.5]])
def test_what_is_no_list_of_whole_numbers_is_refused(months):
    assert argument_checks.check_integers(months) == "a list of whole numbers"


def test_a_number_of_numpy_is_shown_as_a_number():
    assert argument_checks.shorten(np.int64(0)) == "0"
    assert argument_checks.shorten(np.float64(1.5)) == "1.5"


def test_a_name_of_a_file_that_is_no_unicode_is_a_path():
    assert argument_checks.check_path(os.fsdecode(b"\xff.yaml")) == ""
    assert argument_checks.check_path("\ud800.yaml") == "the path of a file or folder"


def test_seeds_are_larger_than_counts():
    assert argument_checks.integer_check(0, argument_checks.MAX_SEED)(2**62) == ""
    assert argument_checks.integer_check(0, argument_checks.MAX_SEED)(2**63)
    assert argument_checks.integer_check(0)(2**31)
