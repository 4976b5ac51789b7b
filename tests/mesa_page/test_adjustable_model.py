"""A model that Mesa's page makes anew is the scenario with its changes, and nothing else."""

import numpy as np
import pytest

import qispread as qs
from all_features import all_features_scenario
from optional import require
from qispread.inputs.factors import UNCERTAIN_ROLES, plausible_factors
from qispread.interfaces.mesa_page.adjustable_model import (
    NO_POLICY_LABEL,
    AdjustableModel,
    build_model_parameters,
    describe_changes,
    policy_levers,
    slider_label,
)
from result_fixtures import small_scenario

FIXED = {"base", "world", "policy"}


def model_measures(model, months=12):
    for _ in range(months):
        model.step()
    return np.array(model.measures).tobytes()


def slider_parameters(scenario):
    require("solara", "solara")
    return {path: one for path, one in build_model_parameters(scenario).items() if path not in FIXED}


def test_without_changes_it_is_the_spread_model():
    base = small_scenario()
    assert model_measures(AdjustableModel(base, world=3)) == model_measures(qs.SpreadModel(base, replicate=3))


@pytest.mark.slow
def test_solara_viz_accepts_its_parameters():
    # Mesa 3.5 checks them by a scenario of its own kind, where the model has one.
    require("solara", "solara")
    from mesa.visualization import solara_viz

    base = small_scenario()
    model, given = AdjustableModel(base), build_model_parameters(base)
    if hasattr(solara_viz, "_build_model_init_kwargs"):
        solara_viz._check_model_params(model, given)
        built = solara_viz._build_model_init_kwargs(
            model, {"base": base, "world": 1}, add_scenario_when_empty=True, require_model_accepts_scenario=True
        )
        assert built == {"base": base, "world": 1}
    else:
        solara_viz._check_model_params(AdjustableModel.__init__, given)
    assert model.settings == base


def test_changes_are_those_of_a_changed_scenario():
    base = small_scenario()
    model = AdjustableModel(base, policy="coaching", **{"copying.copy_loss": 0.1 + 0.2, "copying.lineage": 1})
    wanted = base.replace({"copying.copy_loss": 0.3, "copying.lineage": 1.0}).with_policy("coaching")
    assert model.settings == wanted
    assert model_measures(model) == model_measures(qs.SpreadModel(wanted, replicate=0))
    assert describe_changes(model) == "coaching; copying: copy loss 0.3 instead of 0.6; copying: lineage 1 instead of 0"


def test_organisations_may_behave_otherwise():
    class Deaf(qs.Organisation):
        """Hears of nothing."""

        def hear(self):
            pass

    model = AdjustableModel(small_scenario(), organisation_class=Deaf)
    model_measures(model)
    assert model.measure("awareness") == 0.0


def test_a_lever_that_the_scenario_has_is_added_under_another_name():
    model = AdjustableModel(small_scenario().with_policy("coaching"), policy="coaching")
    assert list(model.settings.policies) == ["coaching", "coaching (added)"]
    assert describe_changes(model) == "coaching (added)"


def test_the_scenario_that_newer_mesa_hands_to_models_is_left_alone():
    assert AdjustableModel(small_scenario(), scenario=object()).settings == small_scenario()


def test_what_cannot_be_is_told_and_the_base_is_shown():
    model = AdjustableModel(small_scenario(), **{"copying.copy_loss": 7.0})
    assert "copying.copy_loss" in model.error
    assert model.settings == small_scenario()
    assert describe_changes(model) == "nothing"


def test_steps_after_the_last_month_do_nothing():
    model = AdjustableModel(small_scenario(horizon=2))
    model_measures(model, 5)
    assert (model.month, model.running, len(model.measures)) == (2, False, 3)


@pytest.mark.parametrize("lever", [NO_POLICY_LABEL, *policy_levers()])
def test_every_policy_on_offer_can_be_tried(lever):
    model = AdjustableModel(small_scenario(), policy=lever)
    model.step()
    assert not model.error
    assert len(model.settings.policies) == (lever != NO_POLICY_LABEL)


@pytest.mark.slow
def test_every_plausible_number_has_a_slider_over_its_plausible_range():
    base = all_features_scenario()
    found = slider_parameters(base)
    factors = plausible_factors(base, (*UNCERTAIN_ROLES, "lever"))
    assert {factor.path: (factor.low, factor.high) for factor in factors} == {
        path: (one.min, one.max) for path, one in found.items()
    }
    for one in found.values():
        assert one.min <= one.value <= one.max
        steps = (one.value - one.min) / one.step
        assert steps == pytest.approx(round(steps), abs=1e-6)
        assert one.is_float_slider == isinstance(one.value, float)


@pytest.mark.slow
def test_what_spreads_comes_first_and_what_places_there_are_last():
    parts = [path.split(".")[0] for path in slider_parameters(small_scenario().with_policy("coaching"))]
    assert list(dict.fromkeys(parts))[:3] == ["interventions", "policies", "copying"]
    assert parts[-1] == "network"


@pytest.mark.slow
def test_labels_tell_sliders_apart():
    labels = [slider_label(path) for path in slider_parameters(small_scenario().with_policy("coaching"))]
    assert len(set(labels)) == len(labels)
    assert slider_label("interventions.prompt.benefit") == "prompt: benefit"


@pytest.mark.slow
def test_scenarios_that_are_too_large_are_refused():
    require("solara", "solara")
    with pytest.raises(qs.InputError, match="got 5,000; the page allows at most 1,000"):
        build_model_parameters(small_scenario(**{"organisations.number": 5000}))
