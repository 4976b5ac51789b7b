"""The contagion part against two other programs, NDlib and EoN, on the same graphs with the same parameters.

They come with `pip install -e ".[oracles]"`; without them these limits are not run. The other program runs once on the
graph and from the pilot site of each replicate. It draws its own random numbers, so two samples are compared.
"""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import networkx as nx
import numpy as np

import qispread as qs
from experiments.validation.exact_growth import Array, step_probability
from experiments.validation.known_limit import KnownLimit, LimitFinding, two_sample_finding
from experiments.validation.scenarios import (
    discontinuing_changes,
    first_adoption_months,
    single_mechanism_scenario,
    threshold_changes,
)
from qispread.model.world.draw_world import World
from qispread.model.world.run_inputs import prepare_scenario
from qispread.model.world.state_arrays import ORIGIN

NUMBER, SMALL_WORLD, RANDOM = 100, {"kind": "small_world"}, {"kind": "random", "mean_degree": 5.0}
CONTACT, DISCONTINUATION = 0.05, 0.08
MANY = 25
SHARE_MARGIN, TIME_MARGIN = 0.06, 0.1
"""Of the share reached at the end; and of times, as a share of the other program's mean."""
STEP = 0.1
"""Units of time in a month, if the other program has continuous time."""


def is_installed(program: str) -> bool:
    """Return whether another program is installed."""
    return find_spec(program) is not None


def import_quietly(name: str) -> Any:
    """Import a module of another program without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module(name)


def integer_graph(world: World) -> nx.Graph:
    """Return the ties of a world over whole numbers: sets of names would have another order in each process."""
    graph = nx.Graph()
    graph.add_nodes_from(range(world.static_world.organisation_count))
    first, second, _ = world.edges
    graph.add_edges_from(zip(first.tolist(), second.tolist(), strict=True))
    return graph


def contagion_scenario(
    network: dict[str, Any], contact: float, discontinuation: float, months: int, seed: int
) -> qs.Scenario:
    """Return a scenario of spread by contact from one random pilot site, with or without discontinuation."""
    changes = {"hearing.broadcast": 0.0, "hearing.contact": contact} | (
        discontinuing_changes(discontinuation) if discontinuation > 0.0 else {}
    )
    return single_mechanism_scenario(months, network, NUMBER, changes, {"origin": "random"}, seed=seed)


def run_ours(scenario: qs.Scenario, replicates: int) -> tuple[list[nx.Graph], list[int], Array]:
    """Return graphs, origins and months of first adoption, -1 for never, of many replicates."""
    runs, blueprint = qs.simulate(scenario, replicates).runs, prepare_scenario(scenario)
    graphs = [integer_graph(blueprint.world(run.replicate)) for run in runs]
    origins = [int(np.flatnonzero(run.final_state.histories[0, ORIGIN])[0]) for run in runs]
    return graphs, origins, first_adoption_months(qs.Runs(scenario, runs))


def count_ever_adopted(began: Array, months: int) -> Array:
    """Return how many have ever adopted by each month, by replicate, as (replicates, months)."""
    return np.array([np.sum((began > 0) & (began <= month), axis=1) for month in range(1, months + 1)]).T


def compare_curves(ours: Array, theirs: Array, unit: float, what: str) -> Iterator[LimitFinding]:
    """Yield the comparison of two curves of ever adopted: the size at the end, and the time to a quarter."""
    yield two_sample_finding("share reached at the end", ours[:, -1] / NUMBER, theirs[:, -1] / NUMBER)
    times = [unit * steps_to_reach(counts, MANY) for counts in (ours, theirs)]
    finding = two_sample_finding(f"{what} until {MANY} are reached, in runs that reach them", *times)
    yield replace(finding, margin=TIME_MARGIN * finding.reference)


def steps_to_reach(counts: Array, number: int) -> Array:
    """Return the number of steps until a number is reached, for the replicates that reach it."""
    reached = counts[counts[:, -1] >= number]
    return np.argmax(reached >= number, axis=1).astype(np.float64)


def ndlib_counts(
    model: str, graph: nx.Graph, origin: int, parameters: dict[str, float], months: int, seed: int
) -> Array:
    """Return how many NDlib has ever infected by each month; its first iteration is our first month."""
    settings = import_quietly("ndlib.models.ModelConfig").Configuration()
    for name, value in parameters.items():
        settings.add_model_parameter(name, value)
    settings.add_model_initial_configuration("Infected", [origin])
    other = getattr(import_quietly("ndlib.models.epidemics"), model)(graph, seed=seed)
    other.set_initial_status(settings)
    iterations = [other.iteration(node_status=False)["node_count"] for _ in range(months)]
    return np.array([NUMBER - counts[0] for counts in iterations])


def compare_ndlib(
    model: str, discontinuation: float, months: int, replicates: int, seed: int
) -> Iterator[LimitFinding]:
    """Yield the comparison with a model of NDlib on small-world graphs."""
    graphs, origins, began = run_ours(
        contagion_scenario(SMALL_WORLD, CONTACT, discontinuation, months, seed), replicates
    )
    parameters = {"beta": CONTACT} | ({"gamma": discontinuation} if discontinuation > 0.0 else {})
    theirs = [
        ndlib_counts(model, graph, origin, parameters, months, (seed + place) % 2**32)
        for place, (graph, origin) in enumerate(zip(graphs, origins, strict=True))
    ]
    yield from compare_curves(count_ever_adopted(began, months), np.array(theirs), 1.0, "months")


def compare_ndlib_threshold(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield how many organisations begin in another month than in NDlib's linear threshold model."""
    for degree, share in ((3.0, 0.18), (6.0, 0.18), (4.0, 0.3)):
        network = {"kind": "random", "mean_degree": degree}
        scenario = single_mechanism_scenario(
            40, network, 300, threshold_changes(share), {"origin": {"rule": "hub", "number": 3}}, seed=seed
        )
        blueprint, apart = prepare_scenario(scenario), 0
        for run in qs.simulate(scenario, replicates).runs:
            seeds = np.flatnonzero(run.final_state.histories[0, ORIGIN]).tolist()
            expected = threshold_months(integer_graph(blueprint.world(run.replicate)), seeds, share, 40)
            apart += int(np.count_nonzero(first_adoption_months(qs.Runs(scenario, [run]))[0] != expected))
        where = f"mean degree {degree:g}, threshold {share:g}"
        yield LimitFinding(f"organisations in another month, {where}", 0.0, float(apart))


