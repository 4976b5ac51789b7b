"""What one organisation does with one intervention, as plain attributes."""

from dataclasses import dataclass, field
from typing import Any

from qispread.world.layout import EMBEDDED, IMPLEMENTING, LAPSED, NEVER, NOBODY, UNAWARE


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
    attributes : record
        Of the intervention: benefit, complexity and the others.
    stream : uint64
        Of its draws.
    levers : dict
        What policies do to it this month, by slot.
    stage, since, anniversary, first, generation, copied_from, lapses, origin : int
    fidelity, tuning_1, tuning_2, embedding, goal, fit, result, best, harm_averted : float
        As in `world.layout`.
    """

    name: str
    attributes: Any
    stream: Any
    levers: dict[str, float] = field(default_factory=dict)
    visible: Visible = field(default_factory=Visible)
    stage: int = UNAWARE
    since: int = NEVER
    anniversary: int = 0
    first: int = NEVER
    generation: int = 0
    copied_from: int = NOBODY
    lapses: int = 0
    origin: int = 0
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
        return self.stage in (IMPLEMENTING, EMBEDDED)

    def lapse(self) -> None:
        """End; nothing remains but the memory of how often."""
        self.stage = LAPSED
        self.lapses += 1
        self.fidelity = self.embedding = self.fit = self.result = 0.0

    def publish(self) -> None:
        """Show peers what they can see next month."""
        self.visible = Visible(self.in_use, self.result, self.fidelity, self.tuning_1, self.tuning_2, self.generation)
