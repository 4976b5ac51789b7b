"""Own functions in runs: both engines give the same bytes, and what plain Python computes."""

import copy
import hashlib
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from own_scenarios import PLUGIN, SMALL, USES, own_scenario

import qispread as qs
from helpers_input import catch_input_error
from qispread.inputs.extensions.plugins import LOADED, SESSION, forget
from qispread.model.engines.composed_model import SHIPPED_MODEL, composed_model
from qispread.model.engines.kernel import run_months_in_order
from qispread.model.engines.own_functions import COMBINED_TEXT
from qispread.model.engines.world_view import FIELDS, world_view
from qispread.model.measures import MEASURE_NAMES, measure_names
from qispread.model.rules import capacity
from qispread.model.world.lever_slots import COMBINATIONS, ORGANISATION_SLOTS, PRACTICE_SLOTS

ALL = {key: value for use in USES.values() for key, value in use.items()}


@pytest.fixture(autouse=True)
def forget_session():
    """Leave nothing that a test declared."""
    yield
    forget(lambda plugin: plugin is SESSION)


def digest(runs):
    """Return the hash of all measures and final states."""
    states = (array for run in runs.runs for array in run.final_state)
    return hashlib.sha256(b"".join((runs.measures.tobytes(), *(array.tobytes() for array in states)))).hexdigest()


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("use", ["all", *USES])
def test_both_engines_give_the_same_bytes(use):
    scenario = own_scenario(**(ALL if use == "all" else USES[use]))
    kernel, mesa = (qs.simulate(scenario, engine=engine) for engine in ("kernel", "mesa"))
    assert not kernel.failed_runs
    assert digest(kernel) == digest(mesa)


@pytest.mark.slow
@pytest.mark.parametrize("use", ["rule", "network", "policy"])
def test_a_function_in_use_changes_results_and_one_that_is_only_declared_does_not(use):
    declared, used = own_scenario(), own_scenario(**USES[use])
    shipped = qs.Scenario().replace(SMALL)
    runs, plain = qs.simulate(declared), qs.simulate(shipped)
    assert np.array_equal(runs.measures[..., : len(MEASURE_NAMES)], plain.measures, equal_nan=True)
    assert not np.array_equal(qs.simulate(used).measures, runs.measures, equal_nan=True)


def test_an_own_measure_is_what_plain_python_computes_of_the_final_state():
    scenario = own_scenario()
    function = LOADED[PLUGIN.name].extensions[0].function
    runs = qs.simulate(scenario)
    expected = [function(world_view(run.final_state, scenario.horizon)) for run in runs.runs]
    assert measure_names(scenario) == (*MEASURE_NAMES, "late_share")
    assert runs.final_values("late_share").tolist() == expected
    assert max(expected) > 0.0
    assert np.isnan(runs.measures[:, :, 0, -1]).all()


@pytest.mark.slow
def test_an_own_form_equal_to_the_shipped_one_gives_its_bytes():
    @qs.rule("capacity.climate", form="the_same")
    def the_same(leadership, alignment, culture):
        return float((leadership * alignment * culture) ** (1.0 / 3.0))

    shipped = qs.Scenario().replace(SMALL)
    assert digest(qs.simulate(shipped.replace({"rules.capacity.climate": "the_same"}))) == digest(qs.simulate(shipped))


@pytest.mark.slow
@pytest.mark.parametrize("slot", [name for name in (*ORGANISATION_SLOTS, *PRACTICE_SLOTS) if name != "cost"])
def test_a_policy_may_move_every_slot_in_both_engines_beside_a_shipped_one(slot):
    @qs.policy("moved", moves=slot, plausible=(0.1, 0.9))
    def moved(world, strength):
        return strength * (world.leadership > 0.5)

    @qs.policy("moved_too", moves=slot, plausible=(0.1, 0.9))
    def moved_too(world, strength):
        return np.minimum(1.0, strength + world.culture * 0.1)

    policies = {
        "coaching": {"lever": "coaching"},
        "one": {"lever": "moved", "strength": 0.4, "target": {"most_ready": 9}},
        "two": {"lever": "moved_too", "strength": 0.6, "start": 20, "end": 40},
    }
    scenario = qs.Scenario().replace({**SMALL, "policies": policies})
    kernel, mesa = (qs.simulate(scenario, engine=engine) for engine in ("kernel", "mesa"))
    assert not kernel.failed_runs
    assert digest(kernel) == digest(mesa)


