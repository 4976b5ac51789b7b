"""Conversion of agents to state arrays, complete or only for measures, and reporters of agents."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from numpy.typing import NDArray

from qispread.inputs.errors import Fault, InputError
from qispread.model.engines.measure_kernel import HISTORY_READ, ORGANISATION_READ, PRACTICE_READ
from qispread.model.engines.world_view import world_view
from qispread.model.measures import measure_names
from qispread.model.world.run_inputs import SimulationState
from qispread.model.world.state_arrays import HISTORY_ROWS, ORGANISATION_ROWS, PRACTICE_ROWS, VISIBLE_ROWS

if TYPE_CHECKING:
    from qispread.model.engines.agents import Organisation
    from qispread.model.engines.mesa_model import SpreadModel

WorldFunction = Callable[[Any], float]
"""A function of a world, as own measures are."""


class StateTable:
    """Converts attributes of agents to an array with one row for each name.

    Parameters
    ----------
    rows : tuple of str
        Names of all rows of the array.
    read : sequence of int, optional
        The rows to fill; default: all. Other rows are NaN, or -1 for integers.
    dtype : type
    """

    def __init__(self, rows: tuple[str, ...], read: Sequence[int] | None = None, dtype: Any = np.float64) -> None:
        self.rows, self.dtype = len(rows), dtype
        self.read = list(range(len(rows)) if read is None else read)
        self.values_of = attrgetter(*(rows[row] for row in self.read))
        self.missing = np.nan if dtype is np.float64 else -1

    def fill(self, agents: Sequence[Any]) -> NDArray[Any]:
        """Return the array of (rows, agents)."""
        table = np.full((self.rows, len(agents)), self.missing, dtype=self.dtype)
        values = np.fromiter(chain.from_iterable(map(self.values_of, agents)), self.dtype, len(self.read) * len(agents))
        table[self.read] = values.reshape(len(agents), len(self.read)).T
        return table


ORGANISATIONS, PRACTICES = StateTable(ORGANISATION_ROWS), StateTable(PRACTICE_ROWS)
HISTORIES, SEEN = StateTable(HISTORY_ROWS, dtype=np.int64), StateTable(VISIBLE_ROWS)

MEASURED_ORGANISATIONS = StateTable(ORGANISATION_ROWS, ORGANISATION_READ)
MEASURED_PRACTICES = StateTable(PRACTICE_ROWS, PRACTICE_READ)
MEASURED_HISTORIES = StateTable(HISTORY_ROWS, HISTORY_READ, np.int64)


def list_practices(organisations: Iterable["Organisation"], interventions: Iterable[str]) -> list[list[Any]]:
    """Return the practices of some organisations, a list for each intervention."""
    return [[organisation.practices[name] for organisation in organisations] for name in interventions]


def read_state(organisations: Sequence["Organisation"], interventions: Iterable[str]) -> SimulationState:
    """Return the state of some organisations as arrays of the kernel."""
    practices = list_practices(organisations, interventions)
    return SimulationState(
        organisations=ORGANISATIONS.fill(organisations),
        practices=np.array([PRACTICES.fill(row) for row in practices]),
        histories=np.array([HISTORIES.fill(row) for row in practices]),
        visible=np.array([SEEN.fill([practice.visible for practice in row]) for row in practices]),
    )


def measured_state(
    organisations: Sequence["Organisation"], interventions: Iterable[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the three arrays of `measure_month`, with only the rows that it reads."""
    practices = list_practices(organisations, interventions)
    return (
        MEASURED_ORGANISATIONS.fill(organisations),
        np.array([MEASURED_PRACTICES.fill(row) for row in practices]),
        np.array([MEASURED_HISTORIES.fill(row) for row in practices]),
    )


def _value(name: str, agent: Any) -> Any:
    return getattr(agent, name, None)


def _result(function: Callable[..., Any], parameters: Sequence[Any], agent: Any) -> Any:
    return function(agent, *parameters)


def reporter_function(reporter: Any) -> Any:
    """Return an agent reporter as a function that can be pickled, unlike Mesa's own for a name or a list."""
    if isinstance(reporter, str):
        return partial(_value, reporter)
    if isinstance(reporter, list):
        return partial(_result, *reporter)
    return reporter


AGENT_REPORTERS = {
    name: reporter_function(name)
    for name in ("id", "leadership", "alignment", "culture", "capability", "local_improvement", "event_rate")
}
"""Reporters of an organisation's context and event rate, for `SpreadModel(..., agent_reporters=AGENT_REPORTERS)`.

Other agents report None.
"""


def measure_world(model: "SpreadModel", function: WorldFunction) -> float:
    """Return what a function of the fields of `world_view.FIELDS` gives this month."""
    return float(function(world_view(model.export_state(), model.month)))


def build_data_collector(
    model: "SpreadModel",
    model_reporters: Mapping[str, Any] | None,
    agent_reporters: Mapping[str, Any] | None,
    measures: Mapping[str, WorldFunction] | None,
) -> mesa.DataCollector:
    """Return the data collector of a model, with additional reporters and measures as given to `SpreadModel`.

    Raises
    ------
    InputError
        For measures that are no functions, and those with the name of a measure of the scenario.
    """
    check_own_measures(measures, measure_names(model.settings))
    own = {name: [measure_world, [model, function]] for name, function in (measures or {}).items()}
    return mesa.DataCollector(
        model_reporters={"month": "month", "seed": "seed"}
        | {name: [model.pooled_measure, [name]] for name in measure_names(model.settings)}
        | own
        | dict(model_reporters or {}),
        agent_reporters={name: reporter_function(reporter) for name, reporter in (agent_reporters or {}).items()},
    )


def check_own_measures(measures: Any, names: Sequence[str]) -> None:
    """Require functions by names that no measure has.

    Raises
    ------
    InputError
    """
    if measures is None:
        return
    if not isinstance(measures, Mapping):
        raise InputError([Fault("measures", f"got {type(measures).__name__}; needed: functions by name")])
    faults = [
        Fault(f"measures.{name}", "got no function; needed: a function of a world")
        for name, function in measures.items()
        if not callable(function)
    ]
    faults += [
        Fault(f"measures.{name}", "is a measure already; needed: another name") for name in measures if name in names
    ]
    if faults:
        raise InputError(faults)
