"""What an experiment declares before anything is run: claim, arms, measures, smallest difference, ablation.

Population effect is the measure of most claims: the mean result over all organisations that did not start the
intervention, of the largest possible benefit, where those who do not use it count as 0. A mean over users alone
improves when a policy scares off the unready (docs/decisions.md, 23), and shares of the origin's effect do not compare
where policies change the origin.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

import qispread as qs
from experiments.replicate_outcomes import OutcomeArm
from qispread.inputs.factors import Factor
from qispread.inputs.parameter import declaration_of
from qispread.inputs.policies import Policy

ROOT = Path(__file__).parents[1]
PROMPT = ROOT / "configs/prompt.yaml"
INTERVENTION_NAME = "prompt"

MIN_EFFECT_DIFFERENCE = 0.02
"""Smallest difference that matters in population effect. With the benefit of PROMPT (half of the harm) it is one
harmful event in a hundred: about 55 births a year in the 152 units."""
MIN_AVERTED_DIFFERENCE = 0.01
"""The same in the share of harmful events averted."""
MIN_SHARE_DIFFERENCE = 0.05
"""Smallest difference that matters in a share of organisations, of users or of core components: one in twenty."""

Strengths = Mapping[str, float]
"""Strengths of policies by "lever.field"."""
ArmBuilder = Callable[[qs.Scenario, Strengths], Mapping[str, OutcomeArm]]
"""Returns the arms of an experiment from a model and the strengths of its policies."""


@dataclass(frozen=True)
class RunSize:
    """How much is run: worlds of each arm at the defaults, plausible models, and worlds of each arm in a model."""

    worlds: int = 400
    models: int = 600
    model_worlds: int = 8


FULL, SMOKE = RunSize(), RunSize(worlds=4, models=10, model_worlds=2)
MIN_MODELS = 500
"""Plausible models below which a run is a trial, and no verdict counts."""


Means = Mapping[tuple[str, str], float]
"""Means over worlds at the defaults, by arm and quantity."""


@dataclass(frozen=True)
class ArmContrast:
    """A weighted sum of what arms achieve in a world, which is above 0 if the claim is right.

    Attributes
    ----------
    terms : tuple of (weight, arm, quantity)
    constant : float
    per : (arm, quantity), optional
        By whose mean over worlds the sum is divided.
    label : str
        What the difference is, to follow its number, where a part asks for several.
    """

    terms: tuple[tuple[float, str, str], ...]
    constant: float = 0.0
    per: tuple[str, str] | None = None
    label: str = ""

    @property
    def required_values(self) -> tuple[tuple[str, str], ...]:
        """The arms and quantities that it takes."""
        return (*((arm, quantity) for _, arm, quantity in self.terms), *((self.per,) if self.per else ()))


def difference_contrast(arm: str, reference: str, quantity: str, words: str = "") -> ArmContrast:
    """Return the contrast of an arm with another."""
    return ArmContrast(((1.0, arm, quantity), (-1.0, reference, quantity)), label=words)


@dataclass(frozen=True)
class MechanismAblation:
    """The mechanism switched off.

    Attributes
    ----------
    description : str
        What is switched off, to follow "with".
    changes : mapping
        Values by path.
    """

    description: str
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class ClaimPart:
    """One part of a claim, with a verdict of its own.

    Attributes
    ----------
    name : str
        A few words.
    statement : str
        What is claimed, as a sentence.
    quantity : str
        The primary measure.
    contrasts : tuple of ArmContrast
        The part is right in a model if every one is above 0 there; told is the smallest.
    smallest : float
        The smallest difference that matters, at least 0.
    ablation : MechanismAblation or None
        None where the part says that something does not happen.
    interpretation : str
        What the difference is, where it is not simply that between two arms; to follow its number.
    """

    name: str
    statement: str
    quantity: str
    contrasts: tuple[ArmContrast, ...]
    smallest: float
    ablation: MechanismAblation | None
    interpretation: str = ""

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that its contrasts take, each once, in order."""
        return tuple(dict.fromkeys(arm for contrast in self.contrasts for arm, _ in contrast.required_values))


@dataclass(frozen=True)
class ClaimPicture:
    """What an experiment shows beside its verdict: a chart, what it says, and the numbers behind it."""

    chart: Any
    caption: str
    table: pd.DataFrame


@dataclass(frozen=True)
class ClaimTest:
    """One claim and its test.

    Attributes
    ----------
    name : str
        Of its file.
    claim, source : str
        The claim in one sentence, and keys of docs/references.bib.
    design : str
        What is compared with what, for a reader who knows the field and not the model.
    caution : str
        Why not to trust the answer further than it goes.
    build_arms : ArmBuilder
    arms : mapping of str to str
        What each arm is, in words; the first is the reference of the table of arms.
    parts : tuple of ClaimPart
    secondary : tuple of str
        Quantities told for every arm.
    curve : str
        The quantity that the figure shows over time; empty where it shows a picture of its own.
    panels : mapping of str to tuple of str
        Arms that are drawn together, by the title of their panel; all in one where there are none.
    horizon : int
        Months.
    strengths : tuple of str
        "lever.field" of the policies whose strength is uncertain.
    fixed : tuple of str
        Paths that no model varies, since arms are about them.
    remark : callable, optional
        Returns what else its table of arms tells, in a sentence or two, from the means in it; nothing where these are
        not there.
    picture : callable, optional
        Returns a picture of its own from a size and a number of workers.
    """

    name: str
    claim: str
    source: str
    design: str
    caution: str
    build_arms: ArmBuilder
    arms: Mapping[str, str]
    parts: tuple[ClaimPart, ...]
    secondary: tuple[str, ...]
    curve: str = "population_effect"
    panels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    horizon: int = 120
    strengths: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    remark: Callable[[Means], str] | None = None
    picture: Callable[[RunSize, int | None], ClaimPicture] | None = None

    @property
    def number(self) -> int:
        """The number of the claim."""
        return int(self.name[1:3])

    @property
    def quantities(self) -> tuple[str, ...]:
        """Every quantity that is measured at the defaults."""
        needed = [quantity for part in self.parts for one in part.contrasts for _, quantity in one.required_values]
        return tuple(dict.fromkeys((*needed, *self.secondary)))


def baseline_scenario(horizon: int = 120) -> qs.Scenario:
    """Return the base of every experiment: PROMPT in the 152 English maternity units, at the defaults."""
    return qs.load(PROMPT).replace(horizon=horizon)


def policy_strength(name: str) -> tuple[float, Factor | None]:
    """Return the declared strength of a policy, "lever.field", and its plausible range if it has one."""
    lever, field = name.split(".")
    kind = next(one for one in Policy.__subclasses__() if one.model_fields["lever"].default == lever)
    extra = declaration_of(kind.model_fields[field]) or {}
    default = float(kind.model_fields[field].default)
    return default, Factor(name, *extra["plausible"]) if extra.get("plausible") else None


def declared_strengths(experiment: ClaimTest) -> dict[str, float]:
    """Return the declared strengths of an experiment's policies."""
    return {name: policy_strength(name)[0] for name in experiment.strengths}
