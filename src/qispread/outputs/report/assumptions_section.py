"""Assumptions: every parameter that matters, its value, its plausible range and its evidence."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from qispread.inputs.parameter import ConfigSection as ScenarioSection
from qispread.inputs.parameter_descriptions import ParameterDescription, describe_section, section_title
from qispread.inputs.rule_choices import SECTION as RULES
from qispread.inputs.rule_forms import RULE_FORMS, SHIPPED, RuleForm
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import MECHANISMS
from qispread.outputs.report.blocks import BulletList, Paragraph, ReportBlock, ReportSection, ReportTable, RowGroup
from qispread.outputs.report.differences_section import format_plain_value
from qispread.outputs.report.report_data import ReportData
from qispread.outputs.text.references import CITATION_KEY, load_references
from qispread.runs.comparison import BASELINE_ARM

EVIDENCE_ORDER = ("hypothesis", "assumption", "derived", "measured", "choice")
"""Kinds of evidence for a value, the weakest first."""
EVIDENCE_LABELS = {
    "measured": "measured",
    "derived": "derived from measurements",
    "assumption": "assumption",
    "choice": "choice of the scenario",
    "hypothesis": "hypothesis (an untested assumption that results depend on)",
}
ASSUMPTIONS_HEADING = "Assumptions and how well they are known"
UNREADABLE_SCENARIO = (
    "The scenario was written by another version and cannot be read by this one; its manifest has every value."
)
ASSUMPTIONS_CAPTION = (
    "Every uncertain assumption and every lever of the scenario, by part of the model; parts with hypotheses first."
)
FORMS_HEADING = "Rules in another form than the shipped one"
SHOWN_ROLES = ("uncertainty", "lever")
NO_SOURCE = ("-", "assumption")
ASSUMPTION_HEADER = ("Parameter", "Value", "Unit", "Plausible range", "Evidence", "Source", "Meaning")


@dataclass(frozen=True)
class AssumptionGroup:
    """One part of a scenario.

    Attributes
    ----------
    heading : str
    rows : list of (ParameterDescription, str, bool)
        Each parameter, its value as text, and whether it differs from the default.
    """

    heading: str
    rows: list[tuple[ParameterDescription, str, bool]]

    @property
    def evidence_rank(self) -> int:
        """Rank of the weakest evidence among its parameters."""
        return min(
            (EVIDENCE_ORDER.index(parameter.evidence) for parameter, _, _ in self.rows), default=len(EVIDENCE_ORDER)
        )


def assumptions_section(view: ReportData) -> ReportSection:
    """Return the section of assumptions, with the sources that it names."""
    baseline = view.results.base_arm.scenario
    if baseline is None:
        return ReportSection("assumptions", ASSUMPTIONS_HEADING, [Paragraph(UNREADABLE_SCENARIO)])
    groups = sorted(
        (group for group in build_groups(view, baseline) if group.rows), key=lambda group: group.evidence_rank
    )
    parameters = [parameter for group in groups for parameter, _, _ in group.rows]
    cited = sorted({key for parameter in parameters for key in CITATION_KEY.findall(parameter.source)})
    references = load_references()
    row_groups = [RowGroup(group.heading, [assumption_row(*row) for row in group.rows]) for group in groups]
    blocks: list[ReportBlock] = [
        Paragraph(describe_evidence(parameters)),
        ReportTable(ASSUMPTIONS_CAPTION, ASSUMPTION_HEADER, row_groups, text_columns=(1, 2, 4, 5, 6), small=True),
        Paragraph("Sources", "heading"),
        BulletList([f"{key}: {references[key]}" for key in cited if key in references], small=True),
    ]
    return ReportSection("assumptions", ASSUMPTIONS_HEADING, blocks)


def describe_evidence(parameters: Sequence[ParameterDescription]) -> str:
    """Return how many parameters there are with each kind of evidence."""
    count = Counter(parameter.evidence for parameter in parameters)
    counts = ", ".join(f"{label} {count[evidence]}" for evidence, label in EVIDENCE_LABELS.items())
    return f"Evidence for the {len(parameters)} parameters: {counts}. Values that differ from the default are marked."


def build_groups(view: ReportData, baseline: Scenario) -> Iterator[AssumptionGroup]:
    """Yield the parts of the scenario: mechanisms, organisations, network, interventions and policies of all arms."""
    for name in MECHANISMS:
        yield build_group(
            f"{name.replace('_', ' ').capitalize()}: {section_meaning(getattr(baseline, name))}",
            getattr(baseline, name),
        )
    yield AssumptionGroup(FORMS_HEADING, [form_row(form) for form in baseline.rules.changed().values()])
    yield build_group("Organisations, where no table has them", baseline.organisations)
    yield build_group(f"Network: {section_meaning(baseline.network)}", baseline.network)
    for name, intervention in baseline.interventions.items():
        yield build_group(f"Intervention: {name}", intervention)
    seen: list[tuple[str, Any]] = []
    for arm in view.shown_arms:
        scenario = view.results.arms[arm].scenario
        for name, policy in scenario.policies.items() if scenario is not None else ():
            if (name, policy) not in seen:
                seen.append((name, policy))
                where = "" if arm in {name, BASELINE_ARM} else f" in {arm}"
                yield build_group(f"Policy: {name}{where}: {section_meaning(policy)}", policy)


def section_meaning(section: ScenarioSection) -> str:
    """Return what a section is about, without sources and full stop."""
    return section_title(type(section)).split(" (")[0].rstrip(".")


def build_group(heading: str, section: ScenarioSection) -> AssumptionGroup:
    """Return one part: its uncertain parameters and levers, those with the weakest evidence first."""
    rows = []
    for parameter in describe_section(type(section), ""):
        if parameter.role not in SHOWN_ROLES:
            continue
        value = reduce(getattr, parameter.path.split("."), section)
        text = format_value(value)
        rows.append((parameter, text, text != parameter.default))
    return AssumptionGroup(heading, sorted(rows, key=lambda row: EVIDENCE_ORDER.index(row[0].evidence)))


def form_row(form: RuleForm) -> tuple[ParameterDescription, str, bool]:
    """Return the row of a rule that is not in its shipped form."""
    description = ParameterDescription(
        path=f"{RULES}.{form.rule}",
        default=SHIPPED,
        unit="-",
        allowed_range=f"one of {', '.join(RULE_FORMS[form.rule])}",
        plausible_range="",
        meaning=form.meaning,
        source=form.source,
        evidence="choice",
        role="uncertainty",
    )
    return description, form.name, True


def format_value(value: Any) -> str:
    """Return a value as text, as declarations write defaults."""
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
    value_text = f"{value} (default {description.default})" if changed else value
    source = "" if description.source in NO_SOURCE else description.source.replace(",", ", ")
    unit = "" if description.unit == "-" else description.unit
    return [
        description.path,
        value_text,
        unit,
        description.plausible_range,
        description.evidence,
        source,
        description.meaning,
    ]
