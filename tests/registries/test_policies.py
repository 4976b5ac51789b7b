"""Every policy passes the same checks."""

from pathlib import Path

import numpy as np
import pytest

import qispread as qs
from all_features import all_features_scenario
from qispread.model.engines.simulation import run_replicate
from qispread.model.measures import MEASURE_NAMES
from qispread.model.world import policy_schedule
from qispread.model.world.lever_slots import ORGANISATION_SLOTS, PRACTICE_SLOTS
from qispread.model.world.run_inputs import prepare_scenario
from qispread.runs.comparison import arms_from_files
from qispread.runs.comparison.arms import find_added_policies
from strategies import POLICIES

CONFIGS = Path(__file__).parents[2] / "configs/policies"
BASE = all_features_scenario(policies={})
FREE = [place for place, name in enumerate(MEASURE_NAMES) if name != "cost"]


def levers_in(path):
    """Return the levers of the policies that an example adds."""
    base, arms = arms_from_files(CONFIGS.parent / "prompt.yaml", [], [path])
    return {policy.lever for arm in arms.values() for policy in find_added_policies(base, arm).values()}


def measure_scenario(scenario):
    return run_replicate(prepare_scenario(scenario), 0).measures


def test_every_slot_has_a_policy_and_every_policy_a_file():
    fields = {name for policy in POLICIES.values() for name in policy.model_fields}
    assert (set(ORGANISATION_SLOTS) | set(PRACTICE_SLOTS)) <= fields
    loaded = {path: levers_in(path) for path in CONFIGS.glob("*.yaml")}
    assert set.union(*loaded.values()) == set(POLICIES), "every policy needs an example in configs/policies"
    assert all(loaded.values())


def test_the_scenario_with_everything_has_every_policy():
    assert {policy.lever for policy in all_features_scenario().policies.values()} == set(POLICIES)


@pytest.mark.parametrize("lever", POLICIES)
def test_it_changes_something(lever):
    assert measure_scenario(BASE.with_policy(lever)).tobytes() != measure_scenario(BASE).tobytes()


@pytest.mark.parametrize("lever", sorted(set(POLICIES) - {"seeding"}))
def test_for_nobody_it_changes_nothing(lever):
    nobody = BASE.with_policy(lever, target="nobody", cost=10.0)
    assert measure_scenario(nobody).tobytes() == measure_scenario(BASE).tobytes()


@pytest.mark.parametrize("lever", sorted(set(POLICIES) - {"seeding"}))
def test_before_its_window_nothing_has_changed(lever):
    late = measure_scenario(BASE.with_policy(lever, start=20))
    assert late[:20].tobytes() == measure_scenario(BASE)[:20].tobytes()
    assert late[20:].tobytes() != measure_scenario(BASE)[20:].tobytes()


@pytest.mark.parametrize("lever", POLICIES)
def test_it_costs_what_its_targets_cost_while_it_lasts(lever):
    costly = measure_scenario(BASE.with_policy(lever, start=5, end=14, cost=3.0, target={"most_ready": 7}))
    assert costly[-1, -1, MEASURE_NAMES.index("cost")] == 3.0 * 7 * 10
    assert costly[4, -1, MEASURE_NAMES.index("cost")] == 0.0


@pytest.mark.parametrize("lever", POLICIES)
def test_its_cost_changes_nothing_else(lever):
    free, costly = measure_scenario(BASE.with_policy(lever)), measure_scenario(BASE.with_policy(lever, cost=9.0))
    np.testing.assert_array_equal(free[..., FREE], costly[..., FREE])


# The ties of a learning network are drawn by its name, so that two of them are not one.
@pytest.mark.parametrize("lever", sorted(set(POLICIES) - {"seeding", "learning_network"}))
def test_two_halves_are_one_whole(lever):
    halves = BASE.with_policy(lever, "early", start=1, end=24).with_policy(lever, "late", start=25)
    assert (
        measure_scenario(halves)[..., FREE].tobytes() == measure_scenario(BASE.with_policy(lever))[..., FREE].tobytes()
    )


def test_interventions_named_are_the_only_ones_moved():
    scenario = all_features_scenario(
        policies={}, improving={"learning": 0.0}, reviewing={"cynicism": 0.0, "encouragement": 0.0}
    )
    alone = scenario.replace({f"interventions.{name}.effort": 0.0 for name in scenario.interventions})
    pushed = alone.with_policy("mandate", resentment=0.0, interventions=["bundle"])
    names = list(alone.interventions)
    practice = [MEASURE_NAMES.index(name) for name in ("ever_adopted", "current_use", "fidelity")]
    before, after = measure_scenario(alone), measure_scenario(pushed)
    for place, name in enumerate(names):
        same = np.array_equal(before[:, place, practice], after[:, place, practice], equal_nan=True)
        assert same == (name != "bundle"), name


def test_levers_add_up_as_declared():
    def epochs_of(scenario):
        blueprint = prepare_scenario(scenario)
        return policy_schedule.build_epochs(scenario, blueprint.schedule, blueprint.world(0))

    epochs = epochs_of(BASE.with_policy("coaching", "a", support=0.7).with_policy("coaching", "b", support=0.7))
    assert set(epochs.practice_levers[1, :, list(PRACTICE_SLOTS).index("support")].ravel()) == {1.0}
    both = BASE.with_policy("standard", "a", standard=0.3, latitude=0.9).with_policy("standard", "b", standard=0.6)
    levers = epochs_of(both).practice_levers[1]
    assert set(levers[:, list(PRACTICE_SLOTS).index("standard")].ravel()) == {0.6}
    assert set(levers[:, list(PRACTICE_SLOTS).index("latitude")].ravel()) == {0.6}


def test_targets_are_who_they_say():
    from qispread.inputs.policies import PolicyTarget
    from qispread.model.world.origins import readiness, weighted_degree
    from qispread.model.world.policy_schedule import select_targets

    world = prepare_scenario(BASE).world(0)
    ready, hubs = readiness(world), weighted_degree(world)
    most, least = (
        select_targets(PolicyTarget(most_ready=5), "p", world),
        select_targets(PolicyTarget(least_ready=5), "p", world),
    )
    assert min(ready[most]) >= max(np.delete(ready, most))
    assert max(ready[least]) <= min(np.delete(ready, least))
    assert min(hubs[select_targets(PolicyTarget(hubs=3), "p", world)]) >= max(
        np.delete(hubs, select_targets(PolicyTarget(hubs=3), "p", world))
    )
    assert select_targets(PolicyTarget(), "p", world).size == 40
    for nobody in (
        PolicyTarget(organisations=()),
        PolicyTarget(partnerships=()),
        PolicyTarget(most_ready=0),
        PolicyTarget(random=0),
    ):
        assert select_targets(nobody, "p", world).size == 0
    assert select_targets(PolicyTarget(random=9), "p", world).size == 9
    assert set(select_targets(PolicyTarget(random=9), "p", world)) != set(
        select_targets(PolicyTarget(random=9), "q", world)
    )
    system = select_targets(PolicyTarget(partnerships=("partnership-02",)), "p", world)
    assert [world.static_world.partnership_names[world.static_world.partnership[i]] for i in system] == [
        "partnership-02"
    ] * 5


def test_seeding_picks_who_starts():
    run = qs.simulate(BASE.with_policy("seeding", origin={"rule": "hub", "number": 3}), 1)
    table = run.organisations
    assert (table.groupby("intervention", observed=True)["origin"].sum() == 3).all()