def test_compiled_levers_combine_as_those_of_shipped_policies():
    values = [0.0, 0.3, 0.9, 1.4, 20.0]
    for way, combine in enumerate(COMBINATIONS):
        for current in values:
            for value in values:
                expected = combine(np.array([current]), value)[0]
                assert eval(COMBINED_TEXT[way], {"current": current, "value": value}) == expected  # noqa: S307


@pytest.mark.slow
def test_a_policy_targets_some_organisations_and_interventions_and_costs_what_it_says():
    @qs.policy("pay", moves="push")
    def pay(world):
        return np.full(world.culture.size, 50.0)

    own = {"lever": "pay", "target": {"random": 5}, "interventions": ["first"], "cost": 7.0}
    scenario = qs.Scenario().replace({**SMALL, "hearing.broadcast": 1.0, "policies": {"p": own}})
    runs = qs.simulate(scenario)
    assert runs.final_values("cost").tolist() == [5 * 7.0 * 70] * 3
    table = runs.organisations
    early = table[(table["intervention"] == "first") & table["first_adopted"].between(1, 2)]
    assert (early.groupby("run_id").size() >= 5).all()
    base = qs.simulate(scenario.replace(policies={}))
    second = runs.measures[:, :50, 1]
    assert np.array_equal(second, base.measures[:, :50, 1], equal_nan=True)


def test_the_shipped_kernel_is_untouched():
    shipped = qs.Scenario().replace(SMALL)
    before = digest(qs.simulate(shipped))
    signatures = list(run_months_in_order.signatures)
    qs.simulate(own_scenario(**ALL))
    assert composed_model(shipped) is SHIPPED_MODEL
    assert SHIPPED_MODEL.composition.bind(run_months_in_order) is run_months_in_order
    assert list(run_months_in_order.signatures) == signatures
    assert digest(qs.simulate(shipped)) == before


@pytest.mark.slow
def test_a_clean_process_with_the_same_cache_has_the_shipped_bytes(tmp_path):
    code = (
        "import sys, hashlib, json, qispread as qs\n"
        "scenario = qs.Scenario().replace(json.loads(sys.argv[1]))\n"
        "if len(sys.argv) > 2:\n"
        "    names = [qs.read_plugin(sys.argv[2]).name]\n"
        "    scenario = scenario.replace({'plugins': names, 'rules.capacity.climate': 'led'})\n"
        "found = qs.simulate(scenario).measures[..., :26]\n"
        "print(hashlib.sha256(found.tobytes()).hexdigest())\n"
    )

    def run(*arguments):
        env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
        words = [sys.executable, "-c", code, json.dumps(SMALL), *map(str, arguments)]
        return subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout

    own, shipped, again = run(PLUGIN), run(), run(PLUGIN)
    assert own == again != shipped
    assert shipped.strip() == hashlib.sha256(qs.simulate(qs.Scenario().replace(SMALL)).measures.tobytes()).hexdigest()


@pytest.mark.slow
def test_a_replaced_rule_and_an_own_function_go_together(monkeypatch):
    scenario = own_scenario(**USES["policy"])
    before = digest(qs.simulate(scenario))
    monkeypatch.setattr(capacity, "dose", lambda available, load: 0.5 if load > available else 1.0)
    kernel, mesa = (qs.simulate(scenario, engine=engine) for engine in ("kernel", "mesa"))
    assert digest(kernel) == digest(mesa) != before
    monkeypatch.undo()
    assert digest(qs.simulate(scenario)) == before


@pytest.mark.slow
def test_a_constant_of_the_session_that_changes_is_taken():
    @qs.measure("level")
    def level(world):
        return LEVEL * (world.month + 1) / 100

    shipped = qs.Scenario().replace(SMALL)
    assert qs.simulate(shipped).final_values("level")[0] == pytest.approx(0.5 * 0.71)
    globals()["LEVEL"] = 0.25
    assert qs.simulate(shipped).final_values("level")[0] == pytest.approx(0.25 * 0.71)


