"""From a scenario and a world to what an engine starts from: the plan, which stays, and the state, which moves."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.scenario import MECHANISMS, Scenario
from qispread.model.rules.capacity import climate
from qispread.model.rules.code_replacement import apply_replacements
from qispread.model.rules.deciding import similarity
from qispread.model.rules.jit import kernel, rule
from qispread.model.rules.outcome import monthly_exposure, response_constant, squared_distance
from qispread.model.rules.random_draws import Word64, hash_name, substream
from qispread.model.world.draw_world import World, draw_world
from qispread.model.world.network_builders import CSRGraph
from qispread.model.world.origins import choose_origins
from qispread.model.world.policy_schedule import PolicySchedule, build_epochs, build_schedule
from qispread.model.world.state_arrays import (
    ALIGNMENT,
    BASELINE,
    CLIMATE,
    COPIED_FROM,
    COPIED_FROM_NOBODY,
    CULTURE,
    EVENT_RATE,
    EXPOSURE,
    FIRST_ADOPTED,
    GIVEN_ROW_COUNT,
    HISTORY_ROWS,
    LAST_ADOPTED,
    LEADERSHIP,
    NEVER,
    ORGANISATION_ROWS,
    ORIGIN,
    PRACTICE_ROWS,
    SETTING_1,
    SETTING_2,
    SIZE,
    VISIBLE_ROWS,
)
from qispread.model.world.static_world import StaticWorld, build_static_world


class RunInputs(NamedTuple):
    """What stays the same during a run of one scenario in one world; n organisations, i interventions.

    Attributes
    ----------
    parameters : record
        One nested record a mechanism, as in `inputs.mechanisms`.
    interventions : record array of i
        Attributes of each intervention.
    streams : array of (i + 1, n) uint64
        Of each intervention and organisation; the last row is for draws that concern no intervention.
    partnership : array of n int64
    partnership_setting : array of (2, systems)
        Mean setting of each partnership, to which an agreed standard is fitted.
    leadership_at_start : array of n
        Ascending, from which successors are drawn.
    origin_setting : array of (i, 2)
        Mean setting of those who start, to which the literature is fitted.
    epoch_of_month, organisation_levers, practice_levers, has_growth
        As in `policies.Epochs`.
    indptr, indices, weights, similarity
        Ties in compressed sparse rows, a row of `indptr` an epoch; `similarity` is the similarity of settings.
    """

    parameters: Any
    interventions: Any
    streams: NDArray[np.uint64]
    partnership: NDArray[np.int64]
    partnership_setting: NDArray[np.float64]
    leadership_at_start: NDArray[np.float64]
    origin_setting: NDArray[np.float64]
    epoch_of_month: NDArray[np.int64]
    organisation_levers: NDArray[np.float64]
    practice_levers: NDArray[np.float64]
    has_growth: NDArray[np.bool_]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    weights: NDArray[np.float64]
    similarity: NDArray[np.float64]


class SimulationState(NamedTuple):
    """What moves: arrays with rows as in `layout` and a column an organisation."""

    organisations: NDArray[np.float64]
    practices: NDArray[np.float64]
    histories: NDArray[np.int64]
    visible: NDArray[np.float64]

    def copy(self) -> "SimulationState":
        """Return a state that can go its own way."""
        return SimulationState(
            self.organisations.copy(), self.practices.copy(), self.histories.copy(), self.visible.copy()
        )


def _fields(section: Any) -> dict[str, float | int]:
    numbers = {name: value for name, value in section if isinstance(value, int | float)}
    response = getattr(section, "response", None)
    if response is not None:
        numbers |= {"steepness": response.steepness, "half": response_constant(response.midpoint, response.steepness)}
    return numbers


def _dtype(section: Any) -> np.dtype[Any]:
    return np.dtype([(name, "i8" if isinstance(value, int) else "f8") for name, value in _fields(section).items()])


def build_parameter_record(scenario: Scenario) -> Any:
    """Return the numbers of all mechanisms as one record of records."""
    sections = [getattr(scenario, name) for name in MECHANISMS]
    dtype = np.dtype([(name, _dtype(section)) for name, section in zip(MECHANISMS, sections, strict=True)])
    values = tuple(tuple(_fields(section).values()) for section in sections)
    return np.rec.array([values], dtype=dtype)[0]


def build_intervention_records(scenario: Scenario) -> Any:
    """Return the numbers of all interventions as an array of records."""
    interventions = list(scenario.interventions.values())
    return np.rec.array([tuple(_fields(one).values()) for one in interventions], dtype=_dtype(interventions[0]))


@kernel
def build_streams(
    base_stream: Word64, keys: NDArray[np.uint64], interventions: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Return the stream of each intervention (rows; the last is none) and organisation (columns)."""
    streams = np.empty((interventions.size + 1, keys.size), np.uint64)
    for i in range(keys.size):
        mine = substream(base_stream, keys[i])
        for k in range(interventions.size):
            streams[k, i] = substream(mine, interventions[k])
        streams[interventions.size, i] = substream(mine, 0)
    return streams


