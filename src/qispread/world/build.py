"""From a scenario and a world to what an engine starts from: the plan, which stays, and the state, which moves."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.config.scenario import MECHANISMS, Scenario
from qispread.rules.capacity import climate
from qispread.rules.compiling import kernel, rule
from qispread.rules.deciding import similarity
from qispread.rules.draws import Word, key_of, substream
from qispread.rules.outcome import exposure, half_response, squared_distance
from qispread.rules.replacing import apply_replacements
from qispread.world.draw import World, draw_world
from qispread.world.frame import Frame, frame_of
from qispread.world.interventions import origins_of
from qispread.world.layout import (
    ALIGNMENT,
    BASELINE,
    CLIMATE,
    COPIED_FROM,
    CULTURE,
    EXPOSURE,
    FIRST,
    GIVEN_ROWS,
    HARM,
    HISTORY_ROWS,
    LEADERSHIP,
    NEVER,
    NOBODY,
    ORGANISATION_ROWS,
    ORIGIN,
    PRACTICE_ROWS,
    SETTING_1,
    SETTING_2,
    SINCE,
    SIZE,
    VISIBLE_ROWS,
)
from qispread.world.networks import Neighbours
from qispread.world.policies import Schedule, epochs_of, schedule_of


class Plan(NamedTuple):
    """What stays the same during a run of one scenario in one world; n organisations, i interventions.

    Attributes
    ----------
    parameters : record
        One nested record a mechanism, as in `config.mechanisms`.
    interventions : record array of i
        Attributes of each intervention.
    streams : array of (i + 1, n) uint64
        Of each intervention and organisation; the last row is for draws that concern no intervention.
    system : array of n int64
    system_setting : array of (2, systems)
        Mean setting of each partnership, to which an agreed standard is fitted.
    leadership_at_start : array of n
        Ascending, from which successors are drawn.
    origin_setting : array of (i, 2)
        Mean setting of those who start, to which the literature is fitted.
    of_month, organisation_levers, practice_levers, acts
        As in `policies.Epochs`.
    starts, others, weights, alike
        Ties in compressed sparse rows, a row of `starts` an epoch; `alike` is the similarity of settings.
    """

    parameters: Any
    interventions: Any
    streams: NDArray[np.uint64]
    system: NDArray[np.int64]
    system_setting: NDArray[np.float64]
    leadership_at_start: NDArray[np.float64]
    origin_setting: NDArray[np.float64]
    of_month: NDArray[np.int64]
    organisation_levers: NDArray[np.float64]
    practice_levers: NDArray[np.float64]
    acts: NDArray[np.bool_]
    starts: NDArray[np.int64]
    others: NDArray[np.int64]
    weights: NDArray[np.float64]
    alike: NDArray[np.float64]


class State(NamedTuple):
    """What moves: arrays with rows as in `layout` and a column an organisation."""

    organisations: NDArray[np.float64]
    practices: NDArray[np.float64]
    histories: NDArray[np.int64]
    visible: NDArray[np.float64]

    def copy(self) -> "State":
        """Return a state that can go its own way."""
        return State(self.organisations.copy(), self.practices.copy(), self.histories.copy(), self.visible.copy())


def _fields(section: Any) -> dict[str, float | int]:
    numbers = {name: value for name, value in section if isinstance(value, int | float)}
    response = getattr(section, "response", None)
    if response is not None:
        numbers |= {"steepness": response.steepness, "half": half_response(response.midpoint, response.steepness)}
    return numbers


def _dtype(section: Any) -> np.dtype[Any]:
    return np.dtype([(name, "i8" if isinstance(value, int) else "f8") for name, value in _fields(section).items()])


def parameter_record(scenario: Scenario) -> Any:
    """Return the numbers of all mechanisms as one record of records."""
    sections = [getattr(scenario, name) for name in MECHANISMS]
    dtype = np.dtype([(name, _dtype(section)) for name, section in zip(MECHANISMS, sections, strict=True)])
    values = tuple(tuple(_fields(section).values()) for section in sections)
    return np.rec.array([values], dtype=dtype)[0]


def intervention_records(scenario: Scenario) -> Any:
    """Return the numbers of all interventions as an array of records."""
    interventions = list(scenario.interventions.values())
    return np.rec.array([tuple(_fields(one).values()) for one in interventions], dtype=_dtype(interventions[0]))


@kernel
def streams_of(stream: Word, keys: NDArray[np.uint64], interventions: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the stream of each intervention (rows; the last is none) and organisation (columns)."""
    streams = np.empty((interventions.size + 1, keys.size), np.uint64)
    for i in range(keys.size):
        mine = substream(stream, keys[i])
        for k in range(interventions.size):
            streams[k, i] = substream(mine, interventions[k])
        streams[interventions.size, i] = substream(mine, 0)
    return streams


