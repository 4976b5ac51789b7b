"""Scenarios changed in code, put on a graph, and told apart by their fingerprints."""

import networkx as nx
import numpy as np
import pytest

from helpers_input import SMALL_YAML, catch_input_error, only_fault, write_file
from qispread.inputs.interventions import Origin
from qispread.inputs.load_scenario import read_scenario
from qispread.inputs.network_kinds import RingNetwork
from qispread.inputs.policies import MandatePolicy, PolicyTarget
from qispread.inputs.scenario import Scenario
from qispread.model.world.static_world import build_static_world
from strategies import NETWORKS, POLICIES

BASE = Scenario()


def test_values_are_replaced_by_path_and_the_old_scenario_stays():
    other = BASE.replace({"improving.decay": 0.02, "interventions.intervention.effort": 0.2}, seed=3)
    assert (other.improving.decay, other.interventions["intervention"].effort, other.seed) == (0.02, 0.2, 3)
    assert Scenario() == BASE
    assert other.replace({"improving.decay": 0.03, "interventions.intervention.effort": 0.35, "seed": 1}) == BASE


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("network", {"kind": "ring", "degree": 4}, RingNetwork(degree=4)),
        ("network", RingNetwork(degree=4), RingNetwork(degree=4)),
        ("interventions.intervention.origin", "hub", Origin(rule="hub")),
        ("policies.push.lever", "mandate", MandatePolicy()),
        ("improving.decay", np.float64(0.02), 0.02),
        ("seed", np.int64(3), 3),
        ("horizon", np.int32(24), 24),
    ],
)
def test_a_value_may_be_a_section_a_word_or_a_number_of_numpy(path, value, expected):
    found = BASE.replace({path: value})
    for name in path.removesuffix(".lever").split("."):
        found = found[name] if isinstance(found, dict) else getattr(found, name)
    assert found == expected


def test_all_faults_of_a_replacement_come_at_once():
    error = catch_input_error(BASE.replace, {"improving.decai": 0.1, "improving.repair": 7}, sead=2)
    assert {fault.path for fault in error.faults} == {"improving.decai", "improving.repair", "sead"}
    assert "did you mean 'decay'?" in str(error)


@pytest.mark.parametrize("path", ["horizon.months", "improving.decay.x", "name.x.y", "nothing.at.all", ""])
def test_a_path_that_does_not_exist_is_refused(path):
    catch_input_error(BASE.replace, {path: 1})


def test_a_policy_is_added_under_the_name_of_its_lever_or_another():
    other = BASE.with_policy("coaching", support=0.8, start=13, target={"most_ready": 20})
    other = other.with_policy("coaching", "later", target="nobody")
    assert list(other.policies) == ["coaching", "later"]
    assert (other.policies["coaching"].support, other.policies["coaching"].target.most_ready) == (0.8, 20)
    assert other.without_policies() == BASE


@pytest.mark.parametrize(
    ("lever", "fields", "part"),
    [
        ("coching", {}, "did you mean 'coaching'?"),
        ("coaching", {"suport": 0.8}, "did you mean 'support'?"),
        ("coaching", {"support": 2}, "needed: a number in [0, 1]"),
        ("coaching", {"start": 999}, "the run ends in month 120"),
        ("coaching", {"target": {"partnerships": "nowhere"}}, "no partnership is called 'nowhere'"),
    ],
)
def test_a_bad_policy_is_refused(lever, fields, part):
    assert part in only_fault(BASE.with_policy, lever, **fields).problem


def test_a_subclass_stays_one():
    class Mine(Scenario):
        """A scenario of somebody's own."""

    assert {type(Mine().replace(seed=2)), type(Mine().with_graph(nx.path_graph(3)))} == {Mine}


def weighted_graph(*edges, **attributes):
    """Return a graph of weighted edges; each attribute gives those of the node of its name."""
    found = nx.Graph()
    found.add_weighted_edges_from(edges)
    for name, given in attributes.items():
        found.add_node(name, **given)
    return found


