"""Specification of a calibration: targets with their uncertainty, arms, parameters and numbers of runs."""

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator

from qispread.common.deprecation import keep_former_members
from qispread.inputs.cross_checks import POOLED
from qispread.inputs.parameter import ConfigSection, Names, RenamedSection, choice
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import validate_folder_name
from qispread.model.measures import MEASURE_NAMES, MEASURES, Measure
from qispread.runs.sweep.experiment import empty_if_none, validate_measures
from qispread.runs.sweep.factor_spec import FactorSpec

BASELINE_ARM = "baseline"
"""The arm of the base scenario."""
DEFAULT_LEVEL, NORMAL_QUANTILE_975 = 0.95, 1.959963984540054
"""Level of reported intervals, and their half-width in standard errors."""


def validate_measure(name: str) -> str:
    """Return the name of a measure, or raise ValueError."""
    return validate_measures((name,))[0]


@keep_former_members
class CalibrationTarget(RenamedSection):
    """One observed value, and the quantity of a run that it is compared with."""

    measure: Annotated[str, AfterValidator(validate_measure)] = choice(..., "Name of the measure.", role="run")
    intervention: str = choice(POOLED, "Name of the intervention; by default, all together.", role="run")
    arm: str = choice(BASELINE_ARM, "Name of the arm.", role="run")
    month: int = choice(..., "Month of the measure.", unit="month", role="run", low=0)
    multiplied_by: str | None = choice(None, "A measure or the path of a parameter to multiply it by.", role="run")
    compared_with_month: int | None = choice(
        None, "An earlier month to compare it with.", unit="month", role="run", low=0
    )
    against: str | None = choice(None, "Another arm to compare it with, in the same replicate.", role="run")
    compare: Literal["change", "ratio"] = choice(
        "change", "Comparison as a difference (change) or a ratio.", role="run"
    )
    value: float = choice(..., "Observed value.", role="run")
    error: float | None = choice(None, "Standard error of the value.", role="run", above=0.0)
    interval: tuple[float, float] | None = choice(
        None, "Interval of the value, instead of a standard error.", role="run"
    )
    level: float = choice(DEFAULT_LEVEL, "Level of the interval.", role="run", above=0.0, below=1.0)
    source: str = choice("", "Source of the value.", role="run")
    note: str = choice("", "Note for readers.", role="run")

    @model_validator(mode="after")
    def _validate_uncertainty(self) -> "CalibrationTarget":
        if (self.error is None) == (self.interval is None):
            raise ValueError("needed: either error or interval")
        if self.interval is not None and self.interval[0] >= self.interval[1]:
            low, high = self.interval
            problem = "is reversed" if low > high else "has no width"
            raise ValueError(f"the interval {low:g} to {high:g} {problem}; needed: the lower end first, then the upper")
        if self.interval is not None and not self.interval[0] <= self.value <= self.interval[1]:
            low, high = self.interval
            raise ValueError(f"the value {self.value:g} is outside its interval {low:g} to {high:g}")
        if self.compared_with_month is not None and self.against is not None:
            raise ValueError("needed: at most one of compared_with_month and against")
        if self.compared_with_month is not None and self.compared_with_month >= self.month:
            raise ValueError(f"compared_with_month {self.compared_with_month} is not before month {self.month}")
        return self

    @property
    def standard_error(self) -> float:
        """Its standard error: as given, or that of a normal distribution with its interval."""
        lower, upper = self.errors
        return (lower + upper) / 2.0

    @property
    def errors(self) -> tuple[float, float]:
        """Its lower and upper standard errors, which differ if its value is not the middle of its interval."""
        if self.interval is None:
            return float(self.error or 0.0), float(self.error or 0.0)
        from scipy.special import ndtri

        (low, high), quantile = self.interval, float(ndtri(0.5 + self.level / 2.0))
        return (self.value - low) / quantile, (high - self.value) / quantile

    @property
    def interval_95(self) -> tuple[float, float]:
        """Its 95% interval: as given at that level, else of a normal distribution."""
        if self.interval is not None and self.level == DEFAULT_LEVEL:
            return self.interval
        lower, upper = self.errors
        return self.value - NORMAL_QUANTILE_975 * lower, self.value + NORMAL_QUANTILE_975 * upper

    @property
    def identity(self) -> tuple[Any, ...]:
        """The quantity of the target, which no other target may have."""
        comparison = self.compare if self.compared_with_month is not None or self.against is not None else ""
        return (
            self.measure,
            self.intervention,
            self.arm,
            self.month,
            self.multiplied_by,
            self.compared_with_month,
            self.against,
            comparison,
        )

    @property
    def months(self) -> tuple[int, ...]:
        """The months that it needs."""
        return (self.month,) if self.compared_with_month is None else (self.compared_with_month, self.month)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that it needs."""
        return (self.arm,) if self.against is None else (self.arm, self.against)

    def __str__(self) -> str:
        intervention = "" if self.intervention == POOLED else f" of {self.intervention}"
        multiplier = f" x {self.multiplied_by}" if self.multiplied_by else ""
        arm = "" if self.arm == BASELINE_ARM else f", {self.arm}"
        comparison = {"change": "change from", "ratio": "ratio to"}[self.compare]
        earlier = "" if self.compared_with_month is None else f", {comparison} month {self.compared_with_month}"
        against = "" if self.against is None else f", {comparison} {self.against}"
        return f"{self.measure}{intervention}{multiplier}, month {self.month}{arm}{earlier}{against}"


class CalibrationArm(ConfigSection):
    """The changes of an arm from the base scenario: policy files and values by path."""

    policies: Names = choice((), "Policy files to add.", role="run")
    changes: dict[str, Any] = choice({}, "Values to change, by path.", role="run")


@keep_former_members
class Calibration(RenamedSection):
    """The complete specification of a calibration, except the scenarios of its arms."""

    name: Annotated[str, AfterValidator(validate_folder_name)] = choice(
        "calibration", "Short name, used for folders.", role="run"
    )
    description: str = choice("", "Description for readers.", role="run")
    scenario: Scenario = Scenario()
    arms: dict[str, Annotated[CalibrationArm, BeforeValidator(empty_if_none)]] = choice(
        {}, "Arms other than the base scenario, by name.", role="run"
    )
    parameters: dict[str, Annotated[FactorSpec, BeforeValidator(empty_if_none)]] = choice(
        {}, "Parameters, by path.", role="run"
    )
    targets: dict[str, CalibrationTarget] = choice({}, "Targets, by name.", role="run")
    points: int = choice(2000, "Points to run, which cover all ranges evenly.", role="run", low=1)
    replicates: int = choice(
        200,
        "Replicates among which the points are distributed, one each.",
        unit="replicates",
        role="run",
        low=1,
        high=10_000_000,
    )
    accepted_share: float = choice(
        0.1, "Share of runs accepted: those nearest to the targets.", role="run", above=0.0, high=1.0
    )
    posterior_runs: int = choice(200, "Draws of the posterior to run.", role="run", low=20)
    seed: int = choice(1, "Seed of points and errors; runs use the seed of the scenario.", role="run", high=2**31)


def describe_impossible_value(target: CalibrationTarget) -> str:
    """Return why a target's value is impossible, such as a share above 1; empty if it is possible."""
    low, high = possible_range(MEASURES[target.measure])
    if target.multiplied_by is not None:
        return ""
    compared = target.compared_with_month is not None or target.against is not None
    if compared and target.compare == "change":
        low, high = low - high, high - low
    elif compared:
        low, high = (-math.inf if low < 0.0 else 0.0), math.inf
    if low <= target.value <= high:
        return ""
    needed = f"from {low:g} to {high:g}"
    if math.inf in (-low, high):
        needed = f"at least {low:g}" if high == math.inf else f"at most {high:g}"
    return f"got {target.value:g}; {target} is {needed} in every run"


def possible_range(measure: Measure) -> tuple[float, float]:
    """Return the smallest and the largest possible value of a measure."""
    if measure.limits is not None:
        return measure.limits
    if measure.unit == "share":
        return 0.0, 1.0
    is_signed = measure.name == "events_averted" or measure.name not in MEASURE_NAMES
    return (-math.inf if is_signed else 0.0), math.inf
