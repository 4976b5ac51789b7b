"""What Mesa's page draws is what the model holds."""

import re

import numpy as np
import pytest

from qispread.inputs.load_scenario import build_scenario
from qispread.interfaces.mesa_page.adjustable_model import AdjustableModel
from qispread.interfaces.mesa_page.model_drawing import (
    COLOUR_MODES,
    FOLLOWED_MEASURES,
    build_curves_table,
    colour_key,
    curves_figure,
    describe_month,
    network_svg,
    organisation_tooltip,
    render_svg,
)
from qispread.model.world.state_arrays import STAGES
from qispread.outputs.figures.palette import FIDELITY_COLOURS, STAGE_COLOURS
from result_fixtures import small_scenario

NAME = "intervention"
HOSTILE = '<img src=x onerror="alert(1)">'
POINT = re.compile(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="[\d.]+" fill="([^"]+)" stroke="#595959"')


@pytest.fixture(scope="module")
def model():
    made = AdjustableModel(small_scenario())
    for _ in range(20):
        made.step()
    return made


def test_every_organisation_is_a_point_in_the_colour_of_its_stage(model):
    stages = [STAGES[own.practices[NAME].stage] for own in model.organisations]
    points = POINT.findall(network_svg(model, NAME, "stage"))
    assert [colour for _, _, colour in points] == [STAGE_COLOURS[stage] for stage in stages]
    assert len(set(stages)) > 2


def test_users_have_the_colour_of_their_fidelity_and_others_none(model):
    for own, (_, _, colour) in zip(
        model.organisations, POINT.findall(network_svg(model, NAME, "fidelity")), strict=True
    ):
        practice = own.practices[NAME]
        if practice.in_use:
            assert abs(FIDELITY_COLOURS.index(colour) / 10 - practice.fidelity) <= 0.05
        else:
            assert colour == "white"


def test_points_stand_where_the_maps_of_the_report_have_them_north_up(model):
    found = np.array([(float(x), float(y)) for x, y, _ in POINT.findall(network_svg(model, NAME, "stage"))]).T / 500.0
    np.testing.assert_allclose(found, [model.positions[0], 1.0 - model.positions[1]], atol=1e-3)


def test_every_tie_is_a_line_and_every_origin_has_a_ring(model):
    drawn = network_svg(model, NAME, "stage")
    assert len(re.findall(r"M[\d.]+ [\d.]+L", drawn)) == model.network.G.number_of_edges()
    assert drawn.count('fill="none" stroke="#222222"') == sum(own.practices[NAME].origin for own in model.organisations)


def test_stories_tell_stage_fidelity_and_from_whom_it_was_learnt(model):
    ids = model.world.static_world.ids
    stories = {own.id: organisation_tooltip(own, own.practices[NAME], ids) for own in model.organisations}
    for own in model.organisations:
        practice = own.practices[NAME]
        assert stories[own.id].startswith(f"{own.name or own.id}: {STAGES[practice.stage]}")
        assert ("copied from" in stories[own.id]) == practice.in_use
        if practice.in_use and practice.copied_from >= 0:
            assert stories[own.id].endswith(f"copied from {ids[practice.copied_from]}")
    assert any("copied from nobody: it is the origin" in one for one in stories.values())


@pytest.mark.parametrize("colouring", COLOUR_MODES)
def test_markup_in_names_does_nothing(colouring):
    rows = [{"id": f"{HOSTILE}{place}", "partnership": "one"} for place in range(6)]
    model = AdjustableModel(build_scenario({"organisations": {"rows": rows}, "network": {"kind": "complete"}}))
    drawn = network_svg(model, NAME, colouring)
    assert "<img" not in drawn
    assert drawn.count("&lt;img") == 6


def test_curves_are_what_the_collector_holds(model):
    kept = model.datacollector.get_model_vars_dataframe()
    table = build_curves_table(model, NAME)
    for measure, label in FOLLOWED_MEASURES.items():
        one = table[table["arm"] == label]
        np.testing.assert_allclose(one["median"], kept[measure], atol=1e-6)
        assert list(one["month"]) == list(kept["month"])


def test_words_say_what_the_curves_show(model):
    adoption, fidelity, effect = (model.measure(name, NAME) for name in FOLLOWED_MEASURES)
    assert describe_month(model, NAME) == (
        f"Month 20 of 36: {adoption:.0%} of the other organisations use it, "
        f"with {fidelity:.0%} fidelity and {effect:.0%} of the full effect."
    )
    assert (
        describe_month(AdjustableModel(small_scenario()), NAME)
        == "Month 0 of 36: 0% of the other organisations use it."
    )


def test_curves_are_drawn_from_the_first_month_on(model):
    for one in (AdjustableModel(small_scenario()), model):
        drawn = render_svg(curves_figure(one, NAME))
        assert drawn.startswith("<svg")
        assert all(label in drawn for label in FOLLOWED_MEASURES.values())


def test_the_key_names_every_stage():
    assert all(stage in colour_key("stage") for stage in STAGES)
    assert "not using" in colour_key("fidelity")
