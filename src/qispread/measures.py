"""What is measured every month: one registry, which both engines, every table and every page read.

The words are those of the field (RE-AIM: glasgow1999; implementation outcomes: proctor2011). Unless it is said
otherwise a measure is over the organisations that did not start the intervention: the question is what spreads.
"""

from dataclasses import dataclass
from typing import Literal

from qispread.rules.shipped import record_constants

REPLICATED = 0.8
"""Share of the origin's effect from which a result counts as replicated, and an organisation as transformed."""
BOOSTED = 0.4
"""Share of the origin's effect from which an organisation counts as boosted. Source: assumption."""


@dataclass(frozen=True)
class Measure:
    """One outcome.

    Attributes
    ----------
    name, meaning, unit : str
    better : {"more", "less", "neither"}
        Which direction is good.
    overall : bool
        Whether it belongs to the whole and not to one intervention: then it stands in the rows of "all" only.
    """

    name: str
    meaning: str
    unit: str
    better: Literal["more", "less", "neither"]
    overall: bool = False


REGISTRY = (
    Measure("awareness", "Organisations that have heard of it.", "share", "more"),
    Measure("reach", "Organisations that have ever begun.", "share", "more"),
    Measure("adoption", "Organisations that use it now.", "share", "more"),
    Measure("sustainment", "Of those that ever began, the share that uses it now.", "share", "more"),
    Measure("lapses", "Of those that ever began, the share that gave it up at least once.", "share", "less"),
    Measure("fidelity", "Mean share of the core components intact among users.", "share", "more"),
    Measure("appropriateness", "Mean fit of the version in use to its setting, among users.", "share", "more"),
    Measure("embedding", "Mean share of attitudes and behaviours become normal, among users.", "share", "more"),
    Measure("effect", "Mean result of users, of the largest possible benefit.", "share", "more"),
    Measure(
        "origin_effect",
        "Best result so far where it began, of the largest possible benefit; mean of several origins.",
        "share",
        "neither",
    ),
    Measure("replication_ratio", "Effect among users divided by the origin's.", "ratio", "more"),
    Measure("replicated", "Of the users, the share at 80 % of the origin's effect or more.", "share", "more"),
    Measure("transformed", "Of those that ever began, the share at 80 % of the origin's effect.", "share", "more"),
    Measure("boosted", "Of those that ever began, the share from 40 to 80 % of the origin's effect.", "share", "more"),
    Measure("little", "Of those that ever began, the share below 40 %, with those that lapsed.", "share", "less"),
    Measure("generation", "Mean number of copies between users and the origin.", "copies", "neither"),
    Measure(
        "harm_averted",
        "Harmful events averted since the start, over all organisations. Of one intervention: the events there would "
        "have been without it, all else the same. Of all: against the secular trend alone, with home-grown gains.",
        "events",
        "more",
    ),
    Measure("harm", "Harm now, weighted by size.", "per 10,000", "less", overall=True),
    Measure("harm_range", "Harm at the 90th less that at the 10th percentile.", "per 10,000", "less", overall=True),
    Measure("harm_gini", "Gini coefficient of harm between organisations.", "share", "less", overall=True),
    Measure("staff_time", "Staff time given to what spreads since the start.", "team-months", "less", overall=True),
    Measure("cost", "Cost of policies since the start.", "currency", "less", overall=True),
    Measure("local_gain", "Mean reduction of harm by improvement made at home.", "share", "more", overall=True),
    Measure("leadership", "Mean leadership.", "share", "more", overall=True),
    Measure("culture", "Mean culture.", "share", "more", overall=True),
    Measure("capability", "Mean capability.", "share", "more", overall=True),
)

MEASURES = {measure.name: measure for measure in REGISTRY}
NAMES = tuple(MEASURES)

record_constants(__name__)
