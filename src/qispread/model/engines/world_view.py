"""The arrays of one world and month that functions of the user's own read."""

from typing import Any, NamedTuple

import numpy as np

from qispread.model.world import state_arrays as rows
from qispread.model.world.run_inputs import SimulationState

PRACTICE_FIELDS = tuple("events_prevented" if name == "events_averted" else name for name in rows.PRACTICE_ROWS)
"""The rows of practices, one with another name where organisations have one of this name."""

MONTH, IN_USE = "month", "in_use"

FIELDS: dict[str, str] = {
    MONTH: "int: month, from 0 at the start",
    **{name: f"(n,) float: {name.replace('_', ' ')} of each organisation" for name in rows.ORGANISATION_ROWS},
    **{name: f"(i, n) float: {name.replace('_', ' ')} of each practice" for name in PRACTICE_FIELDS},
    **{name: f"(i, n) int: {name.replace('_', ' ')} of each practice" for name in rows.HISTORY_ROWS},
    IN_USE: "(i, n) bool: whether each practice is in use",
}
"""The fields, with shape, type and meaning: n organisations, i interventions."""

_EXPRESSIONS: dict[str, str] = {
    MONTH: "month",
    **{name: f"state.organisations[{index}]" for index, name in enumerate(rows.ORGANISATION_ROWS)},
    **{name: f"state.practices[:, {index}]" for index, name in enumerate(PRACTICE_FIELDS)},
    **{name: f"state.histories[:, {index}]" for index, name in enumerate(rows.HISTORY_ROWS)},
    IN_USE: (
        f"(state.histories[:, {rows.STAGE}] == {int(rows.IMPLEMENTING)})"
        f" | (state.histories[:, {rows.STAGE}] == {int(rows.EMBEDDED)})"
    ),
}


def view_class(fields: tuple[str, ...]) -> Any:
    """Return the class of a view with some fields."""
    types = {MONTH: int}
    return NamedTuple("WorldView", [(name, types.get(name, Any)) for name in fields])


def view_expression(fields: tuple[str, ...], name: str) -> str:
    """Return the text of a call that builds a view from `state` and `month`, for a class called `name`."""
    return f"{name}({', '.join(_EXPRESSIONS[field] for field in fields)})"


def world_view(state: SimulationState, month: int) -> Any:
    """Return all fields of a state, as own measures and policies see them.

    Parameters
    ----------
    state : SimulationState
    month : int
    """
    organisations, practices, histories = state.organisations, state.practices, state.histories
    stages = histories[:, rows.STAGE]
    return view_class(tuple(FIELDS))(
        month,
        *organisations,
        *np.moveaxis(practices, 1, 0),
        *np.moveaxis(histories, 1, 0),
        (stages == rows.IMPLEMENTING) | (stages == rows.EMBEDDED),
    )
