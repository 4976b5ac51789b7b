"""The inputs of an engine, built from a scenario and a world: constant run inputs and the initial state."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.rule_forms import CODED_RULES, rule_name
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import MECHANISMS
from qispread.model.rules import capacity
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
    """The constants of a run of one scenario in one world; n organisations, i interventions.

    Attributes
    ----------
    parameters : record
        One nested record for each mechanism, as in `inputs.mechanisms`, and `forms`: the code of the form of each rule
        that has several, by its name.
    interventions : record array of i
        Attributes of each intervention.
    streams : array of (i + 1, n) uint64
        Streams of each intervention and organisation; the last row is for draws without an intervention.
    partnership : array of n int64
    partnership_setting : array of (2, partnerships)
        Mean setting of each partnership, to which an agreed standard is fitted.
    leadership_at_start : array of n
        Sorted ascending; successors are drawn from it.
    origin_setting : array of (i, 2)
        Mean setting of the pilot sites, to which the literature is fitted.
    epoch_of_month, organisation_levers, practice_levers, has_growth
        As in `policy_schedule.Epochs`.
    indptr, indices, weights, similarity
        Ties in compressed sparse rows, one row of `indptr` for each epoch; `similarity` is that of settings.
    own_epoch : array of 1
        The epoch whose levers the last epoch holds, if own policies are in force; else -1.
    own_windows : array of (p, 2)
        First and last month of each of p own policies.
    own_parameters : array of (p, largest number of parameters)
    own_targets : array of (p, i, n)
        1 for each intervention and organisation that an own policy affects, else 0.
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
    own_epoch: NDArray[np.int64]
    own_windows: NDArray[np.int64]
    own_parameters: NDArray[np.float64]
    own_targets: NDArray[np.float64]


class SimulationState(NamedTuple):
    """The state of a run: arrays with rows as in `state_arrays` and one column for each organisation (decision 2)."""

    organisations: NDArray[np.float64]
    practices: NDArray[np.float64]
    histories: NDArray[np.int64]
    visible: NDArray[np.float64]

    def copy(self) -> "SimulationState":
        """Return an independent copy."""
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
    numbers = [(name, _dtype(section)) for name, section in zip(MECHANISMS, sections, strict=True)]
    dtype = np.dtype([*numbers, ("forms", np.dtype([(rule_name(rule), "i8") for rule in CODED_RULES]))])
    values = (*(tuple(_fields(section).values()) for section in sections), form_codes(scenario))
    return np.rec.array([values], dtype=dtype)[0]


def form_codes(scenario: Scenario) -> tuple[int, ...]:
    """Return the code of the form of each rule that has several, in the order of `CODED_RULES`."""
    forms = scenario.rules.changed()
    return tuple(forms[rule].code if rule in forms else 0 for rule in CODED_RULES)


def build_intervention_records(scenario: Scenario) -> Any:
    """Return the numbers of all interventions as an array of records."""
    interventions = list(scenario.interventions.values())
    return np.rec.array(
        [tuple(_fields(intervention).values()) for intervention in interventions], dtype=_dtype(interventions[0])
    )


