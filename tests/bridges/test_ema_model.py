"""A scenario as a model of the EMA Workbench, with its evaluators, optimiser and analyses."""

import random
import sys
import warnings

import numpy as np
import pytest

import qispread as qs
from helpers_sweep import SMALL_SCENARIO
from optional import require
from own_organisations import Patient
from qispread.runs.bridges.ema_model import default_uncertainties, load_ema_workbench, parameter_names

SCENARIO = SMALL_SCENARIO.with_policy("coaching", support=0.4)
NETWORKS = [{"kind": "partnerships", "mean_degree": 4}, {"kind": "small_world"}]
LEVERS = {
    "policies.coaching.support": (0.0, 1.0),
    "policies.coaching.start": (1, 10),
    "network": {"values": NETWORKS},
}
UNCERTAINTIES = {"deciding.reluctance": {}, "improving.decay": {"low": 0.01, "high": 0.05, "scale": "log"}}
pytestmark = pytest.mark.filterwarnings("default::Warning:ema_workbench.*")
OUTCOMES = ["current_use", "discontinued", "origin_effect"]


# ---- without the workbench


def test_names_can_be_mapped_back():
    paths = ["a.b_c", "a_b.c", "policies.learning-network 2.support", "policy"]
    assert parameter_names(paths, ["policy"]) == {
        "a_b_c": "a.b_c",
        "a_b_c_2": "a_b.c",
        "policies_learning_network_2_support": "policies.learning-network 2.support",
        "policy_2": "policy",
    }


def test_uncertainties_are_the_plausible_factors_without_the_levers():
    paths = [factor.path for factor in default_uncertainties(SCENARIO, ["copying", "improving.decay"])]
    assert "deciding.reluctance" in paths
    assert "improving.decay" not in paths
    assert not [path for path in paths if path.startswith("copying.")]


def test_without_the_workbench_it_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "ema_workbench", None)
    with pytest.raises(qs.InputError, match=r"needs the EMA Workbench: pip install 'qispread\[ema\]'"):
        load_ema_workbench()


# ---- with the workbench


