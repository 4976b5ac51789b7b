"""What the answer rests on: every parameter that matters, its value, its range and how well it is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from qispread.comparison import BASE
from qispread.config.describe import Description, title_of, within
from qispread.config.parameter import Section as ScenarioSection
from qispread.config.scenario import MECHANISMS, Scenario
from qispread.presentation.references import KEY, references
from qispread.report.blocks import Block, Group, Points, Section, Sheet, Words
from qispread.report.changes import plain
from qispread.report.view import View

KNOWN = ("hypothesis", "assumption", "derived", "measured", "choice")
"""How well a value is known, the least first."""
ROLES = ("uncertainty", "lever")
UNNAMED = ("-", "assumption")
HEADER = ("Parameter", "Value", "Unit", "Plausible", "Known", "Source", "Meaning")


@dataclass(frozen=True)
class Part:
    """One part of a scenario.

    Attributes
    ----------
    heading : str
    rows : list of (Description, str, bool)
        Each parameter, its value in words, and whether it was changed from the default.
    """

    heading: str
    rows: list[tuple[Description, str, bool]]

    @property
    def rank(self) -> int:
        """How well the least known of its parameters is known."""
        return min((KNOWN.index(one.known) for one, _, _ in self.rows), default=len(KNOWN))


def assumptions_section(view: View) -> Section:
    """Return the section of assumptions, with the sources that it names."""
    base = view.results.first.scenario
    if base is None:
        text = (
            "The scenario was written by another version and cannot be read by this one; its manifest has every value."
        )
        return Section("assumptions", "What it rests on", [Words(text)])
    found = sorted((part for part in parts_of(view, base) if part.rows), key=lambda part: part.rank)
    groups = [Group(part.heading, [line(*row) for row in part.rows]) for part in found]
    count = {word: sum(one.known == word for part in found for one, _, _ in part.rows) for word in KNOWN}
    lead = (
        f"{sum(count.values())} parameters: {count['measured']} measured, {count['derived']} derived from measures, "
        f"{count['assumption']} assumptions, {count['choice']} choices of whoever made the scenario, and "
        f"{count['hypothesis']} hypotheses on which results hinge. Values changed from the default say so."
    )
    caption = "Every uncertain parameter and every lever of the scenario, by mechanism; those with hypotheses first."
    cited = sorted({key for part in found for one, _, _ in part.rows for key in KEY.findall(one.source)})
    blocks: list[Block] = [Words(lead), Sheet(caption, HEADER, groups, words=(1, 2, 4, 5, 6), small=True)]
    known = references()
    return Section(
        "assumptions",
        "What it rests on",
        [
            *blocks,
            Words("Sources", "heading"),
            Points([f"{key}: {known[key]}" for key in cited if key in known], small=True),
        ],
    )


def parts_of(view: View, base: Scenario) -> Iterator[Part]:
    """Yield every part: mechanisms, places, what spreads, and the policies of the base and of the arms."""
    for name in MECHANISMS:
        yield part_of(f"{name.replace('_', ' ').capitalize()}: {meaning(getattr(base, name))}", getattr(base, name))
    yield part_of("Organisations, where no table gives them", base.organisations)
    yield part_of(f"Network: {meaning(base.network)}", base.network)
    for name, one in base.interventions.items():
        yield part_of(f"What spreads: {name}", one)
    seen: list[tuple[str, Any]] = []
    for arm in view.shown:
        scenario = view.results.arms[arm].scenario
        for name, policy in scenario.policies.items() if scenario is not None else ():
            if (name, policy) not in seen:
                seen.append((name, policy))
                where = "" if arm in {name, BASE} else f" in {arm}"
                yield part_of(f"Policy: {name}{where}: {meaning(policy)}", policy)


def meaning(section: ScenarioSection) -> str:
    """Return what a section is about, to stand within a line."""
    return title_of(type(section)).split(" (")[0].rstrip(".")


def part_of(heading: str, section: ScenarioSection) -> Part:
    """Return one part: its uncertain parameters and levers, the least known first."""
    rows = []
    for one in within(type(section), ""):
        if one.role not in ROLES:
            continue
        value = reduce(getattr, one.path.split("."), section)
        text = shown(value)
        rows.append((one, text, text != one.default))
    return Part(heading, sorted(rows, key=lambda row: KNOWN.index(row[0].known)))


def shown(value: Any) -> str:
    """Return a value as the declaration writes its defaults."""
    if isinstance(value, ScenarioSection):
        short = value.model_dump(exclude_defaults=True)
        number = f"{short['number']} " if "number" in short else ""
        if short.get("rule"):
            return f"{number}{short['rule']}"
        return ", ".join(f"{name}: {plain(item)}" for name, item in short.items()) or "everyone"
    if value is None or value in ((), {}, ""):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else plain(value)


def line(one: Description, value: str, changed: bool) -> list[str]:
    """Return the row of one parameter."""
    said = f"{value} (changed from {one.default})" if changed else value
    source = "" if one.source in UNNAMED else one.source.replace(",", ", ")
    unit = "" if one.unit == "-" else one.unit
    return [one.path, said, unit, one.plausible, one.known, source, one.meaning]
