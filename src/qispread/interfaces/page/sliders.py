"""Slider ranges and steps from parameter declarations."""

import math
from typing import Any

from pydantic.fields import FieldInfo

from qispread.inputs.field_errors import declared_bounds
from qispread.inputs.parameter import declaration_of

SLIDER_STEPS = 40
"""Approximate steps of a slider: coarse, so that visitors often request the same results."""
STEP_TOLERANCE = 1e-9
ROUND_STEPS = (5.0, 2.0, 1.0)


def build_slider(field: FieldInfo, value: float, steps: int = SLIDER_STEPS) -> dict[str, Any] | None:
    """Return the ends and the step of a slider over the plausible range, else over a short allowed range.

    Parameters
    ----------
    field : FieldInfo
        Declaration of the parameter.
    value : float
        Current value, which the slider must reach.
    steps : int
        Approximate number of steps.

    Returns
    -------
    dict or None
        ``low``, ``high`` and ``step``; None if the number must be typed.
    """
    bounds = declared_bounds(field)
    extra = declaration_of(field) or {}
    plausible = extra.get("plausible")
    first, last = plausible or (bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt")))
    if first is None or last is None or (last - first > 1.0 and not plausible):
        return None
    low, high = float(min(first, value)), float(max(last, value))
    step = choose_step(low, high, value, steps, integer=isinstance(value, int))
    return {"low": low, "high": high, "step": step}


def choose_step(low: float, high: float, value: float, steps: int, *, integer: bool) -> float:
    """Return the largest round step, at most 1 / `steps` of the range, that reaches `value` and `high` from `low`."""
    max_step = max((high - low) / steps, 1.0 if integer else 0.0) or 1.0
    power = math.floor(math.log10(max_step)) + 1
    for exponent in range(power, power - 4, -1):
        for first in ROUND_STEPS:
            step = first * 10.0**exponent
            if step <= max_step * (1.0 + STEP_TOLERANCE) and all(is_divisor(step, end - low) for end in (value, high)):
                return float(f"{step:.12g}")
    return float(f"{(high - low) / steps:.3g}")


def is_divisor(step: float, distance: float) -> bool:
    """Return whether a distance is a multiple of a step."""
    return abs(distance / step - round(distance / step)) < 1e-6
