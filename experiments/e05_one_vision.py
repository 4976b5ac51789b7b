"""Claim 5: leadership distributed at every level, with one vision.

Decided before it was run. A factorial of two: mean leadership and mean alignment at the low and at the high end of
their plausible range (0.3 and 0.7). More than either: both raised against each raised alone, and both differences are
required. More than the sum: the gain of both beyond the gains of each alone. The pilot site is the organisation with
the most ties in every arm, because the readiest one may differ between arms. Ablation: climate has no effect, so that
alignment can change nothing (it acts only through climate).
"""

from collections.abc import Mapping

import qispread as qs
from experiments.claim_test import (
    MIN_EFFECT_DIFFERENCE,
    ArmContrast,
    ClaimPart,
    ClaimTest,
    MechanismAblation,
    Strengths,
    difference_contrast,
)
from experiments.experiment_command import main
from experiments.replicate_outcomes import OutcomeArm, ScenarioArm

LEADERSHIP, ALIGNMENT = "organisations.context.leadership", "organisations.context.alignment"
LOW, HIGH = 0.3, 0.7
EFFECT = "population_effect"
NO_CLIMATE = MechanismAblation(
    "climate without effect: on the decision, on results, on drift, on time, on what leaders drop",
    {
        "deciding.climate": 0.0,
        "interventions.prompt.social": 0.0,
        "improving.embedding_holds": 0.0,
        "interventions.prompt.upkeep": 1.0,
        "leaders.new_broom": 0.0,
    },
)


def build_arms(base: qs.Scenario, _: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    levels = {"both low": (LOW, LOW), "led": (HIGH, LOW), "aligned": (LOW, HIGH), "both": (HIGH, HIGH)}
    start = base.replace({"interventions.prompt.origin": "hub"})
    return {
        name: ScenarioArm(start.replace({LEADERSHIP: leadership, ALIGNMENT: alignment}))
        for name, (leadership, alignment) in levels.items()
    }


EXPERIMENT = ClaimTest(
    name="e05_one_vision",
    claim="Leadership must be distributed, with one vision at every level and senior leaders who make time.",
    source="dixonwoods2014",
    design="Units have low or high leadership at the top, and low or high alignment of all levels behind one vision. "
    "Does raising both do more than raising either, and more than the sum of the two?",
    caution="In the model, climate is a product of leadership, alignment and culture, each necessary: that is built "
    "in. The test shows whether it matters beside the other effects of leaders: making time, looking at data, "
    "persevering.",
    build_arms=build_arms,
    arms={
        "both low": "low leadership, low alignment",
        "led": "high leadership, low alignment",
        "aligned": "low leadership, high alignment",
        "both": "high leadership, high alignment",
    },
    parts=(
        ClaimPart(
            "more than either",
            "Raising both achieves more than raising either alone",
            EFFECT,
            (
                difference_contrast("both", "led", EFFECT, "over leadership alone"),
                difference_contrast("both", "aligned", EFFECT, "over alignment alone"),
            ),
            MIN_EFFECT_DIFFERENCE,
            NO_CLIMATE,
        ),
        ClaimPart(
            "more than the sum",
            "Raising both achieves more than the sum of raising each alone",
            EFFECT,
            (
                ArmContrast(
                    ((1.0, "both", EFFECT), (-1.0, "led", EFFECT), (-1.0, "aligned", EFFECT), (1.0, "both low", EFFECT))
                ),
            ),
            MIN_EFFECT_DIFFERENCE,
            NO_CLIMATE,
        ),
    ),
    secondary=(EFFECT, "current_use", "effect", "embedding", "fidelity", "discontinued", "averted"),
    fixed=(LEADERSHIP, ALIGNMENT),
)

if __name__ == "__main__":
    main(EXPERIMENT)
