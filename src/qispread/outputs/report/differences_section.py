"""Differences: what is compared, the forest plot and the tables of differences."""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from qispread.common.formatting import format_difference, format_duration, format_short, format_value, lower_first
from qispread.inputs.parameter_descriptions import section_title
from qispread.inputs.policies import Policy
from qispread.inputs.rule_choices import SECTION as RULES
from qispread.inputs.rule_forms import SHIPPED
from qispread.inputs.scenario import Scenario
from qispread.model.measures import MEASURES
from qispread.outputs.figures.figure import Figure
from qispread.outputs.figures.interval_figures import interval_chart
from qispread.outputs.report.blocks import (
    BulletList,
    FigureGrid,
    Paragraph,
    ReportBlock,
    ReportSection,
    ReportTable,
    RowGroup,
)
from qispread.outputs.report.report_data import ReportData, measure_definitions
from qispread.outputs.text.display_tables import difference_cells
from qispread.outputs.text.labels import (
    BETTER_IN_HEADING,
    DIFFERENCE_MEASURES,
    INTERVAL_HEADING,
    SEEDING_CAUTION,
    changes_pilot_site,
    difference_axis,
)
from qispread.outputs.text.sentences import DifferenceStatement
from qispread.runs.comparison import BASELINE_ARM

DIFFERENCES_HEADING = "What each option changes"
OPTIONS_HEADING = "Options compared"
PAIRS_HEADING = "One option against another"
SHARED_POLICY_FIELDS = set(Policy.model_fields)
COMMON_RANDOM_NUMBERS = (
    "All options run with common random numbers (the same populations, the same chances), so that a difference comes "
    "from the option and not from luck. That cut the number of runs needed by a factor of"
)
MAX_LISTED_CHANGES = 12
MAX_COMPARED_ARMS = 4
"""Arms that are compared with each other; of more those that rank first."""
PAIRWISE_MEASURES = ("current_use", "effect", "cost")
"""Measures beside the headline in which they are."""
DIFFERENCES_HEADER = ("Value", "Difference", INTERVAL_HEADING, BETTER_IN_HEADING, "Per 100 organisations")
JOINED_OPTIONS = "The name of an option that combines policies joins their names."
FOREST_NOTE = "Points are means of the paired differences over runs; bars are their 95% intervals (simulation error)."
BETTER_IN_NOTE = "Better in: the share of runs in which the option is better; runs without any difference count half."
ONE_RUN_NOTE = "One run was simulated: there is no interval, and another run may differ in size and in sign."
PAIRS_CAPTION = "Means of the differences between runs with common random numbers, the option that ranks higher first."


def differences_section(view: ReportData) -> ReportSection:
    """Return the section of differences."""
    blocks: list[ReportBlock] = [
        Paragraph(OPTIONS_HEADING, "heading"),
        BulletList(describe_arms(view)),
    ]
    forest = forest_figure(view)
    blocks += [FigureGrid([forest])] if forest is not None else []
    blocks += [differences_table(view), *differences_notes(view), measure_definitions(compared_measures(view))]
    blocks += pairwise_blocks(view)
    return ReportSection("changes", DIFFERENCES_HEADING, blocks)


def compared_measures(view: ReportData) -> tuple[str, ...]:
    """Return the measures of the table of differences, the user's own last."""
    return (*DIFFERENCE_MEASURES, *view.own_measures)


def describe_arms(view: ReportData) -> list[str]:
    """Return what each arm is, a sentence each, the baseline first."""
    baseline = view.results.base_arm.scenario
    sentences, factors = [], view.results.comparison.get("factors", [])
    for name in factors or view.shown_arms:
        scenario = view.results.arms[name].scenario
        if name == BASELINE_ARM or baseline is None or scenario is None:
            continue
        changes = "; ".join(describe_changes(baseline, scenario)) or "no difference from the baseline"
        description = scenario.description.strip().rstrip(".") if scenario.description != baseline.description else ""
        prefix = f"{description}. In the model: " if description else ""
        sentences.append(f"{name}: {prefix}{changes.removeprefix(f'{name}: ')}.")
    policies = describe_policies(baseline) if baseline is not None else []
    joined = [JOINED_OPTIONS] if factors else []
    return [f"{BASELINE_ARM}: {'; '.join(policies) or 'no new policy'}.", *sentences, *joined]


def describe_policies(scenario: Scenario) -> list[str]:
    """Return a description of each policy of a scenario."""
    return [describe_policy(name, policy, scenario.horizon) for name, policy in scenario.policies.items()]


