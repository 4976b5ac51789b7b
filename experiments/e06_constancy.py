"""Claim 6: boards with a long-term commitment.

Decided before it was run. Three parts, each with two arms. Steady support: coaching at half strength throughout against
full strength every other year, the same in total; bursts that begin in the first and in the second year are averaged,
and the measure is the mean of the last two years, so that neither arm gains from the final month. Leaders who stay: the
rate at which leaders leave at the two ends of its plausible range, with the same leadership on average. Patience: the
readiness to discontinue at the two ends of its plausible range.
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
from experiments.replicate_outcomes import CYCLE, OutcomeArm, ScenarioArm

EFFECT = "late_effect"
LEADER_EXIT, DISCONTINUING = "leaders.leader_exit", "reviewing.discontinuing"
BURST = CYCLE // 2


def intermittent_coaching(base: qs.Scenario, support: float, time: float, first: int) -> qs.Scenario:
    """Return coaching every other year, beginning in a month."""
    for start in range(first, base.horizon + 1, CYCLE):
        base = base.with_policy(
            "coaching", f"burst-{start}", start=start, end=start + BURST - 1, support=support, protected_time=time
        )
    return base


def build_arms(base: qs.Scenario, strengths: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    support, time = strengths["coaching.support"], strengths["coaching.protected_time"]
    return {
        "bursts": ScenarioArm(intermittent_coaching(base, support, time, 1)),
        "later bursts": ScenarioArm(intermittent_coaching(base, support, time, 1 + BURST)),
        "steady": ScenarioArm(base.with_policy("coaching", support=support / 2.0, protected_time=time / 2.0)),
        "leaders leave": ScenarioArm(base.replace({LEADER_EXIT: 0.7})),
        "leaders stay": ScenarioArm(base.replace({LEADER_EXIT: 0.1})),
        "impatient": ScenarioArm(base.replace({DISCONTINUING: 1.8})),
        "patient": ScenarioArm(base.replace({DISCONTINUING: 0.45})),
    }


EXPERIMENT = ClaimTest(
    name="e06_constancy",
    claim="Boards need a long-term commitment: constancy beats the same effort in bursts.",
    source="jones2015, dixonwoods2016",
    design="The same coaching in total, steadily at half strength or at full strength every other year; leaders who "
    "stay ten years or one and a half on average; boards that keep their nerve after disappointment or discontinue.",
    caution="Leaders who leave are followed by leaders who are as good on average, and who sometimes drop what is not "
    "yet embedded: the model leaves out better successors, and what a leader learns.",
    build_arms=build_arms,
    arms={
        "bursts": "full coaching every other year, from the first",
        "later bursts": "full coaching every other year, from the second",
        "steady": "half the coaching, every year",
        "leaders leave": "leaders leave at 0.7 a year",
        "leaders stay": "leaders leave at 0.1 a year",
        "impatient": "readiness to discontinue 1.8",
        "patient": "readiness to discontinue 0.45",
    },
    parts=(
        ClaimPart(
            "steady support",
            "Steady coaching achieves more than the same amount in bursts",
            EFFECT,
            (ArmContrast(((1.0, "steady", EFFECT), (-0.5, "bursts", EFFECT), (-0.5, "later bursts", EFFECT))),),
            MIN_EFFECT_DIFFERENCE,
            MechanismAblation(
                "nothing lost between bursts: no drift and no hasty changes",
                {"improving.decay": 0.0, "improving.erosion": 0.0},
            ),
        ),
        ClaimPart(
            "leaders who stay",
            "More is achieved where leaders stay than where they leave",
            EFFECT,
            (difference_contrast("leaders stay", "leaders leave", EFFECT),),
            MIN_EFFECT_DIFFERENCE,
            MechanismAblation(
                "departures without effect: successors equal their predecessors and drop nothing",
                {"leaders.continuity": 1.0, "leaders.new_broom": 0.0},
            ),
        ),
        ClaimPart(
            "patience",
            "More is achieved where boards keep their nerve than where they discontinue",
            EFFECT,
            (difference_contrast("patient", "impatient", EFFECT),),
            MIN_EFFECT_DIFFERENCE,
            MechanismAblation(
                "no disappointment: goals of 0, and results observed without error",
                {"copying.ambition": 0.0, "reviewing.noise": 0.0},
            ),
        ),
    ),
    panels={
        "The same coaching, in bursts or steady": ("bursts", "later bursts", "steady"),
        "Leaders who leave or stay": ("leaders leave", "leaders stay"),
        "Boards that discontinue or keep their nerve": ("impatient", "patient"),
    },
    secondary=(EFFECT, "population_effect", "current_use", "fidelity", "embedding", "discontinued", "averted"),
    strengths=("coaching.support", "coaching.protected_time"),
    fixed=(LEADER_EXIT, DISCONTINUING),
)

if __name__ == "__main__":
    main(EXPERIMENT)
