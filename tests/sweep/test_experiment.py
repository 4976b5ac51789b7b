"""Experiments are read whole or refused with every fault at once, each in its file and line."""

import json

import pytest

import qispread as qs
from helpers_input import catch_input_error, line_of_mark, only_fault, write_file
from helpers_sweep import EXPERIMENT_YAML, FACTORS, SCENARIO_YAML, SMALL_SCENARIO, small_experiment
from qispread.inputs.errors import Fault
from qispread.runs.sweep.load_experiment import read_experiment


@pytest.fixture
def _files():
    write_file("small.yaml", SCENARIO_YAML)


def experiment_faults(text):
    """Return the faults of an experiment file."""
    write_file("small.yaml", SCENARIO_YAML)
    write_file("x.yaml", text)
    return catch_input_error(read_experiment, "x.yaml").faults


def experiment_with_factor(line):
    """Return an experiment file with one factor, which is marked."""
    return f"base: small.yaml\nfactors:\n  {line}  # here\n"


@pytest.mark.usefixtures("_files")
def test_a_file_says_what_a_mapping_says():
    write_file("trial.yaml", EXPERIMENT_YAML)
    by_file, by_mapping = read_experiment("trial.yaml"), read_experiment(small_experiment())
    assert by_file.identity() == by_mapping.identity()
    assert [factor.path for factor in by_file.resolved_factors] == list(FACTORS)


@pytest.mark.usefixtures("_files")
def test_ranges_are_the_plausible_ones_unless_given():
    write_file("trial.yaml", EXPERIMENT_YAML)
    first, second = read_experiment("trial.yaml").resolved_factors
    assert (first.low, first.high, first.scale) == (0.1, 0.9, "linear")
    assert (second.low, second.high, second.scale) == (0.01, 0.05, "log")


def test_a_base_and_policies_are_found_beside_the_file():
    write_file("small.yaml", SCENARIO_YAML, "configs")
    write_file("coaching.yaml", "policies: {coaching: {lever: coaching}}\n", "configs")
    text = (
        "base: ../configs/small.yaml\npolicies: [../configs/coaching.yaml]\nfactors: {policies.coaching.support: {}}\n"
    )
    write_file("x.yaml", text, "experiments")
    assert read_experiment("experiments/x.yaml").resolved_factors[0].path == "policies.coaching.support"


