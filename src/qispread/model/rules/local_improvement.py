"""Improvement made at home with the time that is left over."""

from qispread.model.rules.jit import rule
from qispread.model.rules.rule_effects import Falls, Rises, Share


@rule
def local_improvement_after(
    local_improvement: Rises,
    capability: Rises,
    measurement: Rises,
    spare: Rises,
    watch: Rises,
    gain: Rises,
    home_loss: Falls,
) -> Share:
    """Return the relative reduction of harm by local improvement after a month, in [0, 1].

    Equation: G' = G + gain * capability * measurement * spare * (1 - G), then G' * (1 - home_loss * (1 - v)),
    with `spare` in full teams and vigilance v. Source: assumption.
    """
    gained = local_improvement + gain * capability * measurement * spare * (1.0 - local_improvement)
    return gained * (1.0 - home_loss * (1.0 - watch))
