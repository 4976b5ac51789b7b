"""Interventions: what spreads, and the pilot sites where each starts."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, model_validator

from qispread.inputs.parameter import ConfigSection, Names, choice, parameter

OriginRule = Literal["most_ready", "least_ready", "random", "hub", "broker"]
ORIGIN_RULES: tuple[str, ...] = get_args(OriginRule)


class Origin(ConfigSection):
    """Pilot sites: named organisations, or the first `number` by a rule."""

    rule: OriginRule | None = choice(
        None,
        "most_ready or least_ready by the product of the context factors, hub by tie weight, broker by betweenness.",
        role="lever",
    )
    organisations: Names = choice((), "Ids of the pilot sites.", role="lever")
    number: int = choice(1, "Number of pilot sites chosen by the rule.", role="lever", unit="organisations", low=1)

    @model_validator(mode="after")
    def _validate_single_rule(self) -> "Origin":
        if (self.rule is None) == (not self.organisations):
            raise ValueError("give either a rule or organisations")
        return self


def parse_origin(value: Any) -> Any:
    """Return the long form of an origin given as one word: a rule, or the id of an organisation."""
    if isinstance(value, str):
        return {"rule": value} if value in ORIGIN_RULES else {"organisations": (value,)}
    return value


OriginField = Annotated[Origin, BeforeValidator(parse_origin)]


class Response(ConfigSection):
    """How the effect depends on fidelity."""

    midpoint: float = parameter(
        0.5,
        "Fidelity at which the effect rises most steeply; 0.85 for an all-or-nothing bundle.",
        above=0.0,
        high=1.0,
        plausible=(0.3, 0.9),
        source="durlak2008",
    )
    steepness: float = parameter(
        3.0,
        "Steepness of the rise: 3 for a programme, 10 for an all-or-nothing bundle.",
        unit="ratio",
        above=0.0,
        plausible=(1.5, 10.0),
        source="durlak2008",
    )


class Intervention(ConfigSection):
    """An intervention that spreads: a training programme, a care bundle, a drug."""

    benefit: float = parameter(
        0.5,
        "Full effect: the largest relative reduction of adverse events.",
        plausible=(0.3, 0.7),
        source="draycott2006,crofts2016",
        known="measured",
    )
    complexity: float = parameter(0.6, "How many components must work together.", plausible=(0.2, 0.9))
    codification: float = parameter(0.4, "How well it is written down and packaged.", plausible=(0.2, 0.8))
    social: float = parameter(
        0.6, "Share of the full effect that depends on embedded attitudes and behaviours.", plausible=(0.2, 0.9)
    )
    breadth: float = parameter(
        1.2,
        "Distance from its original setting at which it still works.",
        unit="standard deviations",
        above=0.0,
        plausible=(0.6, 2.4),
    )
    observability: float = parameter(0.6, "How visible use and effects are to peers.", plausible=(0.3, 0.9))
    effort: float = parameter(
        0.35, "Staff time needed during implementation.", unit="full teams", low=0.0, plausible=(0.15, 0.6)
    )
    upkeep: float = parameter(0.3, "Share of the effort still needed once embedded.", plausible=(0.1, 0.6))
    response: Response = Response()
    launch: int = choice(1, "Month in which the pilot site starts.", unit="month", low=1)
    origin: OriginField = choice(Origin(rule="most_ready"), "Pilot site: an id, a rule, or several ids.", role="lever")
