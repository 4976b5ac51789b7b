"""Claim 1: an intervention that worked in one place is rarely easy to replicate.

Decided before it was run. Rarely: fewer than one in five of the organisations that ever adopted the intervention have
80% of the pilot site's effect after ten years. The adoption curve hides this if more than half have adopted it by then.
Both are levels and not differences between arms; the second arm, a pilot in an organisation chosen at random, shows how
much of the gap arises because pilots are run where all is ready. The map shows the assumptions under which most would
replicate it: loss in copying and lineage are the model's least supported assumptions, capability is a property of the
organisations.
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
from qispread.model.engines.thread_map import map_in_threads

RARELY, MAX_ADOPTED_SHARE = 0.2, 0.5
LOSSES = tuple(np.round(np.arange(0.0, 1.01, 0.125), 3).tolist())
LINEAGES = (0.0, 0.5, 1.0)
CAPABILITIES = (0.05, 0.15, 0.25, 0.35, 0.5, 0.65, 0.8)


def build_arms(base: qs.Scenario, _: Strengths) -> Mapping[str, OutcomeArm]:
    """Return the arms."""
    random_pilot = base.replace({"interventions.prompt.origin": "random"})
    return {"baseline": ScenarioArm(base), "random pilot site": ScenarioArm(random_pilot)}


def map_cell(point: tuple[float, float, float], replicates: int) -> dict[str, float]:
    """Return the mean share that replicates the effect at one point of the map."""
    loss, lineage, capability = point
    changes = {
        "copying.copy_loss": loss,
        "copying.lineage": lineage,
        "organisations.context.capability": capability,
    }
    arm, value = ScenarioArm(baseline_scenario().replace(changes)), find_quantity("transformed").value
    shares = np.array([value(arm.simulate(replicate)) for replicate in range(replicates)])
    return {"copy_loss": loss, "lineage": lineage, "capability": capability, "transformed": float(np.nanmean(shares))}


def build_picture(size: RunSize, workers: int | None) -> ClaimPicture:
    """Return the map of the share that replicates the effect, over loss in copying, lineage and capability."""
    points, replicates = list(product(LOSSES, LINEAGES, CAPABILITIES)), max(1, size.replicates // 20)

    def map_cells(part: range) -> list[tuple[int, dict[str, float]]]:
        return [(index, map_cell(points[index], replicates)) for index in part]

    cells = dict(map_in_threads(map_cells, range(len(points)), workers=workers))
    table = pd.DataFrame([cells[index] for index in range(len(points))])
    panels = [
        heat_map(
            table[table["lineage"] == lineage],
            x=("copy_loss", "Loss in copying"),
            y=("capability", "Mean capability"),
            value=("transformed", "Share of adopters that replicate it, %"),
            title=title,
            domain=(0.0, float(table["transformed"].max())),
        )
        for lineage, title in zip(LINEAGES, ("Copies of copies", "Half and half", "All from the original"), strict=True)
    ]
    half_or_more = table[(table["transformed"] >= MAX_ADOPTED_SHARE) & (table["capability"] <= 0.5)]
    most = table[table["capability"] <= 0.5]["transformed"].max()
    caption = (
        f"Share of the organisations that ever adopted PROMPT with at least 80% of the pilot site's effect, by loss in "
        f"copying, lineage and mean capability. With capability in its plausible range (to 0.5) it is at most "
        f"{format_percent(most)}, and half or more in {len(half_or_more)} of "
        f"{int((table['capability'] <= 0.5).sum())} cells of the map."
    )
    return ClaimPicture(
        alt.hconcat(*panels, spacing=14).properties(
            title=panel_title("Share of adopters with at least 80% of the pilot site's effect", 75)
        ),
        caption,
        table,
    )


NO_LOSS = MechanismAblation(
    "nothing lost in spreading: no loss in copying, no drift, no hasty changes, no differences in setting",
    {
        "copying.copy_loss": 0.0,
        "improving.decay": 0.0,
        "improving.erosion": 0.0,
        "organisations.setting_spread": 0.0,
    },
)
FEW_TRANSFORMED = ArmContrast(
    ((-1.0, "baseline", "transformed"),),
    RARELY,
    label="by which the share that replicates the effect is below one in five",
)
ADOPTED_SHARE = ArmContrast(
    ((1.0, "baseline", "ever_adopted"),),
    -MAX_ADOPTED_SHARE,
    label="by which the share that ever adopted it is above a half",
)

EXPERIMENT = ClaimTest(
    name="e01_rarely_replicates",
    claim="An intervention that worked in one place is rarely easy to replicate.",
    source="lenguerrand2020, dixonwoods2016",
    design="PROMPT spreads for ten years from the unit that is readiest for it. What share of the units that ever "
    "adopted it have at least 80% of the pilot site's effect at the end? Rarely means fewer than one in five.",
    caution="The comparison favours the pilot site: the yardstick is its best result so far, the one that others read "
    "about. No published data measure the loss in copying; the map shows the result over its whole range.",
    build_arms=build_arms,
    arms={
        "baseline": "the pilot site is the readiest unit",
        "random pilot site": "the pilot site is a unit chosen at random",
    },
    parts=(
        ClaimPart(
            "rarely replicated",
            "Fewer than one in five of those that ever adopted it have 80% of the pilot site's effect",
            "transformed",
            (FEW_TRANSFORMED,),
            MIN_SHARE_DIFFERENCE,
            NO_LOSS,
            "by which the share that replicates the effect is below one in five",
        ),
        ClaimPart(
            "hidden by adoption",
            "At the same time more than half have adopted it, so that the adoption curve hides this",
            "transformed, ever_adopted",
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
