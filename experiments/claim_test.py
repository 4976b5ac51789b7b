"""What an experiment declares before anything is run: claim, arms, measures, smallest difference, ablation.

Population effect is the measure of most claims: the mean result over all organisations except the pilot site, as a
share of the full effect, where organisations that do not use the intervention count as 0. A mean over users alone
improves when a policy deters organisations that are not ready (docs/decisions.md, 23), and replication ratios are not
comparable where policies change the pilot site.
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
"""Smallest difference that matters in population effect. With the benefit of PROMPT (half of the adverse events)
it is one adverse event in a hundred: about 55 births a year in the 152 units."""
MIN_AVERTED_DIFFERENCE = 0.01
"""The same in the share of adverse events averted."""
MIN_SHARE_DIFFERENCE = 0.05
"""Smallest difference that matters in a share of organisations, of users or of core components: one in twenty."""

Strengths = Mapping[str, float]
"""Strengths of policies by "lever.field"."""
ArmBuilder = Callable[[qs.Scenario, Strengths], Mapping[str, OutcomeArm]]
"""Returns the arms of an experiment from a model and the strengths of its policies."""


@dataclass(frozen=True)
class RunSize:
    """Size of a run: replicates of each arm at the defaults, plausible models, replicates of each arm in a model."""

    replicates: int = 400
    models: int = 600
    model_replicates: int = 8


FULL, SMOKE = RunSize(), RunSize(replicates=4, models=10, model_replicates=2)
MIN_MODELS = 500
"""Plausible models below which a run is a trial, and no verdict counts."""


Means = Mapping[tuple[str, str], float]
"""Means over replicates at the defaults, by arm and quantity."""


@dataclass(frozen=True)
class ArmContrast:
    """A weighted sum of the values of arms in a replicate, which is above 0 if the claim is right.

    Attributes
    ----------
    terms : tuple of (weight, arm, quantity)
    constant : float
    per : (arm, quantity), optional
        By whose mean over replicates the sum is divided.
    label : str
        Description of the difference, to follow its number, if a part requires several.
    """

    terms: tuple[tuple[float, str, str], ...]
    constant: float = 0.0
    per: tuple[str, str] | None = None
    label: str = ""

    @property
    def required_values(self) -> tuple[tuple[str, str], ...]:
        """The arms and quantities that the sum uses."""
        return (*((arm, quantity) for _, arm, quantity in self.terms), *((self.per,) if self.per else ()))


def difference_contrast(arm: str, reference: str, quantity: str, label: str = "") -> ArmContrast:
    """Return the contrast of an arm with another."""
    return ArmContrast(((1.0, arm, quantity), (-1.0, reference, quantity)), label=label)


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
        The part is right in a model if every contrast is above 0; the smallest is reported.
    smallest : float
        The smallest difference that matters, at least 0.
    ablation : MechanismAblation or None
        None if the part claims that something does not happen.
    interpretation : str
        Description of the difference if it is not simply the one between two arms; to follow its number.
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
        """The arms of its contrasts, each once, in order."""
        return tuple(dict.fromkeys(arm for contrast in self.contrasts for arm, _ in contrast.required_values))


@dataclass(frozen=True)
class ClaimPicture:
    """The picture of an experiment beside its verdict: a chart, its caption, and the underlying numbers."""

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
        The comparison, for a reader who knows the field but not the model.
    caution : str
        The limits of the answer.
    build_arms : ArmBuilder
    arms : mapping of str to str
        Description of each arm; the first is the reference of the table of arms.
    parts : tuple of ClaimPart
    secondary : tuple of str
        Quantities reported for every arm.
    curve : str
        The quantity that the figure shows over time; empty if the experiment has its own picture.
    panels : mapping of str to tuple of str
        Arms that are drawn together, by the title of their panel; all in one panel if empty.
    horizon : int
        Months.
    strengths : tuple of str
        "lever.field" of the policies whose strength is uncertain.
    fixed : tuple of str
        Paths that no model varies, because arms set them.
    remark : callable, optional
        Returns a remark on the table of arms, in a sentence or two, from its means; empty text if means are missing.
    picture : callable, optional
        Returns the picture from a size and a number of workers.
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
        contrasts = [contrast for part in self.parts for contrast in part.contrasts]
        needed = [quantity for contrast in contrasts for _, quantity in contrast.required_values]
        return tuple(dict.fromkeys((*needed, *self.secondary)))


def baseline_scenario(horizon: int = 120) -> qs.Scenario:
    """Return the baseline scenario of every experiment: PROMPT in the 152 English maternity units, at the defaults."""
    return qs.read_scenario(PROMPT).replace(horizon=horizon)


def policy_strength(name: str) -> tuple[float, Factor | None]:
    """Return the declared strength of a policy, "lever.field", and its plausible range if it has one."""
    lever, field = name.split(".")
    kind = next(policy for policy in Policy.__subclasses__() if policy.model_fields["lever"].default == lever)
    extra = declaration_of(kind.model_fields[field]) or {}
    default = float(kind.model_fields[field].default)
    return default, Factor(name, *extra["plausible"]) if extra.get("plausible") else None


def declared_strengths(experiment: ClaimTest) -> dict[str, float]:
    """Return the declared strengths of an experiment's policies."""
    return {name: policy_strength(name)[0] for name in experiment.strengths}
