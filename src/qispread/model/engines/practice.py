"""The practice of an organisation in the Mesa engine: its state, levers and parameters as plain attributes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from qispread.common.deprecation import keep_former_members
from qispread.model.rules import capacity, steps
from qispread.model.world.state_arrays import COPIED_FROM_NOBODY, NEVER, Stage

if TYPE_CHECKING:
    from qispread.model.engines.agents import Organisation

UNAWARE, _, IMPLEMENTING, EMBEDDED, DISCONTINUED = Stage


@keep_former_members
class PeerTie(NamedTuple):
    """A tie to a peer, its weight in (0, 1], and the similarity of the two settings in (0, 1]."""

    peer: "Organisation"
    weight: float
    similarity: float


class OrganisationLevers(NamedTuple):
    """The levers on an organisation this month, as in `world.lever_slots.ORGANISATION_SLOTS`."""

    protected_time: float
    measurement: float
    contact: float
    leader_exit: float
    capability_growth: float
    leadership_growth: float
    alignment_growth: float
    resentment: float
    at_most: float
    cost: float


class PracticeLevers(NamedTuple):
    """The levers on a practice this month, as in `world.lever_slots.PRACTICE_SLOTS`."""

    support: float
    standard: float
    latitude: float
    push: float
    ambition: float
    refresh: float


class InterventionAttributes(NamedTuple):
    """The numbers of an intervention, its workload when new and embedded, and the tuples for steps."""

    benefit: float
    complexity: float
    codification: float
    social: float
    breadth: float
    observability: float
    effort: float
    upkeep: float
    launch: int
    steepness: float
    half: float
    workload: float
    workload_embedded: float
    copied: tuple[float, ...]
    improved: tuple[float, ...]

    @classmethod
    def from_record(cls, record: Any) -> "InterventionAttributes":
        """Return the attributes that a record of `RunInputs.interventions` holds."""
        effort, upkeep = record.effort.item(), record.upkeep.item()
        workloads = [capacity.workload(effort, upkeep, embedded) for embedded in (False, True)]
        return cls._make(
            [
                *record.item(),
                *workloads,
                record_numbers(record, steps.COPIED_FIELDS),
                record_numbers(record, steps.INTERVENTION_FIELDS),
            ]
        )


class StepParameters(NamedTuple):
    """The parameters of each step in `qispread.model.rules.steps`, in its order, and the codes of forms of rules."""

    deciding: tuple[float, ...]
    copying: tuple[float, ...]
    improving: tuple[float, ...]
    reviewing: tuple[float, ...]
    deciding_forms: tuple[int, ...]
    improving_forms: tuple[int, ...]
    climate_form: int
    attraction_form: int

    @classmethod
    def from_record(cls, record: Any) -> "StepParameters":
        """Return the numbers that the record `RunInputs.parameters` holds."""
        return cls(
            deciding=record_numbers(record.deciding, steps.DECIDING),
            copying=record_numbers(record.copying, steps.COPYING),
            improving=record_numbers(record.improving, steps.IMPROVING),
            reviewing=record_numbers(record.reviewing, steps.REVIEWING),
            deciding_forms=record_numbers(record.forms, steps.DECIDING_FORMS),
            improving_forms=record_numbers(record.forms, steps.IMPROVING_FORMS),
            climate_form=record.forms.climate.item(),
            attraction_form=record.forms.attraction.item(),
        )


def record_numbers(record: Any, names: Iterable[str]) -> tuple[Any, ...]:
    """Return some fields of a record as Python numbers, which compiled functions accept faster."""
    return tuple(record[name].item() for name in names)


@dataclass(slots=True)
class PublicState:
    """What peers could see of a practice at the end of last month."""

    practising: bool = False
    result: float = 0.0
    fidelity: float = 0.0
    tuning_1: float = 0.0
    tuning_2: float = 0.0
    generation: int = 0


@keep_former_members
@dataclass(slots=True)
class Practice:
    """The practice of one organisation.

    Attributes
    ----------
    name : str
        Name of the intervention.
    attributes : InterventionAttributes
        Attributes of the intervention: benefit, complexity and others.
    stream : uint64
        Stream of its draws.
    levers : PracticeLevers
        Levers of the policies in force this month.
    stage : Stage
    last_adopted, review_phase, first_adopted, generation, copied_from, times_discontinued, origin : int
    fidelity, tuning_1, tuning_2, embedding, goal, appropriateness, result, best_result, events_averted : float
        As in `world.state_arrays`.
    """

    name: str
    attributes: InterventionAttributes
    stream: Any
    origin: int = 0
    levers: PracticeLevers = field(init=False)
    visible: PublicState = field(default_factory=PublicState)
    stage: Stage = UNAWARE
    last_adopted: int = NEVER
    review_phase: int = 0
    first_adopted: int = NEVER
    generation: int = 0
    copied_from: int = COPIED_FROM_NOBODY
    times_discontinued: int = 0
    fidelity: float = 0.0
    tuning_1: float = 0.0
    tuning_2: float = 0.0
    embedding: float = 0.0
    goal: float = 0.0
    appropriateness: float = 0.0
    result: float = 0.0
    best_result: float = 0.0
    events_averted: float = 0.0

    @property
    def in_use(self) -> bool:
        """Whether it is being implemented or is embedded."""
        return self.stage == IMPLEMENTING or self.stage == EMBEDDED  # noqa: PLR1714 - twice as fast

    def discontinue(self) -> None:
        """Discontinue the practice; only its history remains."""
        self.stage = DISCONTINUED
        self.times_discontinued += 1
        self.fidelity = self.embedding = self.appropriateness = self.result = 0.0

    def publish_state(self) -> None:
        """Publish what peers can see next month."""
        visible = self.visible
        visible.practising, visible.result, visible.fidelity = self.in_use, self.result, self.fidelity
        visible.tuning_1, visible.tuning_2, visible.generation = self.tuning_1, self.tuning_2, self.generation


NO_OBSERVATION = PublicState()
"""The visible state if no peer uses an intervention."""

ORGANISATION_FIELDS, VERSION_FIELDS = attrgetter(*steps.ORGANISATION_FIELDS), attrgetter(*steps.VERSION_FIELDS)
"""The fields of an organisation and of a practice that steps take, as tuples."""


def set_levers(organisation: "Organisation", own: Any, practices: Any) -> None:
    """Set the levers of an organisation and of its practices: arrays of (slots,) and of (interventions, slots)."""
    organisation.levers = OrganisationLevers(*own.tolist())
    for practice, levers in zip(organisation.practices.values(), practices.tolist(), strict=True):
        practice.levers = PracticeLevers(*levers)
