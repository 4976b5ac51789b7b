"""Policies that can change spread: one class for each lever.

A field with the name of a slot in `qispread.model.world.lever_slots` changes that slot for the targets while the policy
is in force; a new policy that uses existing slots needs only a class here.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from qispread.common.deprecation import keep_former_members
from qispread.inputs.errors import did_you_mean
from qispread.inputs.interventions import Origin, OriginField
from qispread.inputs.own_sections import accept_own
from qispread.inputs.parameter import ConfigSection, Names, RenamedSection, choice, parameter


@keep_former_members
class PolicyTarget(RenamedSection):
    """The organisations that a policy targets: everyone, or one of these rules; an empty rule selects nobody."""

    partnerships: Names | None = choice(None, "All organisations in these partnerships.", role="lever")
    organisations: Names | None = choice(None, "These organisations.", role="lever")
    most_ready: int | None = choice(
        None, "The n most ready organisations at the start.", role="lever", unit="organisations", low=0
    )
    least_ready: int | None = choice(
        None, "The n least ready organisations at the start.", role="lever", unit="organisations", low=0
    )
    hubs: int | None = choice(
        None, "The n organisations with the largest total tie weight.", role="lever", unit="organisations", low=0
    )
    random: int | None = choice(None, "n organisations drawn at random.", role="lever", unit="organisations", low=0)

    @model_validator(mode="after")
    def _validate_single_rule(self) -> "PolicyTarget":
        if len(self.model_dump(exclude_none=True)) > 1:
            raise ValueError("give one rule only, or list organisations")
        return self


NAMED_TARGETS: dict[str, dict[str, Any]] = {"everyone": {}, "nobody": {"organisations": ()}}


def parse_target(value: Any) -> Any:
    """Return the long form of a target given as one word."""
    if not isinstance(value, str):
        return value
    if value not in NAMED_TARGETS:
        raise ValueError(f"needed: everyone, nobody or a mapping{did_you_mean(value, NAMED_TARGETS, listing=False)}")
    return NAMED_TARGETS[value]


class Policy(ConfigSection):
    """The fields common to all policies: a window of months, targets and a cost.

    Attributes
    ----------
    moves : str
        The slot that a policy of a plug-in changes; empty for policies of the package, which have fields of its name.
    """

    moves: ClassVar[str] = ""

    start: int = choice(1, "First month in force.", role="lever", unit="month", low=1)
    end: int | None = choice(
        None, "Last month in force; if absent or after the horizon: the horizon.", role="lever", unit="month"
    )
    target: Annotated[PolicyTarget, BeforeValidator(parse_target)] = choice(
        PolicyTarget(), "everyone, or a rule that picks organisations.", role="lever"
    )
    interventions: Names = choice(
        (),
        "The interventions that it affects; all if none is named. Time, contact, measurement, resentment and growth "
        "act on the whole organisation.",
        role="lever",
    )
    cost: float = choice(0.0, "Cost for each target organisation.", role="lever", unit="currency/month", low=0.0)


PRACTICE_STRENGTHS = {"support", "standard", "latitude", "push", "ambition", "refresh", "origin"}
"""Strengths that can be limited to some interventions; all others act on the whole organisation."""


def strength(default: Any, meaning: str, **declaration: Any) -> Any:
    """Declare the strength of a policy."""
    return parameter(default, meaning, role="lever", **declaration)


class LearningNetworkPolicy(Policy):
    """Organisations learn from each other: more ties, more contact, practical support."""

    lever: Literal["learning_network"] = "learning_network"
    ties: float = strength(4.0, "Ties added for each member.", unit="ties", low=0.0, plausible=(2.0, 8.0))
    tie_weight: float = strength(1.0, "Weight of the ties added.", above=0.0, high=1.0)
    contact: float = strength(
        1.5, "Factor by which contact is multiplied.", unit="ratio", low=0.0, plausible=(1.0, 3.0)
    )
    support: float = strength(0.2, "Support through site visits and practical insight.", plausible=(0.0, 0.5))


class StandardPolicy(Policy):
    """Each partnership agrees on one version; the more members use it, the more likely others are to adopt it."""

    lever: Literal["standard"] = "standard"
    standard: float = strength(0.8, "Strength of the agreement on one version.", plausible=(0.4, 1.0))
    latitude: float = strength(0.6, "Freedom to adapt the standard locally: 1 free, 0 rigid.", plausible=(0.0, 1.0))


class CoachingPolicy(Policy):
    """An implementation team works alongside staff (PROMPT Wales: renwick2021)."""

    lever: Literal["coaching"] = "coaching"
    support: float = strength(0.6, "Support in copying and in PDSA.", plausible=(0.3, 0.9), source="renwick2021")
    protected_time: float = strength(0.1, "Time that the team adds.", unit="full teams", low=0.0, high=1.0)


class TrainingPolicy(Policy):
    """Staff are trained in improvement; the share `turnover` of trained staff leaves within a year."""

    lever: Literal["training"] = "training"
    capability_growth: float = strength(
        0.12,
        "Share of the missing capability built in a year.",
        unit="1/year",
        low=0.0,
        high=12.0,
        plausible=(0.05, 0.2),
        source="mcnicholas2019",
        known="derived",
    )


class BoardProgrammePolicy(Policy):
    """Boards learn to lead improvement, and leaders stay longer."""

    lever: Literal["board_programme"] = "board_programme"
    leadership_growth: float = strength(
        0.1, "Share of the missing leadership built in a year.", unit="1/year", low=0.0, high=12.0, plausible=(0, 0.3)
    )
    leader_exit: float = strength(
        0.5, "Factor by which the rate of leaders leaving is multiplied.", unit="ratio", low=0.0, plausible=(0.2, 1.0)
    )


class DistributedLeadershipPolicy(Policy):
    """A shared vision, led at every level."""

    lever: Literal["distributed_leadership"] = "distributed_leadership"
    alignment_growth: float = strength(
        0.2, "Share of the missing alignment built in a year.", unit="1/year", low=0.0, high=12.0, plausible=(0, 0.4)
    )


class ProtectedTimePolicy(Policy):
    """Staff receive protected time for improvement."""

    lever: Literal["protected_time"] = "protected_time"
    protected_time: float = strength(
        0.2, "Time added to slack.", unit="full teams", low=0.0, high=1.0, plausible=(0.05, 0.5)
    )


class FeedbackPolicy(Policy):
    """Audit and feedback."""

    lever: Literal["feedback"] = "feedback"
    measurement: float = strength(0.2, "Added to measurement.", plausible=(0.05, 0.4))


class MandatePolicy(Policy):
    """Organisations are required to adopt, which can feel punitive (Matching Michigan: bion2013)."""

    lever: Literal["mandate"] = "mandate"
    push: float = strength(2.0, "Added to the log-odds of adopting.", unit="log-odds", low=0.0, plausible=(0.5, 4.0))
    resentment: float = strength(
        0.05,
        "Share of culture lost each year of the mandate.",
        unit="1/year",
        low=0.0,
        high=1.0,
        plausible=(0, 0.15),
        source="bion2013",
    )


class GoalsPolicy(Policy):
    """Goals are set: realistic 0.4, usual 0.8, heroic 1.5."""

    lever: Literal["goals"] = "goals"
    ambition: float = strength(
        0.4, "Goal as a multiple of the effect seen at peers.", unit="ratio", low=0.0, plausible=(0.4, 1.5)
    )


class PortfolioLimitPolicy(Policy):
    """A limit on practices implemented at once; others wait."""

    lever: Literal["portfolio_limit"] = "portfolio_limit"
    at_most: int = strength(1, "Largest number of practices implemented at once.", unit="practices", low=0)


class SeedingPolicy(Policy):
    """Pilot sites that replace the intervention's origin; it acts at the launch, whatever the window."""

    lever: Literal["seeding"] = "seeding"
    origin: OriginField = strength(
        Origin(rule="hub", number=3), "Pilot sites: an id, a rule, or several ids.", unit="-"
    )


class RefresherPolicy(Policy):
    """The core components are refreshed once a year (annual PROMPT days)."""

    lever: Literal["refresher"] = "refresher"
    refresh: float = strength(0.3, "Share of the missing fidelity restored each time.", plausible=(0.1, 0.6))


ShippedPolicy = Annotated[
    LearningNetworkPolicy
    | StandardPolicy
    | CoachingPolicy
    | TrainingPolicy
    | BoardProgrammePolicy
    | DistributedLeadershipPolicy
    | ProtectedTimePolicy
    | FeedbackPolicy
    | MandatePolicy
    | GoalsPolicy
    | PortfolioLimitPolicy
    | SeedingPolicy
    | RefresherPolicy,
    Field(discriminator="lever"),
]

AnyPolicy = accept_own(ShippedPolicy, "lever")
"""A policy of the package or of a plug-in."""
