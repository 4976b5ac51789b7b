"""What is compared, and what each arm changes: the arms in words and the table of differences."""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from qispread.analysis.summary import DIFFERENCES_SHOWN, short, written, written_difference
from qispread.comparison import BASE
from qispread.config.describe import title_of
from qispread.config.policies import Policy, Seeding
from qispread.config.scenario import Scenario
from qispread.figures.figure import Figure
from qispread.figures.intervals import interval_chart
from qispread.measures import MEASURES
from qispread.report.blocks import Block, Grid, Group, Points, Section, Sheet, Words
from qispread.report.view import View
from qispread.report.wording import NOUNS, Difference, form_of, span

SHARED = set(Policy.model_fields)
MOST_CHANGES = 12
MOST_BETWEEN = 4
"""Arms that are compared with each other; of more those that rank first."""
BETWEEN = ("adoption", "effect", "cost")
"""Measures beside the headline in which they are."""
SEEDED = "A seeding policy changes where it begins: shares of the origin's effect do not compare where origins differ."
NONE = "\N{EN DASH}"
HEADER = ("Value", "Difference", "95 % interval", "Better in", "For 100 organisations")


def changes_section(view: View) -> Section:
    """Return the section of differences."""
    blocks: list[Block] = [Words("What is compared with the base", "heading"), Points(arms_in_words(view))]
    forest = forest_figure(view)
    blocks += [Grid([forest])] if forest is not None else []
    blocks += [differences_sheet(view), *notes(view), *between_blocks(view)]
    return Section("changes", "What each arm changes", blocks)


def arms_in_words(view: View) -> list[str]:
    """Return what each arm is, a sentence each."""
    base = view.results.first.scenario
    found, factors = [], view.results.comparison.get("factors", [])
    for name in factors or view.shown:
        scenario = view.results.arms[name].scenario
        if name == BASE or base is None or scenario is None:
            continue
        told = "; ".join(changes_of(base, scenario)) or "no difference"
        own = scenario.description.strip().rstrip(".") if scenario.description != base.description else ""
        found.append(f"{name}: {f'{own}. In the model: ' if own else ''}{told.removeprefix(f'{name}: ')}.")
    start = policies_of(base) if base is not None else []
    joined = ["Arms that join several are called by the names of what they join."] if factors else []
    return [f"base: {'; '.join(start) or 'nothing is done'}.", *found, *joined]


def policies_of(scenario: Scenario) -> list[str]:
    """Return the policies of a scenario in words."""
    return [policy_words(name, policy, scenario.horizon) for name, policy in scenario.policies.items()]


def policy_words(name: str, policy: Any, horizon: int) -> str:
    """Return a policy in words: what, when, for whom, how strong, at what cost."""
    end = min(policy.end or horizon, horizon)
    target = policy.target.model_dump(exclude_none=True)
    whom = "everyone" if not target else ", ".join(target_words(*item) for item in target.items())
    own = {key: value for key, value in policy if key not in SHARED and key != "lever"}
    strengths = ", ".join(f"{key.replace('_', ' ')} {plain(value)}" for key, value in own.items())
    cost = f", cost {short(policy.cost)} a month for each" if policy.cost else ", without a cost"
    meaning = title_of(type(policy)).split(" (")[0].split(";")[0].rstrip(".")
    return f"{name}: {meaning[0].lower()}{meaning[1:]}, months {policy.start} to {end}, for {whom}, {strengths}{cost}"


def target_words(rule: str, value: Any) -> str:
    """Return a rule of a target in words."""
    if isinstance(value, int):
        return f"the {value} {rule.replace('_', ' ')}" if rule != "random" else f"{value} drawn at random"
    return f"{rule} {', '.join(value)}" if value else "nobody"


def plain(value: Any) -> str:
    """Return a value as a reader would write it."""
    if isinstance(value, float):
        return f"{value:g}"
    if hasattr(value, "model_dump"):
        return ", ".join(f"{key} {plain(item)}" for key, item in value.model_dump(exclude_defaults=True).items())
    return str(value)


def changes_of(base: Scenario, arm: Scenario) -> list[str]:
    """Return in words how an arm differs from the base: policies it adds, then other parameters."""
    added = [
        policy_words(name, policy, arm.horizon)
        for name, policy in arm.policies.items()
        if policy != base.policies.get(name)
    ]
    gone = [f"without {name}" for name in base.policies if name not in arm.policies]
    skipped = {"policies", "name", "description", "inputs", "notes", "replicates"}
    first, second = (one.model_dump(mode="json", exclude=skipped) for one in (base, arm))
    other = list(paths_apart(first, second))
    more = [f"and {len(other) - MOST_CHANGES} other changes"] if len(other) > MOST_CHANGES else []
    return [*added, *gone, *other[:MOST_CHANGES], *more]


