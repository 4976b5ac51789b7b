"""The facts met or missed: at the defaults, and at the medians of a calibration to all of them at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.facts.known import FACTS, FACTS_FILE, fact_of
from experiments.facts.names import CONFIGS, MISSED, NEAR, SHORT, WAYS
from experiments.facts.screening import TRAJECTORIES, screen
from qispread.calibrating.calibrate import Calibrated, calibrate, check_of, posterior_of, reach_of
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
    every = calibrate(plan, folder, workers=workers, yes=True, say=print)
    within = reaching(every, doing, size.truths)
    tables = {"facts": facts_table(plan, doing, size.worlds, {"all": every, "within": within})}
    tables |= {"facts_screen": screened, "facts_check": self_checked(within, every)}
    tables |= {"facts_parameters_all": every.parameters, "facts_parameters": within.parameters}
    tables |= {"facts_targets": within.targets, "facts_correlations": within.correlations}
    said = "What the facts within reach say of each parameter"
    figures = [
        replace(parameters_figure(within.parameters, said), name="facts-parameters"),
        replace(targets_figure(within.targets), name="facts-targets"),
    ]
    beyond = [name for name in every.plan.calibration.targets if name not in within.plan.calibration.targets]
    remarks = [f"Left out of the targets, since {SHORT} their intervals: {', '.join(beyond)}."] if beyond else []
    remarks += ["What was measured, met and missed is told in docs/validation.md."]
    config = calibrated_text(within, CONFIGS, "python -m experiments.facts --write", remarks)
    return Findings(tables, figures, config)


def reaching(every: Calibrated, doing: Doing, truths: int) -> Calibrated:
    """Return the calibration to those targets alone that are within reach of runs, from the same runs, and checked."""
    kept = np.flatnonzero(every.targets["reachable"].to_numpy())
    names = list(every.plan.calibration.targets)
    targets = {names[place]: every.plan.calibration.targets[names[place]] for place in kept}
    plan = replace(every.plan, calibration=every.plan.calibration.model_copy(update={"targets": targets}))
    before = replace(every.before, summaries=every.before.summaries[:, kept])
    found = posterior_of(plan, before)
    after = run_draws(every.plan, found.equal_draws(plan.calibration.predictive, plan.calibration.seed), doing)
    after = replace(after, summaries=after.summaries[:, kept])
    told = {"reach": reach_of(plan, before), "check": check_of(plan, before, truths)}
    return replace(every, plan=plan, posterior=found, before=before, after=after, **told)


def self_checked(within: Calibrated, every: Calibrated) -> pd.DataFrame:
    """Return how well the facts within reach find synthetic truths again, and how much company they and all have."""
    if within.check is None:
        return pd.DataFrame()
    table = checked_table(within.plan, within.check).assign(targets=len(within.plan.calibration.targets))
    return table.assign(lonely=within.reach.lonely, lonely_all=every.reach.lonely)


def facts_table(plan: Plan, doing: Doing, worlds: int, calibrated: Mapping[str, Calibrated]) -> pd.DataFrame:
    """Return each counterpart with what runs show at the defaults and at the calibrated medians, a row each."""
    scenario = plan.calibration.scenario
    sets = {"default": [value_at(scenario, one.path) for one in plan.factors]}
    sets |= {way: [one.medians[factor.path] for factor in plan.factors] for way, one in calibrated.items()}
    shown = {way: run_draws(plan, np.tile(np.array(one), (worlds, 1)), doing).summaries for way, one in sets.items()}
    rows = []
    for place, (name, target) in enumerate(plan.calibration.targets.items()):
        fact = fact_of(name)
        row: dict[str, object] = {"fact": fact, "counterpart": name, "about": str(target), "measured": target.value}
        row |= dict(zip(("low", "high"), target.ends, strict=True)) | {"confidence": FACTS[fact].confidence}
        row |= {"reachable": name in calibrated["within"].plan.calibration.targets}
        for way in WAYS:
            row |= told(way, shown[way][:, place], target.ends)
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
