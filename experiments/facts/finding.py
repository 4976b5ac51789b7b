"""The facts met or missed: at the defaults, and at the medians of a calibration to all of them at once."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.facts.known import FACTS, FACTS_FILE, fact_of
from experiments.facts.names import CONFIGS, MISSED, NEAR, WAYS
from experiments.facts.screening import TRAJECTORIES, screen
from qispread.calibrating.calibrate import Calibrated, calibrate
from qispread.calibrating.config import calibrated_text
from qispread.calibrating.load import Plan, load_calibration
from qispread.calibrating.runs import Doing, run_draws
from qispread.calibrating.tables import checked_table, spread_of
from qispread.config.factors import value_at
from qispread.figures.calibration import parameters_figure, targets_figure
from qispread.figures.figure import Figure

WORLDS, TRUTHS = 400, 200


@dataclass(frozen=True)
class Size:
    """How much is run."""

    points: int
    worlds: int
    trajectories: int
    truths: int


FULL, SMOKE = Size(0, WORLDS, TRAJECTORIES, TRUTHS), Size(500, 20, 4, 20)


@dataclass(frozen=True, eq=False)
class Findings:
    """What is kept of it all: tables by name, figures, and the calibrated configuration."""

    tables: dict[str, pd.DataFrame]
    figures: list[Figure]
    config: str


def plan_of(size: Size) -> Plan:
    """Return the calibration of the facts, smaller where that is wanted."""
    plan = load_calibration(FACTS_FILE)
    changes = {"points": size.points, "predictive": 20} if size.points else {}
    return replace(plan, calibration=plan.calibration.model_copy(update=changes))


def findings(size: Size, folder: Path, workers: int | None) -> Findings:
    """Run screen, defaults, calibration and medians; `folder` takes their runs."""
    plan, doing = plan_of(size), Doing(folder, {"workers": workers}, print)
    screened = screen(plan, doing, trajectories=size.trajectories)
    found = calibrate(plan, folder, workers=workers, yes=True, truths=size.truths, say=print)
    facts = facts_table(plan, doing, size.worlds, found)
    check = self_checked(found)
    tables = {"facts": facts, "facts_screen": screened, "facts_parameters": found.parameters}
    tables |= {"facts_targets": found.targets, "facts_correlations": found.correlations, "facts_check": check}
    figures = [
        replace(
            parameters_figure(found.parameters), name="facts-parameters", title="What the facts say of each parameter"
        ),
        replace(targets_figure(found.targets), name="facts-targets"),
    ]
    return Findings(tables, figures, calibrated_text(found, CONFIGS, "python -m experiments.facts --write"))


def self_checked(found: Calibrated) -> pd.DataFrame:
    """Return how well synthetic truths were found again, and how much company the facts have among the runs."""
    if found.check is None:
        return pd.DataFrame()
    return checked_table(found.plan, found.check).assign(lonely=found.reach.lonely)


def facts_table(plan: Plan, doing: Doing, worlds: int, found: Calibrated) -> pd.DataFrame:
    """Return each counterpart with what runs show at the defaults and at the calibrated medians, a row each."""
    scenario = plan.calibration.scenario
    defaults = np.array([value_at(scenario, one.path) for one in plan.factors])
    medians = np.array([found.medians[one.path] for one in plan.factors])
    shown = [run_draws(plan, np.tile(one, (worlds, 1)), doing).summaries for one in (defaults, medians)]
    rows = []
    for place, (name, target) in enumerate(plan.calibration.targets.items()):
        fact = fact_of(name)
        row: dict[str, object] = {"fact": fact, "counterpart": name, "about": str(target), "measured": target.value}
        row |= dict(zip(("low", "high"), target.ends, strict=True)) | {"confidence": FACTS[fact].confidence}
        for way, values in zip(WAYS, shown, strict=True):
            row |= told(way, values[:, place], target.ends)
        rows.append(row)
    return pd.DataFrame(rows)


def told(way: str, values: np.ndarray, ends: tuple[float, float]) -> dict[str, object]:
    """Return median and interval over worlds, and the verdict."""
    low, middle, high = spread_of(values)
    verdict = NEAR if ends[0] <= middle <= ends[1] else MISSED
    reaches = bool(low <= ends[1] and high >= ends[0])
    return {
        way: middle,
        f"{way}_low": low,
        f"{way}_high": high,
        f"{way}_verdict": verdict,
        f"{way}_within_reach": reaches,
    }