def threshold_months(graph: nx.Graph, seeds: list[int], share: float, months: int) -> Array:
    """Return the month in which each organisation begins by NDlib's threshold model, -1 for never."""
    settings = import_quietly("ndlib.models.ModelConfig").Configuration()
    for node in graph:
        settings.add_node_configuration("threshold", node, share)
    settings.add_model_initial_configuration("Infected", seeds)
    other = import_quietly("ndlib.models.epidemics").ThresholdModel(graph, seed=0)
    other.set_initial_status(settings)
    began = np.full(len(graph), -1)
    for month in range(1, months + 1):
        for node, status in other.iteration()["status"].items():
            if status == 1 and began[node] < 0:
                began[node] = month
    return began


def compare_eon_discrete(replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield the comparison with EoN in steps, each user visible for one month."""
    months, contact, draws = 60, 0.3, np.random.default_rng(seed)
    graphs, origins, began = run_ours(contagion_scenario(RANDOM, contact, 1.0, months, seed), replicates)
    theirs = []
    for graph, origin in zip(graphs, origins, strict=True):
        _, unaware, _, _ = import_quietly("EoN").basic_discrete_SIR(graph, contact, initial_infecteds=origin, rng=draws)
        theirs.append(np.pad(NUMBER - np.array(unaware), (0, months), mode="edge")[:months])
    yield from compare_curves(count_ever_adopted(began, months), np.array(theirs), 1.0, "months")


def compare_eon_fast(discontinuation: float, replicates: int, seed: int) -> Iterator[LimitFinding]:
    """Yield the comparison with EoN in continuous time, the model in small steps."""
    months, draws = 600, np.random.default_rng(seed)
    scenario = contagion_scenario(
        RANDOM, step_probability(STEP, CONTACT), step_probability(STEP, discontinuation), months, seed
    )
    graphs, origins, began = run_ours(scenario, replicates)
    times = STEP * np.arange(months)
    theirs = []
    for graph, origin in zip(graphs, origins, strict=True):
        program = import_quietly("EoN")
        when, unaware, _, _ = program.fast_SIR(
            graph, CONTACT, discontinuation, initial_infecteds=origin, tmax=float(times[-1]), rng=draws
        )
        theirs.append(NUMBER - np.array(unaware)[np.searchsorted(when, times, side="right") - 1])
    yield from compare_curves(count_ever_adopted(began, months), np.array(theirs), STEP, "units of time")


HUNDRED = f"two samples of {NUMBER} organisations, on the same graphs from the same origin, c = {CONTACT:g}"
LIMITS = (
    KnownLimit(
        "NDlib, susceptible-infected",
        "rossetti2018",
        f"{HUNDRED}, small-world graphs, after 40 months",
        SHARE_MARGIN,
        600,
        lambda replicates, seed: compare_ndlib("SIModel", 0.0, 40, replicates, seed),
        "ndlib",
    ),
    KnownLimit(
        "NDlib, susceptible-infected-removed",
        "rossetti2018",
        f"{HUNDRED}, g = {DISCONTINUATION:g}, small-world graphs",
        SHARE_MARGIN,
        1100,
        lambda replicates, seed: compare_ndlib("SIRModel", DISCONTINUATION, 100, replicates, seed),
        "ndlib",
    ),
    KnownLimit(
        "NDlib, linear threshold",
        "rossetti2018",
        "the month in which each of 300 organisations begins, from three hubs of the same random graphs",
        0.0,
        20,
        compare_ndlib_threshold,
        "ndlib",
    ),
    KnownLimit(
        "EoN, one month of contagion each",
        "miller2019",
        f"two samples of {NUMBER} organisations on the same random graphs, c = 0.3, g = 1 (discrete SIR)",
        SHARE_MARGIN,
        1100,
        compare_eon_discrete,
        "EoN",
    ),
    KnownLimit(
        "EoN, susceptible-infected, no steps",
        "miller2019",
        f"rate 0.05 a tie and unit of time, the model in steps of {STEP:g}; the same random graphs (fast SIR)",
        SHARE_MARGIN,
        1100,
        lambda replicates, seed: compare_eon_fast(0.0, replicates, seed),
        "EoN",
    ),
    KnownLimit(
        "EoN, susceptible-infected-removed, no steps",
        "miller2019",
        f"the same with discontinuation at rate {DISCONTINUATION:g}",
        SHARE_MARGIN,
        1100,
        lambda replicates, seed: compare_eon_fast(DISCONTINUATION, replicates, seed),
        "EoN",
    ),
)
