"""Other local improvement in spare time."""

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
    loss: Falls,
) -> Share:
    """Return the relative reduction of adverse events by other local improvement after a month, in [0, 1].

    Equation: G' = G + gain * capability * measurement * spare * (1 - G), then G' * (1 - loss * (1 - v)), with `spare`
    in full teams (decision 17) and vigilance v. Source: assumption.
    """
    gained = local_improvement + gain * capability * measurement * spare * (1.0 - local_improvement)
    return gained * (1.0 - loss * (1.0 - watch))
