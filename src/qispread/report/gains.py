"""Who gains: by thirds of organisations, by their context at the start."""

import pandas as pd

from qispread.figures.figure import records
from qispread.figures.who import group_figure
from qispread.presentation.formatting import format_estimate, format_size
from qispread.report.blocks import Block, Grid, Group, Points, Section, Sheet, Words
from qispread.report.view import View

GAIN = "harm_reduction"
MEANINGS = {
    "harm_reduction": "harm gone, of that at the start",
    "adoption": "use it",
    "result": "result, of the largest benefit",
}


def gains_section(view: View) -> Section | None:
    """Return the section of who gains; None where the table is absent."""
    table = view.table("for_whom")
    if table is None:
        return None
    gains = table[table["measure"] == GAIN]
    shown = gains[gains["arm"].isin(list(view.arm_styles))]
    if shown.empty:
        return None
    limits = (
        min(0.0, float(shown[["difference", "low"]].min().min())),
        max(0.0, float(shown[["difference", "high"]].max().max())),
    )
    figures = [
        group_figure(shown[shown["grouping"] == grouping], grouping, GAIN, view.arm_styles, limits)
        for grouping in dict.fromkeys(shown["grouping"])
    ]
    lead = (
        "How much more of the harm at the start an arm removes than the base does, in thirds of the organisations "
        "by their context at the start. Those where it began are left out; every other counts the same, whatever its "
        "size."
    )
    blocks: list[Block] = [Words(lead), Points(readiness_words(shown)), Grid(figures)]
    return Section("gains", "Who gains", [*blocks, readiness_sheet(view, table)])


def readiness_words(gains: pd.DataFrame) -> list[str]:
    """Return for each arm whether the readiest third gains more than the least ready, and by how much."""
    rows = gains[gains["grouping"] == "readiness"]
    found = []
    for arm, part in rows.groupby("arm", sort=False):
        groups = records(part)
        if len(groups) > 1:
            found.append(contrast(str(arm), groups[0], groups[-1]))
    return found


def contrast(arm: str, least: dict[str, float], most: dict[str, float]) -> str:
    """Return which of two groups gains more, honest where their intervals overlap."""
    apart = most["difference"] - least["difference"]
    points = format_size(apart, "percent")
    both = f"{told(most)} against {told(least)} percentage points"
    if not (most["low"] > least["high"] or most["high"] < least["low"]):
        return (
            f"With {arm}, the readiest and the least ready third gain about alike: {both}, and the intervals overlap."
        )
    order = ("readiest", "least ready") if apart > 0 else ("least ready", "readiest")
    lead = f"With {arm}, the {order[0]} third gains {points} percentage points more than the {order[1]}"
    return f"{lead}: the readiest {both}."


def told(row: dict[str, float]) -> str:
    """Return a difference with its interval."""
    return format_estimate(row["difference"], row["low"], row["high"], "percent")


def readiness_sheet(view: View, table: pd.DataFrame) -> Sheet:
    """Return the table of what thirds by readiness gain, in each measure."""
    rows = table[(table["grouping"] == "readiness") & table["arm"].isin(list(view.arm_styles))]
    measures = [name for name in MEANINGS if name in set(rows["measure"])]
    groups = []
    for arm in view.arm_styles:
        own = rows[rows["arm"] == arm]
        lines = [
            [str(group), *(cell(own, str(group), measure) for measure in measures)]
            for group in dict.fromkeys(own["group"])
        ]
        groups.append(Group(arm, lines))
    caption = "By readiness: differences from the base in percentage points, with 95 % intervals."
    return Sheet(caption, ("Third", *(MEANINGS[name].capitalize() for name in measures)), groups)


def cell(rows: pd.DataFrame, group: str, measure: str) -> str:
    """Return the difference of one group in one measure, with its interval."""
    found = records(rows[(rows["group"] == group) & (rows["measure"] == measure)])
    return told(found[0]) if found else ""