def test_a_table_that_a_value_names_is_found_beside_the_file_and_kept_whole():
    write_file("small.yaml", SCENARIO_YAML)
    write_file(
        "ties.csv", "from,to\n" + "".join(f"organisation-{i:03d},organisation-{i + 1:03d}\n" for i in range(1, 12)), "t"
    )
    write_file(
        "x.yaml",
        "base: ../small.yaml\nfactors: {network: {values: [{kind: partnerships}, {kind: file, file: ties.csv}]}}\n",
        "t",
    )
    (factor,) = read_experiment("t/x.yaml").resolved_factors
    assert factor.labels == ("partnerships", "ties")
    assert len(factor.values[1].ties) == 11


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("copying.copy_los: {}", ["is not in the scenario", "did you mean 'copying.copy_loss'?"]),
        ("copying.copy_loss: {low: 0.5, high: 1.5}", ["got high 1.5; needed: a number in [0, 1]"]),
        ("copying.copy_loss: {low: -1, high: 0.5}", ["got low -1"]),
        ("copying.copy_loss: {low: 0.5, high: 0.5}", ["is constant: low and high are both 0.5"]),
        ("copying.copy_loss: {low: 0.6, high: 0.5}", ["got low 0.6 above high 0.5"]),
        ("copying.copy_loss: {low: 0, scale: log}", ["got low 0; a log scale needs both ends above 0"]),
        ("copying.copy_loss: {low: 0.1, values: [0.1]}", ["give a range or values, not both"]),
        ("copying.copy_loss: {values: [0.1]}", ["is constant: it has one value"]),
        ("copying.copy_loss: {values: [0.1, 0.1]}", ["this value is given twice: 0.1"]),
        ("copying.copy_loss: {values: [0.1, 2.0]}", ["value 2", "needed: a number in [0, 1]"]),
        ("copying.copy_loss: {lo: 0.1}", ["unknown name; did you mean 'low'?"]),
        ("copying.copy_loss: {low: small}", ["got the text 'small'; needed: a number"]),
        ("copying.copy_loss: {scale: logg}", ["did you mean 'log'?"]),
        ("organisations.number: {low: 10, high: 20.5}", ["got high 20.5; needed: a whole number in [2, 100000]"]),
        ("organisations.number: {}", ["has no declared plausible range; give low and high, or values"]),
        ("network: {}", ["is not a number; give its values"]),
        ("network: {values: [{kind: ring}, {kind: rong}]}", ["value 2", "did you mean 'ring'?"]),
        ("network: {values: [{kind: ring}, {kind: ring, degree: 3}]}", ["value 2", "needed: an even number"]),
        ("network: {values: [{kind: ring}, {kind: ring, degree: 4}]}", ["give labels"]),
        ("network: {values: [{kind: ring}, {kind: complete}], labels: [a]}", ["got 1 labels for 2 values"]),
        ("network: {values: [{kind: ring}, {kind: complete}], labels: [a, a]}", ["two values have the same label"]),
        ("interventions: {values: [{intervention: {}}, {other: {}}]}", ["must have the same interventions"]),
        ("seed: {values: [1, 2]}", ["is the same in every point"]),
        ("horizon: {values: [6, 12]}", ["is the same in every point"]),
        ("replicates: {values: [6, 12]}", ["is set in the experiment"]),
    ],
)
def test_a_factor_that_cannot_be_is_refused_in_its_line(line, parts):
    (fault,) = experiment_faults(experiment_with_factor(line))
    assert all(part in str(fault) for part in parts), str(fault)
    assert (fault.file, fault.line) == ("x.yaml", line_of_mark(experiment_with_factor(line)))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("factors: {copying.copy_loss: {}}", ["base", "is missing"]),
        ("base: nowhere.yaml\nfactors: {copying.copy_loss: {}}", ["nowhere.yaml", "no such file"]),
        ("base: small.yaml", ["factors", "at least one"]),
        ("base: small.yaml\nfactors: {copying.copy_loss: {}, copying.copy_loss: {}}", ["given twice"]),
        ("base: small.yaml\nfactors: {network: {values: [{kind: ring}, {kind: complete}]}, network.tie_weight: {}}",
         ["is part of the factor 'network'"]),
        ("base: small.yaml\nfactors: {copying.copy_loss: {}}\ndesign: {kind: sobo}", ["did you mean 'sobol'?"]),
        ("base: small.yaml\nfactors: {copying.copy_loss: {}}\ndesign: {kind: sobol, points: 100}",
         ["needed: a power of 2, such as 64 or 128"]),
        ("base: small.yaml\nfactors: {copying.copy_loss: {}}\ndesign: {kind: morris, levels: 5}", ["an even number"]),
        ("base: small.yaml\nfactors: {copying.copy_loss: {}}\nreplicates: 0", ["got 0; needed: a whole number in [1,"]),
        ("base: small.yaml\nfactors: {copying.copy_loss: {}}\nmeasures: {final: [effekt]}", ["did you mean 'effect'?"]),
        ("base: small.yaml\nfactors: {copying.copy_loss: {}}\nmesures: {}", ["did you mean 'measures'?"]),
        ("base: small.yaml\nfactors: {copying.copy_loss: {}}\nname: a/b", ["needed: a name that a folder can have"]),
        ("base: small.yaml\nfactors: {copying.copy_loss: {}}\npolicies: [nope.yaml]", ["nope.yaml", "no such file"]),
    ],
)  # fmt: skip
def test_an_experiment_that_cannot_be_is_refused(text, parts):
    (fault,) = experiment_faults(text)
    assert all(part in str(fault) for part in parts), str(fault)


def test_all_faults_come_at_once():
    found = experiment_faults(
        "base: small.yaml\nseeds: 1\nreplicates: 0\ndesign: {kind: sobol, points: 3}\nmeasures: {final: nothing}\n"
        "factors:\n  copying.copy_los: {}\n  improving.decay: {low: 2, high: 3}\n"
    )
    assert {fault.line for fault in found} == {2, 3, 4, 5, 7, 8}