def describe_policy(name: str, policy: Any, horizon: int) -> str:
    """Return a description of a policy: what, when, for whom, how strong, at what cost."""
    end = min(policy.end or horizon, horizon)
    target = policy.target.model_dump(exclude_none=True)
    organisations = "all organisations" if not target else ", ".join(describe_target(*item) for item in target.items())
    fields = {key: value for key, value in policy if key not in SHARED_POLICY_FIELDS and key != "lever"}
    strengths = ", ".join(f"{name.replace('_', ' ')} {format_plain_value(value)}" for name, value in fields.items())
    cost = f"cost {format_short(policy.cost)} a month for each organisation" if policy.cost else "no cost"
    meaning = section_title(type(policy)).split(" (")[0].split(";")[0].rstrip(".")
    details = [f"months {policy.start} to {end}", f"for {organisations}", strengths, cost]
    return f"{name}: {lower_first(meaning)}, {', '.join(text for text in details if text)}"


def describe_target(rule: str, value: Any) -> str:
    """Return a description of a rule of a target."""
    if isinstance(value, int):
        return f"the {value} {rule.replace('_', ' ')}" if rule != "random" else f"{value} drawn at random"
    return f"{rule} {', '.join(value)}" if value else "no organisation"


def format_plain_value(value: Any) -> str:
    """Return a value as a reader would write it."""
    if isinstance(value, float):
        return f"{value:g}"
    if hasattr(value, "model_dump"):
        return ", ".join(
            f"{key} {format_plain_value(item)}" for key, item in value.model_dump(exclude_defaults=True).items()
        )
    return str(value)


def describe_changes(baseline: Scenario, arm: Scenario) -> list[str]:
    """Return the differences of an arm from the baseline: policies added and removed, then other parameters."""
    added = [
        describe_policy(name, policy, arm.horizon)
        for name, policy in arm.policies.items()
        if policy != baseline.policies.get(name)
    ]
    removed = [f"without {name}" for name in baseline.policies if name not in arm.policies]
    skipped = {"policies", "name", "description", "inputs", "notes", "replicates", RULES}
    first, second = (scenario.model_dump(mode="json", exclude=skipped) for scenario in (baseline, arm))
    other = [*iterate_other_forms(baseline, arm), *iterate_differing_paths(first, second)]
    remainder = [f"and {len(other) - MAX_LISTED_CHANGES} other changes"] if len(other) > MAX_LISTED_CHANGES else []
    return [*added, *removed, *other[:MAX_LISTED_CHANGES], *remainder]


def iterate_other_forms(baseline: Scenario, arm: Scenario) -> Iterator[str]:
    """Yield each rule whose form differs between two scenarios, with the words of both."""
    first, second = baseline.rules.changed(), arm.rules.changed()
    for rule in dict.fromkeys([*first, *second]):
        words = [forms[rule].name if rule in forms else SHIPPED for forms in (first, second)]
        if words[0] != words[1]:
            yield f"{RULES}.{rule} {words[1]} in place of {words[0]}"


