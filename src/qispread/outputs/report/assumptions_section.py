"""What the answer rests on: every parameter that matters, its value, its range and how well it is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from qispread.inputs.parameter import ConfigSection as ScenarioSection
from qispread.inputs.parameter_descriptions import ParameterDescription, describe_section, section_title
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import MECHANISMS
from qispread.outputs.report.blocks import BulletList, Paragraph, ReportBlock, ReportSection, ReportTable, RowGroup
from qispread.outputs.report.differences_section import format_plain_value
from qispread.outputs.report.report_data import ReportData
from qispread.outputs.text.references import CITATION_KEY, load_references
from qispread.runs.comparison import BASELINE_ARM

EVIDENCE_ORDER = ("hypothesis", "assumption", "derived", "measured", "choice")
"""How well a value is known, the least first."""
SHOWN_ROLES = ("uncertainty", "lever")
NO_SOURCE = ("-", "assumption")
ASSUMPTION_HEADER = ("Parameter", "Value", "Unit", "Plausible", "Known", "Source", "Meaning")


@dataclass(frozen=True)
class AssumptionGroup:
    """One part of a scenario.

    Attributes
    ----------
    heading : str
    rows : list of (ParameterDescription, str, bool)
        Each parameter, its value in words, and whether it was changed from the default.
    """

    heading: str
    rows: list[tuple[ParameterDescription, str, bool]]

    @property
    def evidence_rank(self) -> int:
        """How well the least known of its parameters is known."""
        return min((EVIDENCE_ORDER.index(one.evidence) for one, _, _ in self.rows), default=len(EVIDENCE_ORDER))


def assumptions_section(view: ReportData) -> ReportSection:
    """Return the section of assumptions, with the sources that it names."""
    base = view.results.base_arm.scenario
    if base is None:
        text = (
            "The scenario was written by another version and cannot be read by this one; its manifest has every value."
        )
        return ReportSection("assumptions", "What it rests on", [Paragraph(text)])
    found = sorted((part for part in build_groups(view, base) if part.rows), key=lambda part: part.evidence_rank)
    groups = [RowGroup(part.heading, [assumption_row(*row) for row in part.rows]) for part in found]
    count = {word: sum(one.evidence == word for part in found for one, _, _ in part.rows) for word in EVIDENCE_ORDER}
    lead = (
        f"{sum(count.values())} parameters: {count['measured']} measured, {count['derived']} derived from measures, "
        f"{count['assumption']} assumptions, {count['choice']} choices of whoever made the scenario, and "
        f"{count['hypothesis']} hypotheses on which results hinge. Values changed from the default say so."
    )
    caption = "Every uncertain parameter and every lever of the scenario, by mechanism; those with hypotheses first."
    cited = sorted({key for part in found for one, _, _ in part.rows for key in CITATION_KEY.findall(one.source)})
    blocks: list[ReportBlock] = [
        Paragraph(lead),
        ReportTable(caption, ASSUMPTION_HEADER, groups, text_columns=(1, 2, 4, 5, 6), small=True),
    ]
    known = load_references()
    return ReportSection(
        "assumptions",
        "What it rests on",
        [
            *blocks,
            Paragraph("Sources", "heading"),
            BulletList([f"{key}: {known[key]}" for key in cited if key in known], small=True),
        ],
    )


def build_groups(view: ReportData, base: Scenario) -> Iterator[AssumptionGroup]:
    """Yield every part: mechanisms, places, what spreads, and the policies of the base and of the arms."""
    for name in MECHANISMS:
        yield build_group(
            f"{name.replace('_', ' ').capitalize()}: {section_meaning(getattr(base, name))}", getattr(base, name)
        )
    yield build_group("Organisations, where no table gives them", base.organisations)
    yield build_group(f"Network: {section_meaning(base.network)}", base.network)
    for name, one in base.interventions.items():
        yield build_group(f"What spreads: {name}", one)
    seen: list[tuple[str, Any]] = []
    for arm in view.shown_arms:
        scenario = view.results.arms[arm].scenario
        for name, policy in scenario.policies.items() if scenario is not None else ():
            if (name, policy) not in seen:
                seen.append((name, policy))
                where = "" if arm in {name, BASELINE_ARM} else f" in {arm}"
                yield build_group(f"Policy: {name}{where}: {section_meaning(policy)}", policy)


def section_meaning(section: ScenarioSection) -> str:
    """Return what a section is about, to stand within a line."""
    return section_title(type(section)).split(" (")[0].rstrip(".")


def build_group(heading: str, section: ScenarioSection) -> AssumptionGroup:
    """Return one part: its uncertain parameters and levers, the least known first."""
    rows = []
    for one in describe_section(type(section), ""):
        if one.role not in SHOWN_ROLES:
            continue
        value = reduce(getattr, one.path.split("."), section)
        text = format_value(value)
        rows.append((one, text, text != one.default))
    return AssumptionGroup(heading, sorted(rows, key=lambda row: EVIDENCE_ORDER.index(row[0].evidence)))


def format_value(value: Any) -> str:
    """Return a value as the declaration writes its defaults."""
    if isinstance(value, ScenarioSection):
        short = value.model_dump(exclude_defaults=True)
        number = f"{short['number']} " if "number" in short else ""
        if short.get("rule"):
            return f"{number}{short['rule']}"
        return ", ".join(f"{name}: {format_plain_value(item)}" for name, item in short.items()) or "everyone"
    if value is None or value in ((), {}, ""):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else format_plain_value(value)


def assumption_row(description: ParameterDescription, value: str, changed: bool) -> list[str]:
    """Return the row of one parameter."""
    said = f"{value} (changed from {description.default})" if changed else value
    source = "" if description.source in NO_SOURCE else description.source.replace(",", ", ")
    unit = "" if description.unit == "-" else description.unit
    return [
        description.path,
        said,
        unit,
        description.plausible_range,
        description.evidence,
        source,
        description.meaning,
    ]
