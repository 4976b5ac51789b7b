"""The places of a world: their declared distributions, and what must not disturb them.

Draws are keyed, so a test with a fixed seed always gives the same answer; its threshold is one that a perfect
generator would miss with probability 1e-4 or less, or four standard errors.
"""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
from scipy import stats

from qispread.inputs.field_errors import discriminator
from qispread.inputs.load_scenario import build_scenario
from qispread.inputs.organisations import CONTEXT_FACTORS
from qispread.inputs.parameter import section_classes
from qispread.inputs.policies import AnyPolicy
from qispread.model.world.draw_organisations import beta_quantile_table, interpolate_quantile
from qispread.model.world.draw_world import draw_world
from qispread.model.world.run_inputs import initialise_run, prepare_scenario
from qispread.model.world.state_arrays import BASELINE, GIVEN_ROW_COUNT, ORGANISATION_ROWS, SETTING_1, SETTING_2, SIZE
from qispread.model.world.static_world import build_static_world
from strategies import NETWORKS

FALSE_ALARM = 1e-4
STANDARD_ERRORS = 4.0
NUMBER = 20_000
CORRELATED = CONTEXT_FACTORS[:6]
MEANS = dict(zip(CONTEXT_FACTORS, (0.5, 0.5, 0.5, 0.25, 0.4, 0.45, 0.15), strict=True))
"""The defaults of section 2 of the model; concentration 6, correlation 0.25."""
LEVERS = sorted(discriminator(section) for section in section_classes(AnyPolicy))


def mean_is_near(found, expected, spread):
    """Return whether the mean of independent values with this standard deviation lies within four standard errors."""
    return abs(np.mean(found) - expected) <= STANDARD_ERRORS * spread / math.sqrt(len(found))


def draw_organisations_of(number=NUMBER, replicate=0, **organisations):
    """Return the organisations of a world, a row a quantity, on a ring (the cheapest network)."""
    sizes = {"number": number, "partnerships": 1, "regions": 1, **organisations}
    data = {"organisations": sizes, "network": {"kind": "ring"}}
    return prepare_scenario(build_scenario(data)).world(replicate).organisations


def factor_scores(drawn, means, concentration):
    """Return the normal scores of the context factors under the betas that they should come from."""
    shares = [
        stats.beta.cdf(row, means[name] * concentration, (1.0 - means[name]) * concentration)
        for name, row in zip(CONTEXT_FACTORS, drawn, strict=False)
    ]
    return stats.norm.ppf(shares)


def draw_fresh(replicate=0, **changes):
    """Return the world and the plan of a small scenario, drawn anew and not taken from a cache."""
    draw_world.cache_clear()
    build_static_world.cache_clear()
    data = {"horizon": 24, "organisations": {"number": 60, "partnerships": 12, "regions": 3}, **changes}
    blueprint = prepare_scenario(build_scenario(data))
    world = blueprint.world(replicate)
    return world, initialise_run(blueprint, world)


@pytest.fixture(scope="module")
def large_world():
    """The organisations of one large world with the defaults."""
    return draw_organisations_of()


@pytest.mark.parametrize("name", CONTEXT_FACTORS)
def test_each_factor_has_its_declared_beta_distribution_and_mean(large_world, name):
    beta = stats.beta(6.0 * MEANS[name], 6.0 * (1.0 - MEANS[name]))
    assert stats.kstest(large_world[CONTEXT_FACTORS.index(name)], beta.cdf).pvalue > FALSE_ALARM
    assert mean_is_near(
        large_world[CONTEXT_FACTORS.index(name)], MEANS[name], math.sqrt(MEANS[name] * (1.0 - MEANS[name]) / 7.0)
    )


@pytest.mark.parametrize(("mean", "concentration"), [(0.1, 3.0), (0.8, 3.0), (0.5, 20.0), (0.05, 20.0)])
def test_other_means_and_concentrations_are_followed_too(mean, concentration):
    context = {**dict.fromkeys(CONTEXT_FACTORS, mean), "concentration": concentration}
    found = draw_organisations_of(4000, context=context)
    for row in found[: len(CONTEXT_FACTORS)]:
        assert stats.kstest(row, stats.beta(mean * concentration, (1 - mean) * concentration).cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(range(len(CONTEXT_FACTORS)), 2)))
