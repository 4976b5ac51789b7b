"""Seeds, scenarios and batches of a model are what Mesa's users expect."""

from pathlib import Path

import mesa
import numpy as np
import pytest

import qispread as qs
from qispread.model.engines.seeds import read_seed
from qispread.model.engines.state_tables import AGENT_REPORTERS
from qispread.model.measures import MEASURE_NAMES
from qispread.model.rules import random_draws
from small_models import finished, measures, small

ROOT = Path(__file__).parents[2]
BATCH = {"display_progress": False, "number_processes": 1}
# Mesa 3.5 prefers rng=[None] * n to iterations=n.
pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning", "default::FutureWarning")


def first_draws(**named):
    model = qs.SpreadModel(small(), **named)
    return model.random.random(), model.rng.random()


def test_mesas_generators_differ_between_worlds_and_over_the_whole_seed():
    worlds = [{"replicate": replicate} for replicate in range(4)]
    seeds = [{"rng": 1 + 2**32}, {"rng": 1 + 2**62}, {"rng": 2, "replicate": 1}]
    for generator in range(2):
        assert len({first_draws(**named)[generator] for named in worlds + seeds}) == 7
    assert first_draws(replicate=0) == first_draws(rng=1) == first_draws(seed=1)


def test_agents_cells_and_network_share_the_generators_of_the_model():
    model = qs.SpreadModel(small(), replicate=2)
    own = model.organisations[3]
    assert own.random is model.random
    assert own.rng is model.rng
    assert model.network.random is model.random
    assert own.cell.random is model.random


def test_a_behaviour_in_mesas_own_idiom_tosses_other_coins_in_every_world():
    class Coin(qs.Organisation):
        def decide(self):
            self.tosses = [*getattr(self, "tosses", []), self.random.random() < 0.5]
            super().decide()

    worlds = [finished(small(), replicate=replicate, organisation_class=Coin) for replicate in range(4)]
    assert len({str([own.tosses for own in model.organisations]) for model in worlds}) == 4


def test_without_seed_and_replicate_the_seed_is_drawn_and_kept():
    first, second = finished(small()), finished(small())
    assert first.seed != second.seed
    assert first.scenario == small(seed=first.seed)
    assert measures(finished(small(), rng=first.seed)) == measures(first)
    assert measures(first) == qs.simulate(first.scenario, 1).runs[0].measures.tobytes()


def test_with_a_replicate_it_is_that_replicate_of_simulate():
    assert measures(finished(small(), replicate=2)) == qs.simulate(small(), 3).runs[2].measures.tobytes()
    assert measures(finished(small(), replicate=2, rng=9)) == qs.simulate(small(seed=9), 3).runs[2].measures.tobytes()


@pytest.mark.parametrize(
    "make",
    [
        lambda: 5,
        lambda: np.int64(5),
        lambda: np.random.default_rng(5),
        lambda: np.random.SeedSequence(5),
        lambda: [5, 6],
    ],
    ids=["int", "numpy", "Generator", "SeedSequence", "numbers"],
)
@pytest.mark.parametrize("name", ["rng", "seed"])
def test_a_seed_may_have_any_form_that_mesa_takes(name, make):
    one, other = (qs.SpreadModel(small(), **{name: make()}) for _ in range(2))
    assert one.seed == other.seed
    assert 0 <= one.seed < 2**63
    assert (one.seed == 5) == isinstance(make(), int | np.integer)


def test_a_generator_that_goes_on_gives_another_seed():
    rng = np.random.default_rng(5)
    assert read_seed(rng) != read_seed(rng)
    assert read_seed(np.random.PCG64(5)) == read_seed(np.random.default_rng(5))


@pytest.mark.parametrize("value", [0.5, 1.0, -1, 2**63, True, "one", [0.5], [-1]])
@pytest.mark.parametrize("name", ["rng", "seed"])
def test_what_is_no_seed_is_refused(name, value):
    with pytest.raises(qs.InputError, match=rf"{name}: got .*needed: a whole number from 0 to 2\^63 - 1"):
        qs.SpreadModel(small(), **{name: value})


def test_rng_and_seed_together_are_refused():
    with pytest.raises(qs.InputError, match="got rng and seed; needed: only one of them"):
        qs.SpreadModel(small(), rng=1, seed=1)


