"""Limits with known answers (section 8 of the model): one mechanism on, the rest off.

What is random is compared with the exact expectation, worked out here by other means, within four standard errors of
its mean over independent worlds; what is not is compared to rounding. Measures leave out the organisation that starts.
"""

import math

import numpy as np
import pytest
from experiments.validation.exact_cascades import trigger_probability
from experiments.validation.exact_growth import bass_chain, bass_curve, bass_ring_curve, ring_bass
from experiments.validation.scenarios import (
    AVAILABLE,
    CLIMATE,
    VIGILANCE,
    first_adoption_months,
    identical_organisations_scenario,
    measure_by_month,
    single_mechanism_scenario,
    threshold_changes,
)
from scipy import stats

import qispread as qs
from qispread.model.measures import MEASURE_NAMES
from qispread.model.world.observed_events import draw_observed_events, observation_draws
from qispread.model.world.run_inputs import prepare_scenario
from qispread.model.world.state_arrays import EMBEDDING, FIDELITY, FIRST_ADOPTED, GENERATION, ORIGIN

STANDARD_ERRORS = 4.0


def assert_mean(values, expected, spread=None, bias=1e-12):
    """Check means over replicates in standard errors (of the sample where none is known), allowing for a bias."""
    spread = values.std(axis=0, ddof=1) if spread is None else spread
    allowed = STANDARD_ERRORS * spread / math.sqrt(len(values))
    assert np.all(np.abs(values.mean(axis=0) - expected) <= allowed + bias)


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize(
    ("number", "broadcast", "contact"), [(30, 0.0, 0.02), (60, 0.0, 0.004), (40, 0.01, 0.01), (60, 0.002, 0.005)]
)
def test_spread_on_a_complete_graph_is_that_of_infection_and_of_bass(number, broadcast, contact):
    changes = {"hearing.broadcast": broadcast, "hearing.contact": contact}
    runs = qs.simulate(single_mechanism_scenario(48, {"kind": "complete"}, number, changes), 2000)
    mean, spread = bass_chain(number - 1, broadcast, contact, 48)
    assert_mean(measure_by_month(runs, "current_use"), mean, spread)
    assert np.array_equal(measure_by_month(runs, "current_use"), measure_by_month(runs, "awareness"))


def test_the_exact_chain_tends_to_the_curve_of_bass():
    months = np.arange(241)
    mean, _ = bass_chain(400, 0.001, 0.04 / 400, 240)
    assert np.abs(mean - bass_curve(0.001, 0.04, months)).max() < 0.02


def ring_share(months, replicates, broadcast, contact):
    """Return the share of users, month by month, among those too far from the origin to have heard of it."""
    changes = {"hearing.broadcast": broadcast, "hearing.contact": contact}
    number = 4 * months
    runs = qs.simulate(single_mechanism_scenario(months, {"kind": "ring", "degree": 2}, number, changes), replicates)
    began = first_adoption_months(runs)[:, months + 1 : number - months]
    return np.array([np.mean((began > 0) & (began <= month), axis=1) for month in range(months + 1)]).T


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize(("broadcast", "contact"), [(0.01, 0.2), (0.03, 0.5), (0.02, 1.0)])
def test_spread_on_a_ring_is_the_exact_curve_of_bass_there(broadcast, contact):
    found, expected = ring_share(40, 400, broadcast, contact), ring_bass(broadcast, contact, 40)
    middle = (expected > 0.001) & (expected < 0.999)
    assert_mean(found[:, middle], expected[middle])


def test_the_exact_recursion_tends_to_the_formula_of_fibich_and_gibori():
    p, q, months = 0.0005, 0.01, np.arange(601)
    assert np.abs(ring_bass(p, q / 2.0, 600) - bass_ring_curve(p, q, months)).max() < 0.002
    assert np.abs(ring_bass(p, q / 2.0, 600) - bass_curve(p, q, months)).max() > 0.1