def test_normal_scores_of_two_factors_are_correlated_as_declared(large_world, one, other):
    scores = factor_scores(large_world[: len(CONTEXT_FACTORS)], MEANS, 6.0)
    expected = 0.25 if CONTEXT_FACTORS[one] in CORRELATED and CONTEXT_FACTORS[other] in CORRELATED else 0.0
    found = np.corrcoef(scores[one], scores[other])[0, 1]
    assert abs(math.atanh(found) - math.atanh(expected)) < STANDARD_ERRORS / math.sqrt(NUMBER - 3)


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_the_correlation_is_a_parameter(correlation):
    scores = factor_scores(
        draw_organisations_of(context={"correlation": correlation})[: len(CONTEXT_FACTORS)], MEANS, 6.0
    )
    found = np.corrcoef(scores[:6])[np.triu_indices(6, 1)]
    assert np.abs(np.arctanh(found) - math.atanh(correlation)).max() < STANDARD_ERRORS / math.sqrt(NUMBER - 3)


def test_full_correlation_makes_one_score_of_the_first_six_factors():
    found = draw_organisations_of(500, context={"correlation": 1.0, **dict.fromkeys(CORRELATED, 0.3)})
    assert np.array_equal(found[:6], np.tile(found[0], (6, 1)))
    assert not np.array_equal(found[0], found[CONTEXT_FACTORS.index("turnover")])


def test_the_copula_is_gaussian_in_its_corners(large_world):
    """Two scores both above one standard deviation: the corner of a bivariate normal, not only its correlation."""
    scores = factor_scores(large_world[: len(CONTEXT_FACTORS)], MEANS, 6.0)
    both = stats.multivariate_normal(cov=[[1.0, 0.25], [0.25, 1.0]]).cdf([-1.0, -1.0])
    for one, other in itertools.combinations(scores[:6], 2):
        for sign in (1.0, -1.0):
            assert mean_is_near((sign * one > 1.0) & (sign * other > 1.0), both, math.sqrt(both * (1.0 - both)))


@pytest.mark.parametrize("row", [SETTING_1, SETTING_2])
def test_settings_are_standard_normal(large_world, row):
    assert stats.kstest(large_world[row], "norm").pvalue > FALSE_ALARM


def test_the_spread_of_settings_is_a_parameter(large_world):
    assert np.allclose(
        draw_organisations_of(setting_spread=2.0)[[SETTING_1, SETTING_2]], 2.0 * large_world[[SETTING_1, SETTING_2]]
    )
    assert not draw_organisations_of(10, setting_spread=0.0)[[SETTING_1, SETTING_2]].any()


@pytest.mark.parametrize(("row", "mean", "variation"), [(SIZE, 4200.0, 0.5), (BASELINE, 87.0, 0.25)])
def test_sizes_and_baselines_are_lognormal_with_declared_mean_and_variation(large_world, row, mean, variation):
    spread = math.sqrt(math.log(1.0 + variation**2))
    lognormal = stats.lognorm(spread, scale=mean / math.sqrt(1.0 + variation**2))
    assert stats.kstest(large_world[row], lognormal.cdf).pvalue > FALSE_ALARM
    assert mean_is_near(large_world[row], mean, mean * variation)
    assert abs(np.log(large_world[row]).std() - spread) < STANDARD_ERRORS * spread / math.sqrt(2 * NUMBER)
    assert large_world[row].std() / large_world[row].mean() == pytest.approx(variation, rel=0.03)


def test_a_size_without_variation_is_the_mean_and_a_baseline_never_exceeds_all_cases():
    found = draw_organisations_of(
        2000, size={"mean": 3e3, "variation": 0.0}, baseline={"mean": 9000.0, "variation": 0.5}
    )
    assert np.allclose(found[SIZE], 3e3, rtol=1e-12)
    assert found[BASELINE].max() == 10_000.0


