"""Every kind of network passes the same checks."""

import numpy as np
import pytest

from all_features import all_features_scenario
from qispread.inputs.network_kinds import AnyNetwork, GivenTiesNetwork
from qispread.inputs.parameter import section_classes
from qispread.model.world.draw_world import draw_world
from qispread.model.world.network_builders import NETWORK_BUILDERS
from qispread.model.world.run_inputs import prepare_scenario
from strategies import FROM_FILES, NETWORKS


def network_world(kind, replicate=0, seed=1):
    draw_world.cache_clear()
    return prepare_scenario(all_features_scenario(network={"kind": kind}, seed=seed)).world(replicate)


def test_every_kind_has_a_builder():
    kinds = {section for section in section_classes(AnyNetwork) if section.model_fields["kind"].default in NETWORKS}
    assert set(NETWORK_BUILDERS) == kinds | {GivenTiesNetwork}
    assert not set(NETWORKS) & set(FROM_FILES)


@pytest.mark.parametrize("kind", NETWORKS)
def test_ties_are_sound(kind):
    place = network_world(kind)
    first, second, weight = place.edges
    assert (first < second).all()
    assert len(set(zip(first.tolist(), second.tolist(), strict=True))) == first.size > 0
    assert ((weight > 0) & (weight <= 1)).all()
    assert first.min() >= 0
    assert second.max() < place.static_world.organisation_count


@pytest.mark.parametrize("kind", NETWORKS)
def test_rows_hold_each_tie_at_both_ends_in_order(kind):
    place = network_world(kind)
    ties = place.ties
    rows = [
        ties.indices[ties.indptr[i] : ties.indptr[i + 1]].tolist() for i in range(place.static_world.organisation_count)
    ]
    assert all(row == sorted(row) for row in rows)
    assert all(i in rows[j] for i, row in enumerate(rows) for j in row)
    assert sum(map(len, rows)) == 2 * place.edges[0].size


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_graph_is_the_same_network(kind):
    place = network_world(kind)
    graph = place.graph()
    assert graph.number_of_edges() == place.edges[0].size
    assert list(graph.nodes) == list(place.static_world.ids)


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_replicate_is_always_the_same_and_others_differ_as_the_network_declares(kind):
    again = network_world(kind).edges
    assert all(np.array_equal(a, b) for a, b in zip(again, network_world(kind).edges, strict=True))
    other = network_world(kind, replicate=1).edges
    differs = other[0].size != again[0].size or not all(map(np.array_equal, other, again))
    assert differs == NETWORKS[kind].differs_by_replicate, (
        f"{NETWORKS[kind].__name__}: differs_by_replicate is {NETWORKS[kind].differs_by_replicate}, but replicates "
        f"{'differ' if differs else 'are the same'}"
    )