LEVEL = 0.5


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["kernel", "mesa"])
def test_a_value_that_is_wrong_later_fails_the_run_by_name_and_gives_no_number(engine):
    @qs.measure("later")
    def later(world):
        return np.nan if world.month > 40 and world.culture.size > 10 else 0.5

    @qs.measure("too_large")
    def too_large(world):
        return 2.0 if world.month > 50 and world.culture.size > 10 else 0.5

    runs = qs.simulate(qs.Scenario().replace(SMALL), engine=engine)
    assert all("measure 'later' (test_own_functions.py, line" in run.error for run in runs.runs)
    assert all("returned nan in month 41; needed: a number from 0 to 1" in run.error for run in runs.runs)
    assert len(runs.final_values("later")) == 0


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["kernel", "mesa"])
def test_an_exception_in_a_run_fails_it_by_name(engine):
    @qs.policy("fails", moves="push")
    def fails(world):
        if world.month > 30 and world.culture.size > 10:
            raise ValueError("too late")
        return world.culture

    scenario = qs.Scenario().replace({**SMALL, "policies": {"p": {"lever": "fails"}}})
    runs = qs.simulate(scenario, engine=engine)
    assert all("ValueError: too late (in policy 'fails' (test_own_functions.py, line" in run.error for run in runs.runs)


@pytest.mark.slow
def test_a_measure_may_be_undefined_where_it_says_so():
    @qs.measure("users_fidelity", may_be_undefined=True)
    def users_fidelity(world):
        count = world.in_use.sum()
        return (world.fidelity * world.in_use).sum() / count if count > 0 else np.nan

    runs = qs.simulate(qs.Scenario().replace(SMALL))
    assert not runs.failed_runs
    fidelity = runs.measures[:, :, -1, len(MEASURE_NAMES)]
    assert np.isnan(fidelity[:, 0]).all()
    assert np.isfinite(fidelity[:, -1]).all()


