"""Which parameters the facts depend on: Morris's elementary effects over the plausible ranges.

The rule: for each target, a parameter's share of the mean sizes of all effects; the eight parameters with the largest
mean share over all targets. Parameters that an arm sets are excluded. A first rule, effects in standard errors of the
targets, was replaced after the screening had been run, and before anything else was: the target with by far the
smallest error would have decided alone.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from qispread.analysis.sensitivity_inputs import load_analysis, salib_problem
from qispread.inputs.factors import Factor, plausible_factors
from qispread.runs.calibration.calibration_runs import CalibrationRunOptions, build_arm_experiment, run_arms
from qispread.runs.calibration.load_calibration import CalibrationSpec
from qispread.runs.sweep.designs import block_size, build_points
from qispread.runs.sweep.experiment import MorrisDesign

NUMBER = 8
TRAJECTORIES, LEVELS = 24, 4
SCREEN = "screen"


def candidate_parameters(plan: CalibrationSpec) -> tuple[Factor, ...]:
    """Return every parameter with a plausible range that no arm sets and that is not a whole number."""
    taken = {path for arm in plan.calibration.arms.values() for path in arm.changes}
    every = plausible_factors(plan.calibration.scenario)
    return tuple(factor for factor in every if factor.path not in taken and not factor.integer)


def screen_parameters(
    plan: CalibrationSpec, doing: CalibrationRunOptions, *, trajectories: int = TRAJECTORIES
) -> pd.DataFrame:
    """Return the effects of every candidate on every target, the most influential first.

    Columns: parameter, score, chosen, and one column for each target, the share of the mean sizes of all effects on it.
    """
    wide = replace(plan, factors=candidate_parameters(plan))
    design = MorrisDesign(trajectories=trajectories, levels=LEVELS)
    runs = run_arms(wide, design, SCREEN, doing, allow_inert=True)
    experiment = build_arm_experiment(wide, next(iter(plan.arms)), design)
    unit, block = build_points(experiment).unit, block_size(experiment)
    names, table = [factor.path for factor in wide.factors], {}
    for index, name in enumerate(plan.calibration.targets):
        values = runs.summaries[:, index]
        whole = np.repeat(~np.isnan(values).reshape(-1, block).any(axis=1), block)
        effects_of_target = load_analysis("morris")(
            salib_problem(names), unit[whole], values[whole], num_levels=LEVELS, seed=1
        )
        sizes = np.asarray(effects_of_target["mu_star"])
        table[name] = sizes / sizes.sum()
    effects = pd.DataFrame(table)
    score = effects.mean(axis=1)
    ranked = effects.assign(parameter=names, score=score).sort_values("score", ascending=False, kind="stable")
    ranked = ranked.assign(chosen=np.arange(len(ranked)) < NUMBER)
    return ranked[["parameter", "score", "chosen", *table]].reset_index(drop=True)