@pytest.mark.science
def test_small_steps_on_a_long_ring_give_the_formula_of_fibich_and_gibori():
    p, q = 0.001, 0.03
    assert_mean(ring_share(240, 200, p, q / 2.0), bass_ring_curve(p, q, np.arange(241)), bias=0.0015)


@pytest.mark.science
def test_small_steps_among_many_give_the_curve_of_bass():
    changes = {"hearing.broadcast": 0.001, "hearing.contact": 0.04 / 500}
    runs = qs.simulate(single_mechanism_scenario(240, {"kind": "complete"}, 501, changes), 60)
    assert_mean(measure_by_month(runs, "current_use"), bass_curve(0.001, 0.04, np.arange(241)), bias=0.01)


def cascade(world, share, seeds, months):
    """Return the month in which each begins: the origin at 1, others once the share of their ties has."""
    number, indptr, indices = world.static_world.organisation_count, world.ties.indptr, world.ties.indices
    began = np.full(number, -1)
    began[seeds] = 1
    for month in range(2, months + 1):
        users = began > 0
        shares = [
            users[indices[indptr[i] : indptr[i + 1]]].mean() if indptr[i] < indptr[i + 1] else 0.0
            for i in range(number)
        ]
        began[(np.array(shares) >= share) & ~users] = month
    return began


@pytest.mark.parametrize(
    "network", [{"kind": "random", "mean_degree": 3.0}, {"kind": "small_world"}, {"kind": "scale_free"}]
)
@pytest.mark.parametrize("share", [0.1801, 0.27])
def test_a_steep_decision_is_a_linear_threshold_cascade(network, share):
    scenario = single_mechanism_scenario(
        40, network, 300, threshold_changes(share), {"origin": {"rule": "hub", "number": 3}}
    )
    blueprint = prepare_scenario(scenario)
    for run in qs.simulate(scenario, 12).runs:
        world, seeds = blueprint.world(run.replicate), np.flatnonzero(run.final_state.histories[0, ORIGIN])
        assert np.array_equal(run.final_state.histories[0, FIRST_ADOPTED], cascade(world, share, seeds, 40))


@pytest.mark.science
def test_cascades_are_as_frequent_as_watts_found():
    origin = {"origin": "random"}
    open_to = single_mechanism_scenario(
        120, {"kind": "random", "mean_degree": 3.5}, 2000, threshold_changes(0.1801), origin
    )
    sizes = measure_by_month(qs.simulate(open_to, 400), "ever_adopted")[:, -1]
    expected = trigger_probability(3.5, 2000, 0.1801)
    assert abs(np.mean(sizes > 0.5) - expected) < STANDARD_ERRORS * math.sqrt(expected * (1.0 - expected) / 400)
    assert not np.any((sizes > 0.1) & (sizes < 0.9))
    closed = single_mechanism_scenario(
        120, {"kind": "random", "mean_degree": 12.0}, 2000, threshold_changes(0.1801), origin
    )
    assert measure_by_month(qs.simulate(closed, 100), "ever_adopted")[:, -1].max() < 0.05


@pytest.mark.parametrize("degree", [2, 4, 6, 8])
def test_a_ring_spreads_a_threshold_of_half_its_neighbours_and_none_above(degree):
    """Morris 2000, Centola and Macy 2007: beside a block of users half of the neighbours are users, never more."""
    number, seeds = 81, degree // 2
    block = {"origin": {"organisations": [f"organisation-{i:03d}" for i in range(1, seeds + 1)]}}
    network = {"kind": "ring", "degree": degree}
    at_half = single_mechanism_scenario(80, network, number, threshold_changes(0.5 - 0.1 / degree), block)
    above = single_mechanism_scenario(80, network, number, threshold_changes(0.5 + 0.1 / degree), block)
    began = first_adoption_months(qs.simulate(at_half, 1))[0]
    distance = np.minimum(np.arange(number) - seeds + 1, number - np.arange(number)).clip(min=0)
    apart = distance < 30  # where the two fronts meet, both help
    assert np.array_equal(began[apart], 1 + distance[apart])
    assert began.min() == 1
    assert measure_by_month(qs.simulate(above, 1), "ever_adopted").max() == 0.0


