"""Measures of late adoption and of how differently users work."""

import qispread as qs

LATE = 4


@qs.measure("late_share", unit="share", better="less", label="Late users")
def late_share(world):
    """Share of organisations that use it and first adopted it after month 4."""
    return ((world.first_adopted > LATE) & world.in_use).mean()


@qs.measure("fidelity_gap", unit="points", better="less", phrase="the gap in fidelity", limits=(0.0, 1.0))
def fidelity_gap(world):
    """Largest less smallest fidelity of users; 0 without users."""
    low, high = 1.0, 0.0
    interventions, organisations = world.in_use.shape
    for intervention in range(interventions):
        for organisation in range(organisations):
            if world.in_use[intervention, organisation]:
                low = min(low, world.fidelity[intervention, organisation])
                high = max(high, world.fidelity[intervention, organisation])
    return max(high - low, 0.0)