def test_faults_of_the_scenario_come_with_those_of_the_experiment():
    write_file("bad.yaml", "horizon: 0\n")
    write_file("x.yaml", "base: bad.yaml\nreplicates: 0\nfactors: {copying.copy_loss: {}}\n")
    assert {fault.file for fault in catch_input_error(read_experiment, "x.yaml").faults} == {"bad.yaml", "x.yaml"}


def write_points_experiment(text, factors="{}"):
    """Write an experiment over a list of points, and return its name."""
    write_file("small.yaml", SCENARIO_YAML)
    write_file("points.csv", text)
    write_file("x.yaml", f"base: small.yaml\nfactors: {factors}\ndesign: {{kind: list, file: points.csv}}\n")
    return "x.yaml"


def test_the_columns_of_a_list_of_points_are_its_factors():
    found = read_experiment(write_points_experiment("copying.copy_loss,organisations.number\n0.2,12\n0.4,14\n0.3,13\n"))
    assert list(found.factors) == ["copying.copy_loss", "organisations.number"]
    assert found.design.rows == ((0.2, 12.0), (0.4, 14.0), (0.3, 13.0))
    assert [one.path for one in found.scenario.inputs] == ["points.csv"]


def test_a_list_of_points_names_values_by_their_labels():
    factors = "{network: {values: [{kind: ring}, {kind: partnerships, mean_degree: 4}]}}"
    found = read_experiment(write_points_experiment("network\npartnerships\nring\n", factors))
    assert found.design.rows == ((1.0,), (0.0,))


@pytest.mark.parametrize(
    ("text", "factors", "line", "part"),
    [
        ("copying.copy_los\n0.2\n", "{}", 1, "did you mean 'copying.copy_loss'?"),
        ("copying.copy_loss\n0.2\nlots\n", "{}", 3, "got 'lots'; needed: a number"),
        ("copying.copy_loss\n0.2\nnan\n", "{}", 3, "got 'nan'; needed: a number"),
        ("organisations.number\n12\n12.5\n13\n", "{}", 3, "got 12.5; needed: a whole number"),
        ("copying.copy_loss\n0.2\n1.5\n", "{}", 1, "got high 1.5"),
        ("copying.copy_loss\n0.2\n0.2\n", "{}", 1, "is constant"),
        ("network\nring\nrong\n", "{network: {values: [{kind: ring}, {kind: complete}]}}", 3, "did you mean 'ring'?"),
        ("copying.copy_loss\n0.2\n0.3\n", "{improving.decay: {}}", 2, "has no column in points.csv"),
        ("", "{}", 0, "is empty"),
    ],
)
def test_a_list_of_points_that_cannot_be_is_refused(text, factors, line, part):
    fault = only_fault(read_experiment, write_points_experiment(text, factors))
    assert part in fault.problem
    assert fault.line == line


def test_a_manifest_holds_the_whole_experiment():
    written = read_experiment(
        small_experiment(factors={**FACTORS, "network": {"values": [{"kind": "ring"}, SMALL_SCENARIO.network]}})
    )
    text = json.dumps({"experiment": written.model_dump(mode="json", exclude={"scenario"}),
                       "scenario": SMALL_SCENARIO.model_dump(mode="json")})  # fmt: skip
    write_file("manifest.json", text)
    read = read_experiment("manifest.json")
    assert read.identity() == written.identity()
    assert read.resolved_factors == written.resolved_factors


@pytest.mark.parametrize("text", ["{}", "[]", '{"scenario": {}}', '{"experiment": {"name": 1}, "scenario": {}}'])
def test_another_manifest_is_refused(text):
    write_file("manifest.json", text)
    assert only_fault(read_experiment, "manifest.json") == Fault("", "is not the manifest of a sweep", "manifest.json")


def test_an_experiment_in_python_needs_no_file():
    found = qs.read_experiment(qs.Experiment(scenario=SMALL_SCENARIO, factors={"copying.copy_loss": {}}))
    assert found.factors["copying.copy_loss"].high == 0.9


@pytest.mark.parametrize("text", ["nothing", "", '{"experiment": {"name": "tri'])
def test_a_manifest_that_was_cut_short_is_said_to_be_so(text):
    write_file("manifest.json", text)
    fault = only_fault(read_experiment, "manifest.json")
    assert "is incomplete: it was cut short" in fault.problem
    assert fault.file == "manifest.json"
