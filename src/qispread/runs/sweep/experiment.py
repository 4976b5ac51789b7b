"""Experiments: the parameters varied, the design, the number of replicates, and the measures kept of each run."""

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, ValidationInfo, field_validator

from qispread.common.deprecation import keep_former_members
from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import Fault, InputError, did_you_mean, index_of
from qispread.inputs.extensions.plugins import find_owner
from qispread.inputs.factors import Factor
from qispread.inputs.former_data import read_measure
from qispread.inputs.parameter import ConfigSection, Names, choice
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import TABLE_OPTIONS, validate_folder_name
from qispread.model.engines.organisation_class import OrganisationClass
from qispread.model.measures import MEASURES, measure_names
from qispread.runs.sweep.factor_spec import FactorSpec
from qispread.runs.sweep.factor_validation import validate_factors

ALL_MEASURES = "all"


def validate_power_of_two(number: int) -> int:
    """Return a power of two, or raise ValueError: other numbers unbalance a Sobol' sequence."""
    if number < 1 or number & (number - 1):
        lower = 1 << (max(number, 1).bit_length() - 1)
        raise ValueError(f"needed: a power of 2, such as {lower} or {2 * lower}")
    return number


def validate_even(number: int) -> int:
    """Return an even number, or raise ValueError."""
    if number % 2:
        raise ValueError("needed: an even number")
    return number


def read_configured_measure(name: str) -> str:
    """Return the name of a measure, or of now where it is a former one; refuse one whose meaning has changed."""
    try:
        return read_measure(name)
    except InputError as error:
        raise ValueError(error.faults[0].problem) from None


