"""Improvement made at home with the time that is left over."""

from qispread.rules.compiling import rule


@rule
def local_gain_after(
    local_gain: float,
    capability: float,
    measurement: float,
    spare: float,
    watch: float,
    home_grown: float,
    home_loss: float,
) -> float:
    """Return the relative reduction of harm by local improvement after a month, in [0, 1].

    Equation: G' = G + home_grown * capability * measurement * spare * (1 - G), then G' * (1 - home_loss * (1 - v)),
    with `spare` in full teams and vigilance v. Source: assumption.
    """
    gained = local_gain + home_grown * capability * measurement * spare * (1.0 - local_gain)
    return gained * (1.0 - home_loss * (1.0 - watch))
