"""The verdict rule, the same for all claims, decided before any of them was run.

A part of a claim is one difference, or several that are all required: then the smallest is reported. Several need no
correction of the test, because each has to pass. In each of at least 500 plausible models, a Latin hypercube over every
declared plausible range, the sign holds if the mean difference over the model's replicates is above 0, and it matters
if that mean is above the smallest difference that matters.

A part is **supported** if all of these conditions hold:

1. at the defaults the 95% interval of the difference is above the smallest difference that matters;
2. the sign holds in 80% of plausible models or more: the 95% interval of the share (Wilson) begins at 80%;
3. the difference matters in half of the plausible models or more: a sign that holds but never matters is no support;
4. the mechanism explains it: with the mechanism off, the upper limit at the defaults is below the smallest difference
   that matters or below a quarter of the difference, and so is the mean over those plausible models in which the sign
   holds (of every fourth model, which is run with the mechanism off as well).

It is **supported under a condition** if 4 holds and one or two thresholds on parameters define a tenth of the
plausible range or more in which the sign holds in 80% of models or more (if the sign fails 2), or in which the
difference matters in 80% or more (if the sign passes 2), and the sign does not fail nearly everywhere (the
interval of the share reaches 20%). Thresholds are chosen in one half of the models and tested in the other half.

It is **not supported** otherwise. A part that claims that something does not happen has no mechanism to switch off, and
passes 4.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from experiments.condition import ValidityCondition, find_condition, format_percent
from experiments.run_experiment import PartEvidence

SUPPORTED, CONDITIONAL, UNSUPPORTED = "supported", "supported under a condition", "not supported"
HOLDS, FAILS, MATTERS = 0.8, 0.2, 0.5
LEFT = 0.25
STAYS = "the effect stays with the mechanism off: it has another cause"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class ModelShare:
    """A share of models with its 95% interval (Wilson's, which is right near 0 and 1 too)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ClaimVerdict:
    """The verdict on one part of a claim.

    Attributes
    ----------
    word : str
    holds : ModelShare
        Of plausible models, in which the sign holds.
    inconclusive : float
        Share of models in which the interval of the model's own replicates includes 0.
    matters : float
        Share of models in which the difference is above the smallest that matters.
    ablation_left : float
        Mean difference with the mechanism off, as a share of that with it on, over the models in which the sign holds.
    condition : ValidityCondition or None
    reason : str
        The condition, or the reason why there is none.
    """

    word: str
    holds: ModelShare
    inconclusive: float
    matters: float
    ablation_left: float
    condition: ValidityCondition | None
    reason: str


def wilson_share(count: int, models: int) -> ModelShare:
    """Return a share with its 95% interval.

    Equation: (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n) (wilson1927).
    """
    if models == 0:
        return ModelShare(np.nan, np.nan, np.nan)
    share, quantile = count / models, float(ndtri(0.5 + CONFIDENCE / 2.0))
    widening = quantile**2 / models
    middle = share + widening / 2.0
    half = quantile * float(np.sqrt(share * (1.0 - share) / models + widening / (4.0 * models)))
    return ModelShare(share, max(0.0, (middle - half) / (1.0 + widening)), min(1.0, (middle + half) / (1.0 + widening)))


def remaining_effect(evidence: PartEvidence) -> tuple[float, float]:
    """Return the mean difference with the mechanism on and off, over the models in which the sign holds."""
    holds = (evidence.gains > 0.0) & ~np.isnan(evidence.ablated_gains)
    if not holds.any():
        return np.nan, np.nan
    return float(evidence.gains[holds].mean()), float(evidence.ablated_gains[holds].mean())


def is_explained_by_mechanism(evidence: PartEvidence) -> bool:
    """Return whether the effect disappears with the mechanism off, at the defaults and in plausible models."""
    part = evidence.part
    if part.ablation is None:
        return True
    on, off = remaining_effect(evidence)
    disappears_at_defaults = evidence.ablated.high <= max(part.smallest, LEFT * evidence.defaults.difference)
    return bool(disappears_at_defaults and (np.isnan(on) or off <= max(part.smallest, LEFT * on)))


def judge_part(evidence: PartEvidence) -> ClaimVerdict:
    """Return the verdict on one part by the rule at the top of this file."""
    gains, smallest = evidence.gains, evidence.part.smallest
    holds = wilson_share(int((gains > 0.0).sum()), gains.size)
    matters = float((gains > smallest).mean()) if gains.size else np.nan
    on, off = remaining_effect(evidence)
    word, condition, reason = apply_rule(evidence, holds, matters)
    return ClaimVerdict(
        word=word,
        holds=holds,
        inconclusive=float((~evidence.conclusive).mean()) if gains.size else np.nan,
        matters=matters,
        ablation_left=off / on if on else np.nan,
        condition=condition,
        reason=reason,
    )


def apply_rule(evidence: PartEvidence, holds: ModelShare, matters: float) -> tuple[str, ValidityCondition | None, str]:
    """Return the word, the condition if there is one, and the reason."""
    smallest = evidence.part.smallest
    if not is_explained_by_mechanism(evidence):
        return UNSUPPORTED, None, STAYS
    if holds.high < FAILS:
        return UNSUPPORTED, None, "the sign fails nearly everywhere"
    if evidence.defaults.low > smallest and holds.low >= HOLDS and matters >= MATTERS:
        return SUPPORTED, None, ""
    sign = holds.low < HOLDS
    target = evidence.gains > (0.0 if sign else smallest)
    condition = find_condition(evidence.models, target, evidence.factors)
    what = "the sign holds" if sign else "the difference matters"
    if condition is None:
        return (
            UNSUPPORTED,
            None,
            f"{what} in {format_percent(float(target.mean()))} of models, and no parameter separates them",
        )
    if not condition.is_acceptable(HOLDS):
        return UNSUPPORTED, condition, f"no condition is good enough; the best: {condition.describe(what)}"
    return CONDITIONAL, condition, condition.describe(what)