def paths_apart(first: Any, second: Any, path: str = "") -> Iterator[str]:
    """Yield each parameter in which two scenarios differ, with both values."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in dict.fromkeys([*first, *second]):
            yield from paths_apart(first.get(key), second.get(key), f"{path}.{key}" if path else str(key))
    elif first != second:
        yield f"{path} {plain(second)} in place of {plain(first)}" if not isinstance(second, list) else f"other {path}"


def forest_figure(view: View) -> Figure | None:
    """Return the differences in the headline measure as points with intervals; None for one arm or one world."""
    import pandas as pd

    found = [one for one in view.differences(view.results.measure).values() if one.arm in view.styles]
    if len(found) < 2 or all(math.isnan(one.low) for one in found):
        return None
    rows = pd.DataFrame(
        [{"row": view.styles[one.arm].label, "arm": view.styles[one.arm].label, **ends(one)} for one in found]
    )
    noun, summed = NOUNS[view.results.measure], found[0].summed
    title = f"{noun[0].upper()}{noun[1:]}, against the base"
    unit = "For every 100 organisations" if summed else MEASURES[view.results.measure].unit.capitalize()
    unit = "Percentage points" if found[0].form == "percent" else unit
    told = "; ".join(f"{one.arm} {written_difference(one.value, one.form)}" for one in found)
    return Figure(
        name="difference",
        title=title,
        alt=f"{title}, {unit[0].lower()}{unit[1:]}, after {span(view.results.horizon)}: {told}.",
        table=rows.assign(arm=[one.arm for one in found]).drop(columns="row"),
        chart=interval_chart(rows, title, unit, found[0].form, list(view.styles.values())),
        note="Points are means of the paired differences over worlds, bars their 95 % intervals.",
    )


def ends(one: Difference) -> dict[str, float]:
    """Return value and bounds of a difference."""
    return {"value": one.value, "low": one.low, "high": one.high}


def differences_sheet(view: View) -> Sheet:
    """Return the table of differences: a group of rows a measure, a row an arm."""
    arms = [name for name in view.shown if name != BASE]
    groups = []
    for measure, label, form in DIFFERENCES_SHOWN:
        rows = {arm: view.row(arm, measure) for arm in arms}
        known = {arm: row for arm, row in rows.items() if row and not math.isnan(float(row["difference"]))}
        if not known:
            continue
        base = written(float(next(iter(known.values()))["base"]), form)
        lines = [[arm, *cells(row, form)] for arm, row in known.items()]
        groups.append(Group(f"{label} (base {base})", lines))
    several = view.results.worlds > 1
    worlds = f"Means over {view.results.worlds} worlds" if several else "The one world simulated,"
    after = f"{worlds} after {span(view.results.horizon)}"
    caption = f"{after}; differences of shares in percentage points"
    if view.left_out:
        caption += f". The {len(arms)} arms that rank first; differences.csv has all {len(view.results.others)}"
    return Sheet(f"{caption}.", ("Arm", *HEADER), groups)


def cells(row: dict[str, Any], form: str) -> Sequence[str]:
    """Return the cells of one arm and measure."""
    return (written(float(row["arm_mean"]), form), *apart_cells(row, form))


def apart_cells(row: dict[str, Any], form: str) -> Sequence[str]:
    """Return the cells of a difference: mean, interval, in how many worlds it is better, for 100 organisations."""
    low, middle, high = (written_difference(float(row[name]), form) for name in ("low", "difference", "high"))
    if float(row["difference"]) == 0.0 and not float(row["low"]) < 0.0:
        return ("none", "in every world", "", "")
    better, for_100 = float(row["better"]), float(row["for_100"])
    return (
        middle,
        within(float(row["low"]), float(row["high"]), f"{low} to {high}"),
        NONE if math.isnan(better) else written(better, "percent"),
        "" if math.isnan(for_100) else written_difference(for_100, "number"),
    )


def within(low: float, high: float, told: str) -> str:
    """Return an interval in words: that of a difference which is the same in every world has no width."""
    if math.isnan(low):
        return NONE
    return "in every world" if math.isclose(low, high, rel_tol=1e-12) else told


def between_blocks(view: View) -> list[Block]:
    """Return the table of one arm against another, the best with each other; nothing for one arm."""
    measures = dict.fromkeys((view.results.measure, *BETWEEN))
    labels = {name: (label, form) for name, label, form in DIFFERENCES_SHOWN}
    groups = []
    for measure in measures:
        label, form = labels.get(measure, (NOUNS[measure].capitalize(), form_of(measure)))
        pairs = combinations(view.ranked[:MOST_BETWEEN], 2)
        rows = [row for first, second in pairs if (row := view.apart(first, second, measure)) is not None]
        if any(float(row["difference"]) for row in rows):
            lines = [[f"{row['arm']} against {row['against']}", *apart_cells(row, form)] for row in rows]
            groups.append(Group(label, lines))
    if not groups:
        return []
    some = f" The {MOST_BETWEEN} that rank first; between.csv has all." * (len(view.ranked) > MOST_BETWEEN)
    caption = f"Means of the differences in the same worlds, the arm that ranks higher first.{some}"
    return [Words("One arm against another", "heading"), Sheet(caption, ("", *HEADER[1:]), groups)]


def notes(view: View) -> list[Block]:
    """Return what pairing saved, and how to read the table."""
    rows = [view.row(arm, measure) for arm in view.shown if arm != BASE for measure, _, _ in DIFFERENCES_SHOWN]
    gains = [float(row["pairing"]) for row in rows if row and math.isfinite(float(row["pairing"]))]
    blocks: list[Block] = []
    if gains and view.results.worlds > 1:
        low, high = f"{min(gains):.1f}", f"{max(gains):.1f}"
        times = low if low == high else f"{low} to {high}"
        blocks.append(
            Words(
                "Every arm lives in the same worlds and meets the same chances, so that a difference is the arm's and "
                f"not luck. Worlds drawn anew for each arm would have had to be {times} times as many to tell as much."
            )
        )
    told = "Better in: the share of worlds in which the arm is better; worlds without any difference count half."
    if view.results.worlds < 2:
        told = "One world was simulated: there is no interval, and another world may differ in size and in sign."
    return [*blocks, Words(told, "note"), *([Words(SEEDED, "note")] if seeded(view) else [])]


def seeded(view: View) -> bool:
    """Return whether a policy of any arm changes who starts."""
    scenarios = [arm.scenario for arm in view.results.arms.values()]
    return any(isinstance(one, Seeding) for scenario in scenarios if scenario for one in scenario.policies.values())