def tie_triples(scenario):
    return [(tie.first, tie.second, tie.weight) for tie in scenario.network.ties]


def test_a_graph_gives_the_places_and_the_ties():
    given = weighted_graph(("a", "b", 0.5), ("b", "c", 1), a={"size": 300, "partnership": "north", "colour": "red"})
    scenario = BASE.with_graph(given)
    assert [row.id for row in scenario.organisations.rows] == ["a", "b", "c"]
    assert tie_triples(scenario) == [("a", "b", 0.5), ("b", "c", 1.0)]
    first = scenario.organisations.rows[0]
    assert (first.size, first.partnership, first.culture) == (300.0, "north", None)
    assert scenario.replace(organisations=BASE.organisations, network=BASE.network) == BASE


def test_attributes_of_numpy_are_used_as_numbers():
    given = weighted_graph(("a", "b", np.float32(0.5)), a={"size": np.int64(300), "culture": np.float64(0.25)})
    scenario = BASE.with_graph(given)
    row = scenario.organisations.rows[0]
    assert (row.size, row.culture, scenario.network.ties[0].weight) == (300.0, 0.25, 0.5)


@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph])
def test_of_ties_given_twice_the_larger_weight_holds(kind):
    given = kind()
    given.add_edge("b", "a", weight=0.6)
    given.add_edge("a", "b", weight=0.2 if kind is not nx.Graph else 0.6)
    assert tie_triples(BASE.with_graph(given)) == [("a", "b", 0.6)]


def test_nodes_that_are_no_text_are_called_by_their_text():
    scenario = BASE.with_graph(nx.grid_2d_graph(2, 2))
    assert [row.id for row in scenario.organisations.rows] == ["(0, 0)", "(0, 1)", "(1, 0)", "(1, 1)"]


def test_a_node_without_ties_stays():
    given = weighted_graph(("a", "b", 1), c={})
    assert len(BASE.with_graph(given).organisations.rows) == 3


BAD_GRAPHS = {
    "no nodes": (nx.Graph(), "ties"),
    "no edges": (nx.empty_graph(3), "has no ties"),
    "one node": (nx.empty_graph(1), "1 organisation"),
    "a self-tie": (weighted_graph(("a", "b", 1), ("a", "a", 1)), "'a' to itself"),
    "the same text": (nx.Graph([("1", 1), (1, 2)]), "same text"),
    "too heavy": (weighted_graph(("a", "b", 2)), "(0, 1]"),
    "weightless": (weighted_graph(("a", "b", 0)), "(0, 1]"),
    "weight nan": (weighted_graph(("a", "b", float("nan"))), "nan"),
    "weight of nothing": (weighted_graph(("a", "b", None)), "(0, 1]"),
    "weight of words": (weighted_graph(("a", "b", "heavy")), "heavy"),
    "a size below 0": (weighted_graph(("a", "b", 1), a={"size": -1}), "(0, inf)"),
    "a factor of words": (weighted_graph(("a", "b", 1), a={"culture": "good"}), "the text 'good'"),
    "a factor of nan": (weighted_graph(("a", "b", 1), a={"culture": np.nan}), "got nan"),
    "a factor of many": (weighted_graph(("a", "b", 1), a={"culture": np.array([0.1, 0.2])}), "culture"),
}


@pytest.mark.parametrize(("given", "part"), BAD_GRAPHS.values(), ids=BAD_GRAPHS)
def test_a_bad_graph_is_refused(given, part):
    assert part in str(catch_input_error(BASE.with_graph, given))


def test_an_origin_that_is_no_node_is_refused():
    origin = BASE.replace({"interventions.intervention.origin": "organisation-001"})
    assert "'organisation-001'" in only_fault(origin.with_graph, nx.path_graph(4)).problem


