"""An event with probability p happens where its draw is below p: never where the draw is p itself."""

import numpy as np
import pytest
from experiments.validation.scenarios import identical_organisations_scenario, measure_by_month

import qispread as qs
from qispread.model.rules import random_draws
from qispread.model.world.state_arrays import STAGE

ENGINES = ("kernel", "mesa")
FIRST_PLACE = random_draws.hash_name("organisation-001")
GIVEN_UP_AFTER_A_YEAR = {"reviewing.discontinuing": 1e6, "deciding.claimed_result": 0.5, "copying.ambition": 4.0}
"""Whoever uses it falls short for sure, and gives it up at the first review, in month 13."""


def draw_of_first_place(month, purpose, *, seed=1, intervention="one"):
    """Return the draw of the first organisation in the first replicate, keyed as the documents say."""
    stream = np.uint64(random_draws.substream(np.uint64(seed), np.uint64(0)))
    for key in (FIRST_PLACE, random_draws.hash_name(intervention)):
        stream = np.uint64(random_draws.substream(stream, np.uint64(key)))
    return float(random_draws.uniform(stream, month, purpose))


@pytest.mark.parametrize("engine", ENGINES)
def test_whoever_gave_up_considers_it_again_only_below_the_chance(engine):
    """All four give up in month 13; the first begins again in month 14 where the chance is just above its draw."""
    drawn = draw_of_first_place(14, random_draws.READOPTS)
    again = {}
    for chance in (drawn, float(np.nextafter(drawn, 1.0))):
        scenario = identical_organisations_scenario(14, 4, {**GIVEN_UP_AFTER_A_YEAR, "reviewing.readopting": chance})
        (run,) = qs.simulate(scenario, 1, engine=engine).runs
        again[chance > drawn] = run.final_state.histories[0, STAGE, 0]
    thirteen = qs.simulate(identical_organisations_scenario(13, 4, GIVEN_UP_AFTER_A_YEAR), 1, engine=engine)
    assert measure_by_month(thirteen, "current_use")[0, -1] == 0.0
    given_up = thirteen.runs[0].final_state.histories[0, STAGE, 0]
    assert again[False] == given_up
    assert again[True] != given_up


def test_an_organisation_draws_for_every_purpose_from_0_to_63():
    """Those of its own come from its stream with no intervention, those of a practice from that of the practice."""
    model = qs.SpreadModel(identical_organisations_scenario(3, 4, {}), replicate=0)
    model.step()
    own = model.organisations[0]
    stream = np.uint64(random_draws.substream(np.uint64(1), np.uint64(0)))
    stream = np.uint64(
        random_draws.substream(np.uint64(random_draws.substream(stream, np.uint64(FIRST_PLACE))), np.uint64(0))
    )
    for purpose in (0, 1, 31, 63):
        assert own.draw_uniform(purpose) == random_draws.uniform(stream, 1, purpose)
        assert own.draw_uniform(purpose, own.practices["one"]) == draw_of_first_place(1, purpose)
    for purpose in (-1, 64):
        with pytest.raises(ValueError, match=f"got purpose {purpose}; needed: 0 to 63"):
            own.draw_uniform(purpose)
