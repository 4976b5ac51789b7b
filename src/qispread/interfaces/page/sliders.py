"""From the declaration of a number to the slider that moves it."""

import math
from typing import Any

from pydantic.fields import FieldInfo

from qispread.inputs.field_errors import declared_bounds
from qispread.inputs.parameter import declaration_of

SLIDER_STEPS = 40
"""Steps of a slider, about: coarse enough that a class asks the same."""
STEP_TOLERANCE = 1e-9
ROUND_STEPS = (5.0, 2.0, 1.0)


def build_slider(field: FieldInfo, value: float, steps: int = SLIDER_STEPS) -> dict[str, Any] | None:
    """Return the ends and the step of a slider over the plausible range, or over what is allowed where that is short.

    Parameters
    ----------
    field : FieldInfo
        A declaration.
    value : float
        The number now, which the slider can show.
    steps : int
        Steps that it has, about.

    Returns
    -------
    dict or None
        ``low``, ``high`` and ``step``; None where a number must be typed.
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
    """Return the largest round step of at most a notch by which `value` and `high` can be reached from `low`."""
    wanted = max((high - low) / steps, 1.0 if integer else 0.0) or 1.0
    power = math.floor(math.log10(wanted)) + 1
    for exponent in range(power, power - 4, -1):
        for first in ROUND_STEPS:
            step = first * 10.0**exponent
            if step <= wanted * (1.0 + STEP_TOLERANCE) and all(is_divisor(step, end - low) for end in (value, high)):
                return float(f"{step:.12g}")
    return float(f"{(high - low) / steps:.3g}")


def is_divisor(step: float, whole: float) -> bool:
    """Return whether so many steps make a whole."""
    return abs(whole / step - round(whole / step)) < 1e-6