@kernel
def tie_similarities(
    indptr: NDArray[np.int64], indices: NDArray[np.int64], organisations: NDArray[np.float64], similarity_range: float
) -> NDArray[np.float64]:
    """Return the similarity of the settings at both ends of each tie."""
    first, second = organisations[SETTING_1], organisations[SETTING_2]
    alike = np.empty(indices.size, np.float64)
    for i in range(indptr.size - 1):
        for tie in range(indptr[i], indptr[i + 1]):
            j = indices[tie]
            alike[tie] = similarity(squared_distance(first[i], second[i], first[j], second[j]), similarity_range)
    return alike


@rule
def update_climate(organisations: NDArray[np.float64], i: int) -> None:
    """Work out the climate of one organisation anew: the dearest step of a month, taken only after a change."""
    organisations[CLIMATE, i] = climate(
        organisations[LEADERSHIP, i], organisations[ALIGNMENT, i], organisations[CULTURE, i]
    )


@kernel
def update_all_climates(organisations: NDArray[np.float64]) -> None:
    """Work out the climate of every organisation."""
    for i in range(organisations.shape[1]):
        update_climate(organisations, i)


def group_means(groups: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of `values` in each group."""
    return np.bincount(groups, weights=values) / np.bincount(groups)


class PreparedScenario(NamedTuple):
    """What every replicate of a scenario needs, worked out once."""

    scenario: Scenario
    static_world: StaticWorld
    parameters: Any
    interventions: Any
    keys: NDArray[np.uint64]
    schedule: PolicySchedule

    def world(self, replicate: int) -> World:
        """Return the world of a replicate."""
        return draw_world(self.static_world, self.scenario.seed, replicate)


def prepare_scenario(scenario: Scenario) -> PreparedScenario:
    """Return the blueprint of a scenario."""
    apply_replacements()
    frame = build_static_world(scenario)
    return PreparedScenario(
        scenario=scenario,
        static_world=frame,
        parameters=build_parameter_record(scenario),
        interventions=build_intervention_records(scenario),
        keys=np.array([hash_name(name) for name in scenario.interventions], dtype=np.uint64),
        schedule=build_schedule(scenario, frame.organisation_count),
    )


def initialise_run(prepared: PreparedScenario, world: World) -> tuple[RunInputs, SimulationState]:
    """Return the plan and the state at the start of one scenario in one world."""
    scenario, frame, places = prepared.scenario, world.static_world, world.organisations
    origins = choose_origins(scenario, world)
    epochs = build_epochs(scenario, prepared.schedule, world)
    starts, others, weights, alike = concatenate_ties(epochs.ties, places, scenario.deciding.similarity_range)
    setting = places[SETTING_1 : SETTING_2 + 1]
    plan = RunInputs(
        parameters=prepared.parameters,
        interventions=prepared.interventions,
        streams=build_streams(world.stream, frame.keys, prepared.keys),
        partnership=frame.partnership,
        partnership_setting=np.array([group_means(frame.partnership, coordinate) for coordinate in setting]),
        leadership_at_start=np.sort(places[0]),
        origin_setting=np.array([setting[:, origin].mean(axis=1) for origin in origins]),
        epoch_of_month=epochs.epoch_of_month,
        organisation_levers=epochs.organisation_levers,
        practice_levers=epochs.practice_levers,
        has_growth=epochs.has_growth,
        indptr=starts,
        indices=others,
        weights=weights,
        similarity=alike,
    )
    return plan, initial_state(scenario, world, origins)


def concatenate_ties(
    ties: tuple[CSRGraph, ...], organisations: NDArray[np.float64], similarity_range: float
) -> tuple[Any, Any, Any, Any]:
    """Return the ties of all epochs as one, with their similarities.

    There is a row of `indptr` an epoch, pointing into shared arrays that hold ties which several epochs have once.
    """
    distinct = {id(one): one for one in ties}
    sizes = [one.indices.size for one in distinct.values()]
    offset = dict(zip(distinct, np.cumsum([0, *sizes[:-1]]), strict=True))
    each = distinct.values()
    return (
        np.array([one.indptr + offset[id(one)] for one in ties]),
        np.concatenate([one.indices for one in each]),
        np.concatenate([one.weights for one in each]),
        np.concatenate([tie_similarities(one.indptr, one.indices, organisations, similarity_range) for one in each]),
    )


def initial_state(scenario: Scenario, world: World, origins: list[NDArray[np.int64]]) -> SimulationState:
    """Return the state before the first month: everyone unaware."""
    number, spreading = world.static_world.organisation_count, len(scenario.interventions)
    organisations = np.zeros((len(ORGANISATION_ROWS), number))
    organisations[:GIVEN_ROW_COUNT] = world.organisations
    organisations[EVENT_RATE] = world.organisations[BASELINE]
    update_all_climates(organisations)
    organisations[EXPOSURE] = monthly_exposure(world.organisations[SIZE])
    histories = np.zeros((spreading, len(HISTORY_ROWS), number), dtype=np.int64)
    histories[:, [LAST_ADOPTED, FIRST_ADOPTED]] = NEVER
    histories[:, COPIED_FROM] = COPIED_FROM_NOBODY
    for place, origin in enumerate(origins):
        histories[place, ORIGIN, origin] = 1
    return SimulationState(
        organisations=organisations,
        practices=np.zeros((spreading, len(PRACTICE_ROWS), number)),
        histories=histories,
        visible=np.zeros((spreading, len(VISIBLE_ROWS), number)),
    )