@pytest.mark.parametrize("degree", [2, 6])
def test_simple_contagion_moves_half_a_neighbourhood_a_month_round_a_ring(degree):
    began = first_adoption_months(
        qs.simulate(
            single_mechanism_scenario(60, {"kind": "ring", "degree": degree}, 61, threshold_changes(0.5 / degree)), 1
        )
    )[0]
    distance = np.minimum(np.arange(61), 61 - np.arange(61))
    assert np.array_equal(began, 1 + np.ceil(distance / (degree // 2)))


def test_word_from_outside_alone_reaches_a_constant_share_each_month():
    runs = qs.simulate(single_mechanism_scenario(60, {"kind": "ring"}, 101, {"hearing.broadcast": 0.03}), 300)
    share = 1.0 - 0.97 ** np.arange(61)
    assert_mean(measure_by_month(runs, "awareness"), share, np.sqrt(share * (1.0 - share) / 100))


@pytest.mark.parametrize(("measurement", "held"), [(0.0, 1.0), (0.5, 0.7**2), (1.0, 0.4**2)])
def test_fidelity_decays_exponentially_and_more_slowly_where_it_is_watched(measurement, held):
    changes = {"improving.decay": 0.03, "copying.copy_loss": 0.5}
    one = {"complexity": 0.6, "codification": 0.2}
    runs = qs.simulate(identical_organisations_scenario(90, 6, changes, one, measurement=measurement), 2)
    months = np.arange(1, 91)
    expected = (1.0 - 0.5 * 0.6 * 0.8) * (1.0 - 0.03 * held) ** months
    assert measure_by_month(runs, "fidelity")[:, 1:] == pytest.approx(np.tile(expected, (2, 1)), rel=1e-12)
    assert runs.runs[0].final_state.practices[0, FIDELITY, 0] == pytest.approx((1.0 - 0.03 * held) ** 90, rel=1e-12)


@pytest.mark.parametrize(("lineage", "kept"), [(0.0, lambda d: 0.76**d), (1.0, lambda d: np.where(d > 0, 0.76, 1.0))])
def test_fidelity_falls_geometrically_with_copies_of_copies_and_not_from_the_original(lineage, kept):
    changes = {**threshold_changes(0.25), "copying.copy_loss": 0.5, "copying.lineage": lineage}
    one = {"complexity": 0.6, "codification": 0.2}
    end = (
        qs.simulate(single_mechanism_scenario(40, {"kind": "ring", "degree": 2}, 41, changes, one), 1)
        .runs[0]
        .final_state
    )
    distance = np.minimum(np.arange(41), 41 - np.arange(41))
    assert np.array_equal(end.histories[0, GENERATION], distance)
    assert end.practices[0, FIDELITY] == pytest.approx(kept(distance), rel=1e-12)


@pytest.mark.parametrize(("effort", "above", "dose"), [(0.1, 1.0, 1.0), (0.64, 1.0, 0.5), (1.28, 0.2, 0.5)])
def test_embedding_settles_where_what_is_built_equals_what_leaves(effort, above, dose):
    """In the last case it counts as embedded on the way, and then asks for half of the effort."""
    changes = {"improving.embed": 0.13, "improving.embedded_above": above}
    runs = qs.simulate(identical_organisations_scenario(900, 4, changes, {"effort": effort, "upkeep": 0.5}), 1)
    built, kept = 0.13 * CLIMATE * dose, 1.0 - 0.12 / 12.0
    expected = built * kept / (1.0 - (1.0 - built) * kept)
    assert runs.runs[0].final_state.practices[0, EMBEDDING] == pytest.approx(expected, rel=1e-9)
    approach = expected - measure_by_month(runs, "embedding")[0, 40:140]
    assert approach[1:] / approach[:-1] == pytest.approx((1.0 - built) * kept, rel=1e-9)


def test_fidelity_under_real_cycles_and_reactive_changes_has_its_exact_mean():
    changes = {f"improving.{name}": value for name, value in (("repair", 0.06), ("reactive", 0.5), ("decay", 0.03))}
    runs = qs.simulate(
        identical_organisations_scenario(60, 101, {**changes, "improving.blind_cycles": 0.5, "copying.copy_loss": 0.5}),
        100,
    )
    real, reactive = 0.4 * (0.5 + 0.5 * 0.5), 0.5 * 0.5  # of a full dose, without a standard
    gain, factor = real * 0.06, 1.0 - real * 0.06 - (1.0 - real) * reactive * 0.06 * 0.6
    kept = 1.0 - 0.03 * (1.0 - VIGILANCE) ** 2
    expected = [1.0 - 0.5 * 0.6 * 0.6]
    for _ in range(60):
        expected.append((gain + factor * expected[-1]) * kept)
    assert_mean(measure_by_month(runs, "fidelity")[:, 1:], np.array(expected[1:]))


def test_a_constant_shortfall_is_given_up_geometrically_at_each_review():
    changes = {"reviewing.discontinuing": 0.9, "deciding.claimed_result": 0.5, "copying.ambition": 4.0}
    runs = qs.simulate(identical_organisations_scenario(61, 101, changes), 200)
    stays = math.exp(-0.9 * (1.2 - 0.6) * (4.0 * 0.5 - 1.0))
    share = stays ** ((np.arange(1, 62) - 1) // 12)
    assert_mean(measure_by_month(runs, "sustainment")[:, 1:], share, np.sqrt(share * (1.0 - share) / 100))


def test_leaders_leave_at_a_constant_rate_and_successors_keep_the_mean():
    changes = {"leaders.leader_exit": 0.23, "leaders.new_broom": 1.0}
    runs = qs.simulate(single_mechanism_scenario(60, {"kind": "ring"}, 101, changes), 300)
    share = np.exp(-0.23 * np.arange(60) / 12.0)
    assert_mean(measure_by_month(runs, "current_use")[:, 1:], share, np.sqrt(share * (1.0 - share) / 100))
    leadership = runs.measures[:, :, -1, MEASURE_NAMES.index("leadership")]
    assert_mean(leadership[:, [12, 36, 60]] - leadership[:, [0]], 0.0)


def test_home_grown_gains_settle_and_harm_follows_its_trend():
    changes = {"local_improvement.gain": 0.2, "local_improvement.loss": 0.1, "outcome.secular": 0.06}
    one = {"effort": 0.12, "benefit": 0.5}
    runs = qs.simulate(identical_organisations_scenario(400, 4, changes, one), 1)
    built, kept = 0.2 * 0.4 * 0.5 * (AVAILABLE - 0.12), 1.0 - 0.1 * (1.0 - VIGILANCE)
    gain = built * kept / (1.0 - (1.0 - built) * kept)
    last = dict(zip(MEASURE_NAMES, runs.measures[0, -1, -1], strict=True))
    assert last["local_improvement"] == pytest.approx(gain, rel=1e-9)
    assert last["event_rate"] == pytest.approx(80.0 * math.exp(-0.06 * 400 / 12.0) * (1.0 - gain) * 0.5, rel=1e-9)


@pytest.mark.parametrize("mean", [1e-6, 0.3, 4.0, 250.0])
def test_observed_events_are_poisson(mean):
    streams = np.arange(1, 20_001, dtype=np.uint64) * np.uint64(0xD1342543DE82EF95)
    counts = draw_observed_events(streams, np.full(streams.size, mean), 5)
    assert np.array_equal(counts, stats.poisson.ppf(observation_draws(streams, 5), mean))
    assert abs(counts.mean() - mean) < STANDARD_ERRORS * math.sqrt(mean / streams.size)
    assert not draw_observed_events(streams[:5], np.zeros(5), 1).any()
