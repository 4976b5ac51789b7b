"""What one organisation does with one intervention, and the numbers that it goes by, as plain attributes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from qispread.rules import capacity, steps
from qispread.world.layout import NEVER, NOBODY, Stage

if TYPE_CHECKING:
    from qispread.engines.agents import Organisation

UNAWARE, _, IMPLEMENTING, EMBEDDED, LAPSED = Stage


class Tie(NamedTuple):
    """A tie to a peer, its weight in (0, 1], and how alike the two settings are, in (0, 1]."""

    peer: "Organisation"
    weight: float
    alike: float


class OrganisationLevers(NamedTuple):
    """What policies do to an organisation this month; the slots of `world.levers.ORGANISATION_SLOTS`."""

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
    """What policies do to a practice this month; the slots of `world.levers.PRACTICE_SLOTS`."""

    support: float
    standard: float
    latitude: float
    push: float
    ambition: float
    refresh: float


class Attributes(NamedTuple):
    """The numbers of an intervention; its workload, new and embedded; and the tuples of them that steps take."""

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
    def from_record(cls, record: Any) -> "Attributes":
        """Return the attributes that a record of `world.build.Plan.interventions` holds."""
        effort, upkeep = record.effort.item(), record.upkeep.item()
        workloads = [capacity.workload(effort, upkeep, embedded) for embedded in (False, True)]
        return cls._make(
            [*record.item(), *workloads, numbers_of(record, steps.COPIED), numbers_of(record, steps.IMPROVED)]
        )


class StepNumbers(NamedTuple):
    """The parameters of each step that comes from `qispread.rules.steps`, in the order that it wants."""

    deciding: tuple[float, ...]
    copying: tuple[float, ...]
    improving: tuple[float, ...]
    reviewing: tuple[float, ...]

    @classmethod
    def from_record(cls, record: Any) -> "StepNumbers":
        """Return the numbers that the record `world.build.Plan.parameters` holds."""
        return cls(
            deciding=numbers_of(record.deciding, steps.DECIDING),
            copying=numbers_of(record.copying, steps.COPYING),
            improving=numbers_of(record.improving, steps.IMPROVING),
            reviewing=numbers_of(record.reviewing, steps.REVIEWING),
        )


def numbers_of(record: Any, names: Iterable[str]) -> tuple[float, ...]:
    """Return some fields of a record as Python's own numbers, which compiled functions take faster."""
    return tuple(record[name].item() for name in names)


@dataclass(slots=True)
class Visible:
    """What peers could see of a practice at the end of last month."""

    practising: bool = False
    result: float = 0.0
    fidelity: float = 0.0
    tuning_1: float = 0.0
    tuning_2: float = 0.0
    generation: int = 0


@dataclass(slots=True)
class Practice:
    """The practice of one organisation.

    Attributes
    ----------
    name : str
        Of the intervention.
    attributes : Attributes
        Of the intervention: benefit, complexity and the others.
    stream : uint64
        Of its draws.
    levers : PracticeLevers
        What policies do to it this month.
    stage : Stage
    since, anniversary, first, generation, copied_from, lapses, origin : int
    fidelity, tuning_1, tuning_2, embedding, goal, fit, result, best, harm_averted : float
        As in `world.layout`.
    """

    name: str
    attributes: Attributes
    stream: Any
    origin: int = 0
    levers: PracticeLevers = field(init=False)
    visible: Visible = field(default_factory=Visible)
    stage: Stage = UNAWARE
    since: int = NEVER
    anniversary: int = 0
    first: int = NEVER
    generation: int = 0
    copied_from: int = NOBODY
    lapses: int = 0
    fidelity: float = 0.0
    tuning_1: float = 0.0
    tuning_2: float = 0.0
    embedding: float = 0.0
    goal: float = 0.0
    fit: float = 0.0
    result: float = 0.0
    best: float = 0.0
    harm_averted: float = 0.0

    @property
    def in_use(self) -> bool:
        """Whether it is being implemented or is embedded."""
        return self.stage == IMPLEMENTING or self.stage == EMBEDDED  # noqa: PLR1714 - twice as fast

    def lapse(self) -> None:
        """End; nothing remains but the memory of how often."""
        self.stage = LAPSED
        self.lapses += 1
        self.fidelity = self.embedding = self.fit = self.result = 0.0

    def publish(self) -> None:
        """Show peers what they can see next month."""
        visible = self.visible
        visible.practising, visible.result, visible.fidelity = self.in_use, self.result, self.fidelity
        visible.tuning_1, visible.tuning_2, visible.generation = self.tuning_1, self.tuning_2, self.generation


NOTHING_SEEN = Visible()
"""What is seen where no peer practises."""

PLACE, VERSION = attrgetter(*steps.PLACE), attrgetter(*steps.VERSION)
"""What a step takes of an organisation, and of its practice, as tuples."""