def test_ties_of_an_own_network_differ_by_replicate_and_not_by_arm_or_order():
    scenario = own_scenario(**USES["network"])
    arm = scenario.replace({"improving.decay": 0.05})
    edges = [
        [qs.SpreadModel(one, replicate=replicate).world.edges for replicate in (2, 0, 1)] for one in (scenario, arm)
    ]
    for first, second in zip(*edges, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(edges[0][0][0], edges[0][1][0])
    drawn = qs.SpreadModel(scenario, replicate=0).network.G
    assert 0 < drawn.number_of_edges() < 24 * 23 / 2


@pytest.mark.slow
def test_every_field_of_a_world_is_read_compiled_as_in_python():
    for index, name in enumerate(FIELDS):
        scope = {"np": np}
        exec(f"def read_{name}(world):\n    return np.float64(np.sum(np.asarray(world.{name})))", scope)  # noqa: S102 - our own
        qs.measure(f"sum_of_{index}", unit="anything", may_be_undefined=True)(scope[f"read_{name}"])
    scenario = qs.Scenario().replace(SMALL)
    run = qs.simulate(scenario, 1).runs[0]
    view = world_view(run.final_state, scenario.horizon)
    for index, name in enumerate(FIELDS):
        expected = float(np.sum(np.asarray(getattr(view, name))))
        assert run.measures[-1, -1, len(MEASURE_NAMES) + index] == pytest.approx(expected, rel=1e-12), name


def test_a_scenario_with_plugins_can_be_copied_pickled_and_read_from_its_dump():
    scenario = own_scenario(**ALL)
    expected = scenario.fingerprint()
    assert copy.deepcopy(scenario).fingerprint() == expected
    assert scenario.replace({}).fingerprint() == expected
    payload = pickle.dumps(scenario)
    forget()
    assert pickle.loads(payload).fingerprint() == expected  # noqa: S301 - our own


@pytest.mark.slow
def test_an_agent_of_the_users_own_and_an_own_rule_go_together():
    class Waiting(qs.Organisation):
        """Never reviews."""

        reviews = 0

        def review_practice(self, practice):
            Waiting.reviews += 1

    scenario = own_scenario(**USES["rule"])
    model = qs.SpreadModel(scenario, replicate=0, organisation_class=Waiting)
    model.run_model()
    other = qs.SpreadModel(scenario, replicate=0)
    other.run_model()
    assert isinstance(model.organisations[0], Waiting)
    assert Waiting.reviews > 0
    assert model.measure("discontinued") < other.measure("discontinued")
    led = [one.leadership * (one.alignment + one.culture) / 2.0 for one in model.organisations]
    assert [one.climate for one in model.organisations] == led


def test_organisations_may_leave_a_model_with_own_functions():
    model = qs.SpreadModel(own_scenario(**ALL), replicate=0)
    for _ in range(10):
        model.step()
    for organisation in model.organisations[:5]:
        organisation.remove()
    model.run_model()
    assert len(model.organisations) == 19
    assert 0.0 <= model.measure("late_share") <= 1.0


def test_a_model_takes_measures_of_its_own_in_plain_python():
    scenario = qs.Scenario().replace(SMALL)
    model = qs.SpreadModel(scenario, replicate=1, measures={"users": lambda world: max(world.in_use.sum(axis=1))})
    model.run_model()
    table = model.datacollector.get_model_vars_dataframe()
    assert table["users"].iloc[-1] == max(
        sum(one.practices[name].in_use for one in model.organisations) for name in scenario.interventions
    )
    assert len(table) == scenario.horizon + 1


TWO_KERNELS = """\
import hashlib, json, sys
import qispread as qs
from qispread.model.rules import capacity

found = {}
for word in sys.argv[2:]:
    scenario = qs.Scenario().replace(json.loads(sys.argv[1]))
    shipped = capacity.climate
    if word == "replaced":
        capacity.climate = lambda leadership, alignment, culture: (leadership + alignment + culture) / 3.0
    elif word != "shipped":
        plugin = qs.read_plugin(word)
        policies = {"p": {"lever": plugin.name.removesuffix(".py")}}
        scenario = scenario.replace(plugins=[{"name": plugin.name, "sha256": plugin.sha256}], policies=policies)
    found[word] = hashlib.sha256(qs.simulate(scenario).measures[..., :26].tobytes()).hexdigest()
    capacity.climate = shipped
print(json.dumps(found))
"""
POLICY = """\
import qispread as qs


@qs.policy("{name}", moves="push")
def {name}(world):
    return {expression}
"""


@pytest.mark.slow
def test_kernels_that_other_processes_compiled_keep_apart_in_one_process(tmp_path):
    words = ["shipped", "replaced"]
    for name, expression in (("low", "0.2 + 0.0 * world.culture"), ("high", "2.0 * world.culture")):
        words.append(str(tmp_path / f"{name}.py"))
        (tmp_path / f"{name}.py").write_text(POLICY.format(name=name, expression=expression), encoding="utf-8")
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def run(*kernels):
        command = [sys.executable, "-c", TWO_KERNELS, json.dumps(SMALL), *kernels]
        return json.loads(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)

    alone = {word: run(word)[word] for word in words}
    assert len(set(alone.values())) == len(words)
    assert run(*words) == alone
    assert run(*reversed(words)) == alone


@pytest.mark.slow
def test_an_exception_in_one_branch_fails_that_arm_alone():
    @qs.policy("breaks", moves="push")
    def breaks(world):
        if world.month > 30 and world.culture.size > 10:
            raise KeyError(1)
        return world.culture

    base = qs.Scenario().replace({**SMALL, "horizon": 60})
    arms = {"well": base.with_policy("coaching", start=21), "ill": base.with_policy("breaks", start=21)}
    runs = qs.compare(base, arms, replicates=2, branch_at=21).runs
    assert not runs["well"].failed_runs
    assert all("KeyError" in run.error and "'breaks'" in run.error for run in runs["ill"].runs)


@pytest.mark.parametrize(
    ("measures", "words"),
    [
        ({"effect": lambda world: 1.0}, "measures.effect: is a measure already; needed: another name"),
        ({"mine": 5}, "measures.mine: got no function; needed: a function of a world"),
        (["mine"], "measures: got list; needed: functions by name"),
    ],
)
def test_measures_of_a_model_are_checked(measures, words):
    assert words in str(catch_input_error(qs.SpreadModel, qs.Scenario(horizon=2), replicate=0, measures=measures))


@pytest.mark.slow
def test_functions_may_return_truth_values():
    @qs.rule("capacity.climate", form="led_or_not")
    def led_or_not(leadership, alignment, culture):
        return leadership > 0.5

    @qs.measure("any_in_use")
    def any_in_use(world):
        return world.in_use.sum() > 0

    @qs.policy("cultured", moves="push")
    def cultured(world):
        return world.culture > 0.5

    changes = {"rules.capacity.climate": "led_or_not", "policies": {"p": {"lever": "cultured"}}}
    scenario = qs.Scenario().replace({**SMALL, **changes})
    kernel, mesa = (qs.simulate(scenario, engine=engine) for engine in ("kernel", "mesa"))
    assert not kernel.failed_runs
    assert digest(kernel) == digest(mesa)
    assert kernel.final_values("any_in_use").tolist() == [1.0] * 3
