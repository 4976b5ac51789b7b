"""How an experiment varies a factor."""

from typing import Any

from pydantic import model_validator

from qispread.inputs.factors import Scale
from qispread.inputs.parameter import ConfigSection, Names, choice


class FactorSpec(ConfigSection):
    """The range or values over which a factor is varied."""

    low: float | None = choice(None, "Lower end of the range; default: the declared plausible range.", role="run")
    high: float | None = choice(None, "Upper end of the range; default as for low.", role="run")
    scale: Scale = choice("linear", "Scale on which the range is sampled evenly.", role="run")
    values: tuple[Any, ...] = choice((), "Values instead of a range: numbers, words or sections.", role="run")
    labels: Names = choice((), "Names of the values in tables.", role="run")

    @model_validator(mode="after")
    def _validate_single_form(self) -> "FactorSpec":
        ranged = self.low is not None or self.high is not None or self.scale != "linear"
        if ranged and self.values:
            raise ValueError("give a range or values, not both")
        if self.labels and len(self.labels) != len(self.values):
            raise ValueError(f"got {len(self.labels)} labels for {len(self.values)} values")
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("two values have the same label")
        return self