@pytest.mark.parametrize("replicate", [-1, 0.5, True, "one", "", 0.0, [], False])
def test_what_is_no_replicate_is_refused(replicate):
    with pytest.raises(qs.InputError, match=r"replicate: got .*needed: a whole number from 0"):
        qs.SpreadModel(small(), replicate=replicate)


def test_purposes_of_ones_own_are_used_by_nothing_else():
    used = [value for name, value in vars(random_draws).items() if name.isupper() and type(value) is int and value < 64]
    assert max(value for value in used if value != random_draws.FIRST_FREE) == random_draws.FIRST_FREE - 1
    own = qs.SpreadModel(small(), replicate=0).organisations[0]
    assert own.draw_uniform(random_draws.FIRST_FREE) != own.draw_uniform(random_draws.FIRST_FREE + 1)
    with pytest.raises(ValueError, match="needed: 0 to 63"):
        own.draw_uniform(64)


@pytest.mark.parametrize("given", ["prompt", str(ROOT / "configs/prompt.yaml"), ROOT / "configs/prompt.yaml"])
def test_a_scenario_may_be_named_or_be_a_file(given):
    assert (
        qs.SpreadModel(given, replicate=0).scenario.fingerprint()
        == qs.read_scenario(ROOT / "configs/prompt.yaml").fingerprint()
    )


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("promt", "no scenario is called 'promt', and no such file exists; did you mean 'prompt'"),
        ("nowhere/prompt.yaml", "nowhere/prompt.yaml"),
        (7, "got 7; needed: a Scenario, the path of its file, or 'prompt'"),
        ({"horizon": 3}, "got a dict; needed: a Scenario"),
    ],
)
def test_what_is_no_scenario_is_refused(given, problem):
    with pytest.raises(qs.InputError, match=problem):
        qs.SpreadModel(given)


def test_a_model_keeps_its_scenario():
    model = qs.SpreadModel(small(), replicate=0)
    with pytest.raises(AttributeError, match="scenario of a model cannot change"):
        model.scenario = small(horizon=9)
    assert model.scenario == model.settings == model.organisations[0].scenario == small()


@pytest.mark.parametrize("given", [small(), [small()]], ids=["bare", "in a list"])
def test_a_batch_gives_as_many_runs_as_iterations_each_up_to_the_horizon(given):
    rows = mesa.batch_run(qs.SpreadModel, {"scenario": given}, iterations=3, **BATCH)
    assert len({row["seed"] for row in rows}) == 3
    assert [(row["Step"], row["month"], row["iteration"]) for row in rows] == [(6, 6, 0), (6, 6, 1), (6, 6, 2)]
    for row in rows:
        again = finished(small(), rng=row["seed"])
        np.testing.assert_array_equal(
            [row[name] for name in MEASURE_NAMES], [again.measure(name) for name in MEASURE_NAMES]
        )


def test_a_batch_over_replicates_gives_the_worlds_of_simulate():
    rows = mesa.batch_run(qs.SpreadModel, {"scenario": small(), "replicate": range(3)}, iterations=1, **BATCH)
    assert [row["awareness"] for row in rows] == qs.simulate(small(), 3).final_values("awareness").tolist()


def test_a_batch_that_is_collected_monthly_has_every_month_once():
    rows = mesa.batch_run(qs.SpreadModel, {"scenario": small()}, iterations=1, data_collection_period=1, **BATCH)
    assert [(row["Step"], row["month"]) for row in rows] == [(month, month) for month in range(7)]


def test_a_batch_may_hold_every_organisation():
    parameters = {"scenario": small(), "agent_reporters": [AGENT_REPORTERS]}
    rows = mesa.batch_run(qs.SpreadModel, parameters, iterations=1, **BATCH)
    assert {row["month"] for row in rows} == {6}
    assert len({row["id"] for row in rows}) == 20


def test_stepping_ends_with_the_last_month():
    model, months = qs.SpreadModel(small(), replicate=0), 0
    while model.running:
        model.step()
        months += 1
    assert (months, model.month) == (6, 6)
    with pytest.raises(qs.InputError, match="the run ended in month 6"):
        model.step()
