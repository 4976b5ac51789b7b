"""The rows of the state arrays: one row for each quantity, one column for each organisation (decision 2)."""

from enum import IntEnum

from qispread.common.deprecation import keep_former_members

ORGANISATION_ROWS = (
    "leadership",
    "alignment",
    "culture",
    "capability",
    "measurement",
    "slack",
    "turnover",
    "size",
    "baseline",
    "setting_1",
    "setting_2",
    "local_improvement",
    "event_rate",
    "climate",
    "available_time",
    "dose",
    "spare_time",
    "effective_measurement",
    "vigilance",
    "staff_time",
    "cost",
    "events_averted",
    "exposure",
)
(
    LEADERSHIP,
    ALIGNMENT,
    CULTURE,
    CAPABILITY,
    MEASUREMENT,
    SLACK,
    TURNOVER,
    SIZE,
    BASELINE,
    SETTING_1,
    SETTING_2,
    LOCAL_IMPROVEMENT,
    EVENT_RATE,
    CLIMATE,
    AVAILABLE_TIME,
    DOSE,
    SPARE_TIME,
    EFFECTIVE_MEASUREMENT,
    VIGILANCE,
    STAFF_TIME,
    COST,
    EVENTS_AVERTED,
    EXPOSURE,
) = range(len(ORGANISATION_ROWS))
GIVEN_ROW_COUNT = 11
"""The number of first rows that a table of organisations may give; the others result from the run."""

PRACTICE_ROWS = (
    "fidelity",
    "tuning_1",
    "tuning_2",
    "embedding",
    "goal",
    "appropriateness",
    "result",
    "best_result",
    "events_averted",
)
FIDELITY, TUNING_1, TUNING_2, EMBEDDING, GOAL, APPROPRIATENESS, RESULT, BEST_RESULT, EVENTS_PREVENTED = range(
    len(PRACTICE_ROWS)
)

HISTORY_ROWS = (
    "stage",
    "last_adopted",
    "review_phase",
    "first_adopted",
    "generation",
    "copied_from",
    "times_discontinued",
    "origin",
)
STAGE, LAST_ADOPTED, REVIEW_PHASE, FIRST_ADOPTED, GENERATION, COPIED_FROM, TIMES_DISCONTINUED, ORIGIN = range(
    len(HISTORY_ROWS)
)


@keep_former_members
class Stage(IntEnum):
    """The stage of an organisation in the use of an intervention (decision 4)."""

    UNAWARE = 0
    AWARE = 1
    IMPLEMENTING = 2
    EMBEDDED = 3
    DISCONTINUED = 4


STAGES = tuple(stage.name.lower() for stage in Stage)
UNAWARE, AWARE, IMPLEMENTING, EMBEDDED, DISCONTINUED = Stage
"""The stages for compiled code, in which each is an integer."""

NEVER = -1
"""The value of `last_adopted` and `first_adopted` before any adoption."""

COPIED_FROM_NOBODY, COPIED_FROM_LITERATURE, COPIED_FROM_STANDARD, COPIED_FROM_SELF = -4, -1, -2, -3
"""Values of `copied_from` other than the index of a peer."""
COPY_SOURCES = {
    COPIED_FROM_NOBODY: "",
    COPIED_FROM_LITERATURE: "the literature",
    COPIED_FROM_STANDARD: "the partnership's standard",
    COPIED_FROM_SELF: "nobody: it is the origin",
}

VISIBLE_ROWS = ("practising", "result", "fidelity", "tuning_1", "tuning_2", "generation")
(
    VISIBLE_PRACTISING,
    VISIBLE_RESULT,
    VISIBLE_FIDELITY,
    VISIBLE_TUNING_1,
    VISIBLE_TUNING_2,
    VISIBLE_GENERATION,
) = range(len(VISIBLE_ROWS))
"""The values that peers could see at the end of last month."""
