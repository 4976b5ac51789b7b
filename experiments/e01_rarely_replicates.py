"""Claim 1: an intervention that worked in one place is rarely easy to replicate.

Decided before it was run. Rarely: fewer than one in five of those that ever began are at 80 % of the origin's effect
after ten years. The adoption curve hides it if at the same time more than half have begun. Both are levels and not
differences between arms; the second arm, a pilot in a place picked at random, tells how much of the gap is that pilots
are run where all is ready. The map asks what one would have to believe for most to replicate: loss in copying and
lineage are the model's least supported assumptions, capability is what places bring along.
"""

from collections.abc import Mapping
from itertools import product

import altair as alt
import numpy as np
import pandas as pd

import qispread as qs
from experiments.claim_figures import heat_map, panel_title
from experiments.claim_test import (
    MIN_SHARE_DIFFERENCE,
    ArmContrast,
    ClaimPart,
    ClaimPicture,
    ClaimTest,
    MechanismAblation,
    RunSize,
    Strengths,
    baseline_scenario,
)
from experiments.condition import format_percent
from experiments.experiment_command import main
from experiments.replicate_outcomes import OutcomeArm, ScenarioArm, find_quantity
from qispread.model.engines.simulation import map_in_threads

RARELY, MAX_ADOPTED_SHARE = 0.2, 0.5
LOSSES = tuple(np.round(np.arange(0.0, 1.01, 0.125), 3).tolist())
LINEAGES = (0.0, 0.5, 1.0)
CAPABILITIES = (0.05, 0.15, 0.25, 0.35, 0.5, 0.65, 0.8)


def build_arms(base: qs.Scenario, _: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    anywhere = base.replace({"interventions.prompt.origin": "random"})
    return {"as it is": ScenarioArm(base), "pilot anywhere": ScenarioArm(anywhere)}


def map_cell(place: tuple[float, float, float], worlds: int) -> dict[str, float]:
    """Return the mean share that replicates at one place of the map."""
    loss, lineage, capability = place
    changes = {
        "copying.copy_loss": loss,
        "copying.lineage": lineage,
        "organisations.context.capability": capability,
    }
    arm, value = ScenarioArm(baseline_scenario().replace(changes)), find_quantity("transformed").value
    found = np.array([value(arm.simulate(world)) for world in range(worlds)])
    return {"copy_loss": loss, "lineage": lineage, "capability": capability, "transformed": float(np.nanmean(found))}


def build_picture(size: RunSize, workers: int | None) -> ClaimPicture:
    """Return the map of the share that replicates over loss in copying, lineage and capability."""
    places, worlds = list(product(LOSSES, LINEAGES, CAPABILITIES)), max(1, size.worlds // 20)

    def some(part: range) -> list[tuple[int, dict[str, float]]]:
        return [(index, map_cell(places[index], worlds)) for index in part]

    found = dict(map_in_threads(some, range(len(places)), workers=workers))
    table = pd.DataFrame([found[index] for index in range(len(places))])
    panels = [
        heat_map(
            table[table["lineage"] == lineage],
            x=("copy_loss", "Loss in copying"),
            y=("capability", "Mean capability"),
            value=("transformed", "Share that reach it, %"),
            title=title,
            domain=(0.0, float(table["transformed"].max())),
        )
        for lineage, title in zip(LINEAGES, ("Copies of copies", "Half and half", "All from the original"), strict=True)
    ]
    believed = table[(table["transformed"] >= MAX_ADOPTED_SHARE) & (table["capability"] <= 0.5)]
    most = table[table["capability"] <= 0.5]["transformed"].max()
    words = (
        f"Share of those that began which reach 80 % of the origin's effect, by loss in copying, lineage and mean "
        f"capability. With capability in its plausible range (to 0.5) it is at most {format_percent(most)}, "
        f"and half or more "
        f"in {len(believed)} of {int((table['capability'] <= 0.5).sum())} places of the map."
    )
    return ClaimPicture(
        alt.hconcat(*panels, spacing=14).properties(
            title=panel_title("Share of those that began which reach 80 % of the origin's result", 75)
        ),
        words,
        table,
    )


NO_LOSS = MechanismAblation(
    "nothing lost on the way: no loss in copying, no drift, no hasty changes, and places that do not differ in setting",
    {
        "copying.copy_loss": 0.0,
        "improving.decay": 0.0,
        "improving.erosion": 0.0,
        "organisations.setting_spread": 0.0,
    },
)
FEW_TRANSFORMED = ArmContrast(
    ((-1.0, "as it is", "transformed"),), RARELY, label="by which the share that reaches it lies below one in five"
)
ADOPTED_SHARE = ArmContrast(
    ((1.0, "as it is", "ever_adopted"),), -MAX_ADOPTED_SHARE, label="by which the share that began lies above a half"
)

EXPERIMENT = ClaimTest(
    name="e01_rarely_replicates",
    claim="An intervention that worked in one place is rarely easy to replicate.",
    source="lenguerrand2020, dixonwoods2016",
    design="PROMPT spreads for ten years from the unit that is readiest for it. Of the units that ever began, how many "
    "have at least 80 % of the origin's result at the end? Rarely means fewer than one in five.",
    caution="The comparison flatters the origin, whose best result so far is the yardstick, as it is for those who "
    "read about it. Nothing published measures what copying loses; the map shows what would have to be believed.",
    build_arms=build_arms,
    arms={
        "as it is": "the pilot is in the readiest unit",
        "pilot anywhere": "the pilot is in a unit picked at random",
    },
    parts=(
        ClaimPart(
            "rarely replicated",
            "Fewer than one in five of those that began reach 80 % of the origin's result",
            "transformed",
            (FEW_TRANSFORMED,),
            MIN_SHARE_DIFFERENCE,
            NO_LOSS,
            "by which the share that reaches it lies below one in five",
        ),
        ClaimPart(
            "hidden by adoption",
            "At the same time more than half have begun, so that the adoption curve hides it",
            "transformed, reach",
            (FEW_TRANSFORMED, ADOPTED_SHARE),
            MIN_SHARE_DIFFERENCE,
            NO_LOSS,
        ),
    ),
    secondary=(
        "ever_adopted",
        "current_use",
        "transformed",
        "boosted",
        "limited",
        "fidelity",
        "appropriateness",
        "effect",
    ),
    curve="",
    picture=build_picture,
)

if __name__ == "__main__":
    main(EXPERIMENT)
