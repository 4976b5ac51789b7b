"""The registry of monthly measures, which both engines, every table and every page use.

Names follow RE-AIM (glasgow1999) and the implementation outcomes of proctor2011. Unless stated otherwise, a measure
excludes the pilot sites, because the question is what spreads (decision 6). Each is declared once (decision 70).
"""

from dataclasses import dataclass
from typing import Any, Literal

from qispread.common.deprecation import FormerKeys
from qispread.common.former_names import MEASURES as FORMER_MEASURES
from qispread.common.former_names import REFUSED_MEASURES, refusal
from qispread.common.shipped_bindings import record_constants
from qispread.inputs.extensions.plugins import scenario_extensions

REPLICATED_THRESHOLD = 0.8
"""Share of the pilot site's effect at which an effect counts as replicated, and an organisation as transformed."""
BOOSTED_THRESHOLD = 0.4
"""Share of the pilot site's effect at which an organisation counts as boosted. Source: assumption."""

Form = Literal["percent", "index", "rate", "mean", "count", "time", "money"]
"""Number format of values: a share or ratio in percent (differences in percentage points), an index from 0 to 1, a
rate per 10,000 cases, a mean; a number of events, an amount of time or of money, summed over organisations."""
Direction = Literal["more", "less", "neither"]
SUMS: tuple[Form, ...] = ("count", "time", "money")
"""Formats of sums over organisations, which are reported per 100 organisations."""


@dataclass(frozen=True)
class Measure:
    """The declaration of a measure for tables, charts, sentences and pages.

    Attributes
    ----------
    name : str
        Name of its column.
    label, phrase, axis : str
        Heading in tables and charts, name within a sentence ("would raise PHRASE by ..."), title of the axis of values.
    meaning : str
        One sentence.
    unit : str
    form : {"percent", "index", "rate", "mean", "count", "time", "money"}
        Number format of its values.
    better : {"more", "less", "neither"}
        The desirable direction.
    overall : bool
        Whether it covers all interventions together: it then has values only in rows for "all".
    among_users : bool
        Whether it is a mean over users, which also rises when fewer unready organisations adopt.
    verb : tuple of two str
        For sums, the effect of an option and its object: ("avert", "adverse events").
    limits : tuple of two floats, optional
        For own measures, the smallest and the largest possible value.
    may_be_undefined : bool
        For own measures, whether they may return NaN where there is nothing to measure.
    """

    name: str
    label: str
    phrase: str
    meaning: str
    unit: str
    form: Form
    better: Direction
    axis: str
    overall: bool = False
    among_users: bool = False
    verb: tuple[str, str] | None = None
    limits: tuple[float, float] | None = None
    may_be_undefined: bool = False

    def __post_init__(self) -> None:
        """Require a verb for sums, and only for sums.

        Raises
        ------
        ValueError
        """
        if self.is_sum != (self.verb is not None):
            raise ValueError(f"measure '{self.name}': sums over organisations, and no other measures, need a verb")

    @property
    def is_sum(self) -> bool:
        """Whether it is a sum over organisations, reported per 100 of them."""
        return self.form in SUMS

    @property
    def is_percent(self) -> bool:
        """Whether values are written in percent, and differences in percentage points."""
        return self.form == "percent"


def share_measure(better: Direction = "more", **declaration: Any) -> Measure:
    """Return a measure of shares, written in percent; by default more is better."""
    return Measure(unit="share", form="percent", better=better, **declaration)


