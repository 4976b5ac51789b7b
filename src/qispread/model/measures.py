"""What is measured every month: one registry, which both engines, every table and every page read.

The words are those of the field (RE-AIM: glasgow1999; implementation outcomes: proctor2011). Unless it is said
otherwise a measure is over the organisations that did not start the intervention: the question is what spreads.
"""

from dataclasses import dataclass
from typing import Any, Literal

from qispread.common.deprecation import FormerKeys
from qispread.common.former_names import MEASURES as FORMER_MEASURES
from qispread.common.former_names import REFUSED_MEASURES, refusal
from qispread.common.shipped_bindings import record_constants

REPLICATED_THRESHOLD = 0.8
"""Share of the origin's effect from which a result counts as replicated, and an organisation as transformed."""
BOOSTED_THRESHOLD = 0.4
"""Share of the origin's effect from which an organisation counts as boosted. Source: assumption."""

Form = Literal["percent", "index", "rate", "mean", "count", "time", "money"]
"""How values are written: a share or ratio in percent (differences in percentage points), an index from 0 to 1, a rate
for 10,000 cases, a mean; a number of events, an amount of time or of money, summed over organisations."""
Direction = Literal["more", "less", "neither"]
SUMS: tuple[Form, ...] = ("count", "time", "money")
"""Forms of sums over organisations, which are reported for every 100 organisations."""


@dataclass(frozen=True)
class Measure:
    """One outcome: all that tables, charts, sentences and pages need to know of it.

    Attributes
    ----------
    name : str
        Of its column.
    label : str
        Heading in tables and charts.
    phrase : str
        What it is called within a sentence: "would raise PHRASE by ...".
    meaning : str
        One sentence.
    unit : str
    form : {"percent", "index", "rate", "mean", "count", "time", "money"}
        How its values are written.
    better : {"more", "less", "neither"}
        Which direction is good.
    axis : str
        Title of the axis on which its values are drawn.
    overall : bool
        Whether it belongs to the whole and not to one intervention: then it stands in the rows of "all" only.
    among_users : bool
        Whether it is a mean over users, which rises too when fewer of the unready begin.
    verb : tuple of two str
        What an option does to a sum, and to what: ("avert", "adverse events").
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

    def __post_init__(self) -> None:
        """Refuse a sum without a verb, and a verb for anything else.

        Raises
        ------
        ValueError
        """
        if self.is_sum != (self.verb is not None):
            raise ValueError(f"measure '{self.name}': sums over organisations need a verb, and they alone")

    @property
    def is_sum(self) -> bool:
        """Whether it is a sum over organisations, reported for every 100 of them."""
        return self.form in SUMS

    @property
    def is_percent(self) -> bool:
        """Whether values are written in percent, and differences in percentage points."""
        return self.form == "percent"


def share_measure(better: Direction = "more", **declaration: Any) -> Measure:
    """Return a measure whose values are shares, written in percent; for most of them more is better."""
    return Measure(unit="share", form="percent", better=better, **declaration)


MEASURE_REGISTRY = (
    share_measure(
        name="awareness",
        label="Aware of it",
        phrase="the share of organisations that have heard of it",
        meaning="Organisations that have heard of it.",
        axis="Share of other organisations",
    ),
    share_measure(
        name="ever_adopted",
        label="Ever adopted",
        phrase="the share of organisations that ever adopted it",
        meaning="Organisations that have ever begun.",
        axis="Share of other organisations",
    ),
    share_measure(
        name="current_use",
        label="Using it now",
        phrase="the share of organisations that use it",
        meaning="Organisations that use it now.",
        axis="Share of other organisations",
    ),
    share_measure(
        name="sustainment",
        label="Adopters still using it",
        phrase="the share of adopters that still use it",
        meaning="Of those that ever began, the share that uses it now.",
        axis="Share of adopters",
    ),
    share_measure(
        name="discontinued",
        label="Ever discontinued",
        phrase="the share of adopters that ever discontinued it",
        meaning="Of those that ever began, the share that gave it up at least once.",
        better="less",
        axis="Share of adopters",
    ),
    share_measure(
        name="fidelity",
        label="Fidelity among users",
        phrase="fidelity among users",
        meaning="Mean share of the core components intact among users.",
        axis="Share of the core intact",
        among_users=True,
    ),
    share_measure(
        name="appropriateness",
        label="Appropriateness among users",
        phrase="appropriateness among users",
        meaning="Mean fit of the version in use to its setting, among users.",
        axis="Fit of version and setting",
        among_users=True,
    ),
    share_measure(
        name="embedding",
        label="Embedding among users",
        phrase="embedding among users",
        meaning="Mean share of attitudes and behaviours become normal, among users.",
        axis="Share become normal",
        among_users=True,
    ),
    share_measure(
        name="effect",
        label="Effect among users",
        phrase="the effect among users",
        meaning="Mean result of users, of the largest possible benefit.",
        axis="Share of the full effect",
        among_users=True,
    ),
    share_measure(
        name="origin_effect",
        label="Effect at the pilot site",
        phrase="the effect at the pilot site",
        meaning="Best result so far where it began, of the largest possible benefit; mean of several origins.",
        better="neither",
        axis="Share of the full effect",
    ),
    Measure(
        name="replication_ratio",
        label="Replication ratio",
        phrase="the effect among users as a share of the pilot site's",
        meaning="Effect among users divided by the origin's.",
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
        meaning="Of the users, the share at 80 % of the origin's effect or more.",
        axis="Share of users",
        among_users=True,
    ),
    share_measure(
        name="transformed",
        label="Transformed",
        phrase="the share of adopters at 80% of the pilot site's effect",
        meaning="Of those that ever began, the share at 80 % of the origin's effect.",
        axis="Share of adopters",
    ),
    share_measure(
        name="boosted",
        label="Boosted",
        phrase="the share of adopters at 40 to 80% of the pilot site's effect",
        meaning="Of those that ever began, the share from 40 to 80 % of the origin's effect.",
        axis="Share of adopters",
    ),
    share_measure(
        name="limited",
        label="Little effect",
        phrase="the share of adopters below 40% of the pilot site's effect",
        meaning="Of those that ever began, the share below 40 %, with those that discontinued it.",
        better="less",
        axis="Share of adopters",
    ),
    Measure(
        name="generation",
        label="Copies from the pilot site",
        phrase="the number of copies between users and the pilot site",
        meaning="Mean number of copies between users and the origin.",
        unit="copies",
        form="mean",
        better="neither",
        axis="Copies",
    ),
    Measure(
        name="events_averted",
        label="Adverse events averted",
        phrase="adverse events averted",
        meaning="Harmful events averted since the start, over all organisations. Of one intervention: the events there "
        "would have been without it, all else the same. Of all: against the secular trend alone, with home-grown "
        "gains.",
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
        meaning="Harm now, weighted by size.",
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
        meaning="Harm at the 90th less that at the 10th percentile.",
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
        meaning="Gini coefficient of harm between organisations.",
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
        meaning="Staff time given to what spreads since the start.",
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
        meaning="Mean reduction of harm by improvement made at home.",
        axis="Share of adverse events",
        overall=True,
    ),
    share_measure(
        name="leadership",
        label="Leadership",
        phrase="mean leadership",
        meaning="Mean leadership.",
        axis="Mean over organisations",
        overall=True,
    ),
    share_measure(
        name="culture",
        label="Culture",
        phrase="mean culture",
        meaning="Mean culture.",
        axis="Mean over organisations",
        overall=True,
    ),
    share_measure(
        name="capability",
        label="Capability",
        phrase="mean capability",
        meaning="Mean capability.",
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

record_constants(__name__)