def iterate_differing_paths(first: Any, second: Any, path: str = "") -> Iterator[str]:
    """Yield each parameter in which two scenarios differ, with both values."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in dict.fromkeys([*first, *second]):
            yield from iterate_differing_paths(first.get(key), second.get(key), f"{path}.{key}" if path else str(key))
    elif first != second:
        yield (
            f"{path} {format_plain_value(second)} in place of {format_plain_value(first)}"
            if not isinstance(second, list)
            else f"other {path}"
        )


def forest_figure(view: ReportData) -> Figure | None:
    """Return the differences in the headline measure as points with intervals; None for one arm or one run."""
    import pandas as pd

    differences = [item for item in view.differences(view.results.measure).values() if item.arm in view.styles]
    if len(differences) < 2 or all(math.isnan(item.low) for item in differences):
        return None
    labels = [view.styles[item.arm].label for item in differences]
    rows = pd.DataFrame(
        [{"row": label, "arm": label, **interval_bounds(item)} for label, item in zip(labels, differences, strict=True)]
    )
    measure = MEASURES[view.results.measure]
    title = f"{measure.label}, against the baseline"
    unit = difference_axis(measure.name, per_100=True)
    values = "; ".join(f"{item.arm} {format_difference(item.value, item.number_format)}" for item in differences)
    return Figure(
        name="difference",
        title=title,
        alt=f"{title}, {lower_first(unit)}, after {format_duration(view.results.horizon)}: {values}.",
        table=rows.assign(arm=[item.arm for item in differences]).drop(columns="row"),
        chart=interval_chart(rows, title, unit, measure.form, list(view.styles.values())),
        note=FOREST_NOTE,
    )


def interval_bounds(difference: DifferenceStatement) -> dict[str, float]:
    """Return value and bounds of a difference."""
    return {"value": difference.value, "low": difference.low, "high": difference.high}


def differences_table(view: ReportData) -> ReportTable:
    """Return the table of differences: a group of rows for each measure, a row for each arm."""
    arms = [name for name in view.shown_arms if name != BASELINE_ARM]
    groups = []
    for measure in compared_measures(view):
        rows = {arm: view.row(arm, measure) for arm in arms}
        known = {arm: row for arm, row in rows.items() if row and not math.isnan(float(row["difference"]))}
        if not known:
            continue
        declared = MEASURES[measure]
        base = format_value(float(next(iter(known.values()))["baseline"]), declared.form)
        lines = [[arm, *difference_row_cells(row, measure)] for arm, row in known.items()]
        groups.append(RowGroup(f"{declared.label}: baseline {base}", lines))
    several = view.results.replicate_count > 1
    runs = f"Means over {view.results.replicate_count} runs" if several else "The one run simulated,"
    caption = f"{runs} after {format_duration(view.results.horizon)}; differences of shares in percentage points"
    if view.omitted_arm_count:
        caption += f". The {len(arms)} options that rank first; differences.csv has all {len(view.results.other_arms)}"
    return ReportTable(f"{caption}.", ("Option", *DIFFERENCES_HEADER), groups)


def difference_row_cells(row: dict[str, Any], measure: str) -> Sequence[str]:
    """Return the cells of one arm and measure."""
    return (format_value(float(row["arm_mean"]), MEASURES[measure].form), *paired_interval_cells(row, measure))


def paired_interval_cells(row: dict[str, Any], measure: str) -> Sequence[str]:
    """Return the cells of a difference: mean, interval, share of runs in which it is better, per 100 organisations."""
    per_100, number_format = float(row["per_100_organisations"]), MEASURES[measure].form
    has_value = not math.isnan(per_100) and float(row["difference"])
    return (*difference_cells(row, measure), format_difference(per_100, number_format) if has_value else "")


def pairwise_blocks(view: ReportData) -> list[ReportBlock]:
    """Return the table of one arm against another, the best with each other; nothing for one arm."""
    groups = []
    for measure in dict.fromkeys((view.results.measure, *PAIRWISE_MEASURES)):
        pairs = combinations(view.ranked_arms[:MAX_COMPARED_ARMS], 2)
        rows = [row for first, second in pairs if (row := view.pairwise_difference(first, second, measure)) is not None]
        if any(float(row["difference"]) for row in rows):
            lines = [[f"{row['arm']} against {row['against']}", *paired_interval_cells(row, measure)] for row in rows]
            groups.append(RowGroup(MEASURES[measure].label, lines))
    if not groups:
        return []
    caption = PAIRS_CAPTION
    if len(view.ranked_arms) > MAX_COMPARED_ARMS:
        caption += f" The {MAX_COMPARED_ARMS} that rank first; arm_differences.csv has all."
    return [
        Paragraph(PAIRS_HEADING, "heading"),
        ReportTable(caption, ("", *DIFFERENCES_HEADER[1:]), groups),
    ]


def differences_notes(view: ReportData) -> list[ReportBlock]:
    """Return how many runs common random numbers saved, and how to read the table."""
    arms = [name for name in view.shown_arms if name != BASELINE_ARM]
    rows = [view.row(arm, measure) for arm in arms for measure in compared_measures(view)]
    gains = [float(row["pairing_gain"]) for row in rows if row and math.isfinite(float(row["pairing_gain"]))]
    blocks: list[ReportBlock] = []
    if gains and view.results.replicate_count > 1:
        low, high = f"{min(gains):.1f}", f"{max(gains):.1f}"
        times = low if low == high else f"{low} to {high}"
        blocks.append(Paragraph(f"{COMMON_RANDOM_NUMBERS} {times}."))
    blocks.append(Paragraph(BETTER_IN_NOTE if view.results.replicate_count > 1 else ONE_RUN_NOTE, "note"))
    if changes_pilot_site(arm.scenario for arm in view.results.arms.values()):
        blocks.append(Paragraph(SEEDING_CAUTION, "note"))
    return blocks
