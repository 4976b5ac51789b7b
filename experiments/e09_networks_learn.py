"""Claim 9: networks make a learning system.

Decided before it was run. A learning network for everyone, at its declared strength, with practical support and
without; nothing else differs. With support it raises fidelity: against no network and against ties alone, and both
differences are required. Fidelity is a mean over users, which would rise if organisations that are not ready did not
adopt: the table of arms therefore includes ever_adopted, current use and the population effect. Ties alone raise
adoption; "little else" means that mean fidelity changes by less than the smallest difference that matters.

Added later, and no part of a verdict: the months until half use it, since adoption at the end does not show how soon.
"""

import math
from collections.abc import Mapping
from typing import Any

import qispread as qs
from experiments.claim_test import (
    MIN_SHARE_DIFFERENCE,
    ArmContrast,
    ClaimPart,
    ClaimTest,
    Means,
    MechanismAblation,
    Strengths,
    difference_contrast,
)
from experiments.experiment_command import main
from experiments.replicate_outcomes import OutcomeArm, ScenarioArm


def build_arms(base: qs.Scenario, strengths: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    shape: dict[str, Any] = {name: strengths[f"learning_network.{name}"] for name in ("ties", "contact")}
    support = strengths["learning_network.support"]
    return {
        "none": ScenarioArm(base),
        "ties alone": ScenarioArm(base.with_policy("learning_network", support=0.0, **shape)),
        "ties and support": ScenarioArm(base.with_policy("learning_network", support=support, **shape)),
    }


def adoption_lead_remark(means: Means) -> str:
    """Return how much sooner adoption comes with ties, which the verdicts, about the end, do not show."""
    arms = [(arm, "halfway") for arm in ("none", "ties alone", "ties and support")]
    if not all(arm in means for arm in arms):
        return ""
    without, alone, supported = (means[arm] for arm in arms)
    if math.isnan(without + alone + supported):
        return "In some arm half of the units never use it, so that the speed of adoption cannot be compared."
    return (
        f"Half of the units use the intervention after {without:.0f} months without a network, after {alone:.0f} with "
        f"ties alone, {format_years(without - alone)}, and after {supported:.0f} with ties and support, "
        f"{format_years(without - supported)} (means over runs, at the defaults). "
        "The verdicts are about the end of ten years and do not show how soon adoption comes; this measure was added "
        "later."
    )


def format_years(gained: float) -> str:
    """Return a number of months as years sooner, or later."""
    return f"{abs(gained) / 12.0:.1f} years {'sooner' if gained >= 0.0 else 'later'}"


EXPERIMENT = ClaimTest(
    name="e09_networks_learn",
    claim="Networks make a learning system: ties with practical support raise fidelity, ties alone raise adoption and "
    "little else.",
    source="mccannon2009, nembhard2012",
    design="A learning network adds ties and contact between all units, with or without practical support in copying "
    "and improving, against none.",
    caution="Ties carry news, pressure and a version to copy. Trust, shared data and joint work, which networks may "
    "also bring, are included only as support.",
    build_arms=build_arms,
    arms={
        "none": "no learning network",
        "ties alone": "more ties and more contact",
        "ties and support": "the same, with practical support",
    },
    parts=(
        ClaimPart(
            "with support: fidelity",
            "Ties with support raise fidelity, compared with no network and with ties alone",
            "fidelity",
            (
                difference_contrast("ties and support", "none", "fidelity", "compared with no network"),
                difference_contrast("ties and support", "ties alone", "fidelity", "compared with ties alone"),
            ),
            MIN_SHARE_DIFFERENCE,
            MechanismAblation(
                "support without effect: it adds no skill, and copies lose nothing that it could save",
                {"improving.support_skill": 0.0, "copying.copy_loss": 0.0},
            ),
        ),
        ClaimPart(
            "ties alone: adoption",
            "Ties alone raise adoption",
            "current_use",
            (difference_contrast("ties alone", "none", "current_use"),),
            MIN_SHARE_DIFFERENCE,
            MechanismAblation(
                "ties that carry neither news nor pressure nor examples of success",
                {"hearing.contact": 0.0, "deciding.peers": 0.0, "deciding.advantage": 0.0},
            ),
        ),
        ClaimPart(
            "ties alone: little else",
            "Ties alone change fidelity by less than one component in twenty",
            "fidelity",
            (
                ArmContrast(((-1.0, "ties alone", "fidelity"), (1.0, "none", "fidelity")), MIN_SHARE_DIFFERENCE),
                ArmContrast(((1.0, "ties alone", "fidelity"), (-1.0, "none", "fidelity")), MIN_SHARE_DIFFERENCE),
            ),
            0.0,
            None,
            "by which the change stays within this limit",
        ),
    ),
    secondary=(
        "fidelity",
        "current_use",
        "halfway",
        "ever_adopted",
        "discontinued",
        "population_effect",
        "effect",
        "generation",
        "averted",
    ),
    curve="current_use",
    remark=adoption_lead_remark,
    strengths=("learning_network.ties", "learning_network.contact", "learning_network.support"),
)

if __name__ == "__main__":
    main(EXPERIMENT)