@kernel
def build_streams(
    base_stream: Word64, keys: NDArray[np.uint64], interventions: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Return the stream of each intervention (rows; the last for none) and organisation (columns)."""
    streams = np.empty((interventions.size + 1, keys.size), np.uint64)
    for i in range(keys.size):
        organisation_stream = substream(base_stream, keys[i])
        for k in range(interventions.size):
            streams[k, i] = substream(organisation_stream, interventions[k])
        streams[interventions.size, i] = substream(organisation_stream, 0)
    return streams


@kernel
def tie_similarities(
    indptr: NDArray[np.int64], indices: NDArray[np.int64], organisations: NDArray[np.float64], similarity_range: float
) -> NDArray[np.float64]:
    """Return the similarity of the settings at both ends of each tie."""
    first, second = organisations[SETTING_1], organisations[SETTING_2]
    similarities = np.empty(indices.size, np.float64)
    for i in range(indptr.size - 1):
        for tie in range(indptr[i], indptr[i + 1]):
            j = indices[tie]
            similarities[tie] = similarity(squared_distance(first[i], second[i], first[j], second[j]), similarity_range)
    return similarities


@rule
def update_climate(organisations: NDArray[np.float64], i: int, form: int) -> None:
    """Update the climate of one organisation; called only after a change, because it is the slowest step."""
    organisations[CLIMATE, i] = capacity.climate_in_form(
        form, organisations[LEADERSHIP, i], organisations[ALIGNMENT, i], organisations[CULTURE, i]
    )


@kernel
def update_all_climates(organisations: NDArray[np.float64], form: int) -> None:
    """Update the climate of every organisation."""
    for i in range(organisations.shape[1]):
        update_climate(organisations, i, form)


def group_means(groups: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of `values` in each group."""
    return np.bincount(groups, weights=values) / np.bincount(groups)


NO_EPOCH = -1
"""The value of `RunInputs.own_epoch` before any own policy acted."""
NO_WINDOWS, NO_PARAMETERS, NO_TARGETS = np.empty((0, 2), np.int64), np.empty((0, 0)), np.empty((0, 0, 0))
"""The own policies of a scenario without any."""


class PreparedScenario(NamedTuple):
    """The parts of a run that all replicates of a scenario share, computed once."""

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
    """Return the parts of a run that all replicates of a scenario share."""
    apply_replacements()
    static_world = build_static_world(scenario)
    return PreparedScenario(
        scenario=scenario,
        static_world=static_world,
        parameters=build_parameter_record(scenario),
        interventions=build_intervention_records(scenario),
        keys=np.array([hash_name(name) for name in scenario.interventions], dtype=np.uint64),
        schedule=build_schedule(scenario, static_world.organisation_count),
    )


def initialise_run(prepared: PreparedScenario, world: World) -> tuple[RunInputs, SimulationState]:
    """Return the run inputs and the initial state of one scenario in one world."""
    scenario, static_world, organisations = prepared.scenario, world.static_world, world.organisations
    origins = choose_origins(scenario, world)
    epochs = build_epochs(scenario, prepared.schedule, world)
    indptr, indices, weights, similarities = concatenate_ties(
        epochs.ties, organisations, scenario.deciding.similarity_range
    )
    setting = organisations[SETTING_1 : SETTING_2 + 1]
    plan = RunInputs(
        parameters=prepared.parameters,
        interventions=prepared.interventions,
        streams=build_streams(world.stream, static_world.keys, prepared.keys),
        partnership=static_world.partnership,
        partnership_setting=np.array([group_means(static_world.partnership, coordinate) for coordinate in setting]),
        leadership_at_start=np.sort(organisations[0]),
        origin_setting=np.array([setting[:, origin].mean(axis=1) for origin in origins]),
        epoch_of_month=epochs.epoch_of_month,
        organisation_levers=epochs.organisation_levers,
        practice_levers=epochs.practice_levers,
        has_growth=epochs.has_growth,
        indptr=indptr,
        indices=indices,
        weights=weights,
        similarity=similarities,
        own_epoch=np.full(1, NO_EPOCH, dtype=np.int64),
        own_windows=NO_WINDOWS,
        own_parameters=NO_PARAMETERS,
        own_targets=NO_TARGETS,
    )
    return plan, initial_state(scenario, world, origins, prepared.parameters.forms.climate.item())


def concatenate_ties(
    ties: tuple[CSRGraph, ...], organisations: NDArray[np.float64], similarity_range: float
) -> tuple[Any, Any, Any, Any]:
    """Return `indptr`, `indices`, `weights` and similarities of the ties of all epochs.

    `indptr` has one row for each epoch, which points into the other arrays; epochs with the same ties share them.
    """
    distinct = {id(graph): graph for graph in ties}
    graphs = list(distinct.values())
    offset = dict(zip(distinct, np.cumsum([0, *(graph.indices.size for graph in graphs[:-1])]), strict=True))
    similarities = [tie_similarities(graph.indptr, graph.indices, organisations, similarity_range) for graph in graphs]
    return (
        np.array([graph.indptr + offset[id(graph)] for graph in ties]),
        np.concatenate([graph.indices for graph in graphs]),
        np.concatenate([graph.weights for graph in graphs]),
        np.concatenate(similarities),
    )


def initial_state(
    scenario: Scenario, world: World, origins: list[NDArray[np.int64]], climate_form: int
) -> SimulationState:
    """Return the state before the first month: everyone unaware."""
    organisation_count, intervention_count = world.static_world.organisation_count, len(scenario.interventions)
    organisations = np.zeros((len(ORGANISATION_ROWS), organisation_count))
    organisations[:GIVEN_ROW_COUNT] = world.organisations
    organisations[EVENT_RATE] = world.organisations[BASELINE]
    update_all_climates(organisations, climate_form)
    organisations[EXPOSURE] = monthly_exposure(world.organisations[SIZE])
    histories = np.zeros((intervention_count, len(HISTORY_ROWS), organisation_count), dtype=np.int64)
    histories[:, [LAST_ADOPTED, FIRST_ADOPTED]] = NEVER
    histories[:, COPIED_FROM] = COPIED_FROM_NOBODY
    for index, origin in enumerate(origins):
        histories[index, ORIGIN, origin] = 1
    return SimulationState(
        organisations=organisations,
        practices=np.zeros((intervention_count, len(PRACTICE_ROWS), organisation_count)),
        histories=histories,
        visible=np.zeros((intervention_count, len(VISIBLE_ROWS), organisation_count)),
    )