MEASURE_REGISTRY = (
    share_measure(
        name="awareness",
        label="Aware of it",
        phrase="the share of organisations that have heard of it",
        meaning="Share of organisations that have heard of it.",
        axis="Share of other organisations",
    ),
    share_measure(
        name="ever_adopted",
        label="Ever adopted",
        phrase="the share of organisations that ever adopted it",
        meaning="Share of organisations that have ever adopted it.",
        axis="Share of other organisations",
    ),
    share_measure(
        name="current_use",
        label="Using it now",
        phrase="the share of organisations that use it",
        meaning="Share of organisations that use it now.",
        axis="Share of other organisations",
    ),
    share_measure(
        name="sustainment",
        label="Adopters still using it",
        phrase="the share of adopters that still use it",
        meaning="Share of adopters that use it now.",
        axis="Share of adopters",
    ),
    share_measure(
        name="discontinued",
        label="Ever discontinued",
        phrase="the share of adopters that ever discontinued it",
        meaning="Share of adopters that discontinued it at least once.",
        better="less",
        axis="Share of adopters",
    ),
    share_measure(
        name="fidelity",
        label="Fidelity among users",
        phrase="fidelity among users",
        meaning="Mean share of core components intact among users.",
        axis="Share of the core",
        among_users=True,
    ),
    share_measure(
        name="appropriateness",
        label="Appropriateness among users",
        phrase="appropriateness among users",
        meaning="Mean fit of the version in use to the local setting, among users.",
        axis="Fit of version and setting",
        among_users=True,
    ),
    share_measure(
        name="embedding",
        label="Embedding among users",
        phrase="embedding among users",
        meaning="Mean share of attitudes and behaviours that have become normal, among users.",
        axis="Share embedded",
        among_users=True,
    ),
    share_measure(
        name="effect",
        label="Effect among users",
        phrase="the effect among users",
        meaning="Mean effect among users, as a share of the full effect.",
        axis="Share of the full effect",
        among_users=True,
    ),
    share_measure(
        name="origin_effect",
        label="Effect at the pilot site",
        phrase="the effect at the pilot site",
        meaning="Best effect so far at the pilot site, as a share of the full effect; the mean of several pilot sites.",
        better="neither",
        axis="Share of the full effect",
    ),
    Measure(
        name="replication_ratio",
        label="Replication ratio",
        phrase="the effect among users as a share of the pilot site's",
        meaning="Effect among users divided by the pilot site's effect.",
        unit="ratio",
        form="percent",
        better="more",
        axis="Share of the pilot site's effect",
        among_users=True,
    ),
    share_measure(
        name="replicated",
        label="Effect replicated (80%)",
        phrase="the share of users at 80% of the pilot site's effect",
        meaning="Share of users with at least 80% of the pilot site's effect.",
        axis="Share of users",
        among_users=True,
    ),
    share_measure(
        name="transformed",
        label="Transformed",
        phrase="the share of adopters at 80% of the pilot site's effect",
        meaning="Share of adopters with at least 80% of the pilot site's effect.",
        axis="Share of adopters",
    ),
    share_measure(
        name="boosted",
        label="Boosted",
        phrase="the share of adopters at 40 to 80% of the pilot site's effect",
        meaning="Share of adopters with 40 to 80% of the pilot site's effect.",
        axis="Share of adopters",
    ),
    share_measure(
        name="limited",
        label="Little effect",
        phrase="the share of adopters below 40% of the pilot site's effect",
        meaning="Share of adopters below 40% of the pilot site's effect, including those that no longer use it.",
        better="less",
        axis="Share of adopters",
    ),
    Measure(
        name="generation",
        label="Copies from the pilot site",
        phrase="the number of copies between users and the pilot site",
        meaning="Mean number of copies between users and the pilot site.",
        unit="copies",
        form="mean",
        better="neither",
        axis="Copies",
    ),
    Measure(
        name="events_averted",
        label="Adverse events averted",
        phrase="adverse events averted",
        meaning="Adverse events averted since the start, over all organisations. For one intervention: compared with "
        "none of it, all else the same. For all: compared with the underlying trend alone, including other local "
        "improvement.",
        unit="events",
        form="count",
        better="more",
        axis="Events, all organisations",
        verb=("avert", "adverse events"),
    ),
    Measure(
        name="event_rate",
        label="Adverse event rate",
        phrase="the adverse event rate per 10,000",
        meaning="Adverse event rate now, weighted by size.",
        unit="per 10,000",
        form="rate",
        better="less",
        axis="Events per 10,000",
        overall=True,
    ),
    Measure(
        name="event_rate_range",
        label="Event rate gap",
        phrase="the gap in adverse event rates (90th less 10th percentile, per 10,000)",
        meaning="Adverse event rate at the 90th percentile of organisations less that at the 10th.",
        unit="per 10,000",
        form="rate",
        better="less",
        axis="90th less 10th percentile, per 10,000",
        overall=True,
    ),
    Measure(
        name="event_rate_gini",
        label="Event rate inequality",
        phrase="the Gini coefficient of adverse event rates",
        meaning="Gini coefficient of adverse event rates across organisations.",
        unit="share",
        form="index",
        better="less",
        axis="Gini coefficient (0: the same everywhere)",
        overall=True,
    ),
    Measure(
        name="staff_time",
        label="Staff time",
        phrase="team-months of staff time given",
        meaning="Staff time spent on interventions since the start.",
        unit="team-months",
        form="time",
        better="less",
        axis="Team-months, all organisations",
        overall=True,
        verb=("take", "team-months of staff time"),
    ),
    Measure(
        name="cost",
        label="Cost of policies",
        phrase="units of currency spent on policies",
        meaning="Cost of policies since the start.",
        unit="currency",
        form="money",
        better="less",
        axis="Currency, all organisations",
        overall=True,
        verb=("cost", "units of currency"),
    ),
    share_measure(
        name="local_improvement",
        label="Other local improvement",
        phrase="the reduction of adverse events by other local improvement",
        meaning="Mean reduction of adverse events by other local improvement.",
        axis="Share of adverse events",
        overall=True,
    ),
    share_measure(
        name="leadership",
        label="Leadership",
        phrase="mean leadership",
        meaning="Mean leadership of organisations.",
        axis="Mean over organisations",
        overall=True,
    ),
    share_measure(
        name="culture",
        label="Culture",
        phrase="mean culture",
        meaning="Mean culture of organisations.",
        axis="Mean over organisations",
        overall=True,
    ),
    share_measure(
        name="capability",
        label="Capability",
        phrase="mean capability",
        meaning="Mean capability of organisations.",
        axis="Mean over organisations",
        overall=True,
    ),
)

MEASURES: dict[str, Measure] = FormerKeys(
    {measure.name: measure for measure in MEASURE_REGISTRY},
    FORMER_MEASURES,
    {name: refusal(name) for name in REFUSED_MEASURES},
)
MEASURE_NAMES = tuple(MEASURES)
if len(MEASURE_NAMES) != len(MEASURE_REGISTRY):
    raise ValueError("two measures have the same name")


def scenario_measures(scenario: Any) -> tuple[Measure, ...]:
    """Return the measures of a scenario, in the order of columns: those of the package, then those of its plug-ins."""
    return (*MEASURE_REGISTRY, *(extension.declaration for extension in scenario_extensions(scenario, "measure")))


def measure_names(scenario: Any) -> tuple[str, ...]:
    """Return the names of the measures of a scenario, in the order of columns."""
    return tuple(measure.name for measure in scenario_measures(scenario))


record_constants(__name__)
