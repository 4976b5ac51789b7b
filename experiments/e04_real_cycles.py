"""Claim 4: PDSA in practice, and not just in name.

Decided before it was run. The same cycles happen in both arms, with the same draws; in one nothing is learnt: no
fidelity is restored, no version is tuned to its setting, no skill is built. The dose between the two is a secondary
arm. Ablation: nothing that a cycle could improve (no loss in copying, no drift, no hasty changes, no differences in
setting).
"""

from collections.abc import Mapping

import qispread as qs
from experiments.claim_test import (
    MIN_EFFECT_DIFFERENCE,
    ClaimPart,
    ClaimTest,
    MechanismAblation,
    Strengths,
    difference_contrast,
)
from experiments.experiment_command import main
from experiments.replicate_outcomes import OutcomeArm, ScenarioArm

LEARNING_PARAMETERS = ("tuning_step", "repair", "learning")
NOTHING_TO_REPAIR = MechanismAblation(
    "nothing that a cycle could improve: no loss in copying, no drift, no hasty changes, no differences in setting",
    {
        "copying.copy_loss": 0.0,
        "improving.decay": 0.0,
        "improving.erosion": 0.0,
        "organisations.setting_spread": 0.0,
    },
)


def arm_with_learning(base: qs.Scenario, share: float) -> ScenarioArm:
    """Return the arm in which cycles teach a share of what real cycles teach."""
    return ScenarioArm(
        base.replace({f"improving.{name}": share * getattr(base.improving, name) for name in LEARNING_PARAMETERS})
    )


def build_arms(base: qs.Scenario, _: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    return {"in name": arm_with_learning(base, 0.0), "half": arm_with_learning(base, 0.5), "real": ScenarioArm(base)}


EXPERIMENT = ClaimTest(
    name="e04_real_cycles",
    claim="PDSA must be done in practice, not just in name.",
    source="leis2017, taylor2014",
    design="The same number of plan-do-study-act cycles in the same months. In one arm they are real; in the other "
    "they are run, but nothing is learnt.",
    caution="In the model, real cycles restore fidelity, improve appropriateness and build skill: that is built in. "
    "The test shows how much this matters compared with everything else, and not whether cycles are real in practice: "
    "of 73 published reports 14 show that they are.",
    build_arms=build_arms,
    arms={"in name": "cycles teach nothing", "half": "cycles teach half as much", "real": "cycles are real"},
    parts=(
        ClaimPart(
            "real cycles do more",
            "Real cycles achieve more than the same number in name",
            "population_effect",
            (difference_contrast("real", "in name", "population_effect"),),
            MIN_EFFECT_DIFFERENCE,
            NOTHING_TO_REPAIR,
        ),
    ),
    secondary=(
        "population_effect",
        "current_use",
        "fidelity",
        "appropriateness",
        "capability",
        "discontinued",
        "averted",
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