def validate_measures(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of measures, each once; "all" alone where it is among them."""
    names = tuple(map(read_configured_measure, names))
    for name in names:
        if name != ALL_MEASURES and name not in MEASURES:
            raise ValueError(
                f"no measure is called '{name}'" + did_you_mean(name, (*MEASURES, ALL_MEASURES), listing=False)
            )
    return (ALL_MEASURES,) if ALL_MEASURES in names else tuple(dict.fromkeys(names))


def foreign_measure_problem(names: Iterable[str], scenario: Scenario) -> str:
    """Return why a scenario lacks a measure that another plug-in declares; empty if it has all."""
    foreign = next((name for name in names if name not in (*measure_names(scenario), ALL_MEASURES)), None)
    if foreign is None:
        return ""
    owner = find_owner(MEASURES, foreign)
    return f"'{foreign}' is from {owner}, which the scenario does not name; needed: plugins: [{owner}]"


PowerOfTwo = Annotated[int, AfterValidator(validate_power_of_two)]
MeasureNames = Annotated[Names, AfterValidator(validate_measures)]


class GridDesign(ConfigSection):
    """Every combination of levels."""

    kind: Literal["grid"] = "grid"
    levels: int = choice(5, "Levels of a factor with a range; a factor with values uses these.", role="run", low=2)


class PointsListDesign(ConfigSection):
    """Points from a CSV table: one column for each factor, one row for each point."""

    kind: Literal["list"] = "list"
    file: str = choice(..., "CSV table of points; a relative path starts from the experiment's folder.", role="run")
    rows: tuple[tuple[float, ...], ...] = choice((), "The points, once read.", role="run")


class LatinHypercubeDesign(ConfigSection):
    """A Latin hypercube: each factor's range is sampled evenly (mckay1979)."""

    kind: Literal["latin_hypercube"] = "latin_hypercube"
    points: int = choice(256, "Number of points.", role="run", low=1)


class SobolDesign(ConfigSection):
    """A scrambled Sobol' sequence: the joint range of all factors is sampled evenly (sobol1967)."""

    kind: Literal["sobol"] = "sobol"
    points: PowerOfTwo = choice(256, "Number of points, a power of 2.", role="run", low=1)


class SaltelliDesign(ConfigSection):
    """For Sobol' indices: base points times the number of factors plus 2 (saltelli2010)."""

    kind: Literal["saltelli"] = "saltelli"
    points: PowerOfTwo = choice(256, "Number of base points, a power of 2.", role="run", low=1)
    second_order: bool = choice(
        default=False, meaning="Whether to estimate indices of pairs too, with nearly twice the points.", role="run"
    )


class MorrisDesign(ConfigSection):
    """For elementary effects: trajectories that change one factor at a time (morris1991)."""

    kind: Literal["morris"] = "morris"
    trajectories: int = choice(
        10, "Number of trajectories, each with one point more than there are factors.", role="run", low=2
    )
    levels: Annotated[int, AfterValidator(validate_even)] = choice(
        4, "Levels of each factor, an even number.", role="run", low=2
    )


AnyDesign = Annotated[
    GridDesign | PointsListDesign | LatinHypercubeDesign | SobolDesign | SaltelliDesign | MorrisDesign,
    Field(discriminator="kind"),
]


def empty_if_none(value: Any) -> Any:
    """Return an empty mapping for a factor that is named without settings."""
    return {} if value is None else value


class OutputSpec(ConfigSection):
    """The measures that are kept."""

    final: MeasureNames = choice((ALL_MEASURES,), "Measures at the end of each run: names, or all.", role="run")
    monthly: MeasureNames = choice((), "Measures in every month of each run: names, or all.", role="run")


@keep_former_members
class Experiment(ConfigSection):
    """The complete specification of a sweep, including the scenario that is varied."""

    name: Annotated[str, AfterValidator(validate_folder_name)] = choice(
        "experiment", "Short name, used for folders.", role="run"
    )
    description: str = choice("", "The question, for readers.", role="run")
    scenario: Scenario = Scenario()
    factors: dict[str, Annotated[FactorSpec, BeforeValidator(empty_if_none)]] = choice(
        {}, "Factors, by path.", role="run"
    )
    design: AnyDesign = LatinHypercubeDesign()
    replicates: int = choice(20, "Runs of each point.", unit="runs", role="run", low=1, high=10_000_000)
    measures: OutputSpec = OutputSpec()
    interventions: Literal["pooled", "each"] = choice(
        "pooled", "Whether measures are kept for all interventions together (pooled), or also for each.", role="run"
    )
    seed: int = choice(1, "Seed of the design; runs use the seed of the scenario.", role="run", low=0, below=2**32)

    @field_validator("measures")
    @classmethod
    def _expand_measures(cls, kept: OutputSpec, info: ValidationInfo) -> OutputSpec:
        scenario = info.data.get("scenario")
        if scenario is None:
            return kept
        if problem := foreign_measure_problem((*kept.final, *kept.monthly), scenario):
            raise ValueError(problem)
        every = measure_names(scenario)
        expanded = {name: every for name, names in kept if ALL_MEASURES in names}
        return kept.model_copy(update=expanded)

    # Code is given by the call that runs an experiment, never by a file.
    _organisation_class: Any = PrivateAttr(default=None)

    @property
    def organisation_class(self) -> OrganisationClass | None:
        """The user's own class of organisations, or None."""
        given: OrganisationClass | None = self._organisation_class
        return given

    def with_organisation_class(self, organisation_class: OrganisationClass | None) -> Self:
        """Return the experiment with another class of organisations."""
        changed = self.model_copy()
        changed._organisation_class = organisation_class  # noqa: SLF001 - of a copy of this object
        return changed

    @cached_property
    def resolved_factors(self) -> tuple[Factor, ...]:
        """The validated factors.

        Raises
        ------
        InputError
            With every fault in the factors.
        """
        return validate_factors(self.scenario, self.factors)

    @property
    def intervention_rows(self) -> tuple[str, ...]:
        """The names of the interventions whose measures are kept, the pooled one first."""
        return (POOLED,) if self.interventions == "pooled" else (POOLED, *self.scenario.interventions)

    def row_index(self, intervention: str) -> int:
        """Return the index of an intervention in `intervention_rows`.

        Raises
        ------
        InputError
            For an unknown intervention, or one without separate measures.
        """
        if (
            self.interventions == "pooled"
            and isinstance(intervention, str)
            and intervention in self.scenario.interventions
        ):
            needed = "needed: a sweep of an experiment with 'interventions: each'"
            problem = f"got '{intervention}', but measures were only kept for all interventions together; {needed}"
            raise InputError([Fault("intervention", problem)])
        index_of(intervention, (POOLED, *self.scenario.interventions), "intervention")
        return self.intervention_rows.index(intervention)

    def identity(self) -> dict[str, Any]:
        """Return everything that can change a result or a table, as plain data."""
        excluded: Any = {"inputs": True, "notes": True, "description": True, **TABLE_OPTIONS}
        data = self.model_dump(mode="json", exclude={"description": True, "scenario": excluded})
        # The order of factors determines their columns in the design.
        return {**data, "order": list(self.factors)}
