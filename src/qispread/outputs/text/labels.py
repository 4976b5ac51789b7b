"""Labels of measures and columns in tables and charts, and the measures that they show."""

from collections.abc import Iterable

from qispread.common.formatting import capitalise_first
from qispread.inputs.policies import SeedingPolicy
from qispread.inputs.scenario import Scenario
from qispread.model.measures import MEASURE_NAMES, MEASURES

DIFFERENCE_MEASURES = (
    "current_use",
    "discontinued",
    "fidelity",
    "effect",
    "replicated",
    "event_rate",
    "event_rate_gini",
    "events_averted",
    "staff_time",
    "cost",
)
"""Measures in which options are compared, in the order of the tables."""
CURVE_MEASURES = ("current_use", "fidelity", "effect")
"""Measures whose curves a report, the page and Mesa's page show first."""

PER_100 = " *"
"""Mark after the label of a sum that is given per 100 organisations."""
PERCENTAGE_POINTS = "Percentage points"
INTERVAL_HEADING = "95% interval"
BETTER_IN_HEADING = "Better in"
DIFFERENCE_HEADINGS = ("", "Baseline", "Option", "Difference", INTERVAL_HEADING, BETTER_IN_HEADING)
"""Headings of the table of one option against the baseline."""
DIFFERENCES_NOTE = (
    "Means over runs at the end; differences of shares in percentage points. The interval is simulation error: it "
    "narrows with more runs and does not include uncertainty about the assumptions. Better in: the share of runs. *: "
    "per 100 organisations."
)
SEEDING_CAUTION = (
    "A seeding policy changes the pilot site: effects as a share of the pilot site's are not comparable between "
    "options with different pilot sites."
)


def select_own(measures: Iterable[str]) -> tuple[str, ...]:
    """Return the names among some measures that are the user's own and declared in this process."""
    return tuple(name for name in dict.fromkeys(measures) if name not in MEASURE_NAMES and name in MEASURES)


def difference_axis(measure: str, *, per_100: bool = False) -> str:
    """Return the title of an axis or column of differences in a measure.

    Parameters
    ----------
    measure : str
    per_100 : bool
        Whether a sum is given per 100 organisations.
    """
    declared = MEASURES[measure]
    if declared.is_percent:
        return PERCENTAGE_POINTS
    unit = capitalise_first(declared.unit)
    return f"{unit} per 100 organisations" if per_100 and declared.is_sum else unit


def marked_label(measure: str) -> str:
    """Return the label of a measure, marked where its values are given per 100 organisations."""
    declared = MEASURES[measure]
    return f"{declared.label}{PER_100}" if declared.is_sum else declared.label


def scale_per_100(measure: str, organisations: int) -> float:
    """Return the factor for a sum over organisations per 100 of them; 1 for other measures."""
    return 100.0 / organisations if MEASURES[measure].is_sum else 1.0


def changes_pilot_site(scenarios: Iterable[Scenario | None]) -> bool:
    """Return whether a policy of any scenario changes the pilot site."""
    return any(
        isinstance(policy, SeedingPolicy)
        for scenario in scenarios
        if scenario is not None
        for policy in scenario.policies.values()
    )