def test_context_size_baseline_and_setting_are_independent(large_world):
    scores = np.vstack(
        [
            factor_scores(large_world[: len(CONTEXT_FACTORS)], MEANS, 6.0),
            np.log(large_world[SIZE : BASELINE + 1]),
            large_world[9:11],
        ]
    )
    found = np.corrcoef(scores)[len(CONTEXT_FACTORS) :]
    off_diagonal = found[~np.eye(GIVEN_ROW_COUNT, dtype=bool)[len(CONTEXT_FACTORS) :]]
    assert np.abs(off_diagonal).max() < stats.norm.isf(FALSE_ALARM / off_diagonal.size) / math.sqrt(NUMBER)


def test_the_same_place_in_different_worlds_is_drawn_anew():
    found = np.array([draw_organisations_of(20, replicate)[0, 0] for replicate in range(2000)])
    assert stats.kstest(found, stats.beta(3.0, 3.0).cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("mean", [0.05, 0.15, 0.25, 0.5, 0.7, 0.8])
@pytest.mark.parametrize("concentration", [3.0, 6.0, 20.0])
def test_the_table_of_quantiles_is_exact_to_four_decimals(mean, concentration):
    nodes = beta_quantile_table(mean, concentration)
    scores = np.linspace(-5.9, 5.9, 1500)
    exact = stats.beta.ppf(stats.norm.cdf(scores), mean * concentration, (1.0 - mean) * concentration)
    found = np.array([interpolate_quantile(nodes, float(score)) for score in scores])
    assert np.abs(found - exact).max() < 1e-4


def test_scores_beyond_the_table_stay_inside_it():
    nodes = beta_quantile_table(0.5, 6.0)
    assert interpolate_quantile(nodes, -40.0) == pytest.approx(nodes[0], abs=1e-9)
    assert interpolate_quantile(nodes, 40.0) == pytest.approx(nodes[-1], abs=1e-9)
    assert 0.0 <= nodes[0] < nodes[-1] <= 1.0


@pytest.mark.parametrize("number", [9, 50, 99, 151, 999])
def test_one_more_organisation_changes_no_draw_of_the_others(number):
    before, after = (
        draw_organisations_of(number, partnerships=5, regions=2),
        draw_organisations_of(number + 1, partnerships=5, regions=2),
    )
    assert np.array_equal(before, after[:, :number])


def test_the_order_of_a_table_and_what_it_gives_change_no_other_draw():
    rows = [{"id": f"trust-{letter}"} for letter in "abcdef"]
    given = [{**rows[0], "culture": 0.9, "size": 100.0, "setting_2": -3.0}, *rows[1:]]
    worlds = [network_worlds("complete", organisations={"rows": table})[0] for table in (rows, rows[::-1], given)]
    plain, reversed_rows, partly = (world.organisations for world in worlds)
    assert np.array_equal(plain, reversed_rows[:, ::-1])
    changed = np.zeros_like(plain, dtype=bool)
    changed[[ORGANISATION_ROWS.index("culture"), SIZE, SETTING_2], 0] = True
    assert partly[changed].tolist() == [0.9, 100.0, -3.0]
    assert np.array_equal(plain[~changed], partly[~changed])


def network_worlds(kind, count=1, organisations=None, **network):
    """Return the worlds of some replicates with this kind of network."""
    blueprint = prepare_scenario(
        build_scenario({"network": {"kind": kind, **network}, "organisations": organisations or {}})
    )
    return [blueprint.world(replicate) for replicate in range(count)]


@pytest.mark.parametrize("kind", NETWORKS)
def test_ties_are_simple_undirected_weighted_as_declared_and_new_in_each_replicate(kind):
    world, other = network_worlds(kind, 2, tie_weight=0.4)
    matrix = np.zeros((152, 152))
    for own in range(152):
        mine = world.ties.indices[world.ties.indptr[own] : world.ties.indptr[own + 1]]
        assert np.all(np.diff(mine) > 0)
        matrix[own, mine] = world.ties.weights[world.ties.indptr[own] : world.ties.indptr[own + 1]]
    assert np.array_equal(matrix, matrix.T)
    assert set(np.unique(matrix)) <= {0.0, 0.4}
    assert not matrix.diagonal().any()
    assert np.count_nonzero(matrix) == 2 * world.graph().number_of_edges() == 2 * world.edges[0].size
    same = all(np.array_equal(ours, theirs) for ours, theirs in zip(world.edges, other.edges, strict=True))
    assert same != NETWORKS[kind].differs_by_replicate


@pytest.mark.parametrize(("degree", "across", "partnerships"), [(6.0, 0.12, 44), (4.0, 0.3, 12), (9.0, 0.0, 44)])
def test_partnerships_have_the_declared_mean_degree_share_across_and_density(degree, across, partnerships):
    worlds = network_worlds(
        "partnerships", 200, {"number": 152, "partnerships": partnerships}, mean_degree=degree, across=across
    )
    system, region = worlds[0].static_world.partnership, worlds[0].static_world.region
    ends = [world.edges[:2] for world in worlds]
    counts = [[a.size, np.sum(region[a] != region[b]), np.sum(system[a] == system[b])] for a, b in ends]
    wanted = 152 * degree / 2.0
    room = sum(math.comb(int(members), 2) for members in np.bincount(system))
    inside = min(wanted * (1.0 - across), 0.8 * room)
    for column, expected in zip(np.transpose(counts), (wanted, wanted * across, inside), strict=True):
        assert mean_is_near(column, expected, math.sqrt(expected))  # a sum of chances varies at most as a Poisson


def test_random_ties_are_as_many_as_declared_and_binomially_spread():
    worlds = network_worlds("random", 100, mean_degree=5.0)
    chance = 5.0 / 151.0
    assert mean_is_near(
        [w.edges[0].size for w in worlds], 152 * 2.5, math.sqrt(math.comb(152, 2) * chance * (1 - chance))
    )
    degrees = np.concatenate([np.diff(w.ties.indptr) for w in worlds])
    assert degrees.var() == pytest.approx(151 * chance * (1 - chance), rel=0.05)


def test_a_ring_ties_the_nearest_and_a_complete_network_everyone():
    (ring,), (everyone,) = network_worlds("ring", degree=4), network_worlds("complete")
    assert {(b - a) % 152 for a, b in zip(*ring.edges[:2], strict=True)} == {1, 2, 150, 151}
    assert ring.edges[0].size == 152 * 2
    assert nx.density(everyone.graph()) == 1.0


def test_a_small_world_keeps_clustering_and_shortens_paths():
    """Clustering 3 (k - 2) / (4 (k - 1)) (1 - rewiring)^3 (Barrat and Weigt 2000); the ties stay as many."""
    lattice = network_worlds("small_world", 1, degree=6, rewiring=0.0)[0]
    moved = [world.graph() for world in network_worlds("small_world", 30, degree=6, rewiring=0.1)]
    assert np.array_equal(lattice.edges[:2], network_worlds("ring", degree=6)[0].edges[:2])
    assert nx.average_clustering(lattice.graph()) == pytest.approx(0.6)
    assert np.mean([nx.average_clustering(graph) for graph in moved]) == pytest.approx(0.6 * 0.9**3, abs=0.02)
    assert {graph.number_of_edges() for graph in moved} == {152 * 3}
    assert nx.average_shortest_path_length(moved[0]) < 0.4 * nx.average_shortest_path_length(lattice.graph())


def test_a_scale_free_network_has_the_degrees_of_barabasi_and_albert():
    """Share 2 m (m + 1) / (k (k + 1) (k + 2)) of degree k."""
    worlds = network_worlds("scale_free", 30, {"number": 1000}, ties_a_newcomer=3)
    degrees = np.concatenate([np.diff(world.ties.indptr) for world in worlds])
    assert {world.edges[0].size for world in worlds} == {3 * (1000 - 3)}
    assert all(nx.is_connected(world.graph()) for world in worlds[:3])
    for k in (3, 4, 6):
        assert np.mean(degrees == k) == pytest.approx(24.0 / (k * (k + 1) * (k + 2)), abs=0.01)


def test_hubs_are_the_largest_of_their_partnerships_and_tied_to_each_other():
    (world,) = network_worlds("hub_and_spoke")
    system, size = world.static_world.partnership, world.organisations[SIZE]
    hubs = {int(max(np.flatnonzero(system == one), key=lambda i: size[i])) for one in range(44)}
    expected = set(itertools.combinations(sorted(hubs), 2))
    expected |= {tuple(sorted((h, int(i)))) for h in hubs for i in np.flatnonzero(system == system[h]) if i != h}
    assert set(zip(*(part.tolist() for part in world.edges[:2]), strict=True)) == expected


def assert_same_world(one, other):
    assert int(one.stream) == int(other.stream)
    assert np.array_equal(one.organisations, other.organisations)
    for ours, theirs in zip((*one.edges, *one.ties), (*other.edges, *other.ties), strict=True):
        assert np.array_equal(ours, theirs)


def test_a_scenario_drawn_twice_is_the_same_and_another_replicate_or_seed_is_not():
    world, (plan, _) = draw_fresh()
    again, (plan_again, _) = draw_fresh()
    assert_same_world(world, again)
    assert np.array_equal(plan.streams, plan_again.streams)
    for other, (other_plan, _) in (draw_fresh(replicate=1), draw_fresh(seed=2)):
        assert not np.intersect1d(plan.streams, other_plan.streams).size
        assert not np.intersect1d(world.organisations, other.organisations).size


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")])
@pytest.mark.parametrize("origin", ["most_ready", "random", "broker"])
def test_one_more_intervention_disturbs_no_place_tie_stream_or_origin(order, origin):
    one = {"origin": origin}
    world, (plan, state) = draw_fresh(interventions={"first": one})
    more, (wider, wider_state) = draw_fresh(interventions=dict.fromkeys(order, one))
    assert_same_world(world, more)
    place = order.index("first")
    assert np.array_equal(plan.streams, wider.streams[[place, -1]])
    assert np.unique(wider.streams).size == wider.streams.size
    assert np.array_equal(state.histories[0], wider_state.histories[place])
    assert np.array_equal(plan.origin_setting[0], wider.origin_setting[place])
    assert np.array_equal(state.organisations, wider_state.organisations)


@pytest.mark.parametrize("lever", LEVERS)
def test_a_policy_disturbs_no_place_tie_or_stream(lever):
    world, (plan, state) = draw_fresh()
    policies = {"new": {"lever": lever, "start": 5, "target": {"random": 20}}}
    treated, (with_policy, start) = draw_fresh(policies=policies)
    assert_same_world(world, treated)
    assert np.array_equal(plan.streams, with_policy.streams)
    assert np.array_equal(plan.partnership_setting, with_policy.partnership_setting)
    assert np.array_equal(plan.leadership_at_start, with_policy.leadership_at_start)
    assert np.array_equal(state.organisations, start.organisations)
    before = with_policy.indptr[with_policy.epoch_of_month[0]]
    assert np.array_equal(with_policy.indices[before[0] : before[-1]], plan.indices)


def ties_in_month(plan, month):
    """Return the ties of a month as {(own, other): weight}."""
    starts = plan.indptr[plan.epoch_of_month[month]]
    owners = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    part = slice(starts[0], starts[-1])
    return dict(zip(zip(owners, plan.indices[part], strict=True), plan.weights[part], strict=True))


def test_a_learning_network_adds_ties_among_its_targets_and_takes_none_away():
    weak = {"kind": "partnerships", "tie_weight": 0.5}
    learning = {"lever": "learning_network", "start": 5, "end": 9, "ties": 6.0, "target": {"most_ready": 15}}
    _, (plan, _) = draw_fresh(network=weak)
    _, (treated, _) = draw_fresh(network=weak, policies={"learning": learning})
    before, during, after = ties_in_month(plan, 6), ties_in_month(treated, 6), ties_in_month(treated, 10)
    added = {pair for pair in during if during[pair] != before.get(pair)}
    assert after == before
    assert set(before) <= set(during)
    assert added
    assert len({own for own, _ in added}) <= 15
    assert {during[pair] for pair in added} == {1.0}


def test_two_learning_networks_draw_ties_of_their_own():
    learning = {"lever": "learning_network", "start": 1, "ties": 3.0}
    plans = [
        draw_fresh(policies=dict.fromkeys(names, learning))[1][0] for names in (("one",), ("two",), ("one", "two"))
    ]
    first, second, both = (set(ties_in_month(plan, 1)) for plan in plans)
    assert first != second
    assert both == first | second
