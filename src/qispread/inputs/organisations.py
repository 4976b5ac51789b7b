"""Organisations: their number, distributions, and the values given for them."""

from typing import Literal

from qispread.common.deprecation import keep_former_members
from qispread.common.shipped_bindings import record_constants
from qispread.inputs.parameter import ConfigSection, RenamedSection, choice, parameter

CONTEXT_FACTORS = ("leadership", "alignment", "culture", "capability", "measurement", "slack", "turnover")
"""The context factors, in the order in which every table and array holds them."""


class ContextFactors(ConfigSection):
    """Initial means of the context factors, which are drawn from correlated beta distributions (MUSIQ: kaplan2012)."""

    leadership: float = parameter(
        0.5, "Sustained commitment of board and senior leaders.", above=0.0, below=1.0, plausible=(0.3, 0.7)
    )
    alignment: float = parameter(
        0.5,
        "Shared vision, led at every level (distributed leadership).",
        above=0.0,
        below=1.0,
        plausible=(0.3, 0.7),
    )
    culture: float = parameter(
        0.5, "Openness, learning and psychological safety.", above=0.0, below=1.0, plausible=(0.3, 0.7)
    )
    capability: float = parameter(
        0.25, "Improvement skill of the teams.", above=0.0, below=1.0, plausible=(0.05, 0.5), source="taylor2014"
    )
    measurement: float = parameter(
        0.4, "Data infrastructure, and use of data over time.", above=0.0, below=1.0, plausible=(0.2, 0.6)
    )
    slack: float = parameter(
        0.45,
        "Staff time available for improvement.",
        unit="full teams",
        above=0.0,
        below=1.0,
        plausible=(0.1, 0.8),
    )
    turnover: float = parameter(
        0.15, "Share of staff who leave in a year.", unit="1/year", above=0.0, below=1.0, plausible=(0.08, 0.3)
    )
    concentration: float = parameter(
        6.0,
        "Sum of the two shape parameters of each beta: the larger, the more similar organisations are.",
        unit="-",
        above=0.0,
        plausible=(3.0, 20.0),
    )
    correlation: float = parameter(
        0.25,
        "Correlation between any two of the first six factors.",
        low=0.0,
        high=1.0,
        plausible=(0.0, 0.6),
    )


class SizeDistribution(ConfigSection):
    """Sizes: a lognormal distribution over organisations."""

    mean: float = parameter(4200.0, "Mean size, such as births a year.", unit="cases/year", above=0.0, role="world")
    variation: float = parameter(
        0.5, "Coefficient of variation of size.", unit="ratio", low=0.0, role="world", plausible=(0.1, 1.0)
    )


class BaselineDistribution(ConfigSection):
    """Adverse event rate at the start: a lognormal distribution over organisations."""

    mean: float = parameter(
        86.6,
        "Mean rate of adverse events, such as a 5-minute Apgar score of 6 or less.",
        unit="per 10,000",
        above=0.0,
        high=10_000.0,
        role="world",
        source="draycott2006",
        known="measured",
    )
    variation: float = parameter(
        0.25,
        "Coefficient of variation of the adverse event rate.",
        unit="ratio",
        low=0.0,
        role="world",
        plausible=(0.1, 1.0),
    )


@keep_former_members
class OrganisationRow(RenamedSection):
    """One organisation in a table; missing values are drawn."""

    id: str = choice(..., "Unique id, used by ties, origins and targets.")
    name: str | None = choice(None, "Displayed name.")
    partnership: str | None = choice(None, "Local partnership of the organisation.")
    region: str | None = choice(None, "Region of the organisation.")
    size: float | None = choice(None, "Weight, such as births a year.", unit="cases/year", above=0.0)
    baseline: float | None = choice(None, "Adverse event rate at the start.", unit="per 10,000", low=0.0, high=10_000.0)
    setting_1: float | None = choice(None, "First coordinate of the setting.", unit="standard deviations")
    setting_2: float | None = choice(None, "Second coordinate of the setting.", unit="standard deviations")
    leadership: float | None = choice(None, "As in context.", low=0.0, high=1.0)
    alignment: float | None = choice(None, "As in context.", low=0.0, high=1.0)
    culture: float | None = choice(None, "As in context.", low=0.0, high=1.0)
    capability: float | None = choice(None, "As in context.", low=0.0, high=1.0)
    measurement: float | None = choice(None, "As in context.", low=0.0, high=1.0)
    slack: float | None = choice(None, "As in context.", low=0.0, high=1.0)
    turnover: float | None = choice(None, "As in context.", low=0.0, high=1.0)
    map_east: float | None = choice(None, "Position on a map, such as longitude; no rule uses it.")
    map_north: float | None = choice(None, "Position on a map, such as latitude; no rule uses it.")


ROW_FIELDS = tuple(OrganisationRow.model_fields)
TEXT_FIELDS = ("id", "name", "partnership", "region")


@keep_former_members
class Organisations(RenamedSection):
    """The organisations: generated, or read from a table."""

    number: int = choice(152, "Number of organisations, without a table.", unit="organisations", low=2, high=100_000)
    partnerships: int = choice(
        44,
        "Number of local partnerships, without a table; the default adapts to few organisations.",
        unit="partnerships",
        low=1,
    )
    regions: int = choice(
        7, "Number of regions, without a table; the default adapts to few partnerships.", unit="regions", low=1
    )
    file: str | None = choice(None, "CSV table of organisations; a relative path starts from the scenario's folder.")
    columns: dict[str, str] = choice({}, "Columns with other names than the fields, as field: column.")
    closed: str | None = choice(None, "Column that is filled in for closed organisations, which are left out.")
    without_ties: Literal["keep", "leave_out"] = choice(
        "keep", "What to do with organisations that have no ties in a table of ties."
    )
    rows: tuple[OrganisationRow, ...] = choice((), "The rows of the table, once read.")
    size: SizeDistribution = SizeDistribution()
    baseline: BaselineDistribution = BaselineDistribution()
    setting_spread: float = parameter(
        1.0,
        "Standard deviation of each coordinate of the setting: how much settings differ.",
        unit="standard deviations",
        low=0.0,
        plausible=(0.3, 2.0),
    )
    context: ContextFactors = ContextFactors()

    @property
    def partnership_count(self) -> int:
        """Number of partnerships; the default adapts to few organisations."""
        return min(self.partnerships, self.number)

    @property
    def region_count(self) -> int:
        """Number of regions; the default adapts to few partnerships."""
        return min(self.regions, self.partnership_count)


record_constants(__name__)