@kernel
def similarities(
    starts: NDArray[np.int64], others: NDArray[np.int64], organisations: NDArray[np.float64], similarity_range: float
) -> NDArray[np.float64]:
    """Return the similarity of the settings at both ends of each tie."""
    first, second = organisations[SETTING_1], organisations[SETTING_2]
    alike = np.empty(others.size, np.float64)
    for i in range(starts.size - 1):
        for tie in range(starts[i], starts[i + 1]):
            j = others[tie]
            alike[tie] = similarity(squared_distance(first[i], second[i], first[j], second[j]), similarity_range)
    return alike


@rule
def settle_climate(organisations: NDArray[np.float64], i: int) -> None:
    """Work out the climate of one organisation anew: the dearest step of a month, taken only after a change."""
    organisations[CLIMATE, i] = climate(
        organisations[LEADERSHIP, i], organisations[ALIGNMENT, i], organisations[CULTURE, i]
    )


@kernel
def settle_climates(organisations: NDArray[np.float64]) -> None:
    """Work out the climate of every organisation."""
    for i in range(organisations.shape[1]):
        settle_climate(organisations, i)


def mean_by(groups: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of `values` in each group."""
    return np.bincount(groups, weights=values) / np.bincount(groups)


class Blueprint(NamedTuple):
    """What every replicate of a scenario needs, worked out once."""

    scenario: Scenario
    frame: Frame
    parameters: Any
    interventions: Any
    keys: NDArray[np.uint64]
    schedule: Schedule

    def world(self, replicate: int) -> World:
        """Return the world of a replicate."""
        return draw_world(self.frame, self.scenario.seed, replicate)


def blueprint_of(scenario: Scenario) -> Blueprint:
    """Return the blueprint of a scenario."""
    apply_replacements()
    frame = frame_of(scenario)
    return Blueprint(
        scenario=scenario,
        frame=frame,
        parameters=parameter_record(scenario),
        interventions=intervention_records(scenario),
        keys=np.array([key_of(name) for name in scenario.interventions], dtype=np.uint64),
        schedule=schedule_of(scenario, frame.number),
    )


def start_run(blueprint: Blueprint, world: World) -> tuple[Plan, State]:
    """Return the plan and the state at the start of one scenario in one world."""
    scenario, frame, places = blueprint.scenario, world.frame, world.organisations
    origins = origins_of(scenario, world)
    epochs = epochs_of(scenario, blueprint.schedule, world)
    starts, others, weights, alike = joined(epochs.ties, places, scenario.deciding.similarity_range)
    setting = places[SETTING_1 : SETTING_2 + 1]
    plan = Plan(
        parameters=blueprint.parameters,
        interventions=blueprint.interventions,
        streams=streams_of(world.stream, frame.keys, blueprint.keys),
        system=frame.system,
        system_setting=np.array([mean_by(frame.system, coordinate) for coordinate in setting]),
        leadership_at_start=np.sort(places[0]),
        origin_setting=np.array([setting[:, origin].mean(axis=1) for origin in origins]),
        of_month=epochs.of_month,
        organisation_levers=epochs.organisation_levers,
        practice_levers=epochs.practice_levers,
        acts=epochs.acts,
        starts=starts,
        others=others,
        weights=weights,
        alike=alike,
    )
    return plan, first_state(scenario, world, origins)


def joined(
    ties: tuple[Neighbours, ...], organisations: NDArray[np.float64], similarity_range: float
) -> tuple[Any, Any, Any, Any]:
    """Return the ties of all epochs as one, with their similarities.

    There is a row of `starts` an epoch, pointing into shared arrays that hold ties which several epochs have once.
    """
    distinct = {id(one): one for one in ties}
    sizes = [one.others.size for one in distinct.values()]
    offset = dict(zip(distinct, np.cumsum([0, *sizes[:-1]]), strict=True))
    each = distinct.values()
    return (
        np.array([one.starts + offset[id(one)] for one in ties]),
        np.concatenate([one.others for one in each]),
        np.concatenate([one.weights for one in each]),
        np.concatenate([similarities(one.starts, one.others, organisations, similarity_range) for one in each]),
    )


def first_state(scenario: Scenario, world: World, origins: list[NDArray[np.int64]]) -> State:
    """Return the state before the first month: everyone unaware."""
    number, spreading = world.frame.number, len(scenario.interventions)
    organisations = np.zeros((len(ORGANISATION_ROWS), number))
    organisations[:GIVEN_ROWS] = world.organisations
    organisations[HARM] = world.organisations[BASELINE]
    settle_climates(organisations)
    organisations[EXPOSURE] = exposure(world.organisations[SIZE])
    histories = np.zeros((spreading, len(HISTORY_ROWS), number), dtype=np.int64)
    histories[:, [SINCE, FIRST]] = NEVER
    histories[:, COPIED_FROM] = NOBODY
    for place, origin in enumerate(origins):
        histories[place, ORIGIN, origin] = 1
    return State(
        organisations=organisations,
        practices=np.zeros((spreading, len(PRACTICE_ROWS), number)),
        histories=histories,
        visible=np.zeros((spreading, len(VISIBLE_ROWS), number)),
    )