def test_a_tie_given_twice_in_a_scenario_counts_once():
    rows = [{"id": name} for name in "abc"]
    ties = [{"first": "a", "second": "b", "weight": 0.2}, {"first": "b", "second": "a", "weight": 0.7}]
    scenario = BASE.replace(organisations={"rows": rows}, network={"kind": "ties", "ties": ties})
    assert build_static_world(scenario).given_ties[2].tolist() == [0.7]


# What a fingerprint need not tell: words for people, and how a table was read whose rows the scenario holds.
TELLS_NOTHING = {"description", "notes", "inputs", "rows", "file", "columns", "closed", "without_ties", "kind", "lever"}
WHOLE = {
    "origin": Origin(rule="broker", number=2),
    "target": PolicyTarget(organisations=()),
    "interventions": ("intervention",),
}


def iterate_leaves(data, path=()):
    """Yield path and value of everything that can be changed by itself."""
    for name, value in data.items():
        if name in TELLS_NOTHING:
            continue
        if isinstance(value, dict) and value and not (name in WHOLE and path):
            yield from iterate_leaves(value, (*path, name))
        elif value != {}:
            yield (*path, name), value


def other_value(name, value):
    """Return another value that is allowed as well."""
    if name in WHOLE:
        return WHOLE[name]
    if isinstance(value, tuple):
        return value[:-1]
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, float):
        return 0.9 * value + 0.0137
    return 24 if value is None else value + 2


def with_value(scenario, path, value):
    data = scenario.model_dump()
    inner = data
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return Scenario.model_validate(data)


WORLDS = {
    **{kind: BASE.replace(network={"kind": kind}) for kind in NETWORKS},
    **{lever: BASE.with_policy(lever) for lever in POLICIES},
    "graph": BASE.with_graph(nx.path_graph(4)),
}


@pytest.mark.parametrize("scenario", WORLDS.values(), ids=WORLDS)
def test_any_parameter_that_differs_gives_another_fingerprint(scenario):
    found = {
        path: with_value(scenario, path, other_value(path[-1], value))
        for path, value in iterate_leaves(scenario.model_dump())
    }
    assert len(found) > 70
    prints = {path: other.fingerprint() for path, other in found.items()}
    assert [path for path, mark in prints.items() if mark == scenario.fingerprint()] == []
    assert len(set(prints.values())) == len(prints)


def test_worlds_that_differ_in_kind_have_different_fingerprints():
    assert len({scenario.fingerprint() for scenario in WORLDS.values()} | {BASE.fingerprint()}) == len(WORLDS)


def test_equal_worlds_have_equal_fingerprints():
    write_file("a.yaml", SMALL_YAML)
    write_file("b.yaml", "extends: a.yaml\n# words\ndescription: other words\nimproving: {decay: 3e-2}\nseed: 1\n")
    assert (
        read_scenario("a.yaml").fingerprint()
        == read_scenario("b.yaml").fingerprint()
        == read_scenario("a.yaml").replace().fingerprint()
    )


def test_the_name_of_a_table_does_not_matter_to_the_fingerprint():
    for name in ("one", "two"):
        write_file(f"{name}.csv", "id,size\na,1\nb,2\nc,3\n")
        write_file(f"{name}.yaml", f"organisations: {{file: {name}.csv}}\nnetwork: {{kind: complete}}\n")
    assert read_scenario("one.yaml").fingerprint() == read_scenario("two.yaml").fingerprint()


@pytest.mark.parametrize("section", ["policies", "interventions"])
def test_where_order_decides_it_is_in_the_fingerprint(section):
    # The last of two seedings holds, and rows of results stand in the order of the interventions.
    both = {
        "policies": {"a": {"lever": "seeding", "origin": "hub"}, "b": {"lever": "seeding", "origin": "broker"}},
        "interventions": {"a": {}, "b": {}},
    }[section]
    reverse = dict(reversed(both.items()))
    assert BASE.replace({section: both}).fingerprint() != BASE.replace({section: reverse}).fingerprint()