@pytest.fixture(scope="module")
def ema():
    """The EMA Workbench, whose import warns of packages that it can do without."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        require("ema_workbench.analysis", "ema")
        return require("ema_workbench", "ema")


@pytest.fixture(scope="module")
def model(ema):
    """A model with levers of every kind."""
    return qs.as_ema_model(SCENARIO, LEVERS, OUTCOMES, uncertainties=UNCERTAINTIES, replicates=3)


@pytest.mark.slow
def test_parameters_and_outcomes_follow_the_declarations(ema, model):
    assert [type(one).__name__ for one in model.levers] == ["RealParameter", "IntegerParameter", "CategoricalParameter"]
    assert [one.name for one in model.levers] == ["policies_coaching_support", "policies_coaching_start", "network"]
    assert (
        model.levers["policies_coaching_start"].lower_bound,
        model.levers["policies_coaching_start"].upper_bound,
    ) == (
        1,
        10,
    )
    decay = model.uncertainties["improving_decay"]
    np.testing.assert_allclose(decay.dist.ppf([0.0, 0.5, 1.0]), [0.01, np.sqrt(0.01 * 0.05), 0.05])
    kinds = {one.name: one.kind for one in model.outcomes}
    outcome = ema.ScalarOutcome
    assert kinds == {"current_use": outcome.MAXIMIZE, "discontinued": outcome.MINIMIZE, "origin_effect": outcome.INFO}
    assert model.paths["improving_decay"] == "improving.decay"
    assert set(model.paths.values()) == {*LEVERS, *UNCERTAINTIES}
    assert isinstance(model, ema.Model)
    assert model.name == "small"


@pytest.mark.slow
def test_all_plausible_factors_are_uncertain_by_default(ema):
    model = qs.as_ema_model(SCENARIO, ["improving.decay"], "effect")
    found = {model.paths[one.name] for one in model.uncertainties}
    assert found == {factor.path for factor in default_uncertainties(SCENARIO, ["improving.decay"])}
    assert len(list(qs.as_ema_model(SCENARIO, [], "effect", uncertainties=["improving.decay"]).levers)) == 0


@pytest.mark.slow
def test_experiments_are_runs_of_the_changed_scenario(ema, model):
    experiments, outcomes = ema.perform_experiments(model, scenarios=4, policies=2)
    assert len(experiments) == 8
    for index, row in experiments.iterrows():
        changes = {model.paths[name]: row[name] for name in model.paths if name != "network"}
        changes["policies.coaching.start"] = int(changes["policies.coaching.start"])
        kind = next(network for network in NETWORKS if network["kind"] == row["network"])
        runs = qs.simulate(SCENARIO.replace(changes, network=kind), 3)
        for name in OUTCOMES:
            np.testing.assert_allclose(outcomes[name][index], np.nanmean(runs.final_values(name)), rtol=1e-14)


@pytest.mark.slow
def test_processes_give_the_outcomes_of_one(ema, model):
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - what the workbench samples with
    scenarios = ema.em_framework.samplers.sample_uncertainties(model, 6)
    policies = ema.em_framework.samplers.sample_levers(model, 2)
    found = []
    for evaluator in (ema.SequentialEvaluator(model), ema.MultiprocessingEvaluator(model, n_processes=2)):
        with evaluator, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            experiments, outcomes = evaluator.perform_experiments(scenarios, policies)
        order = experiments.astype({"scenario": int, "policy": str}).sort_values(["policy", "scenario"]).index
        found.append(np.array([outcomes[name][order] for name in OUTCOMES]))
    np.testing.assert_array_equal(*found)


@pytest.mark.slow
def test_analyses_of_the_workbench_take_the_results(ema):
    from ema_workbench.analysis import feature_scoring, prim

    model = qs.as_ema_model(SCENARIO, LEVERS, "ever_adopted", uncertainties=UNCERTAINTIES, replicates=2)
    random.seed(2)
    np.random.seed(2)  # noqa: NPY002 - what the workbench samples with
    experiments, outcomes = ema.perform_experiments(model, scenarios=40, policies=5)
    adopted = outcomes["ever_adopted"]
    scores = feature_scoring.get_feature_scores_all(experiments, outcomes)["ever_adopted"]
    assert scores[list(model.paths)].idxmax() == "deciding_reluctance"
    columns = experiments[list(model.paths)]
    box = prim.Prim(columns, adopted < np.quantile(adopted, 0.3), threshold=0.5).find_box()
    assert "deciding_reluctance" in box.qp[-1]


@pytest.mark.slow
def test_levers_are_searched_with_the_scenarios_own_uncertainties(ema):
    levers = {"policies.coaching.support": (0.0, 1.0), "policies.coaching.start": (1, 10)}
    model = qs.as_ema_model(SCENARIO, levers, ["fidelity", "event_rate"], uncertainties=UNCERTAINTIES, replicates=2)
    with ema.SequentialEvaluator(model) as evaluator:
        front = evaluator.optimize(nfe=40, searchover="levers", epsilons=[0.01, 0.01], population_size=20)
    function = qs.as_function(SCENARIO, levers, ["fidelity", "event_rate"], replicates=2)
    points = front[["policies_coaching_support", "policies_coaching_start"]].to_numpy(float)
    np.testing.assert_allclose(front[["fidelity", "event_rate"]].to_numpy(float), function(points), rtol=1e-12)


@pytest.mark.slow
def test_a_class_of_organisations_is_run(ema):
    outcomes = [
        qs.as_ema_model(SCENARIO, [], "ever_adopted", uncertainties=UNCERTAINTIES, organisation_class=kind).function(
            improving_decay=0.02, deciding_reluctance=3.0
        )
        for kind in (None, Patient)
    ]
    assert outcomes[0] != outcomes[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        (
            {"levers": ["policies.coachin.support"], "measures": "efect", "uncertainties": ["improving.decy"]},
            ["levers.policies.coachin.support: ", "measures: ", "uncertainties.improving.decy: "],
        ),
        ({"uncertainties": ["policies.coaching.support"]}, ["is a lever and an uncertainty; needed: one of the two"]),
        ({"levers": 3, "uncertainties": 4}, ["levers: got 3; needed: paths", "uncertainties: got 4; needed: paths"]),
        ({"levers": ["policies.coaching.cost"]}, ["levers.policies.coaching.cost: has no declared plausible range"]),
    ],
)
def test_faults_name_the_argument(ema, changes, problems):
    arguments = {"levers": ["policies.coaching.support"], "measures": "effect", **changes}
    with pytest.raises(qs.InputError) as caught:
        qs.as_ema_model(SCENARIO, **arguments)
    assert [problem for problem in problems if problem not in str(caught.value)] == []
