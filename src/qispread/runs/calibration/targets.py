"""What a calibration declares: targets with their uncertainty, arms, parameters, and how much is run."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator

from qispread.common.deprecation import keep_former_members
from qispread.inputs.cross_checks import POOLED
from qispread.inputs.parameter import ConfigSection, Names, RenamedSection, choice
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import validate_folder_name
from qispread.runs.sweep.experiment import FactorSpec, empty_if_none, validate_measures

BASELINE_ARM = "baseline"
"""The arm that is the base scenario itself."""
DEFAULT_LEVEL, NORMAL_QUANTILE_975 = 0.95, 1.959963984540054
"""Level of the intervals that are told, and how many standard errors that is to either side."""


def validate_measure(name: str) -> str:
    """Return the name of a measure, if there is one."""
    return validate_measures((name,))[0]


@keep_former_members
class CalibrationTarget(RenamedSection):
    """One thing that was observed, and what in a run it is compared with."""

    measure: Annotated[str, AfterValidator(validate_measure)] = choice(..., "A measure, by name.", role="run")
    intervention: str = choice(POOLED, "Of which intervention; all together unless named.", role="run")
    arm: str = choice(BASELINE_ARM, "In which arm.", role="run")
    month: int = choice(..., "In which month.", unit="month", role="run", low=0)
    multiplied_by: str | None = choice(None, "A measure or a parameter's path by which it is multiplied.", role="run")
    compared_with_month: int | None = choice(
        None, "An earlier month with which it is compared.", unit="month", role="run", low=0
    )
    against: str | None = choice(None, "An arm with which it is compared, in the same world.", role="run")
    compare: Literal["change", "ratio"] = choice("change", "How it is compared.", role="run")
    value: float = choice(..., "What was observed.", role="run")
    error: float | None = choice(None, "Its standard error.", role="run", above=0.0)
    interval: tuple[float, float] | None = choice(None, "Its interval, in place of a standard error.", role="run")
    level: float = choice(DEFAULT_LEVEL, "Of that interval.", role="run", above=0.0, below=1.0)
    source: str = choice("", "Where it was observed.", role="run")
    note: str = choice("", "What must be known to read it.", role="run")

    @model_validator(mode="after")
    def _validate_uncertainty(self) -> "CalibrationTarget":
        if (self.error is None) == (self.interval is None):
            raise ValueError("needed: either its error or its interval")
        if self.interval is not None and self.interval[0] >= self.interval[1]:
            low, high = self.interval
            problem = "is reversed" if low > high else "has no width"
            raise ValueError(
                f"the interval {low:g} to {high:g} {problem}; needed: the lower end first, then the higher"
            )
        if self.interval is not None and not self.interval[0] <= self.value <= self.interval[1]:
            low, high = self.interval
            raise ValueError(f"the value {self.value:g} lies outside its interval {low:g} to {high:g}")
        if self.compared_with_month is not None and self.against is not None:
            raise ValueError("needed: at most one of compared_with_month and against")
        if self.compared_with_month is not None and self.compared_with_month >= self.month:
            raise ValueError(f"compared_with_month {self.compared_with_month} is not before month {self.month}")
        return self

    @property
    def standard_error(self) -> float:
        """Its standard error: as given, or that of a normal distribution with such an interval."""
        below, above = self.errors
        return (below + above) / 2.0

    @property
    def errors(self) -> tuple[float, float]:
        """Its standard errors below and above, which differ where its value is not the middle of its interval."""
        if self.interval is None:
            return float(self.error or 0.0), float(self.error or 0.0)
        from scipy.special import ndtri

        (low, high), far = self.interval, float(ndtri(0.5 + self.level / 2.0))
        return (self.value - low) / far, (high - self.value) / far

    @property
    def interval_95(self) -> tuple[float, float]:
        """Its 95 % interval: as given where it is of that level, else of a normal distribution."""
        if self.interval is not None and self.level == DEFAULT_LEVEL:
            return self.interval
        below, above = self.errors
        return self.value - NORMAL_QUANTILE_975 * below, self.value + NORMAL_QUANTILE_975 * above

    @property
    def identity(self) -> tuple[Any, ...]:
        """What tells it from other targets: two may not be about one thing."""
        compared = self.compare if self.compared_with_month is not None or self.against is not None else ""
        return (
            self.measure,
            self.intervention,
            self.arm,
            self.month,
            self.multiplied_by,
            self.compared_with_month,
            self.against,
            compared,
        )

    @property
    def months(self) -> tuple[int, ...]:
        """The months that it takes."""
        return (self.month,) if self.compared_with_month is None else (self.compared_with_month, self.month)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that it takes."""
        return (self.arm,) if self.against is None else (self.arm, self.against)

    def __str__(self) -> str:
        whose = "" if self.intervention == POOLED else f" of {self.intervention}"
        times = f" x {self.multiplied_by}" if self.multiplied_by else ""
        where = "" if self.arm == BASELINE_ARM else f", {self.arm}"
        joined = {"change": "change from", "ratio": "ratio to"}[self.compare]
        since = "" if self.compared_with_month is None else f", {joined} month {self.compared_with_month}"
        against = "" if self.against is None else f", {joined} {self.against}"
        return f"{self.measure}{whose}{times}, month {self.month}{where}{since}{against}"


class CalibrationArm(ConfigSection):
    """What an arm changes of the base: policy files that are added, and values by path."""

    policies: Names = choice((), "Policy files that are added.", role="run")
    changes: dict[str, Any] = choice({}, "Values by path.", role="run")


@keep_former_members
class Calibration(RenamedSection):
    """A calibration, whole: with the scenarios of its arms, nothing else is needed to do it."""

    name: Annotated[str, AfterValidator(validate_folder_name)] = choice(
        "calibration", "Short name, used for folders.", role="run"
    )
    description: str = choice("", "What it is for, for people.", role="run")
    scenario: Scenario = Scenario()
    arms: dict[str, Annotated[CalibrationArm, BeforeValidator(empty_if_none)]] = choice(
        {}, "By name, beside the base.", role="run"
    )
    parameters: dict[str, Annotated[FactorSpec, BeforeValidator(empty_if_none)]] = choice({}, "By path.", role="run")
    targets: dict[str, CalibrationTarget] = choice({}, "By name.", role="run")
    points: int = choice(2000, "Points at which it is run, filling all ranges evenly.", role="run", low=1)
    replicates: int = choice(
        200, "Worlds among which the points are dealt, one each.", unit="worlds", role="run", low=1, high=10_000_000
    )
    accepted_share: float = choice(
        0.1, "Share of the runs kept, those nearest to the targets.", role="run", above=0.0, high=1.0
    )
    posterior_runs: int = choice(200, "Draws of the posterior that are run.", role="run", low=20)
    seed: int = choice(1, "Seed of points and of errors; that of worlds is the scenario's.", role="run", high=2**31)
