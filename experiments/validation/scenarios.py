"""Scenarios with one mechanism on and the others off, and measures of their runs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import qispread as qs
from qispread.inputs.load_scenario import build_scenario
from qispread.inputs.organisations import CONTEXT_FACTORS
from qispread.model.measures import MEASURE_NAMES
from qispread.model.world.state_arrays import FIRST_ADOPTED

SURE = 50.0
"""Log-odds of certainty: 1 / (1 + exp(-50)) is 1 in floating point."""
QUIET = {
    "leaders": {"leader_exit": 0.0},
    "hearing": {"broadcast": 1.0, "contact": 0.0},
    "deciding": {"reluctance": -SURE, "peers": 0.0, "advantage": 0.0, "climate": 0.0, "standard": 0.0, "overload": 0.0},
    "copying": {"copy_loss": 0.0},
    "improving": {"repair": 0.0, "learning": 0.0, "reactive": 0.0, "decay": 0.0, "embed": 0.0, "embedded_above": 1.0},
    "reviewing": {"discontinuing": 0.0, "noise": 0.0, "cynicism": 0.0, "encouragement": 0.0, "readopting": 0.0},
    "local_improvement": {"gain": 0.0},
    "outcome": {"secular": 0.0},
}
"""All organisations hear and begin at once, and nothing changes after that."""
EQUAL = dict(zip(CONTEXT_FACTORS, (0.6, 0.5, 0.9, 0.4, 0.5, 0.4, 0.12), strict=True))
EQUAL |= {"baseline": 80.0, "setting_1": 0.0, "setting_2": 0.0}
"""Of identical organisations; their climate is 0.27^(1/3) and their available time 0.32."""
CLIMATE, AVAILABLE, VIGILANCE = 0.27 ** (1.0 / 3.0), 0.4 * 0.8, 0.5 * 0.6
STEEP = 1e7
"""Log-odds a share of ties that make the decision a step."""

Changes = dict[str, Any]


def single_mechanism_scenario(
    horizon: int,
    network: dict[str, Any],
    number: int,
    changes: Changes,
    attributes: dict[str, Any] | None = None,
    **sections: Any,
) -> qs.Scenario:
    """Return a scenario with all mechanisms off except for the changes, by dotted path."""
    first = {"observability": 1.0, "effort": 0.0, "social": 0.0, "origin": {"organisations": ["organisation-001"]}}
    sections = {
        **QUIET,
        "horizon": horizon,
        "organisations": {"number": number, "partnerships": 1, "regions": 1},
        "network": network,
        "interventions": {"one": {**first, **(attributes or {})}},
        **sections,
    }
    return build_scenario(sections).replace(changes)


def identical_organisations_scenario(
    horizon: int,
    number: int,
    changes: Changes,
    attributes: dict[str, Any] | None = None,
    *,
    seed: int = 1,
    **given: float,
) -> qs.Scenario:
    """Return a scenario of identical organisations."""
    rows = [{"id": f"organisation-{i + 1:03d}", **EQUAL, **given} for i in range(number)]
    return single_mechanism_scenario(
        horizon, {"kind": "ring"}, 3, changes, attributes, organisations={"rows": rows}, seed=seed
    )


def threshold_changes(share: float, weight: float = STEEP) -> Changes:
    """Return the changes by which the decision becomes a threshold at this share of practising ties."""
    return {"deciding.reluctance": weight * share, "deciding.peers": weight}


def discontinuing_changes(chance: float) -> Changes:
    """Return the changes by which each user discontinues for ever with this probability a month."""
    certain = 12.0 * SURE
    return {"leaders.leader_exit": certain if chance >= 1.0 else -12.0 * np.log1p(-chance), "leaders.new_broom": 1.0}


def measure_by_month(runs: qs.Runs, name: str) -> NDArray[np.float64]:
    """Return a measure of the intervention as (replicates, months from 0)."""
    return runs.measures[:, :, 0, MEASURE_NAMES.index(name)]


def first_adoption_months(runs: qs.Runs) -> NDArray[np.int64]:
    """Return the month in which each organisation of each replicate began, -1 for never."""
    return np.array([run.final_state.histories[0, FIRST_ADOPTED] for run in runs.runs])
